//! Tensors and their versions.
//!
//! Each accepted put makes a version, which is the tensor's from then on: who asks for the tensor
//! while it is under way is told when it has settled. A version that fails gives way to the one before.

use std::sync::Arc;

use crate::{
    store::{
        StoreErrorKind,
        checksum::Seal,
        entry::Entry,
        memory::Slot,
        place::{Place, Shape},
    },
    sync::{Mutex, lock},
};

/// A tensor as it was stored. Whoever has it may read its place: nobody else writes there, for a
/// place is written by an only owner.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) name: Arc<str>,
    /// Of the last change.
    pub(super) generation: u64,
    /// Of the last put of the whole, which its checksums are bound to.
    pub(super) sealed: u64,
    pub(super) len: u64,
    /// Bytes per checksum.
    pub(super) block: u64,
    pub(super) sums: Vec<u64>,
    /// None if there are no bytes.
    pub(super) place: Option<Place>,
    /// Its bytes in memory.
    pub(super) slot: Arc<Slot>,
}

impl Record {
    pub(super) fn seal(&self, store: u64) -> Seal {
        Seal::new(store, &self.name, self.sealed, self.len, self.block)
    }

    /// A record of the same bytes, which lie elsewhere.
    pub(super) fn without_place(&self) -> Self {
        let Self { ref name, generation, sealed, len, block, ref sums, .. } = *self;
        Self {
            name: Arc::clone(name),
            generation,
            sealed,
            len,
            block,
            sums: sums.clone(),
            place: None,
            slot: Arc::default(),
        }
    }

    #[cfg(all(test, not(loom)))]
    pub(super) fn for_tests(len: u64, block: u64) -> Self {
        let name = Arc::from("tensor");
        let (sums, place, slot) = (Vec::new(), None, Arc::default());
        Self { name, generation: 1, sealed: 1, len, block, sums, place, slot }
    }

    /// Where the block of that number ends, in bytes from the tensor's beginning.
    pub(super) fn block_end(&self, number: u64) -> u64 {
        (number + 1).saturating_mul(self.block).min(self.len)
    }
}

/// One value of a tensor, from the acceptance of the put that makes it.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) name: Arc<str>,
    /// Its length in bytes, if it does not fail.
    pub(super) len: u64,
    fate: Mutex<Fate>,
}

#[derive(Debug)]
enum Fate {
    Pending(Pending),
    Ready(Arc<Record>),
    /// The next version has its place.
    HandedOver,
    Failed {
        before: Option<Arc<Version>>,
        /// Whether it had begun to overwrite the one before.
        lost: bool,
    },
}

#[derive(Default)]
struct Pending {
    /// The tensor's version if this one fails.
    before: Option<Arc<Version>>,
    waiters: Vec<Waiter>,
    heir: Option<Heir>,
}

/// What somebody who asked for a tensor is told.
#[derive(Debug)]
pub(super) enum Found {
    Record(Arc<Record>),
    Missing(StoreErrorKind),
}

/// What the next version is told that changes a part of this one.
#[derive(Debug)]
pub(super) enum Inheritance {
    /// Nobody else has it.
    Own(Record),
    Shared(Arc<Record>),
    Missing(StoreErrorKind),
}

/// An operation that goes on when it is told of the version before it.
pub(super) struct Waiting<T> {
    entry: Entry,
    then: Box<dyn FnOnce(T, Entry) + Send>,
}

pub(super) type Waiter = Waiting<Found>;
pub(super) type Heir = Waiting<Inheritance>;

/// Calls to make once no lock is held.
pub(super) type Calls = Vec<Box<dyn FnOnce() + Send>>;

impl<T> Waiting<T> {
    pub(super) fn new(entry: Entry, then: impl FnOnce(T, Entry) + Send + 'static) -> Self {
        Self { entry, then: Box::new(then) }
    }

    /// It has to wait, without the room that it has.
    fn waits(mut self, calls: &mut Calls) -> Self {
        if let Some(room) = self.entry.give_back() {
            calls.push(Box::new(move || drop(room)));
        }
        self
    }

