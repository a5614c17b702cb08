//! Runs a scenario against an in-memory model and collects what is not as it must be.

use std::{
    fs::File,
    future::Future,
    ops::Range,
    os::unix::fs::FileExt,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use super::{
    scenario::{Action, Cancel, Ending, FILES, Fate, Memory, Round, Scenario, Transfer},
    verify::{about, parts},
    wakes::Wakes,
};
use crate::{
    buf::IoBuf,
    config::DirectMode,
    engine::{AioFile, Engine, OpenOptions, Priority, Ticket, file::FileState},
    error::Operation,
    sys::{
        Direction,
        file::{OpenFile, Policy},
        sim::{Arena, Counted, Drops, Random, Seeded, Watched},
    },
};

/// What seeds run in, one after the other.
pub(super) struct Place {
    dir: tempfile::TempDir,
    arena: Arena,
}

impl Place {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("0"), b"").unwrap();
        for other in 1..FILES {
            std::fs::hard_link(dir.path().join("0"), dir.path().join(other.to_string())).unwrap();
        }
        Self { dir, arena: Arena::new(4 << 20) }
    }

    /// The same file under several names, which tell apart the requests of failures.
    fn paths(&self) -> [PathBuf; FILES] {
        std::array::from_fn(|number| self.dir.path().join(number.to_string()))
    }
}

/// Everything that is wrong with a run of that seed.
pub(super) fn run(seed: u64, place: &mut Place) -> Vec<String> {
    let scenario = Scenario::of(seed);
    place.arena.reset();
    let paths = place.paths();
    let on_disk = File::options().read(true).write(true).open(&paths[0]).unwrap();
    on_disk.set_len(0).unwrap();
    on_disk.write_all_at(&scenario.contents, 0).unwrap();
    let Scenario { shape, order, faults, .. } = scenario;
    let sim = Seeded::new(seed, shape, !scenario.settings.overlap_events, order, faults);
    let engine = Engine::with_backend(scenario.settings.clone(), Box::new(sim.clone())).unwrap();
    let files = paths.each_ref().map(|path| {
        let policy = Policy { mode: DirectMode::Never, block_size: scenario.settings.block_size };
        let open = OpenFile::open(path, &OpenOptions::new().write(), policy).unwrap();
        let open = open.pretending(scenario.alignment);
        let state = Arc::new(FileState::new(engine.id(), open));
        AioFile { state, priority: Priority::Normal }
    });
    let mut drive = Drive {
        seed,
        scenario: &scenario,
        sim,
        engine: Some(engine),
        files,
        arena: &mut place.arena,
        model: scenario.contents.clone(),
        on_disk,
        made: Vec::new(),
        last_round: 0,
        told: 0,
        syncs: 0,
        wrong: Vec::new(),
    };
    for (number, round) in scenario.rounds.iter().enumerate() {
        let last = number + 1 == scenario.rounds.len();
        drive.round(round, last && scenario.abrupt);
    }
    drive.end()
}

pub(super) struct Drive<'a> {
    pub(super) seed: u64,
    pub(super) scenario: &'a Scenario,
    pub(super) sim: Seeded,
    /// Until it is ended.
    pub(super) engine: Option<Engine>,
    pub(super) files: [AioFile; FILES],
    pub(super) arena: &'a mut Arena,
    /// What the file holds.
    pub(super) model: Vec<u8>,
    pub(super) on_disk: File,
    pub(super) made: Vec<Made>,
    /// The first request of the last round.
    pub(super) last_round: usize,
    /// Failures that somebody was told of.
    pub(super) told: u64,
    pub(super) syncs: u64,
    pub(super) wrong: Vec<String>,
}

/// A request that was made.
pub(super) struct Made {
    pub(super) number: usize,
    pub(super) path: PathBuf,
    pub(super) asked: Asked,
    pub(super) ticket: Option<Ticket<Counted>>,
    pub(super) drops: Drops,
    pub(super) waker: Arc<Wakes>,
    /// The one it was polled with before.
    pub(super) stale_waker: Option<Arc<Wakes>>,
    /// Failed, and nobody was told yet, for all that is known.
    pub(super) untold: bool,
    pub(super) forgotten: bool,
}

pub(super) struct Asked {
    pub(super) direction: Direction,
    pub(super) offset: usize,
    pub(super) fate: Fate,
    pub(super) cancel: Option<Cancel>,
    /// What a read must find or a write takes there.
    pub(super) bytes: Vec<u8>,
}

