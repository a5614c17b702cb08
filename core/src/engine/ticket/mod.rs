//! Tickets: the caller's side of a request.

mod failed;
mod many;
mod state;

#[cfg(not(all(loom, test)))]
use std::time::Duration;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, PoisonError},
    task::{Context, Poll},
};

use crate::{
    engine::request::Request,
    error::{Error, ErrorKind, Operation},
    sync::{Mutex, lock},
};
pub use failed::Failed;
pub(crate) use state::TicketState;

/// A request under way; wait for it or await it to get the buffer back.
///
/// The engine owns the buffer until then. Dropping the ticket detaches the request: it runs to
/// its end, the engine frees the buffer, and a failure is kept for the next
/// [`Engine::sync`](crate::Engine::sync) of its file or for
/// [`Engine::close`](crate::Engine::close). Forgetting it (`mem::forget`) leaks the buffer and is
/// otherwise the same, except that only `close` tells of its failure.
#[must_use = "dropping a ticket leaves its failure to the next sync or close"]
pub struct Ticket<B>(Holder<B>);

enum Holder<B> {
    /// The request was accepted, and its result has not been taken.
    Accepted { state: Arc<TicketState<B>>, request: Arc<Request> },
    /// It was not. The lock makes the ticket `Sync` whatever the buffer is.
    Refused(Mutex<Failed<B>>),
    /// The result was taken; what it was of.
    Taken(Progress),
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
        Self(Holder::Accepted { state, request })
    }

    /// The ticket of a request that the engine took no part in.
    pub(crate) fn refused(failed: Failed<B>) -> Self {
        Self(Holder::Refused(Mutex::new(failed)))
    }

    /// Blocks until the request has ended, and gives the buffer back: filled, or written.
    ///
    /// # Errors
    ///
    /// The request's error, with the buffer. [`ErrorKind::ResultTaken`] if the ticket was polled to
    /// its end before. On one of the engine's own workers (in a callback, a waker or
    /// a buffer's `Drop`) a request that has not ended yet gives [`ErrorKind::WouldDeadlock`] at
    /// once and is detached, as if the ticket had been dropped. [`ErrorKind::Forked`] in a forked
    /// child of the engine's process, where nobody will ever end it.
    pub fn wait(mut self) -> Result<B, Failed<B>> {
        match self.take() {
            Holder::Accepted { state, .. } => state.wait().unwrap_or_else(|failed| {
                TicketState::abandon(state);
                Err(failed)
            }),
            Holder::Refused(failed) => Err(refusal(failed)),
            Holder::Taken(_) => Err(no_result()),
        }
    }

    /// As [`Ticket::wait`], but for no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// The ticket, if the request has not ended by then: it goes on, and the engine keeps the
    /// buffer. The result inside is that of [`Ticket::wait`].
    #[cfg(not(all(loom, test)))]
    pub fn wait_timeout(self, timeout: Duration) -> Result<Result<B, Failed<B>>, Self> {
        let ended = match &self.0 {
            Holder::Accepted { state, .. } => state.wait_timeout(timeout),
            Holder::Refused(_) | Holder::Taken(_) => true,
        };
        if ended { Ok(self.wait()) } else { Err(self) }
    }

    /// Calls `then` with what [`Ticket::wait`] would return, once the request has ended: on the
    /// worker that ended it (or on the thread that did so by [`Ticket::cancel`] or
    /// [`Engine::shutdown`](crate::Engine::shutdown)), or here and now if it has ended before; in
    /// another callback, once that has returned.
    ///
    /// No lock of the engine is held meanwhile, so `then` may make further requests, of other engines
    /// too; these do not wait for room in the queue. Waiting in it gives [`ErrorKind::WouldDeadlock`]. It should be
    /// brief, since the worker moves nothing meanwhile: on io_uring that is all that goes direct of one of
    /// the `thread_count` groups. A panic in it ends with it and is lost.
    /// In a forked child of the engine's process it is not called for a request of the parent's. If
    /// it forks itself, the child should end in it (`exec`, `_exit`): its only thread is a copy of
    /// the worker, which begins no request and ends.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let engine = ds_aio::Engine::new(&ds_aio::EngineSettings::default())?;
    /// # let file = engine.create(dir.path().join("t0.swp"))?;
    /// // Results in the order in which the requests end.
    /// let (ended, results) = std::sync::mpsc::channel();
    /// for tensor in 0..8_u64 {
    ///     let ended = ended.clone();
    ///     let ticket = engine.pwrite(&file, vec![7; 100_000], tensor * 100_000);
    ///     ticket.on_completion(move |result| drop(ended.send((tensor, result))));
    /// }
    /// drop(ended);
    /// for (_tensor, result) in results {
    ///     result?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_completion<F>(mut self, then: F)
    where
        B: 'static,
        F: FnOnce(Result<B, Failed<B>>) + Send + 'static,
    {
        match self.take() {
            Holder::Accepted { state, .. } => TicketState::call(state, Box::new(then)),
            Holder::Refused(failed) => state::call(Box::new(then), Err(refusal(failed))),
            Holder::Taken(_) => state::call(Box::new(then), Err(no_result())),
        }
    }

    /// Whether the request has ended, so that [`Ticket::wait`] would not block; in a forked child,
    /// where it never does, always.
    #[must_use]
    pub fn is_done(&self) -> bool {
        match &self.0 {
            Holder::Accepted { state, .. } => state.is_done(),
            Holder::Refused(_) | Holder::Taken(_) => true,
        }
    }

    /// How far the request has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        match &self.0 {
            Holder::Accepted { request, .. } => progress(request),
            Holder::Refused(failed) => Progress { done: 0, wanted: lock(failed).error().wanted() },
            Holder::Taken(progress) => *progress,
        }
    }

    /// Ends the request early: blocks that no worker has begun are given up.
    ///
    /// The ticket then gives [`ErrorKind::Cancelled`] and the buffer, and [`Error::done`] says how
    /// far the request got: at once if it was waiting, otherwise when its blocks in flight (at most
    /// `thread_count` × `queue_depth`) have completed. On io_uring the kernel is asked to let go of
    /// these, which it does for what has not reached the device. One whose last block was begun, and
    /// is not let go of, ends as if nothing had been asked.
    pub fn cancel(&self) {
        if let Holder::Accepted { state, request } = &self.0
            && !state.is_forked()
        {
            request.cancel();
        }
    }

    /// Whether waiting for it, if it has not ended, would be for ever.
    fn may_not_wait(&self) -> bool {
        match &self.0 {
            Holder::Accepted { state, .. } => state.may_not_wait(),
            Holder::Refused(_) | Holder::Taken(_) => false,
        }
    }

    fn take(&mut self) -> Holder<B> {
        let progress = self.progress();
        std::mem::replace(&mut self.0, Holder::Taken(progress))
    }
}

