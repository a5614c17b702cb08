//! What the engine moves in a second: one request of many blocks, on tmpfs and on a disk.
//!
//! ```sh
//! cargo bench -p ds-aio-benches --bench blocks                  # all, about 4 minutes
//! cargo bench -p ds-aio-benches --bench blocks -- 'tmpfs/read'  # those whose name matches
//! DS_AIO_BENCH_DIR=/mnt/nvme cargo bench -p ds-aio-benches --bench blocks -- '^disk/'
//! ```
//!
//! How to read it; the figure to look at is `thrpt`:
//!
//! - `disk` and `tmpfs` move 64 MiB in blocks of each size, from and to a plain `Vec` and an
//!   [`AioBuf`]. The disk is that of the build directory, or of `DS_AIO_BENCH_DIR`. Where it has
//!   O_DIRECT an `AioBuf` goes straight to it, and a `Vec` through bounce buffers; where it has not,
//!   and on tmpfs, all goes through the page cache. A disk that others share varies by a half.
//! - `threads` moves 256 MiB on tmpfs with 1 or 2 threads: the engine's, as T or as Q, and plain ones
//!   that share the file and call pread or pwrite with the same block size. The plain ones are what
//!   `fio --ioengine=psync --thread --numjobs=N` does, but that they move the same memory as the
//!   engine does; fio's jobs use one block of it over and over, which stays in the processor's cache.
//!
//! Needs 1 GiB of memory and 128 MiB on the disk.

#![allow(clippy::unwrap_used, missing_docs, reason = "a command for developers")]

mod common;

use std::{
    env,
    fs::File,
    os::fd::AsFd,
    path::{Path, PathBuf},
    thread,
};

use criterion::{
    BenchmarkGroup, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
    measurement::WallTime,
};
use ds_aio::{AioBuf, Engine, IoBufMut, OpenOptions};
use nix::sys::uio;

use crate::common::{Setup, criterion};

const BLOCK_SIZES: [usize; 4] = [4 << 10, 64 << 10, 1 << 20, 16 << 20];

/// Where files in memory go; there is such a directory on Linux.
const TMPFS: &str = "/dev/shm";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Read,
    Write,
}

impl Direction {
    const BOTH: [Self; 2] = [Self::Write, Self::Read];

    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

fn size_name(bytes: usize) -> String {
    if bytes < 1 << 20 { format!("{} KiB", bytes >> 10) } else { format!("{} MiB", bytes >> 20) }
}

/// The whole buffer to or from the beginning of a file that is there, over and over.
fn transfer<B: IoBufMut>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    engine: &Engine,
    path: &Path,
    direction: Direction,
    buffer: B,
) {
    let file = engine.open_with(path, &OpenOptions::new().write()).unwrap();
    let mut buffer = Some(engine.pwrite(&file, buffer, 0).wait().unwrap());
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            let ticket = match direction {
                Direction::Read => engine.pread(&file, buffer.take().unwrap(), 0),
                Direction::Write => engine.pwrite(&file, buffer.take().unwrap(), 0),
            };
            buffer = Some(ticket.wait().unwrap());
        });
    });
}

/// A file whose space is reserved, so that writes overwrite.
fn reserved(dir: &Path, len: usize) -> tempfile::TempPath {
    let path = tempfile::NamedTempFile::new_in(dir).unwrap().into_temp_path();
    let engine = Setup::shaped(1, 1).engine(1 << 20);
    engine.open_with(&path, &OpenOptions::new().preallocate(len as u64)).unwrap();
    path
}

fn places() -> Vec<(&'static str, PathBuf)> {
    let disk = env::var_os("DS_AIO_BENCH_DIR").unwrap_or(env!("CARGO_TARGET_TMPDIR").into());
    let mut places = vec![("disk", disk.into())];
    if Path::new(TMPFS).is_dir() {
        places.push(("tmpfs", TMPFS.into()));
    }
    places
}

fn blocks(criterion: &mut Criterion) {
    const LEN: usize = 64 << 20;
    for (place, dir) in places() {
        let path = reserved(&dir, LEN);
        for direction in Direction::BOTH {
            let mut group = criterion.benchmark_group(format!("{place}/{}", direction.name()));
            group.throughput(Throughput::Bytes(LEN as u64)).sampling_mode(SamplingMode::Flat);
            for block_size in BLOCK_SIZES {
                let engine = Setup::shaped(1, 8).engine(block_size);
                let size = size_name(block_size);
                let aligned: AioBuf = engine.alloc(LEN).unwrap();
                let name = format!("{size} AioBuf");
                transfer(&mut group, &name, &engine, &path, direction, aligned);
                let name = format!("{size} Vec");
                transfer(&mut group, &name, &engine, &path, direction, vec![1_u8; LEN]);
            }
        }
    }
}

/// Each thread moves its share of `buffer` block by block.
fn by_hand(
    path: &Path,
    direction: Direction,
    threads: usize,
    block_size: usize,
    buffer: &mut [u8],
) {
    let file = File::options().read(true).write(true).open(path).unwrap();
    let share = buffer.len() / threads;
    thread::scope(|scope| {
        for (number, part) in buffer.chunks_mut(share).enumerate() {
            let descriptor = file.as_fd();
            scope.spawn(move || {
                for (block, bytes) in part.chunks_mut(block_size).enumerate() {
                    let offset = (number * share + block * block_size) as i64;
                    let wanted = bytes.len();
                    let moved = match direction {
                        Direction::Read => uio::pread(descriptor, bytes, offset),
                        Direction::Write => uio::pwrite(descriptor, bytes, offset),
                    };
                    assert_eq!(moved, Ok(wanted));
                }
            });
        }
    });
}

fn threads(criterion: &mut Criterion) {
    const LEN: usize = 256 << 20;
    if !Path::new(TMPFS).is_dir() {
        return;
    }
    let path = reserved(TMPFS.as_ref(), LEN);
    for direction in Direction::BOTH {
        let mut group = criterion.benchmark_group(format!("threads/{}", direction.name()));
        group.throughput(Throughput::Bytes(LEN as u64)).sampling_mode(SamplingMode::Flat);
        for block_size in [64 << 10, 1 << 20] {
            let size = size_name(block_size);
            for threads in [1, 2] {
                let mut buffer = AioBuf::zeroed(LEN).unwrap();
                group.bench_function(format!("{size}/{threads}/by hand"), |bencher| {
                    bencher.iter(|| by_hand(&path, direction, threads, block_size, &mut buffer));
                });
            }
            for setup in [Setup::shaped(1, 1), Setup::shaped(2, 1), Setup::shaped(1, 2)] {
                let engine = setup.engine(block_size);
                let threads = setup.thread_count * setup.queue_depth;
                let name = format!("{size}/{threads}/{}", setup.name());
                let buffer = engine.alloc(LEN).unwrap();
                transfer(&mut group, &name, &engine, &path, direction, buffer);
            }
        }
    }
}

criterion_group!(name = benches; config = criterion(WallTime); targets = blocks, threads);
criterion_main!(benches);
