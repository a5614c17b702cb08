//! What a store knows of lives: of its process, of its requests under way, and of failures that
//! nobody has been told of.

use std::{process, sync::Arc};

use crate::{
    error::{Error, ErrorKind},
    store::{StoreError, StoreErrorKind, directory::Engines, helpers},
    sync::{Condvar, Mutex, lock, wait},
};

/// The process that opened the store. In a forked child any of its locks may be held for ever, so
/// this is asked before one is taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Process(u32);

impl Process {
    pub(super) fn this() -> Self {
        Self(process::id())
    }

    pub(super) fn is_child(self) -> bool {
        process::id() != self.0
    }
}

/// Why the calling thread must not wait for the engines' requests, if it must not.
pub(super) fn may_wait(engines: &Engines) -> Result<(), StoreErrorKind> {
    if helpers::is_one() {
        return Err(StoreErrorKind::WouldDeadlock);
    }
    for engine in engines.all() {
        let Err(failures) = engine.scope(|_| ()) else {
            continue;
        };
        match failures.errors().first().map(Error::kind) {
            Some(ErrorKind::WouldDeadlock) => return Err(StoreErrorKind::WouldDeadlock),
            Some(ErrorKind::Forked) => return Err(StoreErrorKind::Forked),
            _ => {}
        }
    }
    Ok(())
}

/// The requests under way.
#[derive(Default)]
pub(super) struct Flights {
    count: Mutex<usize>,
    none_left: Condvar,
}

/// One of them, until it is dropped.
pub(super) struct Flight(Arc<Flights>);

impl Flights {
    pub(super) fn begin(self: &Arc<Self>) -> Flight {
        *lock(&self.count) += 1;
        Flight(Arc::clone(self))
    }

    pub(super) fn wait_for_none(&self) {
        let mut count = lock(&self.count);
        while *count > 0 {
            count = wait(&self.none_left, count);
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut count = lock(&self.0.count);
        *count -= 1;
        if *count == 0 {
            self.0.none_left.notify_all();
        }
    }
}

/// Failures of changes whose tickets were dropped.
#[derive(Default)]
pub(super) struct Ledger(Mutex<Failures>);

#[derive(Default)]
struct Failures {
    kept: Vec<StoreError>,
    more: usize,
}

/// As many are kept whole; the rest is counted.
const KEPT: usize = 1024;

impl Ledger {
    pub(super) fn record(&self, error: StoreError) {
        let mut failures = lock(&self.0);
        if failures.kept.len() < KEPT {
            failures.kept.push(error);
        } else {
            failures.more += 1;
        }
    }

    /// Takes all of them, and how many more there were.
    pub(super) fn take(&self) -> (Vec<StoreError>, usize) {
        let failures = std::mem::take(&mut *lock(&self.0));
        (failures.kept, failures.more)
    }
}
