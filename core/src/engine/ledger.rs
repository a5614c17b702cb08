//! The failures that nobody has been told of yet.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    error::{Error, Failures},
    sync::{Mutex, lock},
    sys::fork::ForkMark,
};

/// As many failures as are kept whole; the rest is counted.
const KEPT: usize = 1024;

/// Tells engines apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EngineId(u64);

impl EngineId {
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Every failure between its delivery to a ticket and the moment somebody learns of it: the
/// ticket's holder, or, if the ticket is dropped or forgotten, whoever syncs the file or closes
/// the engine.
pub(crate) struct Ledger {
    engine: EngineId,
    process: Arc<ForkMark>,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    next: u64,
    kept: Vec<Entry>,
    /// Failures that found no room and whose ticket may still deliver them.
    undelivered: usize,
    /// Failures that found no room and whose ticket is gone, by file.
    omitted: HashMap<u64, usize>,
}

struct Entry {
    number: u64,
    file: u64,
    abandoned: bool,
    error: Error,
}

/// What a ticket holds of its failure's entry; none if there was no room for one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Receipt {
    file: u64,
    number: Option<u64>,
}

impl Ledger {
    pub(crate) fn new(engine: EngineId, process: Arc<ForkMark>) -> Self {
        Self { engine, process, entries: Mutex::new(Entries::default()) }
    }

    /// Whether this is a forked child of the engine's process. The workers are not there then, and
    /// any lock of the engine may be held for ever: this is asked before one is taken.
    pub(crate) fn is_forked(&self) -> bool {
        self.process.is_child()
    }

    /// The mark of the engine's process.
    pub(crate) fn process(&self) -> &Arc<ForkMark> {
        &self.process
    }

    pub(crate) fn engine(&self) -> EngineId {
        self.engine
    }

    /// Notes a failure whose ticket is there to deliver it.
    pub(crate) fn record(&self, file: u64, error: &Error) -> Receipt {
        let mut entries = lock(&self.entries);
        let number = entries.next;
        entries.next += 1;
        let room = entries.kept.len() < KEPT;
        if room {
            entries.kept.push(Entry { number, file, abandoned: false, error: error.clone() });
        } else {
            entries.undelivered += 1;
        }
        Receipt { file, number: room.then_some(number) }
    }

    /// The ticket's holder knows.
    pub(crate) fn claim(&self, receipt: Receipt) {
        let mut entries = lock(&self.entries);
        match receipt.number {
            Some(number) => entries.kept.retain(|entry| entry.number != number),
            None => entries.undelivered = entries.undelivered.saturating_sub(1),
        }
    }

    /// The ticket is gone, and nobody knows.
    pub(crate) fn abandon(&self, receipt: Receipt) {
        let mut entries = lock(&self.entries);
        let Some(number) = receipt.number else {
            // None are left to be delivered after `take_all` has reported them.
            if let Some(left) = entries.undelivered.checked_sub(1) {
                entries.undelivered = left;
                *entries.omitted.entry(receipt.file).or_default() += 1;
            }
            return;
        };
        if let Some(entry) = entries.kept.iter_mut().find(|entry| entry.number == number) {
            entry.abandoned = true;
        }
    }

    /// The abandoned failures of one file, and `also`.
    pub(crate) fn take_abandoned(&self, file: u64, also: Option<Error>) -> Result<(), Failures> {
        let mut entries = lock(&self.entries);
        let (taken, kept) = std::mem::take(&mut entries.kept)
            .into_iter()
            .partition(|entry| entry.file == file && entry.abandoned);
        entries.kept = kept;
        let omitted = entries.omitted.remove(&file).unwrap_or_default();
        let errors = Vec::into_iter(taken).map(|entry: Entry| entry.error).chain(also);
        Failures::check(errors.collect(), omitted)
    }

    /// Every failure nobody has been told of, be its ticket dropped, forgotten or still held, and
    /// `also`.
    pub(crate) fn take_all(&self, also: Option<Error>) -> Result<(), Failures> {
        let mut entries = lock(&self.entries);
        let errors =
            std::mem::take(&mut entries.kept).into_iter().map(|entry| entry.error).chain(also);
        let gone: usize = std::mem::take(&mut entries.omitted).into_values().sum();
        let omitted = gone + std::mem::take(&mut entries.undelivered);
        Failures::check(errors.collect(), omitted)
    }
}
