//! What a ticket and the engine's side of its request share.

#[cfg(not(all(loom, test)))]
use std::time::Duration;
use std::{
    sync::{Arc, PoisonError},
    task::{Poll, Waker},
};

use crate::{
    buf::{Filled, Memory},
    engine::{
        ledger::{EngineId, Ledger, Receipt},
        request::Delivery,
        ticket::{Failed, no_result},
        user_code,
    },
    error::{Error, ErrorKind, Operation},
    sync::{Condvar, Mutex, lock, wait},
};

/// A request's buffer and result.
pub(crate) struct TicketState<B> {
    slot: Mutex<Slot<B>>,
    done: Condvar,
    ledger: Arc<Ledger>,
    /// The file's number in the ledger.
    file: u64,
    /// Bytes asked for.
    len: usize,
    /// Tells a buffer that was to be filled how many of its first bytes were, before it is given
    /// back.
    filled: Option<Filled<B>>,
}

struct Slot<B> {
    phase: Phase<B>,
    /// There until somebody takes it; untouched while the phase is `Pending` or it is `lost`.
    buffer: Option<B>,
    /// Whether a transfer may still use the buffer although the request has ended.
    lost: bool,
    waker: Option<Waker>,
    /// Whether a thread waits, which costs a system call to notify.
    awaited: bool,
}

/// `Pending → Done → Taken`, or with the ticket gone first `Pending → Detached → Taken`.
enum Phase<B> {
    Pending,
    /// The ticket is gone; who is to be called in its place.
    Detached(Option<Then<B>>),
    Done(Result<(), (Error, Receipt)>),
    Taken,
}

pub(super) type Then<B> = Box<dyn FnOnce(Result<B, Failed<B>>) + Send>;

/// Calls user code of no engine's request: its panic is its owner's.
pub(super) fn call<B>(then: Then<B>, result: Result<B, Failed<B>>) {
    user_code::contain(|| then(result));
}

impl<B> TicketState<B> {
    /// The state of a new request, and the buffer's memory: `memory_of` sees the buffer at the
    /// place where it stays until it is given back.
    pub(crate) fn new(
        buffer: B,
        ledger: Arc<Ledger>,
        file: u64,
        memory_of: impl FnOnce(&mut B) -> Memory,
        filled: Option<Filled<B>>,
    ) -> (Arc<Self>, Memory) {
        let slot = Slot {
            phase: Phase::Pending,
            buffer: Some(buffer),
            lost: false,
            waker: None,
            awaited: false,
        };
        let slot = Mutex::new(slot);
        let done = Condvar::new();
        let mut state = Arc::new(Self { slot, done, ledger, file, len: 0, filled });
        let mut memory = Memory::EMPTY;
        if let Some(state) = Arc::get_mut(&mut state) {
            let slot = state.slot.get_mut().unwrap_or_else(PoisonError::into_inner);
            memory = slot.buffer.as_mut().map_or(memory, memory_of);
            state.len = memory.len();
        }
        (state, memory)
    }

    /// The ticket as the one who is told of the request's end.
    pub(crate) fn delivery(self: Arc<Self>) -> Arc<dyn Delivery>
    where
        B: Send + 'static,
    {
        self
    }

    /// The buffer of a request that was not made after all.
    pub(crate) fn take_back(&self) -> Option<B> {
        let mut slot = lock(&self.slot);
        slot.phase = Phase::Taken;
        slot.buffer.take()
    }

    /// See [`Ledger::is_forked`].
    pub(super) fn is_forked(&self) -> bool {
        self.ledger.is_forked()
    }

    /// Whether waiting for the result, if it is not there, would be for ever.
    pub(super) fn may_not_wait(&self) -> bool {
        user_code::is_of(self.ledger.engine()) || self.is_forked()
    }

    pub(super) fn is_done(&self) -> bool {
        self.is_forked() || !matches!(lock(&self.slot).phase, Phase::Pending)
    }

    /// The outer error: waiting here would be for ever.
    pub(super) fn wait(&self) -> Result<Result<B, Failed<B>>, Failed<B>> {
        if self.is_forked() {
            return Err(Failed::new(Error::new(Operation::Wait, ErrorKind::Forked.into()), None));
        }
        let mut slot = lock(&self.slot);
        while let Phase::Pending = slot.phase {
            if user_code::is_of(self.ledger.engine()) {
                return Err(Failed::new(user_code::would_deadlock(), None));
            }
            slot.awaited = true;
            slot = wait(&self.done, slot);
        }
        Ok(self.take(&mut slot))
    }

