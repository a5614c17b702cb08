//! Tickets of a store's requests: the caller's side and the side that keeps the promise.

use std::{
    fmt,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll, Waker, ready},
    time::{Duration, Instant},
};

use crate::{
    store::{
        StoreError, StoreErrorKind,
        directory::Engines,
        lives::{Ledger, Process, may_wait},
    },
    sync::{Condvar, Mutex, lock, wait_until},
};

/// A request of a store under way; wait for it or await it to get the buffer.
///
/// Dropping it leaves the request running. A put that fails then is told by the next
/// [`OffloadStore::commit`](crate::OffloadStore::commit) or
/// [`OffloadStore::close`](crate::OffloadStore::close).
#[must_use = "dropping a ticket leaves a put's failure to the next commit or close"]
pub struct StoreTicket<B> {
    state: Arc<State<B>>,
}

/// A request of a store that did not succeed: the error, and the buffer.
#[derive(Clone)]
pub struct StoreFailed<B> {
    error: StoreError,
    buffer: Option<B>,
}

struct State<B> {
    slot: Mutex<Slot<B>>,
    done: Condvar,
    process: Process,
    /// To tell whether a thread is a worker of one; the ticket does not keep them.
    engines: Weak<Engines>,
    /// Where the failure of a change goes that nobody waits for.
    ledger: Option<Arc<Ledger>>,
    /// An error of this request, to make others of.
    template: StoreError,
}

struct Slot<B> {
    phase: Phase<B>,
    waker: Option<Waker>,
}

type Result<B> = std::result::Result<B, StoreFailed<B>>;
type Then<B> = Box<dyn FnOnce(Result<B>) + Send>;

/// `Pending → Done → Taken`, or with the ticket gone first `Pending → Detached → Taken`.
enum Phase<B> {
    Pending,
    /// The ticket is gone; who is to be called in its place.
    Detached(Option<Then<B>>),
    Done(Result<B>),
    Taken,
}

impl<B> StoreFailed<B> {
    pub(super) fn new(error: StoreError, buffer: Option<B>) -> Self {
        Self { error, buffer }
    }

    /// What went wrong.
    #[must_use]
    pub fn error(&self) -> &StoreError {
        &self.error
    }

    /// Error and buffer.
    ///
    /// A buffer of the caller's is there whenever the request has ended, of a read with unspecified
    /// bytes. It is missing where the engine still has it, or where the store made it.
    #[must_use]
    pub fn into_parts(self) -> (StoreError, Option<B>) {
        (self.error, self.buffer)
    }
}

/// As it is displayed, for `main` and `unwrap` show this to people; its parts with `{:#?}`.
impl<B> fmt::Debug for StoreFailed<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return fmt::Display::fmt(self, f);
        }
        f.debug_struct("StoreFailed")
            .field("error", &self.error)
            .field("buffer", &self.buffer.as_ref().map(|_| ".."))
            .finish()
    }
}

impl<B> fmt::Display for StoreFailed<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<B> std::error::Error for StoreFailed<B> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.error)
    }
}

impl<B> From<StoreFailed<B>> for StoreError {
    fn from(failed: StoreFailed<B>) -> Self {
        failed.error
    }
}

impl<B> StoreTicket<B> {
    /// Blocks until the request has ended, and gives the buffer: filled, or written.
    ///
    /// # Errors
    ///
    /// The request's error, with the buffer if the caller gave it. [`StoreErrorKind::WouldDeadlock`]
    /// on one of the engine's or a store's own threads (in a callback) if the request has not ended: it
    /// goes on, as if the ticket had been dropped. [`StoreErrorKind::ResultTaken`] if the ticket was polled to its
    /// end before. [`StoreErrorKind::Forked`] in a forked child of the store's process.
    pub fn wait(self) -> Result<B> {
        self.state.wait_until(None).unwrap_or_else(|| Err(self.state.no_result()))
    }

    /// As [`StoreTicket::wait`], but for no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// The ticket, if the request has not ended by then. The result inside is that of
    /// [`StoreTicket::wait`].
    pub fn wait_timeout(self, timeout: Duration) -> std::result::Result<Result<B>, Self> {
        let result = self.state.wait_until(Instant::now().checked_add(timeout));
        result.ok_or(self)
    }