    fn tell(self, told: T) {
        (self.then)(told, self.entry);
    }
}

impl Version {
    pub(super) fn ready(record: Record) -> Arc<Self> {
        let (name, len) = (Arc::clone(&record.name), record.len);
        Arc::new(Self { name, len, fate: Mutex::new(Fate::Ready(Arc::new(record))) })
    }

    pub(super) fn pending(name: Arc<str>, len: u64, before: Option<Arc<Self>>) -> Arc<Self> {
        let pending = Pending { before, ..Pending::default() };
        Arc::new(Self { name, len, fate: Mutex::new(Fate::Pending(pending)) })
    }

    /// Has `waiter` called with what is found: at once, by the caller, or when it is known.
    ///
    /// Under the lock of the store's tensors, so that nobody takes a place over meanwhile.
    pub(super) fn find(self: &Arc<Self>, waiter: Waiter, calls: &mut Calls) {
        let mut version = Arc::clone(self);
        let found = loop {
            let next = match &mut *lock(&version.fate) {
                Fate::Pending(pending) => return pending.waiters.push(waiter.waits(calls)),
                Fate::Ready(record) => break Found::Record(Arc::clone(record)),
                Fate::HandedOver | Fate::Failed { lost: true, .. } => {
                    break Found::Missing(StoreErrorKind::Lost);
                }
                Fate::Failed { before: None, .. } => {
                    break Found::Missing(StoreErrorKind::NotFound);
                }
                Fate::Failed { before: Some(before), .. } => Arc::clone(before),
            };
            version = next;
        };
        calls.push(Box::new(move || waiter.tell(found)));
    }

    /// As [`Version::find`], for the next version, which takes the place if nobody else has it.
    pub(super) fn inherit(self: &Arc<Self>, heir: Heir, calls: &mut Calls) {
        {
            let mut fate = lock(&self.fate);
            match &mut *fate {
                Fate::Pending(pending) if pending.heir.is_none() => {
                    pending.heir = Some(heir.waits(calls));
                    return;
                }
                Fate::Ready(record) if Arc::strong_count(record) == 1 => {
                    if let Fate::Ready(record) = std::mem::replace(&mut *fate, Fate::HandedOver)
                        && let Some(record) = Arc::into_inner(record)
                    {
                        calls.push(Box::new(move || heir.tell(Inheritance::Own(record))));
                    }
                    return;
                }
                _ => {}
            }
        }
        self.find(waiter_of(heir), calls);
    }

    /// The record, if it has a place of that shape which nobody else has.
    pub(super) fn record_to_take_over(&self, shape: &Shape) -> Option<Arc<Record>> {
        match &*lock(&self.fate) {
            Fate::Ready(record) if Arc::strong_count(record) == 1 => {
                let suits = record.place.as_ref().is_some_and(|place| place.has_shape(shape));
                suits.then(|| Arc::clone(record))
            }
            _ => None,
        }
    }

    /// The record of a version that nobody else has, if its place suits; that is then the caller's to
    /// write to.
    ///
    /// Under the lock of the store's tensors, so the record is not to be dropped there: what it has in
    /// memory is the user's allocator's.
    pub(super) fn take_over(&self, suits: impl FnOnce(&Place) -> bool) -> Option<Arc<Record>> {
        let mut fate = lock(&self.fate);
        match &*fate {
            Fate::Ready(record)
                if Arc::strong_count(record) == 1 && record.place.as_ref().is_some_and(suits) => {}
            _ => return None,
        }
        match std::mem::replace(&mut *fate, Fate::HandedOver) {
            Fate::Ready(record) => Some(record),
            _ => None,
        }
    }

    /// What it is, if it has settled.
    pub(super) fn record(&self) -> Option<Arc<Record>> {
        if let Fate::Ready(record) = &*lock(&self.fate) { Some(Arc::clone(record)) } else { None }
    }

