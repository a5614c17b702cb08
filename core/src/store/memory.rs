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
    store::{helpers::Helpers, space::pages, ticket::contain},
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
    who: Box<dyn InLine>,
}

/// Who wants a share.
pub(super) trait InLine: Send {
    /// Others come first, which may need what it has. Under no lock, perhaps more than once.
    fn waits(&mut self);

    /// It has its share, or there will be none.
    fn go_on(self: Box<Self>, share: Option<Share>);
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

    /// Has `who` go on with a share, in turn with others that wait for theirs: now or when those that
    /// have the memory may make room. Without a share if there is not so much memory at all, or no
    /// thread that would see to it.
    pub(super) fn reserve_in_turn(self: &Arc<Self>, len: u64, mut who: Box<dyn InLine>) {
        if pages(len) > self.limit || !self.helpers.are_there() {
            return who.go_on(None);
        }
        let mut turns = lock(&self.turns);
        if turns.is_serving || !turns.waiting.is_empty() {
            drop(turns);
            who.waits();
            turns = lock(&self.turns);
        }
        turns.waiting.push_back(Waiting { len, who });
        drop(turns);
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
            while let Some(mut next) = turns.waiting.pop_front() {
                drop(turns);
                let Some(share) = self.reserve(next.len) else {
                    next.who.waits();
                    turns = lock(&self.turns);
                    turns.waiting.push_front(next);
                    break;
                };
                // It runs code of an allocator of the user's, whose panic must not end the others' turns.
                contain(|| next.who.go_on(Some(share)));
                turns = lock(&self.turns);
            }
        }
        turns.is_serving = false;
        if turns.waiting.is_empty() {
            self.is_awaited.store(false, Ordering::SeqCst);
        }
    }

    /// Keeps the bytes in a record's slot.
    pub(super) fn keep(self: &Arc<Self>, slot: &Arc<Slot>, bytes: AioBuf, share: Share) {
        let replaced = lock(&slot.bytes).replace(Arc::new(Resident { bytes, _share: share }));
        // Under no lock, since its memory may be an allocator's of the user.
        drop(replaced);
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

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Notes that it was told to wait, or went on; panics then if it is to.
    struct Noting {
        waited: Arc<AtomicUsize>,
        went_on: Arc<Mutex<Vec<Share>>>,
        panics: bool,
    }

    impl InLine for Noting {
        fn waits(&mut self) {
            self.waited.fetch_add(1, Ordering::Relaxed);
        }

        fn go_on(self: Box<Self>, share: Option<Share>) {
            assert!(!self.panics, "as told");
            lock(&self.went_on).extend(share);
        }
    }

    #[test]
    fn those_that_wait_are_told_so_and_a_panic_of_one_is_not_that_of_the_others() {
        let memory = Memory::new(4096, &Helpers::default());
        let (waited, went_on) = (Arc::default(), Arc::default());
        let reserve = |panics| {
            let (waited, went_on) = (Arc::clone(&waited), Arc::clone(&went_on));
            memory.reserve_in_turn(1, Box::new(Noting { waited, went_on, panics }));
        };
        let count = || (waited.load(Ordering::Relaxed), lock(&went_on).len());
        reserve(true);
        reserve(false);
        assert_eq!(count(), (0, 1));
        reserve(true);
        reserve(false);
        let (told, _) = count();
        assert!(told >= 2, "{told} of two");
        let first = lock(&went_on).pop();
        drop(first);
        // A helper serves them.
        while count().1 == 0 {
            std::thread::yield_now();
        }
        let second = lock(&went_on).pop();
        drop(second);
        memory.helpers.close();
        assert_eq!(memory.used(), 0);
    }
}
