//! What drives an update: each request that ends begins those that there is memory for.
//!
//! Reads are begun in the order of the groups, each with its share of the memory, and writes as soon as
//! they are there to be made. One thread at a time begins them, whichever it is: so a tensor that one
//! group changes and a later one reads is put before it is asked for.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use super::{
    MOST_UNDER_WAY,
    group::{TensorGroup, UpdateGroup},
    plan::{Planned, stopped},
    report::{UpdateCause, UpdateError, UpdateOutcome, Updated},
    state::{Begun, Place, State},
};
use crate::{
    buf::AioBuf,
    error::ErrorKind,
    store::{
        StoreError, StoreErrorKind, StoreFailed, StoreOperation, entry::Entry, inner::Inner, put,
        read, space::pages, ticket::contain,
    },
    sync::{Condvar, Mutex, MutexGuard, lock, wait},
};

/// An update under way.
pub(super) struct Work {
    pub(super) inner: Arc<Inner>,
    groups: Vec<Planned>,
    memory: u64,
    state: Mutex<State>,
    /// Whoever runs the update waits for their turn.
    changed: Condvar,
}

/// What whoever runs the update does next.
pub(super) enum Turn {
    Compute(TensorGroup),
    Ended,
}

enum Step {
    Read(Place),
    Write(Place, AioBuf),
}

type Ended = Result<AioBuf, StoreFailed<AioBuf>>;

impl Work {
    /// An update of which nothing has been begun as yet; `refusal` is an error that it must fail with.
    pub(super) fn new(
        inner: &Arc<Inner>,
        groups: Vec<UpdateGroup>,
        memory: u64,
        refusal: Option<StoreError>,
    ) -> Result<Arc<Self>, UpdateError> {
        let mut wrong = Vec::new();
        let plan = |(number, names)| Planned::new(inner, number, names, memory, &mut wrong);
        let groups: Vec<_> = groups.into_iter().enumerate().map(plan).collect();
        let outcomes = groups.iter().map(Planned::outcomes).collect();
        // What it says of the groups is then the same of all.
        let wrong = refusal.map_or(wrong, |refusal| vec![refusal]);
        let mut causes = wrong.into_iter().map(UpdateCause::Store);
        if let Some(first) = causes.next() {
            return Err(stopped(&groups, outcomes, first, causes.collect()));
        }
        Ok(Arc::new(Self {
            inner: Arc::clone(inner),
            groups,
            memory,
            state: Mutex::new(State { outcomes, ..State::default() }),
            changed: Condvar::new(),
        }))
    }

    pub(super) fn group(&self, number: usize) -> &UpdateGroup {
        &self.groups[number].names
    }

    fn name(&self, place: Place) -> &Arc<str> {
        &self.group(place.group).names()[place.tensor]
    }

    fn len(&self, place: Place) -> u64 {
        self.groups[place.group].lens[place.tensor]
    }

    /// Waits for what is to be done next.
    pub(super) fn wait_for_turn(self: &Arc<Self>) -> Turn {
        let mut state = lock(&self.state);
        loop {
            match self.take_turn(&mut state) {
                Some(turn) => return turn,
                None => state = wait(&self.changed, state),
            }
        }
    }

    /// Awaits it.
    pub(super) fn poll_turn(self: &Arc<Self>, context: &mut Context<'_>) -> Poll<Turn> {
        let waker = context.waker().clone();
        let mut state = lock(&self.state);
        if let Some(turn) = self.take_turn(&mut state) {
            return Poll::Ready(turn);
        }
        let earlier = state.waker.replace(waker);
        drop(state);
        drop(earlier);
        Poll::Pending
    }

    fn take_turn(self: &Arc<Self>, state: &mut State) -> Option<Turn> {
        if state.is_over(self.groups.len()) {
            return Some(Turn::Ended);
        }
        if !state.is_next_whole() {
            return None;
        }
        let Begun { number, buffers, .. } = state.begun.pop_front()?;
        state.computing = Some(number);
        let buffers = buffers.into_iter().flatten().collect();
        Some(Turn::Compute(TensorGroup { work: Arc::clone(self), number, buffers }))
    }

