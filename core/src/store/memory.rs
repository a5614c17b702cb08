//! Tensors that are kept in memory besides, within a budget.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use crate::{
    buf::AioBuf,
    store::{helpers::Helpers, space::pages},
    sync::{Mutex, lock},
};

/// The budget, and who has it.
#[derive(Default)]
pub(super) struct Memory {
    limit: u64,
    /// Bytes that are reserved: those of tensors in memory, and of those on their way there.
    used: AtomicU64,
    by_use: Mutex<ByUse>,
    turns: Mutex<Turns>,
    /// Whether somebody waits for a turn.
    is_awaited: AtomicBool,
    /// Who see to those that wait when memory is free again, since that may be under a lock.
    helpers: Helpers,
}

/// Who waits for memory, in turn.
#[derive(Default)]
struct Turns {
    waiting: VecDeque<Waiting>,
    /// Whether a thread is serving them, and is to look again.
    is_serving: bool,
    is_changed: bool,
}

struct Waiting {
    len: u64,
    then: Then,
}

/// Is told of its share, or that there will be none.
pub(super) type Then = Box<dyn FnOnce(Option<Share>) + Send>;

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
    pub(super) fn new(limit: u64, helpers: &Helpers) -> Arc<Self> {
        Arc::new(Self { limit, helpers: helpers.clone(), ..Self::default() })
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
        while self.used.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fits).is_err() {
            let (_, oldest) = lock(&self.by_use).slots.pop_first()?;
            // Its share is free once nobody copies from it any more.
            let evicted = oldest.upgrade().and_then(|slot| lock(&slot.bytes).take());
            drop(evicted);
        }
        Some(Share { memory: Arc::clone(self), bytes })
    }

    /// Has `then` called with a share, in turn with others that wait for theirs: now or when those that
    /// have the memory may make room. Without a share if there is not so much memory at all, or no
    /// thread that would see to it.
    pub(super) fn reserve_in_turn(self: &Arc<Self>, len: u64, then: Then) {
        if pages(len) > self.limit || !self.helpers.are_there() {
            return then(None);
        }
        lock(&self.turns).waiting.push_back(Waiting { len, then });
        self.is_awaited.store(true, Ordering::SeqCst);
        self.serve();
    }

    /// Gives shares to those whose turn it is, as far as there is memory. Under no lock.
    fn serve(self: &Arc<Self>) {
        let mut turns = lock(&self.turns);
        turns.is_changed = true;
        if std::mem::replace(&mut turns.is_serving, true) {
            return;
        }
        while std::mem::take(&mut turns.is_changed) {
            while let Some(next) = turns.waiting.pop_front() {
                drop(turns);
                let share = self.reserve(next.len);
                let is_served = share.is_some();
                if is_served {
                    (next.then)(share);
                    turns = lock(&self.turns);
                } else {
                    turns = lock(&self.turns);
                    turns.waiting.push_front(next);
                    break;
                }
            }
        }
        turns.is_serving = false;
        if turns.waiting.is_empty() {
            self.is_awaited.store(false, Ordering::SeqCst);
        }
    }

    /// Keeps the bytes in a record's slot.
    pub(super) fn keep(self: &Arc<Self>, slot: &Arc<Slot>, bytes: AioBuf, share: Share) {
        *lock(&slot.bytes) = Some(Arc::new(Resident { bytes, _share: share }));
        let mut by_use = lock(&self.by_use);
        by_use.touch(slot);
        if by_use.slots.len() > 2 * by_use.tidied + 64 {
            by_use.slots.retain(|_, slot| slot.strong_count() > 0);
            by_use.tidied = by_use.slots.len();
        }
        drop(by_use);
        // It may make room from now on.
        if self.is_awaited.load(Ordering::SeqCst) {
            self.serve();
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
        let memory = &self.memory;
        memory.used.fetch_sub(self.bytes, Ordering::SeqCst);
        if memory.is_awaited.load(Ordering::SeqCst) {
            let memory = Arc::clone(memory);
            memory.helpers.clone().hand_over(move || memory.serve());
        }
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("used", &self.used()).finish_non_exhaustive()
    }
}
