//! Scopes: requests on borrowed memory.

use std::{fmt, marker::PhantomData, sync::Arc};

use crate::{
    buf::Borrowed,
    engine::{
        AioFile, Engine, Failed, Progress, Ticket, ledger::Ledger, request::Delivery,
        submit::Submission, ticket::TicketState, user_code,
    },
    error::{Error, ErrorKind, Failures, Operation},
    sync::{Condvar, Mutex, lock, wait},
    sys::fork::ForkMark,
};

/// Where requests on borrowed slices are made; see [`Engine::scope`].
pub struct Scope<'scope, 'env: 'scope> {
    engine: &'scope Engine,
    ledger: Arc<Ledger>,
    pending: Arc<Pending>,
    /// Invariant, as in `std::thread::scope`: a longer scope must not pass for this one.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Reads `slice.len()` bytes of `file` from `offset` on into `slice`; see [`Engine::pread`].
    pub fn pread(
        &'scope self,
        file: &AioFile,
        slice: &'env mut [u8],
        offset: u64,
    ) -> ScopedTicket<'scope, &'env mut [u8]> {
        let borrowed = Borrowed::exclusive(slice);
        let ticket = self.submit(file, Submission::read(borrowed, offset));
        ScopedTicket { ticket, slice_of: Borrowed::into_exclusive, scope: PhantomData }
    }

    /// Writes `slice` to `file` from `offset` on; see [`Engine::pwrite`].
    pub fn pwrite(
        &'scope self,
        file: &AioFile,
        slice: &'env [u8],
        offset: u64,
    ) -> ScopedTicket<'scope, &'env [u8]> {
        let borrowed = Borrowed::shared(slice);
        let ticket = self.submit(file, Submission::write(borrowed, offset));
        ScopedTicket { ticket, slice_of: Borrowed::into_shared, scope: PhantomData }
    }

    fn submit(&self, file: &AioFile, submission: Submission<Borrowed>) -> Ticket<Borrowed> {
        let permit = self.engine.enter();
        let delivery_of = |state| {
            self.pending.begin();
            Arc::new(Scoped { state, pending: Arc::clone(&self.pending) }) as _
        };
        let made = self.engine.make(file, submission, permit, &self.ledger, delivery_of);
        made.unwrap_or_else(Ticket::refused)
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

/// A request on a borrowed slice under way.
///
/// Dropping or forgetting it leaves the request running; the scope waits for it and returns its
/// error.
#[must_use = "dropping it leaves the error to the scope"]
pub struct ScopedTicket<'scope, S> {
    ticket: Ticket<Borrowed>,
    slice_of: fn(Borrowed) -> S,
    scope: PhantomData<&'scope ()>,
}

impl<S> ScopedTicket<'_, S> {
    /// Blocks until the request has ended, and gives the slice back.
    ///
    /// # Errors
    ///
    /// As for [`Ticket::wait`], with the slice.
    pub fn wait(self) -> Result<S, Failed<S>> {
        match self.ticket.wait() {
            Ok(borrowed) => Ok((self.slice_of)(borrowed)),
            Err(failed) => Err(failed.map(self.slice_of)),
        }
    }

    /// Whether the request has ended, so that [`ScopedTicket::wait`] would not block.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.ticket.is_done()
    }

    /// How far the request has come; see [`Ticket::progress`].
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.ticket.progress()
    }

    /// Asks for the request to end early; see [`Ticket::cancel`].
    pub fn cancel(&self) {
        self.ticket.cancel();
    }
}

impl<S> fmt::Debug for ScopedTicket<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedTicket").field("done", &self.is_done()).finish_non_exhaustive()
    }
}

/// Runs `make_requests` and waits for all it began, even if it panics.
pub(crate) fn run<'env, F, R>(engine: &Engine, make_requests: F) -> Result<R, Failures>
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
{
    let forked = || Err(Failures::one(Error::new(Operation::Wait, ErrorKind::Forked.into())));
    if engine.ledger.is_forked() {
        return forked();
    }
    if user_code::is_of(engine.id()) {
        return Err(Failures::one(user_code::would_deadlock()));
    }
    let process = Arc::clone(engine.ledger.process());
    let ledger = Arc::new(Ledger::new(engine.id(), Arc::clone(&process)));
    let pending = Arc::new(Pending::default());
    let scope = Scope {
        engine,
        ledger: Arc::clone(&ledger),
        pending: Arc::clone(&pending),
        scope: PhantomData,
        env: PhantomData,
    };
    let all_ended = WaitOnDrop { pending, process };
    let result = make_requests(&scope);
    drop(all_ended);
    if ledger.is_forked() {
        // What became of the slices is not known here.
        return forked();
    }
    ledger.take_all(None).map(|()| result)
}

/// The requests of a scope that have not ended.
#[derive(Default)]
struct Pending {
    count: Mutex<usize>,
    none_left: Condvar,
}

impl Pending {
    fn begin(&self) {
        *lock(&self.count) += 1;
    }

    fn end(&self) {
        let mut count = lock(&self.count);
        *count -= 1;
        if *count == 0 {
            self.none_left.notify_all();
        }
    }
}

/// Keeps the borrowed memory borrowed until the engine is done with it.
struct WaitOnDrop {
    pending: Arc<Pending>,
    process: Arc<ForkMark>,
}

impl Drop for WaitOnDrop {
    fn drop(&mut self) {
        // A child forked inside the scope has a copy of the memory that nothing else uses.
        if self.process.is_child() {
            return;
        }
        let mut count = lock(&self.pending.count);
        while *count > 0 {
            count = wait(&self.pending.none_left, count);
        }
    }
}

/// Delivers to the ticket, then to the scope.
struct Scoped {
    state: Arc<TicketState<Borrowed>>,
    pending: Arc<Pending>,
}

impl Delivery for Scoped {
    fn deliver(&self, result: Result<(), Error>) {
        self.state.deliver(result);
        self.pending.end();
    }

    fn lose(&self, error: Error) {
        self.state.lose(error);
    }

    fn release(&self) {
        self.state.release();
        self.pending.end();
    }
}