    /// The bytes are stored.
    pub(super) fn succeed(&self, record: Record, calls: &mut Calls) {
        let mut fate = lock(&self.fate);
        let Fate::Pending(Pending { before, mut waiters, heir }) =
            std::mem::replace(&mut *fate, Fate::HandedOver)
        else {
            return;
        };
        if let Some(heir) = heir {
            if waiters.is_empty() {
                calls.push(Box::new(move || heir.tell(Inheritance::Own(record))));
                return;
            }
            waiters.push(waiter_of(heir));
        }
        let record = Arc::new(record);
        for waiter in waiters {
            let record = Arc::clone(&record);
            calls.push(Box::new(move || waiter.tell(Found::Record(record))));
        }
        *fate = Fate::Ready(record);
        drop(fate);
        drop(before);
    }

    /// The bytes are not stored, and the version before has its record again, which this one had taken
    /// over: as for [`Version::fail`].
    pub(super) fn undo(&self, record: Record, calls: &mut Calls) -> GivesWay {
        if let Fate::Pending(Pending { before: Some(before), .. }) = &*lock(&self.fate) {
            *lock(&before.fate) = Fate::Ready(Arc::new(record));
        }
        self.fail(false, calls)
    }

    /// The bytes are not stored; `lost` if they had begun to overwrite those before. The version to take
    /// its place, if it is to give way.
    ///
    /// Under the lock of the store's tensors.
    pub(super) fn fail(&self, lost: bool, calls: &mut Calls) -> GivesWay {
        let mut fate = lock(&self.fate);
        let failed = Fate::Failed { before: None, lost };
        let Fate::Pending(pending) = std::mem::replace(&mut *fate, failed) else {
            return GivesWay::No;
        };
        let Pending { before, mut waiters, heir } = pending;
        waiters.extend(heir.map(waiter_of));
        if lost {
            for waiter in waiters {
                calls.push(Box::new(move || waiter.tell(Found::Missing(StoreErrorKind::Lost))));
            }
            return GivesWay::No;
        }
        let before = before.and_then(|before| before.nearest());
        *fate = Fate::Failed { before: before.clone(), lost };
        drop(fate);
        for waiter in waiters {
            match &before {
                Some(before) => before.find(waiter, calls),
                None => {
                    let missing = Found::Missing(StoreErrorKind::NotFound);
                    calls.push(Box::new(move || waiter.tell(missing)));
                }
            }
        }
        GivesWay::To(before)
    }

    /// The version itself, or the nearest before it that has not failed.
    fn nearest(self: Arc<Self>) -> Option<Arc<Self>> {
        let mut version = self;
        loop {
            let next = match &*lock(&version.fate) {
                Fate::Failed { before, lost: false } => before.clone(),
                _ => None,
            };
            match next {
                Some(next) => version = next,
                None => {
                    let failed = Fate::is_gone(&lock(&version.fate));
                    return (!failed).then_some(version);
                }
            }
        }
    }
}

impl Fate {
    fn is_gone(&self) -> bool {
        matches!(self, Self::Failed { before: None, lost: false })
    }
}

/// What becomes of the tensor of a version that failed.
pub(super) enum GivesWay {
    No,
    /// The version before, or nothing.
    To(Option<Arc<Version>>),
}

fn waiter_of(heir: Heir) -> Waiter {
    let Waiting { entry, then } = heir;
    Waiter::new(entry, move |found, entry| {
        let inheritance = match found {
            Found::Record(record) => Inheritance::Shared(record),
            Found::Missing(kind) => Inheritance::Missing(kind),
        };
        then(inheritance, entry);
    })
}

/// Versions that wait for each other make a chain, which may be longer than a stack is deep.
impl Drop for Version {
    fn drop(&mut self) {
        let mut before = before_of(&mut lock(&self.fate));
        while let Some(version) = before {
            before =
                Arc::into_inner(version).and_then(|version| before_of(&mut lock(&version.fate)));
        }
    }
}

fn before_of(fate: &mut Fate) -> Option<Arc<Version>> {
    match fate {
        Fate::Pending(Pending { before, .. }) | Fate::Failed { before, .. } => before.take(),
        Fate::Ready(_) | Fate::HandedOver => None,
    }
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pending")
            .field("waiters", &self.waiters.len())
            .field("heir", &self.heir.is_some())
            .finish_non_exhaustive()
    }
}
