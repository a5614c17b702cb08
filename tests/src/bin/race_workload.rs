//! The project's side of the race in `.ci/race`: one workload, a repeat at a time, as its driver says.
//!
//! `race_workload SHAPE KIND DIR SALT`, settings from the `DS_AIO_*` variables. On standard input
//! `prepare` readies a repeat and is answered `prepared`; `go` runs it and is answered by a line
//! of JSON: workload, bytes, seconds, and the processor seconds of the whole process. Whatever a
//! user's program does for a request is timed: opening its files, waiting, closing them.
//!
//! Every MiB of a file begins with a stamp, its number in the file set and `SALT`, by which reads
//! are checked here and writes by the driver.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a command for developers: its caller shows the message"
)]

use std::{
    collections::VecDeque,
    io::BufRead,
    ops::DerefMut,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Sender, channel},
    },
    time::{Duration, Instant},
};

use ds_aio::{AioBuf, AioConfig, AioFile, Engine, IoBufMut, OpenOptions, Ticket};
use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeValLike,
};

const MIB: usize = 1 << 20;
const BIG: usize = 1 << 30;
const PLAIN: usize = 256 * MIB;
const MANY: usize = 256;
/// How much longer than `PLAIN` an odd buffer is; it begins a byte behind a page's border.
const ODD: usize = 123;
/// Bytes in flight, and of memory, when a small set of buffers is used over and over, as fio does.
const REUSED: usize = 8 * MIB;
const PAGE: usize = 4096;
/// Requests of a page: all of them, those under way, and those waited for together.
const RANDOM_READS: usize = 1 << 16;
const RANDOM_AT_ONCE: usize = 64;
const RANDOM_BATCH: usize = 16;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [shape, kind, dir, salt] = arguments.as_slice() else {
        panic!("usage: race_workload SHAPE KIND DIR SALT");
    };
    let kind = Kind::named(kind);
    let salt = salt.parse().unwrap();
    let engine = Arc::new(Engine::new(&AioConfig::loader().env().load().unwrap().value).unwrap());
    let dir = Path::new(dir);
    let sized = shape.strip_prefix("big:").map(|mib| mib.parse::<usize>().unwrap() * MIB);
    let work: Box<dyn Work> = match shape.as_str() {
        _ if sized.is_some() => {
            let buffer = own_buffer(&engine, sized.unwrap());
            Box::new(Owned::new(vec![(dir.join("big.dat"), buffer)]))
        }
        "big" => Box::new(Owned::new(vec![(dir.join("big.dat"), own_buffer(&engine, BIG))])),
        "many" => Box::new(Owned::new(
            (0..MANY)
                .map(|number| (dir.join(format!("many-{number}.dat")), own_buffer(&engine, MIB)))
                .collect(),
        )),
        "plain" => Box::new(Owned::new(vec![(dir.join("plain.dat"), vec![5; PLAIN])])),
        "odd" => {
            let memory = vec![5; PLAIN + ODD + 2 * 4096];
            let start = memory.as_ptr().align_offset(4096) + 1;
            Box::new(Odd { path: dir.join("odd.dat"), memory, start })
        }
        "reused" => Box::new(Reused::new(&engine, dir.join("big.dat"))),
        "random" => Box::new(Random::new(&engine, dir.join("big.dat"))),
        other => panic!("no shape is called {other:?}"),
    };
    run(&Race { engine, kind, salt }, &format!("{shape}_{}", arguments[1]), work);
}

/// Memory in which the engine transfers fastest.
fn own_buffer(engine: &Engine, len: usize) -> AioBuf {
    let mut buffer = engine.alloc(len).unwrap();
    // As at every user's: the pages are there before the transfer.
    buffer.fill(7);
    buffer
}

fn run(race: &Race, name: &str, mut work: Box<dyn Work>) {
    for line in std::io::stdin().lock().lines() {
        match line.unwrap().as_str() {
            "prepare" => {
                work.prepare(race);
                println!("prepared");
            }
            "go" => {
                let (processor, begin) = (processor_time(), Instant::now());
                work.run(race);
                let (seconds, processor) = (begin.elapsed(), processor_time() - processor);
                work.check(race);
                println!(
                    r#"{{"workload": "{name}", "bytes": {}, "seconds": {}, "cpu_seconds": {}}}"#,
                    work.bytes(),
                    seconds.as_secs_f64(),
                    processor.as_secs_f64(),
                );
            }
            other => panic!("the driver says {other:?}"),
        }
    }
}

/// Of all threads, those that have ended and the kernel's for this process among them.
fn processor_time() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    [usage.user_time(), usage.system_time()]
        .map(|time| Duration::from_micros(time.num_microseconds().try_into().unwrap()))
        .iter()
        .sum()
}

struct Race {
    engine: Arc<Engine>,
    kind: Kind,
    salt: u64,
}

