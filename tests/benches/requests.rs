//! What the engine adds to each request, where the system does nothing: writes to `/dev/null` and
//! reads of `/dev/zero`.
//!
//! ```sh
//! cargo bench -p ds-aio-benches --bench requests                        # all, about 3 minutes
//! cargo bench -p ds-aio-benches --bench requests -- 'engine/cpu'        # those whose name matches
//! cargo bench -p ds-aio-benches --bench requests -- --save-baseline old # then: --baseline old
//! ```
//!
//! How to read it:
//!
//! - `bare` is a system call by itself, in a loop on the same descriptor as the engine's.
//! - `engine` is the time of one request from submission to completion, in batches of 1,000 that are
//!   submitted and then waited for, **less** as many bare calls, which are measured next to it.
//!   The aim is below 1 µs.
//! - `outstanding` is the whole time of one request when so many are submitted before the first is
//!   waited for. It is flat from 64 on. One alone is a round trip: the worker and the caller are both
//!   asleep, and two wake-ups are nearly all that it takes.
//!
//! Each has two clocks. `cpu` adds up what all threads use, so it is steady on a busy machine, and
//! says what a request costs. `wall` is how long it takes; it wants a quiet machine, and may be lower
//! than `cpu` where submitter and workers run on cores of their own. `T` is `thread_count`, `Q` is
//! `queue_depth`.

#![allow(clippy::unwrap_used, missing_docs, reason = "a command for developers")]

mod clock;
mod common;

use std::{fs::File, os::fd::AsFd, time::Duration};

use criterion::{
    BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime,
};
use ds_aio::{AioFile, Engine, OpenOptions, Ticket};
use nix::sys::uio;

use crate::{
    clock::{Clock, CpuTime},
    common::{Setup, criterion},
};

/// Requests that are submitted before the first is waited for.
const BATCH: usize = 1000;

const SETUPS: [Setup; 9] = [
    Setup::shaped(1, 1),
    Setup::shaped(1, 8),
    Setup::shaped(1, 32),
    Setup::shaped(2, 1),
    Setup::shaped(2, 8),
    Setup::shaped(2, 32),
    Setup { single_submit: true, ..Setup::shaped(1, 8) },
    Setup { overlap_events: false, ..Setup::shaped(1, 8) },
    Setup { single_submit: true, overlap_events: false, ..Setup::shaped(1, 8) },
];

/// What a request asks for.
#[derive(Clone, Copy)]
enum Call {
    Write(usize),
    Read(usize),
}

impl Call {
    fn name(self) -> String {
        match self {
            Self::Write(len) => format!("write {len}"),
            Self::Read(len) => format!("read {len}"),
        }
    }

    fn len(self) -> usize {
        match self {
            Self::Write(len) | Self::Read(len) => len,
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Write(_) => "/dev/null",
            Self::Read(_) => "/dev/zero",
        }
    }

    /// So many of it without the engine.
    fn bare(self, count: usize) {
        let file = File::options().read(true).write(true).open(self.path()).unwrap();
        let mut buffer = vec![0; self.len()];
        for _ in 0..count {
            let moved = match self {
                Self::Write(_) => uio::pwrite(file.as_fd(), &buffer, 0),
                Self::Read(_) => uio::pread(file.as_fd(), &mut buffer, 0),
            };
            assert_eq!(moved, Ok(self.len()));
        }
    }
}

/// An engine with buffers to go through it again and again.
struct Round {
    call: Call,
    engine: Engine,
    file: AioFile,
    buffers: Vec<Vec<u8>>,
    tickets: Vec<Ticket<Vec<u8>>>,
}

impl Round {
    fn new(call: Call, setup: Setup, requests: usize) -> Self {
        let engine = setup.engine(1 << 20);
        let file = engine.open_with(call.path(), &OpenOptions::new().write()).unwrap();
        let buffers = vec![vec![0; call.len()]; requests];
        Self { call, engine, file, buffers, tickets: Vec::with_capacity(requests) }
    }

    /// Every buffer through the engine once.
    fn run(&mut self) {
        let Self { call, engine, file, buffers, tickets } = self;
        tickets.extend(buffers.drain(..).map(|buffer| match call {
            Call::Write(_) => engine.pwrite(file, buffer, 0),
            Call::Read(_) => engine.pread(file, buffer, 0),
        }));
        buffers.extend(tickets.drain(..).map(|ticket| ticket.wait().unwrap()));
    }
}

/// The share of `requests` in a time measured over whole batches, which may be more of them.
fn share(total: Duration, measured: usize, requests: u64) -> Duration {
    total.mul_f64(requests as f64 / measured as f64)
}

fn bare<C: Clock>(group: &mut BenchmarkGroup<'_, C>, call: Call) {
    group.bench_function(format!("bare/{}", call.name()), |bencher| {
        bencher.iter_custom(|requests| {
            let batches = requests.div_ceil(BATCH as u64) as usize;
            let total = C::time(|| call.bare(batches * BATCH));
            share(total, batches * BATCH, requests)
        });
    });
}

fn engine<C: Clock>(group: &mut BenchmarkGroup<'_, C>, call: Call, setup: Setup) {
    let mut round = Round::new(call, setup, BATCH);
    group.bench_function(format!("{}/{}", call.name(), setup.name()), |bencher| {
        bencher.iter_custom(|requests| {
            let batches = requests.div_ceil(BATCH as u64) as usize;
            let total = C::time(|| (0..batches).for_each(|_| round.run()));
            let bare = C::time(|| call.bare(batches * BATCH));
            share(total.saturating_sub(bare), batches * BATCH, requests)
        });
    });
}

fn engine_time<C: Clock>(criterion: &mut Criterion<C>) {
    let mut group = criterion.benchmark_group(format!("engine/{}", C::NAME));
    for call in [Call::Write(8), Call::Read(8), Call::Write(0)] {
        bare(&mut group, call);
    }
    for setup in SETUPS {
        engine(&mut group, Call::Write(8), setup);
    }
    for call in [Call::Read(8), Call::Write(0)] {
        engine(&mut group, call, Setup::shaped(1, 8));
    }
}

fn outstanding<C: Clock>(criterion: &mut Criterion<C>) {
    let mut group = criterion.benchmark_group(format!("outstanding/{}", C::NAME));
    for setup in [Setup::shaped(1, 1), Setup::shaped(1, 8)] {
        for requests in [1, 64, 1024, 100_000] {
            let mut round = Round::new(Call::Write(8), setup, requests);
            group.bench_function(format!("{requests}/{}", setup.name()), |bencher| {
                bencher.iter_custom(|asked| {
                    let rounds = asked.div_ceil(requests as u64) as usize;
                    let total = C::time(|| (0..rounds).for_each(|_| round.run()));
                    share(total, rounds * requests, asked)
                });
            });
        }
    }
}

criterion_group!(name = cpu; config = criterion(CpuTime); targets = engine_time, outstanding);
criterion_group!(name = wall; config = criterion(WallTime); targets = engine_time, outstanding);
criterion_main!(cpu, wall);