    /// Calls `then` with what [`StoreTicket::wait`] would return, once the request has ended: on the
    /// thread of the engine's or the store's that ended it, or here and now if it has ended before.
    ///
    /// As for [`Ticket::on_completion`](crate::Ticket::on_completion), `then` should be brief, may make
    /// further requests and may not wait for any. A panic in it ends with it and is lost.
    pub fn on_completion<F>(self, then: F)
    where
        F: FnOnce(Result<B>) + Send + 'static,
    {
        if self.state.process.is_child() {
            return;
        }
        let mut slot = lock(&self.state.slot);
        match slot.take() {
            Some(result) => {
                drop(slot);
                contain(|| then(result));
            }
            None if matches!(slot.phase, Phase::Pending) => {
                slot.phase = Phase::Detached(Some(Box::new(then)));
                let waker = slot.waker.take();
                drop(slot);
                drop(waker);
            }
            None => {
                drop(slot);
                contain(|| then(Err(self.state.no_result())));
            }
        }
    }

    /// Awaits the end of the request, whose result stays here.
    pub(super) fn poll_ended(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.state.process.is_child() { Poll::Ready(()) } else { self.state.poll_ended(context) }
    }

    /// Whether the request has ended, so that [`StoreTicket::wait`] would not block.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state.process.is_child() || !matches!(lock(&self.state.slot).phase, Phase::Pending)
    }

    /// Waits for every ticket; the results come in the tickets' order, failed ones included.
    ///
    /// # Errors
    ///
    /// Each result is that of [`StoreTicket::wait`].
    pub fn wait_all<I>(tickets: I) -> Vec<Result<B>>
    where
        I: IntoIterator<Item = Self>,
    {
        let tickets: Vec<_> = tickets.into_iter().collect();
        tickets.into_iter().map(Self::wait).collect()
    }
}

/// Resolves to what [`StoreTicket::wait`] returns. Polled again after that it stays pending.
impl<B> Future for StoreTicket<B> {
    type Output = Result<B>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let state = &self.state;
        if state.process.is_child() {
            return Poll::Ready(Err(StoreFailed::new(state.error(StoreErrorKind::Forked), None)));
        }
        ready!(state.poll_ended(context));
        lock(&state.slot).take().map_or(Poll::Pending, Poll::Ready)
    }
}

/// The buffer is never pinned in place.
impl<B> Unpin for StoreTicket<B> {}

impl<B> Drop for StoreTicket<B> {
    fn drop(&mut self) {
        let state = &self.state;
        if state.process.is_child() {
            return;
        }
        let mut slot = lock(&state.slot);
        if let Some(result) = slot.take() {
            drop(slot);
            return state.report(result);
        }
        if let Phase::Pending = slot.phase {
            slot.phase = Phase::Detached(None);
        }
        let waker = slot.waker.take();
        drop(slot);
        drop(waker);
    }
}

impl<B> fmt::Debug for StoreTicket<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreTicket").field("done", &self.is_done()).finish_non_exhaustive()
    }
}

impl<B> Slot<B> {
    fn take(&mut self) -> Option<Result<B>> {
        match std::mem::replace(&mut self.phase, Phase::Taken) {
            Phase::Done(result) => Some(result),
            earlier => {
                self.phase = earlier;
                None
            }
        }
    }
}

impl<B> State<B> {
    fn error(&self, kind: StoreErrorKind) -> StoreError {
        self.template.clone().of_kind(kind)
    }

    fn no_result(&self) -> StoreFailed<B> {
        StoreFailed::new(self.error(StoreErrorKind::ResultTaken), None)
    }

    /// The result, if there is one by then; an error if waiting here would be for ever.
    fn wait_until(&self, until: Option<Instant>) -> Option<Result<B>> {
        if self.process.is_child() {
            return Some(Err(StoreFailed::new(self.error(StoreErrorKind::Forked), None)));
        }
        if let Some(result) = lock(&self.slot).take() {
            return Some(result);
        }
        if let Some(engines) = self.engines.upgrade()
            && let Err(kind) = may_wait(&engines)
        {
            return Some(Err(StoreFailed::new(self.error(kind), None)));
        }
        let is_over = |slot: &Slot<B>| !matches!(slot.phase, Phase::Pending);
        wait_until(&self.done, lock(&self.slot), until, is_over).take()
    }