    /// The group that was to be computed has been, and is written back.
    pub(super) fn write_back(self: &Arc<Self>, group: TensorGroup) {
        let TensorGroup { work, number, mut buffers } = group;
        let is_own = Arc::ptr_eq(&work, self) && lock(&self.state).computing == Some(number);
        if !is_own {
            let told = "another group was given back than the one that was to be computed";
            let error = self.inner.error(StoreErrorKind::WrongGroup).telling(told);
            return self.fail(UpdateCause::Store(error.during(StoreOperation::Update)));
        }
        let planned = &self.groups[number];
        let count = planned.names.count_of_updated();
        drop(buffers.split_off(count.min(buffers.len())));
        let read: u64 = planned.lens.iter().skip(count).map(|&len| pages(len)).sum();
        let mut state = lock(&self.state);
        state.computing = None;
        state.updated.groups += 1;
        state.came_back(read);
        state.writes += buffers.len();
        let places = (0..).map(|tensor| Place { group: number, tensor });
        state.computed.extend(places.zip(buffers));
        self.moved_on(state);
    }

    /// Stops the update: what was computed is still written.
    pub(super) fn fail(self: &Arc<Self>, cause: UpdateCause) {
        let mut state = lock(&self.state);
        state.computing = None;
        state.stop(cause);
        self.moved_on(state);
    }

    /// How an update that has ended ended.
    pub(super) fn finish(&self, waited: Duration) -> Result<Updated, UpdateError> {
        let mut state = lock(&self.state);
        let begun = std::mem::take(&mut state.begun);
        let causes = std::mem::take(&mut state.causes);
        let outcomes = std::mem::take(&mut state.outcomes);
        let (panic, updated) = (state.panic.take(), state.updated);
        drop(state);
        drop(begun);
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
        let mut causes = causes.into_iter();
        match causes.next() {
            Some(first) => Err(stopped(&self.groups, outcomes, first, causes.collect())),
            None => Ok(Updated { waited, ..updated }),
        }
    }

    /// Nobody waits for it any more: nothing more is begun, and failures of writes are told by the next
    /// commit or the end of the store.
    pub(super) fn abandon(&self) {
        let mut state = lock(&self.state);
        state.is_stopped = true;
        state.is_abandoned = true;
        let left = (std::mem::take(&mut state.begun), state.waker.take(), state.panic.take());
        let causes = std::mem::take(&mut state.causes);
        drop(state);
        drop(left);
        for cause in causes {
            self.leave_untold(cause);
        }
    }

    fn leave_untold(&self, cause: UpdateCause) {
        if let UpdateCause::Store(error) = cause
            && error.operation() == StoreOperation::Put
        {
            self.inner.ledger.record(error);
        }
    }

    /// Begins all that can be. A thread that is at it does so for the others.
    pub(super) fn advance(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        if std::mem::replace(&mut state.is_advancing, true) {
            return;
        }
        while let Some(step) = self.next_step(&mut state) {
            drop(state);
            match step {
                Step::Read(place) => self.contained(place, false, || self.read(place)),
                Step::Write(place, buffer) => {
                    self.contained(place, true, || self.write(place, buffer));
                }
            }
            state = lock(&self.state);
        }
        state.is_advancing = false;
    }

    fn next_step(&self, state: &mut State) -> Option<Step> {
        if let Some((place, buffer)) = state.computed.pop_front() {
            state.promised.remove(self.name(place));
            return Some(Step::Write(place, buffer));
        }
        let place = state.next;
        let planned = self.groups.get(place.group)?;
        let bytes = pages(self.len(place));
        let fits = state.used.checked_add(bytes).is_some_and(|used| used <= self.memory);
        if !fits || state.is_stopped || state.is_pool_empty || state.reads == MOST_UNDER_WAY {
            return None;
        }
        if state.begun.back().is_none_or(|last| last.number != place.group) {
            let names = planned.names.names();
            if names.iter().any(|name| state.promised.contains(name)) {
                return None;
            }
            let updated = names.iter().take(planned.names.count_of_updated());
            state.promised.extend(updated.cloned());
            let buffers = names.iter().map(|_| None).collect();
            state.begun.push_back(Begun { number: place.group, buffers, left: names.len() });
        }
        state.used += bytes;
        state.reads += 1;
        state.next = if place.tensor + 1 < planned.lens.len() {
            Place { tensor: place.tensor + 1, ..place }
        } else {
            Place { group: place.group + 1, tensor: 0 }
        };
        Some(Step::Read(place))
    }