    /// Whether the request ended within `timeout`; where waiting could be for ever, at once.
    #[cfg(not(all(loom, test)))]
    pub(super) fn wait_timeout(&self, timeout: Duration) -> bool {
        if self.may_not_wait() {
            return self.is_done();
        }
        let mut slot = lock(&self.slot);
        slot.awaited = true;
        let is_pending = |slot: &mut Slot<B>| matches!(slot.phase, Phase::Pending);
        let waited = self.done.wait_timeout_while(slot, timeout, is_pending);
        let (_slot, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        !timeout.timed_out()
    }

    pub(super) fn poll(&self, waker: &Waker) -> Poll<Result<B, Failed<B>>> {
        if self.is_forked() {
            return Poll::Ready(self.wait().unwrap_or_else(Err));
        }
        let waker = waker.clone();
        let mut slot = lock(&self.slot);
        if let Phase::Pending = slot.phase {
            let earlier = slot.waker.replace(waker);
            drop(slot);
            drop(earlier);
            return Poll::Pending;
        }
        Poll::Ready(self.take(&mut slot))
    }

    /// Takes result and buffer out of a slot that is `Done`.
    fn take(&self, slot: &mut Slot<B>) -> Result<B, Failed<B>> {
        let phase = std::mem::replace(&mut slot.phase, Phase::Taken);
        let buffer = if slot.lost { None } else { slot.buffer.take() };
        match (phase, buffer) {
            (Phase::Done(Ok(())), Some(buffer)) => Ok(buffer),
            (Phase::Done(Err((error, receipt))), buffer) => {
                self.ledger.claim(receipt);
                Err(Failed::new(error, buffer))
            }
            _ => Err(no_result()),
        }
    }

    /// The ticket is gone.
    pub(super) fn abandon(this: Arc<Self>) {
        if this.is_forked() {
            // The lock may be held for ever here, and the buffer is the parent's matter.
            std::mem::forget(this);
            return;
        }
        let mut slot = lock(&this.slot);
        match &slot.phase {
            Phase::Pending => {
                slot.phase = Phase::Detached(None);
                // The task that would be woken has lost interest.
                let waker = slot.waker.take();
                drop(slot);
                drop(waker);
            }
            Phase::Done(result) => {
                if let Err((_, receipt)) = result {
                    this.ledger.abandon(*receipt);
                }
                slot.phase = Phase::Taken;
                let buffer = if slot.lost { None } else { slot.buffer.take() };
                drop(slot);
                drop(buffer);
            }
            Phase::Detached(_) | Phase::Taken => {}
        }
    }

    /// The ticket is gone, and `then` is called in its place.
    pub(super) fn call(this: Arc<Self>, then: Then<B>)
    where
        B: 'static,
    {
        if this.is_forked() {
            std::mem::forget(this);
            return;
        }
        let mut slot = lock(&this.slot);
        if let Phase::Pending = slot.phase {
            slot.phase = Phase::Detached(Some(then));
            let waker = slot.waker.take();
            drop(slot);
            drop(waker);
            return;
        }
        let result = this.take(&mut slot);
        drop(slot);
        user_code::call_back_in_turn(this.ledger.engine(), move || then(result));
    }

    /// Tells the buffer how much of it was filled. That is its owner's code, so no lock is held.
    fn tell_filled(&self, bytes: usize) {
        let Some(filled) = self.filled else {
            return;
        };
        let Some(mut buffer) = lock(&self.slot).buffer.take() else {
            return;
        };
        user_code::run_brief_user_code(self.ledger.engine(), || filled(&mut buffer, bytes));
        lock(&self.slot).buffer = Some(buffer);
    }

    /// The request has ended; its buffer is `lost` for as long as a transfer may still use it.
    fn end(&self, result: Result<(), Error>, lost: bool) {
        if !lost {
            self.tell_filled(result.as_ref().map_or_else(Error::done, |()| self.len));
        }
        let mut guard = lock(&self.slot);
        let slot = &mut *guard;
        slot.lost = lost;
        let mut leaving = Leaving { call: None, waker: None, buffer: None };
        match std::mem::replace(&mut slot.phase, Phase::Taken) {
            Phase::Pending => {
                let noted = result.map_err(|error| {
                    let receipt = self.ledger.record(self.file, &error);
                    (error, receipt)
                });
                slot.phase = Phase::Done(noted);
                leaving.waker = slot.waker.take();
                if slot.awaited {
                    self.done.notify_all();
                }
            }
            Phase::Detached(then) => {
                let buffer = if lost { None } else { slot.buffer.take() };
                match (then, result, buffer) {
                    (Some(then), Ok(()), Some(buffer)) => leaving.call = Some((then, Ok(buffer))),
                    (Some(then), Err(error), buffer) => {
                        leaving.call = Some((then, Err(Failed::new(error, buffer))));
                    }
                    (_, result, buffer) => {
                        if let Err(error) = result {
                            self.ledger.abandon(self.ledger.record(self.file, &error));
                        }
                        leaving.buffer = buffer;
                    }
                }
            }
            // Exactly-once delivery is the request's promise.
            earlier @ (Phase::Done(_) | Phase::Taken) => slot.phase = earlier,
        }
        drop(guard);
        leaving.go(self.ledger.engine());
    }
}

/// What leaves the engine once no lock is held: all of it is user code, whose panics are its
/// owner's; the worker has others to serve.
struct Leaving<B> {
    call: Option<Call<B>>,
    waker: Option<Waker>,
    buffer: Option<B>,
}

type Call<B> = (Then<B>, Result<B, Failed<B>>);

impl<B> Leaving<B> {
    fn go(self, engine: EngineId) {
        let Self { call: called, waker, buffer } = self;
        if let Some(buffer) = buffer {
            user_code::run_user_code(engine, || drop(buffer));
        }
        if let Some(waker) = waker {
            user_code::run_user_code(engine, || waker.wake());
        }
        if let Some((then, result)) = called {
            user_code::call_back(engine, || then(result));
        }
    }
}

impl<B: Send> Delivery for TicketState<B> {
    fn deliver(&self, result: Result<(), Error>) {
        self.end(result, false);
    }

    fn lose(&self, error: Error) {
        self.end(Err(error), true);
    }

    fn release(&self) {
        self.tell_filled(0);
        let mut slot = lock(&self.slot);
        slot.lost = false;
        let unwanted = matches!(slot.phase, Phase::Taken);
        let buffer = if unwanted { slot.buffer.take() } else { None };
        drop(slot);
        user_code::run_user_code(self.ledger.engine(), || drop(buffer));
    }

    fn calls_back(&self) -> bool {
        matches!(lock(&self.slot).phase, Phase::Detached(Some(_)))
    }
}