    /// Awaits the end of the request.
    fn poll_ended(&self, context: &Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut slot = lock(&self.slot);
        if !matches!(slot.phase, Phase::Pending) {
            return Poll::Ready(());
        }
        let earlier = slot.waker.replace(waker);
        drop(slot);
        drop(earlier);
        Poll::Pending
    }

    /// Nobody takes the result.
    fn report(&self, result: Result<B>) {
        if let (Err(failed), Some(ledger)) = (result, &self.ledger) {
            ledger.record(failed.error);
        }
    }
}

/// The store's side of a ticket: to be kept once.
pub(super) struct Promise<B> {
    /// None once it was kept.
    state: Option<Arc<State<B>>>,
    template: StoreError,
}

/// A ticket and its promise. `template` is an error of the request.
pub(super) fn promise<B>(
    template: StoreError,
    process: Process,
    engines: &Arc<Engines>,
    ledger: Option<&Arc<Ledger>>,
) -> (StoreTicket<B>, Promise<B>) {
    let state = Arc::new(State {
        slot: Mutex::new(Slot { phase: Phase::Pending, waker: None }),
        done: Condvar::new(),
        process,
        engines: Arc::downgrade(engines),
        ledger: ledger.cloned(),
        template: template.clone(),
    });
    (StoreTicket { state: Arc::clone(&state) }, Promise { state: Some(state), template })
}

impl<B> Promise<B> {
    /// An error of the request, of that kind.
    pub(super) fn error(&self, kind: StoreErrorKind) -> StoreError {
        self.template.clone().of_kind(kind)
    }

    pub(super) fn keep(mut self, result: Result<B>) {
        if let Some(state) = self.state.take() {
            state.end(result);
        }
    }

    /// Keeps it with an error that arose on behalf of the request.
    pub(super) fn fail(self, error: StoreError, buffer: Option<B>) {
        let error = error.on_behalf_of(&self.template);
        self.keep(Err(StoreFailed::new(error, buffer)));
    }

    /// Notes the error if the ticket is gone, so that whoever is told next of the tensor finds it noted.
    pub(super) fn note(&self, error: &StoreError) {
        let Some(state) = &self.state else {
            return;
        };
        let mut slot = lock(&state.slot);
        if let Phase::Detached(None) = slot.phase {
            slot.phase = Phase::Taken;
            drop(slot);
            let error = error.clone().on_behalf_of(&self.template);
            state.report(Err(StoreFailed::new(error, None)));
        }
    }

    pub(super) fn refuse(self, kind: StoreErrorKind, buffer: Option<B>) {
        let error = self.error(kind);
        self.keep(Err(StoreFailed::new(error, buffer)));
    }
}

impl<B> Drop for Promise<B> {
    /// Whoever had it is gone with an engine that ended without a word.
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            if state.process.is_child() {
                std::mem::forget(state);
                return;
            }
            let error = state.error(StoreErrorKind::Closed);
            state.end(Err(StoreFailed::new(error, None)));
        }
    }
}

impl<B> State<B> {
    fn end(&self, result: Result<B>) {
        let mut slot = lock(&self.slot);
        match std::mem::replace(&mut slot.phase, Phase::Taken) {
            Phase::Pending => {
                slot.phase = Phase::Done(result);
                let waker = slot.waker.take();
                self.done.notify_all();
                drop(slot);
                if let Some(waker) = waker {
                    contain(|| waker.wake());
                }
            }
            Phase::Detached(Some(then)) => {
                drop(slot);
                contain(|| then(result));
            }
            Phase::Detached(None) => {
                drop(slot);
                self.report(result);
            }
            Phase::Done(_) | Phase::Taken => {}
        }
    }
}

/// Runs code of the caller's, whose panic stays here: others wait for what comes after it.
pub(super) fn contain(code: impl FnOnce()) {
    // The payload is forgotten, since dropping it may panic again.
    let _ = catch_unwind(AssertUnwindSafe(code)).map_err(std::mem::forget);
}
