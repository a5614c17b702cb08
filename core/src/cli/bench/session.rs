//! One case from its files to its measurements.

use std::{
    fs::File,
    ops::DerefMut,
    os::{fd::AsFd, unix::fs::FileExt},
    sync::mpsc::{Sender, channel},
    time::{Duration, Instant},
};

use ds_aio::{AioBuf, AioFile, Engine, Error, Failed, IoBufMut, NotDirect, Stats, Ticket};
use indicatif::ProgressBar;
use nix::{
    fcntl::{PosixFadviseAdvice, posix_fadvise},
    sys::{
        resource::{UsageWho, getrusage},
        time::TimeValLike,
    },
};

use super::{
    contents::{Contents, update},
    workload::{Action, Case, Doing, Extent, Target, Workload},
};
use crate::cli::{exit::Failure, interrupt::Interrupt, place::Place};

/// What is the same for all cases.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) place: &'a Place,
    pub(super) repeats: usize,
    pub(super) warmups: usize,
    pub(super) verify: bool,
    pub(super) sync: bool,
    pub(super) seed: u64,
    pub(super) interrupt: Interrupt,
    pub(super) progress: ProgressBar,
}

/// What came of a case.
#[derive(Debug)]
pub(super) struct Measured {
    /// Each whole repeat.
    pub(super) repeats: Vec<Timed>,
    /// The repeat that the user stopped.
    pub(super) stopped: Option<Timed>,
    /// What the engine counted in all repeats.
    pub(super) stats: Stats,
    /// Why the files are not direct; none if they are.
    pub(super) not_direct: Option<NotDirect>,
    /// The share of the buffers that is on huge pages, where that is told.
    pub(super) huge_page_share: Option<f64>,
}

/// A repeat.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Timed {
    /// Bytes read and written.
    pub(super) bytes: u64,
    pub(super) elapsed: Duration,
    /// Of the whole process.
    pub(super) processor: Duration,
}

/// Bytes moved between two looks at the progress bar.
const SEEN: u64 = 4 << 20;

/// Runs all repeats of a case.
pub(super) fn measure(
    plan: &Plan<'_>,
    engine: &Engine,
    case: Case,
    extents: &[Extent],
    in_flight: usize,
) -> Result<Measured, Failure> {
    if case.workload == Workload::Plain {
        let buffers = extents.iter().map(|extent| Some(vec![0; extent.len])).collect();
        Session::<Vec<u8>>::new(plan, engine, case, extents, in_flight, buffers)?.run()
    } else {
        let buffers = extents.iter().map(|extent| engine.alloc(extent.len).map(Some));
        let buffers = buffers.collect::<Result<_, _>>()?;
        Session::<AioBuf>::new(plan, engine, case, extents, in_flight, buffers)?.run()
    }
}

/// How often an extent was written.
pub(super) type Generation = u64;

/// A case under way.
pub(super) struct Session<'a, B> {
    plan: &'a Plan<'a>,
    engine: &'a Engine,
    case: Case,
    extents: &'a [Extent],
    in_flight: usize,
    /// One for each extent; none while its request is under way.
    pub(super) buffers: Vec<Option<B>>,
    files: Vec<AioFile>,
    /// Of each extent.
    generations: Vec<Generation>,
}