/// What happens to the files.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    /// Writes in place, into files that exist.
    Overwrite,
    /// Writes new files, which grow as they are written.
    Extend,
    /// Writes new files, whose space is reserved when they are opened.
    Preallocate,
}

impl Kind {
    fn named(name: &str) -> Self {
        match name {
            "read" => Self::Read,
            "overwrite" => Self::Overwrite,
            "extend" => Self::Extend,
            "preallocate" => Self::Preallocate,
            other => panic!("no kind is called {other:?}"),
        }
    }
}

impl Race {
    fn open(&self, path: &Path, len: usize) -> AioFile {
        let new = OpenOptions::new().create_new();
        let options = match self.kind {
            Kind::Read => OpenOptions::new(),
            Kind::Overwrite => OpenOptions::new().write(),
            Kind::Extend => new,
            Kind::Preallocate => new.preallocate(len as u64),
        };
        self.engine.open_with(path, &options).unwrap()
    }

    /// Readies a repeat: no file where one is to be made, no stamps where they are to be read.
    fn prepare(&self, path: &Path, first: usize, bytes: &mut [u8]) {
        if matches!(self.kind, Kind::Extend | Kind::Preallocate) && path.exists() {
            std::fs::remove_file(path).unwrap();
        }
        for (number, mib) in bytes.chunks_mut(MIB).enumerate().filter(|(_, mib)| mib.len() >= 8) {
            let stamp = if self.kind == Kind::Read { 0 } else { self.stamp(first + number) };
            mib[..8].copy_from_slice(&stamp.to_le_bytes());
        }
    }

    fn check(&self, first: usize, bytes: &[u8]) {
        for (number, mib) in bytes.chunks(MIB).enumerate().filter(|(_, mib)| mib.len() >= 8) {
            let stamp = self.stamp(first + number).to_le_bytes();
            assert!(mib[..8] == stamp, "not what MiB {number} of the file begins with");
        }
    }

    fn stamp(&self, number: usize) -> u64 {
        self.salt << 32 | (number as u64 + 1)
    }
}

/// A workload; only `run` is timed.
trait Work {
    fn bytes(&self) -> usize;
    fn prepare(&mut self, race: &Race);
    fn run(&mut self, race: &Race);
    fn check(&self, race: &Race);
}

/// Buffers that the engine owns meanwhile, each with its file: all are queued, then waited for.
struct Owned<B>(Vec<(PathBuf, Option<B>)>);

impl<B> Owned<B> {
    fn new(tensors: Vec<(PathBuf, B)>) -> Self {
        Self(tensors.into_iter().map(|(path, buffer)| (path, Some(buffer))).collect())
    }
}

impl<B> Work for Owned<B>
where
    B: IoBufMut + DerefMut<Target = [u8]>,
{
    fn bytes(&self) -> usize {
        self.0.iter().map(|(_, buffer)| buffer.as_ref().unwrap().len()).sum()
    }

    fn prepare(&mut self, race: &Race) {
        for (number, (path, buffer)) in self.0.iter_mut().enumerate() {
            race.prepare(path, number, buffer.as_mut().unwrap());
        }
    }

    fn run(&mut self, race: &Race) {
        let mut tickets = Vec::with_capacity(self.0.len());
        for (path, buffer) in &mut self.0 {
            let buffer = buffer.take().unwrap();
            let file = race.open(path, buffer.len());
            tickets.push(if race.kind == Kind::Read {
                race.engine.pread(&file, buffer, 0)
            } else {
                race.engine.pwrite(&file, buffer, 0)
            });
        }
        for ((_, buffer), waited) in self.0.iter_mut().zip(Ticket::wait_all(tickets)) {
            *buffer = Some(waited.unwrap());
        }
    }

    fn check(&self, race: &Race) {
        for (number, (_, buffer)) in self.0.iter().enumerate() {
            race.check(number, buffer.as_ref().unwrap());
        }
    }
}

/// A borrowed slice of odd length at an odd address.
struct Odd {
    path: PathBuf,
    memory: Vec<u8>,
    start: usize,
}

impl Work for Odd {
    fn bytes(&self) -> usize {
        PLAIN + ODD
    }

    fn prepare(&mut self, race: &Race) {
        race.prepare(&self.path, 0, &mut self.memory[self.start..][..PLAIN + ODD]);
    }

    fn run(&mut self, race: &Race) {
        let slice = &mut self.memory[self.start..][..PLAIN + ODD];
        let file = race.open(&self.path, PLAIN + ODD);
        race.engine
            .scope(|scope| {
                if race.kind == Kind::Read {
                    scope.pread(&file, slice, 0).wait().unwrap();
                } else {
                    scope.pwrite(&file, slice, 0).wait().unwrap();
                }
            })
            .unwrap();
    }

    fn check(&self, race: &Race) {
        race.check(0, &self.memory[self.start..][..PLAIN + ODD]);
    }
}