impl Drive<'_> {
    fn round(&mut self, round: &Round, abrupt: bool) {
        if round.held {
            self.sim.close();
        }
        let first = self.made.len();
        for action in &round.actions {
            match action {
                Action::Transfer(transfer) => self.make(transfer),
                Action::Sync(file) => self.sync(*file),
            }
        }
        if self.made[first..].iter().any(|made| made.asked.cancel == Some(Cancel::UnderWay)) {
            while self.sim.in_flight() == 0 && self.engine().stats().in_flight > 0 {
                thread::yield_now();
            }
            for at in first..self.made.len() {
                self.cancel(at, Cancel::UnderWay);
            }
        }
        self.sim.open();
        let mut order: Vec<usize> = (first..self.made.len()).collect();
        Random::of(&[self.seed, first as u64, 2]).shuffle(&mut order);
        for at in order {
            self.cancel(at, Cancel::BeforeItsWait);
            self.settle(at);
        }
        if round.synced {
            (0..FILES).for_each(|file| self.sync(file));
        }
        self.last_round = first;
        if abrupt {
            return;
        }
        while self.engine().stats().in_flight > 0 {
            thread::yield_now();
        }
        self.compare_file();
        self.sim.next_round();
    }

    fn make(&mut self, transfer: &Transfer) {
        let &Transfer { direction, file, ref range, memory, fate, cancel } = transfer;
        let key = [self.seed, self.made.len() as u64, 3];
        let bytes = match direction {
            Direction::Write => Random::of(&key).bytes(range.len()),
            // What lies beyond the end reads as zeros if another request extends the file first.
            _ => range.clone().map(|at| self.model.get(at).copied().unwrap_or(0)).collect(),
        };
        let filled = match direction {
            Direction::Write => bytes.clone(),
            _ => vec![0xee; bytes.len()],
        };
        let buffer = match memory {
            Memory::Skewed(skew) => self.arena.buffer(&filled, skew),
            Memory::Vec => Counted::vec(&filled),
            Memory::Aio => Counted::aio(&filled),
        };
        let start = buffer.as_ptr().addr();
        let file = &self.files[file];
        let drops = buffer.drops().clone();
        let memory = vec![start..start + bytes.len()];
        let number = self.watch(file, direction, range.start, memory, vec![drops.clone()]);
        let offset = range.start as u64;
        let ticket = match direction {
            Direction::Write => self.engine().pwrite(file, buffer, offset),
            _ => self.engine().pread(file, buffer, offset),
        };
        let waker = Arc::new(Wakes::new());
        let asked = Asked { direction, offset: range.start, fate, cancel, bytes };
        self.made.push(Made {
            number,
            path: file.path().to_path_buf(),
            asked,
            ticket: Some(ticket),
            drops,
            waker,
            stale_waker: None,
            untold: true,
            forgotten: false,
        });
        let at = self.made.len() - 1;
        self.cancel(at, Cancel::AtOnce);
        match fate {
            Fate::DropAtOnce => self.made[at].ticket = None,
            Fate::Await => self.poll_once(at),
            _ => {}
        }
    }

    fn watch(
        &self,
        file: &AioFile,
        direction: Direction,
        offset: usize,
        memory: Vec<Range<usize>>,
        drops: Vec<Drops>,
    ) -> usize {
        self.sim.watch(Watched {
            file: Arc::as_ptr(&file.state.open).addr(),
            direction,
            offset: offset as u64,
            memory,
            drops,
            alignment: self.scenario.alignment,
            block_size: self.scenario.settings.block_size,
        })
    }

    fn cancel(&mut self, at: usize, when: Cancel) {
        let made = &self.made[at];
        if let (Some(ticket), true) = (&made.ticket, made.asked.cancel == Some(when)) {
            ticket.cancel();
            self.sim.cancelled(made.number);
        }
    }

    /// With another waker than the last one's, which must not be woken any more.
    fn poll_once(&mut self, at: usize) {
        let Made { ticket, waker, .. } = &mut self.made[at];
        let Some(mut polled) = ticket.take() else {
            return;
        };
        let stale = Arc::new(Wakes::new());
        let first = Waker::from(Arc::clone(&stale));
        if let Poll::Ready(result) = Pin::new(&mut polled).poll(&mut Context::from_waker(&first)) {
            return self.resolved(at, result);
        }
        let waker = Waker::from(Arc::clone(waker));
        match Pin::new(&mut polled).poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => self.resolved(at, result),
            Poll::Pending => {
                self.made[at].ticket = Some(polled);
                self.made[at].stale_waker = Some(stale);
            }
        }
    }

    fn settle(&mut self, at: usize) {
        let made = &mut self.made[at];
        let fate = made.asked.fate;
        if fate == Fate::Keep {
            return;
        }
        let Some(mut ticket) = made.ticket.take() else {
            return;
        };
        let result = match fate {
            Fate::DropAtOnce | Fate::DropLater => return drop(ticket),
            Fate::Forget => {
                made.forgotten = true;
                return std::mem::forget(ticket);
            }
            Fate::Wait | Fate::Keep => ticket.wait(),
            Fate::WaitElsewhere => thread::spawn(move || ticket.wait()).join().unwrap(),
            Fate::WaitTimeout => loop {
                match ticket.wait_timeout(Duration::from_micros(50)) {
                    Ok(result) => break result,
                    Err(again) => ticket = again,
                }
            },
            Fate::Await => {
                while !made.waker.take() {
                    thread::park();
                }
                let waker = Waker::from(Arc::clone(&made.waker));
                match Pin::new(&mut ticket).poll(&mut Context::from_waker(&waker)) {
                    Poll::Ready(result) => result,
                    Poll::Pending => {
                        self.wrong.push(format!("request {at}: woken before it had ended"));
                        ticket.wait()
                    }
                }
            }
            Fate::Watch => {
                while !ticket.is_done() {
                    thread::yield_now();
                }
                let (progress, known) = (ticket.progress(), self.sim.track(made.number).0);
                if (progress.done, progress.wanted) != (known.bytes_reported(), known.len()) {
                    let known = (known.bytes_reported(), known.len());
                    self.wrong.push(format!("request {at}: {progress:?}, but {known:?} moved"));
                }
                ticket.wait()
            }
        };
        self.resolved(at, result);
    }

    fn sync(&mut self, file: usize) {
        let handle = self.files[file].clone();
        let number = self.watch(&handle, Direction::Sync, 0, Vec::new(), Vec::new());
        self.syncs += 1;
        // Those whose tickets are gone: the sync waits for them and must tell of their failures.
        let gone = |made: &Made| made.ticket.is_none() && !made.forgotten;
        let (mut failures, omitted) = parts(self.engine().sync(&handle));
        let own = failures.pop_if(|error| error.operation() == Operation::Sync);
        self.told += u64::from(own.is_some());
        let (track, in_flight) = self.sim.track(number);
        let explained = track
            .explains(own.as_ref().map_or(Ok(()), |error| Err(about(error))), self.sim.panicked());
        if let Err(what) = explained {
            self.wrong.push(format!("sync of file {file}: {what}"));
        }
        if in_flight > 0 || omitted > 0 {
            self.wrong.push(format!("sync with {in_flight} in flight, {omitted} failures omitted"));
        }
        self.reported(failures, "sync", |made| made.path == handle.path() && gone(made));
    }

    /// Ends the engine; nothing may be lost or left over then.
    fn end(mut self) -> Vec<String> {
        let failed = self.engine().stats().failed();
        let abrupt = self.scenario.abrupt;
        if !abrupt {
            self.compare_stats();
        }
        let engine = self.engine.take();
        match self.scenario.ending {
            Ending::Close => {
                let (failures, omitted) =
                    engine.map_or_else(Default::default, |engine| parts(engine.close()));
                self.reported(failures, "close", |_| true);
                if omitted > 0 || !abrupt && self.told != failed {
                    let told = self.told;
                    self.wrong.push(format!("{failed} failed, {told} told of, {omitted} omitted"));
                }
            }
            Ending::Drop => drop(engine),
            Ending::DropElsewhere => thread::spawn(move || drop(engine)).join().unwrap(),
        }
        if abrupt {
            self.compare_file();
        }
        for at in 0..self.made.len() {
            if let Some(ticket) = self.made[at].ticket.take() {
                if !ticket.is_done() {
                    self.wrong.push(format!("request {at} is lost: the engine has ended"));
                    continue;
                }
                self.resolved(at, ticket.wait());
            }
            let made = &self.made[at];
            let (drops, wakes) = (made.drops.count(), made.waker.count());
            if drops != usize::from(!made.forgotten) {
                self.wrong.push(format!("{}: dropped {drops} times", made.described()));
            }
            let stale = made.stale_waker.as_ref().map_or(0, |waker| waker.count());
            if wakes > 1 || stale > 0 {
                self.wrong.push(format!("request {at}: {wakes} wakes, {stale} of an old waker"));
            }
        }
        if !self.arena.guards_hold() {
            self.wrong.push("bytes next to a buffer were written".into());
        }
        self.wrong.extend(self.sim.wrong());
        self.wrong
    }

    pub(super) fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("the engine until its end")
    }
}
