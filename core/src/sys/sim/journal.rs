//! A backend for tests that notes the bytes of every write, and every sync, in the order in which they
//! happen; others may note what they do between them.

use std::{
    fs::File,
    os::unix::fs::MetadataExt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use nix::errno::Errno;

use crate::{
    engine::settings::Difference,
    sys::{Backend, Completion, Direction, Lane, LaneId, Shape, Transfer, threads::Threads},
};

/// What happened to a file's contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// From here on the bytes may be there, or any of them.
    Write { inode: u64, offset: u64, bytes: Vec<u8> },
    /// What was written before is there.
    Sync { inode: u64 },
}

/// The journal, of changes of contents and of what else its users note: `T`.
pub(crate) struct Journal<T>(Arc<Noted<T>>);

struct Noted<T> {
    steps: Mutex<Steps<T>>,
    fails_syncs: AtomicBool,
    fails_writes: AtomicBool,
}

struct Steps<T> {
    noted: Vec<T>,
    /// Finds out what else has happened.
    look: Look<T>,
}

type Look<T> = Box<dyn FnMut() -> Vec<T> + Send>;

impl<T> Steps<T> {
    fn look(&mut self) {
        self.noted.extend((self.look)());
    }
}

impl<T> Clone for Journal<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: From<Change> + Clone + Send + 'static> Journal<T> {
    #[cfg(feature = "store")]
    pub(crate) fn new() -> Self {
        Self::looking(Vec::new)
    }

    /// A journal for those whose other steps do not come here by themselves: `look` finds them out, before
    /// every step that is noted.
    pub(crate) fn looking(look: impl FnMut() -> Vec<T> + Send + 'static) -> Self {
        let [fails_syncs, fails_writes] = [const { AtomicBool::new(false) }; 2];
        let steps = Mutex::new(Steps { noted: Vec::new(), look: Box::new(look) });
        Self(Arc::new(Noted { steps, fails_syncs, fails_writes }))
    }

    fn lock(&self) -> MutexGuard<'_, Steps<T>> {
        self.0.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, step: impl Into<T>) {
        let mut steps = self.lock();
        steps.look();
        steps.noted.push(step.into());
    }

    pub(crate) fn steps(&self) -> Vec<T> {
        let mut steps = self.lock();
        steps.look();
        steps.noted.clone()
    }

    /// From now on syncs of files fail, and do nothing; or no longer.
    #[cfg(feature = "store")]
    pub(crate) fn fail_syncs(&self, fail: bool) {
        self.0.fails_syncs.store(fail, Ordering::Relaxed);
    }

    /// From now on writes fail, whatever they have done; or no longer.
    #[cfg(feature = "store")]
    pub(crate) fn fail_writes(&self, fail: bool) {
        self.0.fails_writes.store(fail, Ordering::Relaxed);
    }

    /// A backend of one lane, so that one thing happens after the other, that notes here.
    pub(crate) fn backend(&self) -> Box<dyn Backend> {
        Box::new(Journaling { threads: Threads::new(1, 1), journal: self.clone() })
    }
}

struct Journaling<T> {
    threads: Threads,
    journal: Journal<T>,
}

impl<T: From<Change> + Clone + Send + 'static> Backend for Journaling<T> {
    fn name(&self) -> &'static str {
        "journaling"
    }

    fn shape(&self) -> Shape {
        self.threads.shape()
    }

    fn differences(&self) -> Vec<Difference> {
        Vec::new()
    }

    fn lane(&self, id: LaneId) -> Box<dyn Lane> {
        Box::new(JournalingLane {
            lane: self.threads.lane(id),
            journal: self.journal.clone(),
            pushed: None,
            fails: None,
        })
    }

    fn wake(&self, lanes: &[LaneId]) {
        self.threads.wake(lanes);
    }
}

struct JournalingLane<T> {
    lane: Box<dyn Lane>,
    journal: Journal<T>,
    /// The sync that was pushed: its token and the file.
    pushed: Option<(usize, u64)>,
    /// The token of a write that is to fail.
    fails: Option<usize>,
}

impl<T: From<Change> + Clone + Send + 'static> Lane for JournalingLane<T> {
    fn push(&mut self, transfer: Transfer) {
        let descriptor = transfer.file.buffered().try_clone_to_owned().unwrap();
        let inode = File::from(descriptor).metadata().unwrap().ino();
        match transfer.direction {
            Direction::Write => {
                let slices = transfer.segment.slices();
                let bytes = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
                self.journal.note(Change::Write { inode, offset: transfer.offset, bytes });
                let fails = self.journal.0.fails_writes.load(Ordering::Relaxed);
                self.fails = fails.then_some(transfer.token);
            }
            Direction::Sync | Direction::SyncAll => self.pushed = Some((transfer.token, inode)),
            Direction::Read | Direction::Flush(_) | Direction::Allocate(_) => {}
        }
        self.lane.push(transfer);
    }

    fn submit(&mut self) {
        self.lane.submit();
    }

    fn wait(&mut self, at_least: usize, until: Option<Instant>, completions: &mut Vec<Completion>) {
        self.lane.wait(at_least, until, completions);
        let failed = self.fails.take();
        for completion in completions.iter_mut().filter(|done| Some(done.token) == failed) {
            completion.result = Err(Errno::ENOSPC);
        }
        if let Some((token, inode)) = self.pushed.take() {
            let fails = self.journal.0.fails_syncs.load(Ordering::Relaxed);
            let sync = completions.iter_mut().find(|completion| completion.token == token);
            if let (true, Some(sync)) = (fails, sync) {
                sync.result = Err(Errno::EIO);
            } else {
                self.journal.note(Change::Sync { inode });
            }
        }
    }

    fn park(&mut self, until: Option<Instant>) {
        self.lane.park(until);
    }

    fn cancel(&mut self, token: usize) {
        self.lane.cancel(token);
    }
}
