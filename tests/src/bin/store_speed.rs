//! How fast a store is, against the engine alone; to run by hand, in a release build:
//!
//! ```sh
//! cargo run --release -p ds-aio-tests --bin store_speed -- /mnt/nvme            # 256 tensors of 1 MiB
//! cargo run --release -p ds-aio-tests --bin store_speed -- /mnt/nvme 100000 4096 2
//! ```
//!
//! The arguments are a directory, the number of tensors, their bytes, and rounds. Each round writes and
//! reads all tensors with the engine alone (one file, reserved, overwritten in place) and with an
//! ephemeral store, by turns, each first in every other round. Of times and of the ratios of one round it
//! tells the median, and between what it is with 95 % certainty. Of a durable store it then tells what a
//! commit and opening again take.

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
    let (count, len, rounds) = (number(256), number(1 << 20), number(15));
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
    for round in 0..=rounds {
        let put = |number: usize, buffer| store.put(&names[number], buffer);
        let get = |number: usize, buffer| store.get_into(&names[number], buffer);
        let of_store = |ticket: StoreTicket<_>| ticket.wait().unwrap();
        let write = |number, buffer| engine.pwrite(&file, buffer, at(number));
        let read = |number, buffer| engine.pread(&file, buffer, at(number));
        let of_engine = |ticket: Ticket<_>| ticket.wait().unwrap();
        for work in if round % 2 == 0 { [0, 1, 2, 3] } else { [1, 0, 3, 2] } {
            all[work].push(timed(|| match work {
                0 => each(count, &mut buffers, write, of_engine),
                1 => each(count, &mut buffers, put, of_store),
                2 => each(count, &mut buffers, read, of_engine),
                _ => each(count, &mut buffers, get, of_store),
            }));
        }
    }
    // The first round made the files.
    for times in &mut all {
        times.remove(0);
    }
    for (name, times) in ["pwrite", "put   ", "pread ", "get   "].into_iter().zip(&all) {
        let bytes = (count * len) as f64;
        let speed = median(times.iter().map(|(wall, _)| bytes / wall.as_secs_f64() / 1e9));
        let cpu = median(times.iter().map(|(_, cpu)| cpu.as_secs_f64() / bytes * 1e9));
        writeln!(out, "{name} {speed} GB/s, processor {cpu} s/GB").unwrap();
    }
    let ratios = [
        ("put / pwrite", [1].as_slice(), [0].as_slice()),
        ("get / pread", &[3], &[2]),
        ("(put + get) / (pwrite + pread)", &[1, 3], &[0, 2]),
    ];
    for (name, stored, raw) in ratios {
        let seconds = |of: &[usize], round: usize| {
            of.iter().map(|&work| all[work][round].0.as_secs_f64()).sum::<f64>()
        };
        let ratio = median((0..rounds).map(|round| seconds(stored, round) / seconds(raw, round)));
        writeln!(out, "{name}: {ratio} in {rounds} rounds").unwrap();
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

/// A median, and between which of the values it is with 95 % certainty.
fn median(values: impl Iterator<Item = f64>) -> String {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    // Below as few values the median of all there could be is in one case of forty.
    let (mut rank, mut cases, mut below) = (0, 1.0, 1.0);
    let all = 2_f64.powi(values.len() as i32);
    while rank < values.len() / 2 && below / all <= 0.025 {
        cases *= (values.len() - rank) as f64 / (rank + 1) as f64;
        below += cases;
        rank += 1;
    }
    let (least, most) = (rank.saturating_sub(1), values.len() - rank.max(1));
    let middle = values[values.len() / 2];
    format!("{middle:.3} [{:.3}-{:.3}]", values[least], values[most])
}
