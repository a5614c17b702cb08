//! Tickets: the caller's side of a request.

#[cfg(not(all(loom, test)))]
use std::time::Duration;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, PoisonError},
    task::{Context, Poll, Waker},
};

use crate::{
    buf::{Filled, Memory},
    engine::{
        ledger::{Ledger, Receipt},
        request::{Delivery, Request},
        worker,
    },
    error::{Error, ErrorKind, Operation},
    sync::{Condvar, Mutex, lock, wait},
};

/// A request that did not succeed: the error, and the buffer.
#[derive(Clone, PartialEq, Eq)]
pub struct Failed<B> {
    error: Error,
    buffer: Option<B>,
}

impl<B> Failed<B> {
    /// What went wrong and how far the request got.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// Error and buffer.
    ///
    /// The buffer is there whenever the request has ended. It is missing only where the engine
    /// still has it ([`ErrorKind::WouldDeadlock`]) or gave it away before
    /// ([`ErrorKind::ResultTaken`]).
    #[must_use]
    pub fn into_parts(self) -> (Error, Option<B>) {
        (self.error, self.buffer)
    }

    pub(crate) fn new(error: Error, buffer: Option<B>) -> Self {
        Self { error, buffer }
    }

    pub(crate) fn map<C>(self, into: impl FnOnce(B) -> C) -> Failed<C> {
        Failed { error: self.error, buffer: self.buffer.map(into) }
    }
}

impl<B> fmt::Debug for Failed<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failed")
            .field("error", &self.error)
            .field("buffer", &self.buffer.as_ref().map(|_| ".."))
            .finish()
    }
}

impl<B> fmt::Display for Failed<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<B> std::error::Error for Failed<B> {}

impl<B> From<Failed<B>> for Error {
    fn from(failed: Failed<B>) -> Self {
        failed.error
    }
}

impl<B> From<Failed<B>> for std::io::Error {
    fn from(failed: Failed<B>) -> Self {
        failed.error.into()
    }
}

/// A request under way; wait for it or await it to get the buffer back.
///
/// The engine owns the buffer until then. Dropping the ticket detaches the request: it runs to
/// its end, the engine frees the buffer, and a failure is kept for the next
/// [`Engine::sync`](crate::Engine::sync) of its file or for
/// [`Engine::close`](crate::Engine::close). Forgetting it (`mem::forget`) leaks the buffer and is
/// otherwise the same, except that only `close` tells of its failure.
#[must_use = "dropping a ticket leaves its failure to the next sync or close"]
pub struct Ticket<B> {
    /// None once the result has been taken.
    state: Option<Arc<TicketState<B>>>,
    request: Arc<Request>,
}

/// How far a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes moved so far, not necessarily the first ones.
    pub done: usize,
    /// Bytes asked for.
    pub wanted: usize,
}

impl<B> Ticket<B> {
    pub(crate) fn new(state: Arc<TicketState<B>>, request: Arc<Request>) -> Self {
        Self { state: Some(state), request }
    }

    /// Blocks until the request has ended, and gives the buffer back: filled, or written.
    ///
    /// # Errors
    ///
    /// The request's error, with the buffer. [`ErrorKind::ResultTaken`] if the ticket was polled to
    /// its end before. On one of the engine's own workers (in a waker or in
    /// a buffer's `Drop`) a request that has not ended yet gives [`ErrorKind::WouldDeadlock`] at
    /// once and is detached, as if the ticket had been dropped.
    pub fn wait(mut self) -> Result<B, Failed<B>> {
        let Some(state) = self.state.take() else {
            return Err(TicketState::no_result());
        };
        let taken = state.wait();
        taken.unwrap_or_else(|failed| {
            state.abandon();
            Err(failed)
        })
    }

    /// As [`Ticket::wait`], but for no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// The ticket, if the request has not ended by then: it goes on, and the engine keeps the
    /// buffer. The result inside is that of [`Ticket::wait`].
    #[cfg(not(all(loom, test)))]
    pub fn wait_timeout(self, timeout: Duration) -> Result<Result<B, Failed<B>>, Self> {
        let ended = self.state.as_ref().is_none_or(|state| state.wait_timeout(timeout));
        if ended { Ok(self.wait()) } else { Err(self) }
    }

    /// Whether the request has ended, so that [`Ticket::wait`] would not block.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state.as_ref().is_none_or(|state| state.is_done())
    }

    /// How far the request has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let (done, wanted) = self.request.progress();
        Progress { done, wanted }
    }

    /// Asks for the request to end early: blocks that no worker has begun are given up.
    ///
    /// The ticket then gives [`ErrorKind::Cancelled`] and the buffer, and [`Error::done`] says how
    /// far the request got: once its blocks in flight (at most `thread_count` × `queue_depth`) have
    /// completed and, if it waits behind others, its turn has come. One whose last block was begun
    /// ends as if nothing had been asked.
    pub fn cancel(&self) {
        self.request.cancel();
    }
}

/// Resolves to what [`Ticket::wait`] returns. Polled again after that it stays pending.
impl<B> Future for Ticket<B> {
    type Output = Result<B, Failed<B>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(state) = &self.state else {
            return Poll::Pending;
        };
        let polled = state.poll(context.waker());
        if polled.is_ready() {
            self.state = None;
        }
        polled
    }
}

/// The buffer is never pinned in place.
impl<B> Unpin for Ticket<B> {}

impl<B> Drop for Ticket<B> {
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            state.abandon();
        }
    }
}