fn progress(request: &Request) -> Progress {
    let (done, wanted) = request.progress();
    Progress { done, wanted }
}

fn refusal<B>(failed: Mutex<Failed<B>>) -> Failed<B> {
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn no_result<B>() -> Failed<B> {
    Failed::new(Error::new(Operation::Wait, ErrorKind::ResultTaken.into()), None)
}

/// Resolves to what [`Ticket::wait`] returns. Polled again after that it stays pending.
impl<B> Future for Ticket<B> {
    type Output = Result<B, Failed<B>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &self.0 {
            Holder::Accepted { state, .. } => {
                let polled = state.poll(context.waker());
                if polled.is_ready()
                    && let Holder::Accepted { state, .. } = self.take()
                {
                    TicketState::abandon(state);
                }
                polled
            }
            Holder::Refused(_) => match self.take() {
                Holder::Refused(failed) => Poll::Ready(Err(refusal(failed))),
                Holder::Accepted { .. } | Holder::Taken(_) => Poll::Pending,
            },
            Holder::Taken(_) => Poll::Pending,
        }
    }
}

/// The buffer is never pinned in place.
impl<B> Unpin for Ticket<B> {}

impl<B> Drop for Ticket<B> {
    fn drop(&mut self) {
        if let Holder::Accepted { state, .. } = self.take() {
            TicketState::abandon(state);
        }
    }
}

impl<B> fmt::Debug for Ticket<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("done", &self.is_done()).finish_non_exhaustive()
    }
}
