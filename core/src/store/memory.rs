//! Tensors that are kept in memory besides, within a budget.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    buf::AioBuf,
    store::space::pages,
    sync::{Mutex, lock},
};

/// The budget, and who has it.
#[derive(Default)]
pub(super) struct Memory {
    limit: u64,
    /// Bytes that are reserved: those of tensors in memory, and of those on their way there.
    used: AtomicU64,
    by_use: Mutex<ByUse>,
}

/// The tensors in memory by the time of their last use. Those that are gone since are taken out now
/// and then.
#[derive(Default)]
struct ByUse {
    slots: BTreeMap<u64, Weak<Slot>>,
    now: u64,
    tidied: usize,
}

/// Where a record's bytes in memory are, if they are there.
#[derive(Debug, Default)]
pub(super) struct Slot {
    bytes: Mutex<Option<Arc<Resident>>>,
    used: AtomicU64,
}

/// The bytes of a tensor in memory.
#[derive(Debug)]
pub(super) struct Resident {
    pub(super) bytes: AioBuf,
    _share: Share,
}

/// A part of the budget, free again when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    memory: Arc<Memory>,
    bytes: u64,
}

impl Memory {
    pub(super) fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self { limit, ..Self::default() })
    }

    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// A share for so many bytes, in whole pages, for which those make room that were used least
    /// recently; none if that is not enough, and then all have made room.
    pub(super) fn reserve(self: &Arc<Self>, len: u64) -> Option<Share> {
        let bytes = pages(len);
        if bytes > self.limit {
            return None;
        }
        let fits = |used: u64| used.checked_add(bytes).filter(|&sum| sum <= self.limit);
        while self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_err() {
            let (_, oldest) = lock(&self.by_use).slots.pop_first()?;
            // Its share is free once nobody copies from it any more.
            let evicted = oldest.upgrade().and_then(|slot| lock(&slot.bytes).take());
            drop(evicted);
        }
        Some(Share { memory: Arc::clone(self), bytes })
    }

    /// Keeps the bytes in a record's slot.
    pub(super) fn keep(&self, slot: &Arc<Slot>, bytes: AioBuf, share: Share) {
        *lock(&slot.bytes) = Some(Arc::new(Resident { bytes, _share: share }));
        let mut by_use = lock(&self.by_use);
        by_use.touch(slot);
        if by_use.slots.len() > 2 * by_use.tidied + 64 {
            by_use.slots.retain(|_, slot| slot.strong_count() > 0);
            by_use.tidied = by_use.slots.len();
        }
    }

    /// What a slot has.
    pub(super) fn get(&self, slot: &Arc<Slot>) -> Option<Arc<Resident>> {
        let resident = lock(&slot.bytes).clone()?;
        lock(&self.by_use).touch(slot);
        Some(resident)
    }
}

impl ByUse {
    fn touch(&mut self, slot: &Arc<Slot>) {
        self.now += 1;
        let used = slot.used.swap(self.now, Ordering::Relaxed);
        self.slots.remove(&used);
        self.slots.insert(self.now, Arc::downgrade(slot));
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.memory.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("used", &self.used()).finish_non_exhaustive()
    }
}
