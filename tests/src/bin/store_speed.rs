//! How fast a store is, against the engine alone; to run by hand, in a release build:
//!
//! ```sh
//! cargo run --release -p ds-aio-tests --bin store_speed -- /mnt/nvme            # 256 tensors of 1 MiB
//! cargo run --release -p ds-aio-tests --bin store_speed -- /mnt/nvme 100000 4096 2
//! ```
//!
//! The arguments are a directory, the number of tensors, their bytes, and rounds. Each round writes and
//! reads all tensors with the engine alone (one file, reserved, overwritten in place) and with an
//! ephemeral store, by turns; of a durable one it then tells what a commit and opening again take.

#![allow(clippy::unwrap_used, reason = "how a helper fails: its caller shows the message")]

use std::{
    collections::VecDeque,
    io::Write,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use ds_aio::{AioBuf, AioConfig, Engine, OffloadStore, OpenOptions, StoreTicket, Ticket};
use nix::sys::resource::{UsageWho, getrusage};

/// Requests under way at most, as a program has that swaps.
const UNDER_WAY: usize = 64;

/// Wall time and processor time.
fn timed(work: impl FnOnce()) -> (Duration, Duration) {
    let cpu = || {
        let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
        let micros = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
        Duration::from_micros((micros(usage.user_time()) + micros(usage.system_time())) as u64)
    };
    let (begin, cpu_before) = (Instant::now(), cpu());
    work();
    (begin.elapsed(), cpu() - cpu_before)
}

/// Begins `count` requests, a few at a time, each with the buffer of an earlier one.
fn each<T>(
    count: usize,
    buffers: &mut Vec<AioBuf>,
    begin: impl Fn(usize, AioBuf) -> T,
    wait: impl Fn(T) -> AioBuf,
) {
    let mut under_way = VecDeque::new();
    for number in 0..count {
        let buffer = match buffers.pop() {
            Some(buffer) => buffer,
            None => wait(under_way.pop_front().unwrap()),
        };
        under_way.push_back(begin(number, buffer));
    }
    buffers.extend(under_way.into_iter().map(wait));
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().expect("a directory");
    let mut number = |default| arguments.next().map_or(default, |text| text.parse().unwrap());
    let (count, len, rounds) = (number(256), number(1 << 20), number(7));
    let dir = tempfile::tempdir_in(directory).unwrap();
    let engine = Arc::new(Engine::new(&AioConfig::from_env().unwrap()).unwrap());
    let mut buffers: Vec<_> =
        (0..UNDER_WAY.min(count)).map(|_| engine.alloc(len).unwrap()).collect();
    for (seed, buffer) in buffers.iter_mut().enumerate() {
        buffer.iter_mut().enumerate().for_each(|(at, byte)| *byte = ((at * (seed + 3)) >> 3) as u8);
    }
    let mut out = std::io::stdout();
    let names: Vec<_> = (0..count).map(|number| format!("layers/{number}/weights")).collect();

    let options = OpenOptions::new().create_new().preallocate((count * len) as u64);
    let file = engine.open_with(dir.path().join("raw"), &options).unwrap();
    let at = |number| (number * len) as u64;
    let store = OffloadStore::builder(dir.path().join("store")).open(&engine).unwrap();
    let mut all = [const { Vec::new() }; 4];
    for _ in 0..=rounds {
        let put = |number: usize, buffer| store.put(&names[number], buffer);
        let get = |number: usize, buffer| store.get_into(&names[number], buffer);
        let of_store = |ticket: StoreTicket<_>| ticket.wait().unwrap();
        let write = |number, buffer| engine.pwrite(&file, buffer, at(number));
        let read = |number, buffer| engine.pread(&file, buffer, at(number));
        let of_engine = |ticket: Ticket<_>| ticket.wait().unwrap();
        all[0].push(timed(|| each(count, &mut buffers, write, of_engine)));
        all[1].push(timed(|| each(count, &mut buffers, put, of_store)));
        all[2].push(timed(|| each(count, &mut buffers, read, of_engine)));
        all[3].push(timed(|| each(count, &mut buffers, get, of_store)));
    }
    // The first round made the files.
    for times in &mut all {
        times.remove(0);
    }
    for (name, times) in ["pwrite", "put   ", "pread ", "get   "].into_iter().zip(&all) {
        let (wall, cpu) =
            (median(times.iter().map(|time| time.0)), median(times.iter().map(|time| time.1)));
        let speed = (count * len) as f64 / wall.as_secs_f64() / 1e9;
        writeln!(out, "{name} {wall:>10.2?}, {speed:.2} GB/s, processor {cpu:.2?}").unwrap();
    }
    for (name, raw, stored) in [("put / pwrite", 0, 1), ("get / pread", 2, 3)] {
        let ratios = all[raw].iter().zip(&all[stored]);
        let ratio = |(raw, stored): (&(Duration, _), &(Duration, _))| {
            stored.0.as_secs_f64() / raw.0.as_secs_f64()
        };
        let mut ratios: Vec<_> = ratios.map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        writeln!(out, "{name}: median of {} ratios {:.3}", ratios.len(), ratios[ratios.len() / 2])
            .unwrap();
    }
    store.close().unwrap();
    durable(dir.path(), &engine, &names, &mut buffers, &mut out);
}

fn durable(
    dir: &Path,
    engine: &Arc<Engine>,
    names: &[String],
    buffers: &mut Vec<AioBuf>,
    out: &mut impl Write,
) {
    let open = || OffloadStore::builder(dir.join("durable")).durable().open(engine).unwrap();
    let wait = |ticket: StoreTicket<_>| ticket.wait().unwrap();
    let mut store = open();
    for round in ["first", "second"] {
        let put =
            timed(|| each(names.len(), buffers, |at, buffer| store.put(&names[at], buffer), wait));
        let commit = timed(|| assert_eq!(store.commit().unwrap().tensors, names.len()));
        let close = timed(|| store.close().unwrap());
        let mut opened = None;
        let opening = timed(|| opened = Some(open()));
        store = opened.unwrap();
        let get = timed(|| {
            each(names.len(), buffers, |at, buffer| store.get_into(&names[at], buffer), wait)
        });
        let told =
            [("put", put), ("commit", commit), ("close", close), ("open", opening), ("get", get)];
        let told =
            told.map(|(name, (wall, cpu))| format!("{name} {wall:.2?} ({cpu:.2?} processor)"));
        writeln!(out, "durable, {round}: {}", told.join(", ")).unwrap();
    }
    let files = std::fs::read_dir(dir.join("durable")).unwrap().count();
    writeln!(out, "{files} files for {} tensors", names.len()).unwrap();
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times[times.len() / 2]
}