impl<B> fmt::Debug for Ticket<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("done", &self.is_done()).finish_non_exhaustive()
    }
}

/// What the ticket and the engine's side of the request share.
pub(crate) struct TicketState<B> {
    slot: Mutex<Slot<B>>,
    done: Condvar,
    ledger: Arc<Ledger>,
    /// The file's number in the ledger.
    file: u64,
    /// Tells a buffer that was read into; and how many bytes were wanted.
    filled: Option<(Filled<B>, usize)>,
}

struct Slot<B> {
    phase: Phase,
    /// There until somebody takes it; untouched while the phase is `Pending`.
    buffer: Option<B>,
    waker: Option<Waker>,
}

/// `Pending → Done → Taken`, or with the ticket gone first `Pending → Detached → Taken`.
enum Phase {
    Pending,
    Detached,
    Done(Result<(), (Error, Receipt)>),
    Taken,
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
        let slot = Slot { phase: Phase::Pending, buffer: Some(buffer), waker: None };
        let slot = Mutex::new(slot);
        let mut state = Arc::new(Self { slot, done: Condvar::new(), ledger, file, filled: None });
        let mut memory = Memory::EMPTY;
        if let Some(state) = Arc::get_mut(&mut state) {
            let slot = state.slot.get_mut().unwrap_or_else(PoisonError::into_inner);
            memory = slot.buffer.as_mut().map_or(Memory::EMPTY, memory_of);
            state.filled = filled.map(|filled| (filled, memory.len()));
        }
        (state, memory)
    }

    /// Tells the buffer what was read. Without the lock, since buffers are the user's code; nobody
    /// takes the buffer before the result is there.
    fn tell_buffer(&self, result: &Result<(), Error>) {
        let Some((filled, wanted)) = self.filled else {
            return;
        };
        let mut buffer = lock(&self.slot).buffer.take();
        if let Some(buffer) = &mut buffer {
            let bytes = result.as_ref().map_or_else(Error::done, |()| wanted);
            worker::contain(|| filled(buffer, bytes));
        }
        lock(&self.slot).buffer = buffer;
    }

    fn is_done(&self) -> bool {
        !matches!(lock(&self.slot).phase, Phase::Pending)
    }

    /// The outer error: waiting here would deadlock.
    fn wait(&self) -> Result<Result<B, Failed<B>>, Failed<B>> {
        let mut slot = lock(&self.slot);
        while let Phase::Pending = slot.phase {
            if worker::is_of(self.ledger.engine()) {
                return Err(Failed { error: worker::would_deadlock(), buffer: None });
            }
            slot = wait(&self.done, slot);
        }
        Ok(self.take(&mut slot))
    }

    /// Whether the request ended within `timeout`; on a worker, where waiting could be for ever, at
    /// once.
    #[cfg(not(all(loom, test)))]
    fn wait_timeout(&self, timeout: Duration) -> bool {
        if worker::is_of(self.ledger.engine()) {
            return self.is_done();
        }
        let slot = lock(&self.slot);
        let is_pending = |slot: &mut Slot<B>| matches!(slot.phase, Phase::Pending);
        let waited = self.done.wait_timeout_while(slot, timeout, is_pending);
        let (_slot, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        !timeout.timed_out()
    }

    fn poll(&self, waker: &Waker) -> Poll<Result<B, Failed<B>>> {
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
        match (phase, slot.buffer.take()) {
            (Phase::Done(Ok(())), Some(buffer)) => Ok(buffer),
            (Phase::Done(Err((error, receipt))), buffer) => {
                self.ledger.claim(receipt);
                Err(Failed { error, buffer })
            }
            _ => Err(Self::no_result()),
        }
    }

    fn no_result() -> Failed<B> {
        let error = Error::new(Operation::Wait, ErrorKind::ResultTaken.into());
        Failed { error, buffer: None }
    }

    /// The ticket is gone.
    fn abandon(&self) {
        let mut slot = lock(&self.slot);
        match &slot.phase {
            Phase::Pending => {
                slot.phase = Phase::Detached;
                // The task that would be woken has lost interest.
                let waker = slot.waker.take();
                drop(slot);
                drop(waker);
            }
            Phase::Done(result) => {
                if let Err((_, receipt)) = result {
                    self.ledger.abandon(*receipt);
                }
                slot.phase = Phase::Taken;
                let buffer = slot.buffer.take();
                drop(slot);
                drop(buffer);
            }
            Phase::Detached | Phase::Taken => {}
        }
    }
}

impl<B: Send> Delivery for TicketState<B> {
    fn deliver(&self, result: Result<(), Error>) {
        self.tell_buffer(&result);
        let mut slot = lock(&self.slot);
        let result = result.map_err(|error| {
            let receipt = self.ledger.record(self.file, &error);
            (error, receipt)
        });
        let (waker, buffer) = match slot.phase {
            Phase::Pending => {
                slot.phase = Phase::Done(result);
                self.done.notify_all();
                (slot.waker.take(), None)
            }
            Phase::Detached => {
                if let Err((_, receipt)) = result {
                    self.ledger.abandon(receipt);
                }
                slot.phase = Phase::Taken;
                (None, slot.buffer.take())
            }
            // Exactly-once delivery is the request's promise.
            Phase::Done(_) | Phase::Taken => (None, None),
        };
        drop(slot);
        // A waker's or a buffer's panic is its owner's; the worker has others to serve.
        worker::contain(|| {
            drop(buffer);
            if let Some(waker) = waker {
                waker.wake();
            }
        });
    }
}