impl<'a, B> Session<'a, B>
where
    B: IoBufMut + DerefMut<Target = [u8]>,
{
    fn new(
        plan: &'a Plan<'a>,
        engine: &'a Engine,
        case: Case,
        extents: &'a [Extent],
        in_flight: usize,
        buffers: Vec<Option<B>>,
    ) -> Result<Self, Failure> {
        let mut session = Self::within(plan, engine, case, extents, in_flight, buffers, Vec::new());
        session.make_files()?;
        session.fill();
        Ok(session)
    }

    /// One in files that are there.
    pub(super) fn within(
        plan: &'a Plan<'a>,
        engine: &'a Engine,
        case: Case,
        extents: &'a [Extent],
        in_flight: usize,
        buffers: Vec<Option<B>>,
        files: Vec<AioFile>,
    ) -> Self {
        let generations = vec![0; extents.len()];
        Self { plan, engine, case, extents, in_flight, buffers, files, generations }
    }

    fn run(mut self) -> Result<Measured, Failure> {
        if !self.case.makes_files() {
            self.write_all()?;
        }
        let mut before = self.engine.stats();
        let mut measured = Measured {
            repeats: Vec::new(),
            stopped: None,
            stats: Stats::default(),
            not_direct: self.files.first().and_then(AioFile::not_direct),
            huge_page_share: self.engine.pool().huge_pages().ok().flatten().and_then(|p| p.share()),
        };
        for number in 0..self.plan.warmups + self.plan.repeats {
            if self.plan.interrupt.asked() {
                break;
            }
            self.prepare(number)?;
            if number == self.plan.warmups {
                before = self.engine.stats();
            }
            let timed = self.repeat()?;
            if self.plan.interrupt.asked() {
                measured.stopped = Some(timed).filter(|_| number >= self.plan.warmups);
                break;
            }
            if self.plan.verify {
                self.check()?;
            }
            if number >= self.plan.warmups {
                measured.repeats.push(timed);
            }
        }
        measured.stats = self.engine.stats().since(&before);
        Ok(measured)
    }

    /// Files without a name, which are gone when they are closed, however this ends.
    fn make_files(&mut self) -> Result<(), Failure> {
        self.files.clear();
        for _ in 0..files(self.extents) {
            self.files.push(self.engine.adopt(self.plan.place.new_file()?)?);
        }
        if self.case.doing == Doing::Writes(Target::Preallocated) {
            for (number, file) in self.files.iter().enumerate() {
                let of_file = self.extents.iter().filter(|extent| extent.file == number);
                let len = of_file.map(|extent| extent.offset + extent.len as u64).max();
                self.engine.allocate(file, 0, len.unwrap_or(0)).wait()?;
            }
        }
        Ok(())
    }

    /// What is to be in the files at first.
    pub(super) fn write_all(&mut self) -> Result<(), Failure> {
        self.each_request(|_| Action::Write)?;
        self.sync()
    }

    /// Readies a repeat.
    pub(super) fn prepare(&mut self, number: usize) -> Result<(), Failure> {
        if self.case.makes_files() && number > 0 {
            self.make_files()?;
        }
        if self.plan.verify {
            self.fill();
        }
        // Reads are of the device, and what a check has read is not in the way of a write.
        if self.plan.verify || !matches!(self.case.doing, Doing::Writes(_)) {
            self.sync()?;
            for file in &self.files {
                let _ = posix_fadvise(file.as_fd(), 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED);
            }
        }
        Ok(())
    }

    /// What is to be written, and zeros where it is to be read, until it is to stop.
    pub(super) fn fill(&mut self) {
        let each = self.extents.iter().zip(&mut self.buffers).zip(&self.generations).enumerate();
        for (number, ((extent, buffer), generation)) in each {
            let Some(buffer) = buffer else { continue };
            if self.plan.interrupt.asked() {
                break;
            }
            match extent.action {
                Action::Write => {
                    Contents::new(self.plan.seed, number, generation + 1).fill(buffer);
                }
                // The first is written before it can be read.
                _ if *generation == 0 => Contents::new(self.plan.seed, number, 1).fill(buffer),
                _ => buffer.fill(0),
            }
        }
    }

    pub(super) fn repeat(&mut self) -> Result<Timed, Failure> {
        let (processor, begin) = (processor_time()?, Instant::now());
        let bytes = self.each_request(|extent| extent.action)?;
        if self.plan.sync && self.case.doing != Doing::Reads {
            self.sync()?;
        }
        let (elapsed, processor) = (begin.elapsed(), processor_time()?.saturating_sub(processor));
        Ok(Timed { bytes, elapsed, processor })
    }

    /// A request for each extent, in order and so many at a time, until the user stops it; tells the
    /// bytes moved.
    fn each_request(&mut self, action_of: impl Fn(&Extent) -> Action) -> Result<u64, Failure> {
        let (ended_to, ended) = channel();
        let (mut next, mut under_way) = (0, 0);
        let (mut moved, mut seen) = (0, 0);
        let mut failure: Option<Error> = None;
        loop {
            let stopped = failure.is_some() || self.plan.interrupt.asked();
            while !stopped && under_way < self.in_flight && next < self.extents.len() {
                if let Some(buffer) = self.buffers[next].take() {
                    let reads = action_of(&self.extents[next]) != Action::Write;
                    self.request(next, buffer, reads, &ended_to);
                    under_way += 1;
                }
                next += 1;
            }
            if under_way == 0 {
                break;
            }
            let Ok(Ended { extent: number, was_read, result }) = ended.recv() else { break };
            under_way -= 1;
            let mut buffer = match result {
                Ok(buffer) => buffer,
                Err(failed) => {
                    let (error, buffer) = failed.into_parts();
                    self.buffers[number] = buffer;
                    failure.get_or_insert(error);
                    continue;
                }
            };
            moved += buffer.len() as u64;
            if moved - seen >= SEEN {
                self.plan.progress.inc(moved - seen);
                seen = moved;
            }
            let action = action_of(&self.extents[number]);
            if action == Action::Update && was_read {
                update(&mut buffer);
                self.request(number, buffer, false, &ended_to);
                under_way += 1;
                continue;
            }
            if action != Action::Read {
                self.generations[number] += 1;
            }
            self.buffers[number] = Some(buffer);
        }
        self.plan.progress.inc(moved - seen);
        match failure {
            Some(error) => Err(error.into()),
            None => Ok(moved),
        }
    }

    fn request(&self, number: usize, buffer: B, reads: bool, ended: &Sender<Ended<B>>) {
        let Extent { file, offset, .. } = self.extents[number];
        let file = &self.files[file];
        let ticket: Ticket<B> = if reads {
            self.engine.pread(file, buffer, offset)
        } else {
            self.engine.pwrite(file, buffer, offset)
        };
        let ended = ended.clone();
        ticket.on_completion(move |result| {
            let _ = ended.send(Ended { extent: number, was_read: reads, result });
        });
    }

    fn sync(&self) -> Result<(), Failure> {
        let syncs = self.files.iter().map(|file| self.engine.fdatasync(file));
        for synced in Ticket::wait_all(syncs.collect::<Vec<_>>()) {
            synced?;
        }
        Ok(())
    }

    /// Compares what was read, and what is in the files by the system's own account.
    fn check(&self) -> Result<(), Failure> {
        let mut found = Vec::new();
        for (number, extent) in self.extents.iter().enumerate() {
            let contents = Contents::new(self.plan.seed, number, self.generations[number]);
            let wrong = |at: usize, what: &str| {
                let (file, offset) = (extent.file, extent.offset + at as u64);
                Failure::failed(format!(
                    "verification: {what} at offset {offset} of file {file} is not what was written"
                ))
            };
            if extent.action == Action::Read {
                let read = self.buffers[number].as_deref().unwrap_or_default();
                if let Some(at) = contents.difference(read) {
                    return Err(wrong(at, "what was read"));
                }
                continue;
            }
            let file = File::from(self.files[extent.file].as_fd().try_clone_to_owned()?);
            found.resize(extent.len, 0);
            file.read_exact_at(&mut found, extent.offset)?;
            if let Some(at) = contents.difference(&found) {
                return Err(wrong(at, "what is"));
            }
        }
        Ok(())
    }
}

/// How many files there are.
pub(super) fn files(extents: &[Extent]) -> usize {
    extents.iter().map(|extent| extent.file + 1).max().unwrap_or(0)
}

/// A request that ended.
struct Ended<B> {
    extent: usize,
    was_read: bool,
    result: Result<B, Failed<B>>,
}

/// Of all threads, those that have ended and the kernel's for this process among them.
fn processor_time() -> Result<Duration, Failure> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).map_err(Failure::failed)?;
    let times = [usage.user_time(), usage.system_time()];
    let micros = times.map(|time| u64::try_from(time.num_microseconds()).unwrap_or(0));
    Ok(Duration::from_micros(micros.iter().sum()))
}