/// A big file by requests of 1 MiB, as many at a time as there are buffers: whoever is told that one
/// has ended makes the next one with its buffer.
struct Reused {
    path: PathBuf,
    free: Vec<AioBuf>,
}

/// What is left to be done of a file.
struct Stream {
    engine: Arc<Engine>,
    file: AioFile,
    reads: bool,
    /// The next MiB to be asked for.
    next: AtomicUsize,
    /// Where buffers go at the end.
    end: Sender<AioBuf>,
}

impl Stream {
    fn go_on(self: Arc<Self>, buffer: AioBuf) {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        if next >= BIG / MIB {
            self.end.send(buffer).unwrap();
            return;
        }
        let offset = (next * MIB) as u64;
        let ticket = if self.reads {
            self.engine.pread(&self.file, buffer, offset)
        } else {
            self.engine.pwrite(&self.file, buffer, offset)
        };
        ticket.on_completion(move |result| self.go_on(result.unwrap()));
    }
}

impl Reused {
    fn new(engine: &Engine, path: PathBuf) -> Self {
        let free = (0..REUSED / MIB).map(|_| own_buffer(engine, MIB)).collect();
        Self { path, free }
    }
}

impl Work for Reused {
    fn bytes(&self) -> usize {
        BIG
    }

    fn prepare(&mut self, race: &Race) {
        for (number, buffer) in self.free.iter_mut().enumerate() {
            race.prepare(&self.path, number, buffer);
        }
    }

    fn run(&mut self, race: &Race) {
        let (end, ended) = channel();
        let stream = Arc::new(Stream {
            engine: Arc::clone(&race.engine),
            file: race.open(&self.path, BIG),
            reads: race.kind == Kind::Read,
            next: AtomicUsize::new(0),
            end,
        });
        let buffers = self.free.len();
        for buffer in self.free.drain(..) {
            Arc::clone(&stream).go_on(buffer);
        }
        self.free.extend(ended.iter().take(buffers));
    }

    fn check(&self, race: &Race) {
        if race.kind == Kind::Read {
            // Each has one of the last.
            let mut stamps: Vec<_> = self.free.iter().map(|buffer| buffer[..8].to_vec()).collect();
            stamps.sort_unstable_by_key(|stamp| u64::from_le_bytes(stamp[..].try_into().unwrap()));
            let newest = stamps.last().unwrap();
            assert!(*newest == race.stamp(BIG / MIB - 1).to_le_bytes(), "not the last MiB");
        }
    }
}

/// Pages of a big file by chance, by requests of one page each: so many are under way, and a batch of
/// them is waited for and made anew.
struct Random {
    path: PathBuf,
    free: Vec<AioBuf>,
    chance: u64,
    /// The first page of a MiB that was read last, with its number.
    stamped: Option<(usize, Vec<u8>)>,
}

impl Random {
    fn new(engine: &Engine, path: PathBuf) -> Self {
        let free = (0..RANDOM_AT_ONCE).map(|_| own_buffer(engine, PAGE)).collect();
        Self { path, free, chance: 0x9e37_79b9_7f4a_7c15, stamped: None }
    }

    fn next_page(&mut self) -> usize {
        // Xorshift.
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        usize::try_from(self.chance).unwrap() % (BIG / PAGE)
    }

    fn collect(&mut self, tickets: impl Iterator<Item = (usize, Ticket<AioBuf>)>) {
        let (pages, tickets): (Vec<_>, Vec<_>) = tickets.unzip();
        for (page, read) in pages.into_iter().zip(Ticket::wait_all(tickets)) {
            let read = read.unwrap();
            if page.is_multiple_of(MIB / PAGE) {
                self.stamped = Some((page * PAGE / MIB, read[..8].to_vec()));
            }
            self.free.push(read);
        }
    }
}

impl Work for Random {
    fn bytes(&self) -> usize {
        RANDOM_READS * PAGE
    }

    fn prepare(&mut self, _race: &Race) {
        self.stamped = None;
    }

    fn run(&mut self, race: &Race) {
        let file = race.open(&self.path, BIG);
        let mut tickets = VecDeque::with_capacity(RANDOM_AT_ONCE);
        for _ in 0..RANDOM_READS / RANDOM_BATCH {
            if self.free.is_empty() {
                self.collect(tickets.drain(..RANDOM_BATCH));
            }
            for buffer in self.free.split_off(self.free.len() - RANDOM_BATCH) {
                let page = self.next_page();
                tickets.push_back((page, race.engine.pread(&file, buffer, (page * PAGE) as u64)));
            }
        }
        self.collect(tickets.into_iter());
    }

    fn check(&self, race: &Race) {
        let (mib, bytes) = self.stamped.as_ref().unwrap();
        assert!(*bytes == race.stamp(*mib).to_le_bytes(), "not what MiB {mib} begins with");
    }
}
