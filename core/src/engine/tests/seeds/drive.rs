//! Runs a scenario against an in-memory model and collects what is not as it must be.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::{Arc, mpsc::Receiver},
    thread,
};

use super::{
    promise::{Later, Outcome, Promise},
    scenario::{Action, Cancel, Ending, FILES, Fate, Round, Scenario},
    verify::{about, parts},
    wakes::{Wakes, all_of},
};
use crate::{
    config::DirectMode,
    engine::{AioFile, Engine, OpenOptions, Priority, file::FileState},
    error::{Error, Operation},
    sys::{
        Direction,
        choice::Because,
        file::{OpenFile, Policy},
        sim::{Arena, Drops, Random, Seeded},
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
        Self { dir, arena: Arena::new(16 << 20) }
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
    let engine =
        Engine::with_backend(scenario.settings.clone(), Box::new(sim.clone()), Because::Asked)
            .unwrap();
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
        engine: Some(Arc::new(engine)),
        files,
        arena: &mut place.arena,
        model: scenario.contents.clone(),
        on_disk,
        held: false,
        asked: 0,
        made: Vec::new(),
        late: Vec::new(),
        last_round: 0,
        told: 0,
        syncs: 0,
        followers: 0,
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
    pub(super) engine: Option<Arc<Engine>>,
    pub(super) files: [AioFile; FILES],
    pub(super) arena: &'a mut Arena,
    /// What the file holds.
    pub(super) model: Vec<u8>,
    pub(super) on_disk: File,
    /// Nothing completes now.
    pub(super) held: bool,
    /// Requests of the scenario so far, made or not.
    pub(super) asked: u64,
    pub(super) made: Vec<Made>,
    /// Those of `made` that await room.
    pub(super) late: Vec<(usize, Later)>,
    /// The first request of the last round.
    pub(super) last_round: usize,
    /// Failures that somebody was told of.
    pub(super) told: u64,
    pub(super) syncs: u64,
    /// Requests made by callbacks.
    pub(super) followers: u64,
    pub(super) wrong: Vec<String>,
}

/// A request that was made.
pub(super) struct Made {
    pub(super) number: usize,
    pub(super) path: PathBuf,
    pub(super) asked: Asked,
    pub(super) ticket: Option<Box<dyn Promise>>,
    /// Where its callback tells the result.
    pub(super) called: Option<Receiver<Called>>,
    pub(super) drops: Vec<Drops>,
    pub(super) waker: Arc<Wakes>,
    /// The one it was polled with before.
    pub(super) stale_waker: Option<Arc<Wakes>>,
    /// Failed, and nobody was told yet, for all that is known.
    pub(super) untold: bool,
    pub(super) forgotten: bool,
}

/// What a callback tells.
pub(super) struct Called {
    pub(super) outcome: Outcome,
    /// The request that it made.
    pub(super) next: Option<Made>,
}

#[derive(Clone)]
pub(super) struct Asked {
    pub(super) direction: Direction,
    pub(super) offset: usize,
    /// Of each buffer, and whether it shows what was read alone.
    pub(super) lens: Vec<(usize, bool)>,
    /// Bytes as errors count them.
    pub(super) wanted: usize,
    pub(super) whole: bool,
    pub(super) fate: Fate,
    pub(super) cancel: Option<Cancel>,
    /// What a read must find or a write takes there.
    pub(super) bytes: Vec<u8>,
}

impl Drive<'_> {
    fn round(&mut self, round: &Round, abrupt: bool) {
        self.held = round.held;
        if round.held {
            self.sim.close();
        }
        let first = self.made.len();
        self.last_round = first;
        for action in &round.actions {
            match action {
                Action::Ask(ask) => self.make(ask),
                Action::Sync(file) => self.sync(*file),
                Action::Scope(asks) => self.scope(asks),
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
        if abrupt && self.held && self.scenario.ending == Ending::Shutdown {
            return;
        }
        self.held = false;
        self.sim.open();
        for (at, ticket) in all_of(std::mem::take(&mut self.late)) {
            self.made[at].ticket = Some(ticket);
            self.begin_fate(at);
        }
        let mut order: Vec<usize> = (first..self.made.len()).collect();
        Random::of(&[self.seed, first as u64, 2]).shuffle(&mut order);
        for at in order {
            self.cancel(at, Cancel::BeforeItsWait);
            self.settle(at);
        }
        if round.synced {
            (0..FILES).for_each(|file| self.sync(file));
        }
        if abrupt {
            return;
        }
        while self.engine().stats().in_flight > 0 {
            thread::yield_now();
        }
        self.compare_file();
        self.sim.next_round();
    }

    pub(super) fn cancel(&mut self, at: usize, when: Cancel) {
        let made = &self.made[at];
        if let (Some(ticket), true) = (&made.ticket, made.asked.cancel == Some(when)) {
            ticket.cancel();
            let must_have_ended = self.sim.cancelled(made.number);
            if ticket.is_done() {
                self.sim.resolve(made.number);
            } else if must_have_ended {
                let asked = made.described();
                self.wrong.push(format!("{asked}: waits, was cancelled, and has not ended"));
            }
        }
    }

    fn sync(&mut self, file: usize) {
        let handle = self.files[file].clone();
        let key = self.next_key();
        let number = self.watch().of(key, &handle, Direction::Sync, 0, Vec::new(), Vec::new());
        self.syncs += 1;
        // Those whose tickets are gone: the sync waits for them and must tell of their failures.
        let gone = |made: &Made| made.ticket.is_none() && made.called.is_none() && !made.forgotten;
        let (mut failures, omitted) = parts(self.engine().sync(&handle));
        self.sim.has_been_called(number);
        let (track, in_flight) = self.sim.track(number);
        // Others may be of syncs whose tickets are gone.
        let is_own = |error: &mut Error| error.operation() == Operation::Sync;
        let own = if track.has_failed() { failures.pop_if(is_own) } else { None };
        self.told += u64::from(own.is_some());
        let told = own.as_ref().map_or(Ok(()), |error| Err(about(error)));
        if let Err(what) = track.explains(told, self.sim.excuses()) {
            self.wrong.push(format!("sync of file {file}: {what}"));
        }
        if in_flight > 0 || omitted > 0 {
            self.wrong.push(format!("sync with {in_flight} in flight, {omitted} failures omitted"));
        }
        self.reported(failures, "sync", |made| made.path == handle.path() && gone(made));
    }

    /// A number for the request, the same in every run of the seed.
    pub(super) fn next_key(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    pub(super) fn engine(&self) -> &Arc<Engine> {
        self.engine.as_ref().expect("the engine until its end")
    }
}