    fn read(self: &Arc<Self>, place: Place) {
        let (name, len) = (self.name(place), self.len(place));
        let work = Arc::clone(self);
        loop {
            let returns = lock(&self.state).returns;
            let buffer =
                self.inner.engine.alloc_for_read(usize::try_from(len).unwrap_or(usize::MAX));
            let error = match buffer {
                Ok(buffer) => {
                    let ticket = read::get_into(&self.inner, name, buffer, Entry::Bounded);
                    return ticket.on_completion(move |ended| work.read_ended(place, ended));
                }
                Err(error) => error,
            };
            if error.kind() == ErrorKind::PoolExhausted {
                let mut state = lock(&self.state);
                if state.returns != returns {
                    continue;
                }
                if state.has_more_to_come_back(place.group) {
                    return state.put_off(place, pages(len));
                }
            }
            let error = self.inner.engine_error(error).during(StoreOperation::Get);
            let failed = StoreFailed::new(error.for_tensor(name), None);
            return self.read_ended(place, Err(failed));
        }
    }

    fn read_ended(self: &Arc<Self>, place: Place, ended: Ended) {
        let mut state = lock(&self.state);
        state.reads -= 1;
        let unused = match ended {
            Ok(buffer) => {
                state.updated.bytes_read += self.len(place);
                match state.begun.iter_mut().find(|begun| begun.number == place.group) {
                    Some(begun) => {
                        begun.left -= 1;
                        begun.buffers[place.tensor].replace(buffer)
                    }
                    // It was abandoned.
                    None => Some(buffer),
                }
            }
            Err(failed) => {
                let (error, buffer) = failed.into_parts();
                state.stop(UpdateCause::Store(error));
                buffer
            }
        };
        self.moved_on(state);
        drop(unused);
    }

    fn write(self: &Arc<Self>, place: Place, buffer: AioBuf) {
        let work = Arc::clone(self);
        let ticket = put::put(&self.inner, self.name(place), buffer, Entry::Bounded);
        ticket.on_completion(move |ended| match ended {
            Ok(buffer) => {
                // Its memory is there before it is counted as such.
                drop(buffer);
                work.write_ended(place, UpdateOutcome::Written, None);
            }
            Err(failed) => {
                let (error, buffer) = failed.into_parts();
                drop(buffer);
                work.write_failed(place, error);
            }
        });
    }

    /// Finds out whether the tensor is as it was before, which any read of it tells.
    fn write_failed(self: &Arc<Self>, place: Place, error: StoreError) {
        let work = Arc::clone(self);
        let ticket = read::get_range(&self.inner, self.name(place), 0..0, Entry::Bounded);
        ticket.on_completion(move |found| {
            let outcome = match found.map_err(|failed| failed.error().kind()) {
                Ok(_) | Err(StoreErrorKind::NotFound) => UpdateOutcome::NotWritten,
                Err(_) => UpdateOutcome::Lost,
            };
            work.write_ended(place, outcome, Some(error));
        });
    }

    fn write_ended(
        self: &Arc<Self>,
        place: Place,
        outcome: UpdateOutcome,
        error: Option<StoreError>,
    ) {
        let len = self.len(place);
        let mut state = lock(&self.state);
        state.writes -= 1;
        state.came_back(pages(len));
        state.settle(place, outcome);
        if outcome == UpdateOutcome::Written {
            state.updated.bytes_written += len;
        }
        let cause = error.map(UpdateCause::Store);
        let untold = match cause {
            Some(cause) if state.is_abandoned => Some(cause),
            Some(cause) => {
                state.stop(cause);
                None
            }
            None => None,
        };
        self.moved_on(state);
        if let Some(cause) = untold {
            self.leave_untold(cause);
        }
    }

    /// Takes a step, in which code of the user's may panic: that of a pool's memory, or of a cache that is
    /// told of evictions.
    fn contained(&self, place: Place, writes: bool, step: impl FnOnce()) {
        let Err(payload) = catch_unwind(AssertUnwindSafe(step)) else {
            return;
        };
        let mut state = lock(&self.state);
        state.is_stopped = true;
        state.came_back(pages(self.len(place)));
        if writes {
            state.writes -= 1;
            state.settle(place, UpdateOutcome::Lost);
        } else {
            state.reads -= 1;
        }
        let later = match &state.panic {
            Some(_) => Some(payload),
            None => {
                state.panic = Some(payload);
                None
            }
        };
        let waker = self.whom_to_wake(&mut state);
        drop(state);
        // Dropping it may panic again.
        std::mem::forget(later);
        wake(waker);
    }

    /// Goes on after a change: tells whoever runs the update if it is their turn, and begins what can be
    /// begun now.
    fn moved_on(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        let waker = self.whom_to_wake(&mut state);
        drop(state);
        wake(waker);
        self.advance();
    }

    fn whom_to_wake(&self, state: &mut State) -> Option<Waker> {
        if !state.is_over(self.groups.len()) && !state.is_next_whole() {
            return None;
        }
        self.changed.notify_all();
        state.waker.take()
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        contain(|| waker.wake());
    }
}
