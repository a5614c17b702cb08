//! Several requests of a store at once, and their results.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use crate::store::{StoreFailed, StoreTicket};

/// Several requests of a store under way; wait for it or await it to get the result of each, in their
/// order.
///
/// Dropping it leaves the requests running, as dropping their tickets would
/// ([`StoreBatch::into_tickets`]).
#[must_use = "dropping a batch leaves the failures of its puts to the next commit or close"]
pub struct StoreBatch<B> {
    tickets: Vec<StoreTicket<B>>,
    /// As many of the first were seen to have ended. Their results stay with them until all are there, for
    /// whoever has the tickets then, or for the store.
    ended: usize,
}

impl<B> StoreBatch<B> {
    pub(super) fn of(tickets: impl Iterator<Item = StoreTicket<B>>) -> Self {
        Self { tickets: tickets.collect(), ended: 0 }
    }

    /// Blocks until all requests have ended.
    ///
    /// Each result is that of [`StoreTicket::wait`].
    pub fn wait(self) -> Vec<Result<B, StoreFailed<B>>> {
        self.tickets.into_iter().map(StoreTicket::wait).collect()
    }

    /// Whether all requests have ended, so that [`StoreBatch::wait`] would not block.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.tickets.iter().all(StoreTicket::is_done)
    }

    /// How many requests there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tickets.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ticket of each request, whether or not it has ended; none if the batch was polled to its end.
    pub fn into_tickets(self) -> impl ExactSizeIterator<Item = StoreTicket<B>> {
        self.tickets.into_iter()
    }
}

/// Resolves to what [`StoreBatch::wait`] returns; polled again after that, to nothing.
impl<B> Future for StoreBatch<B> {
    type Output = Vec<Result<B, StoreFailed<B>>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // The first that is not known to have ended is asked alone, and with it all that have by then.
        let batch = &mut *self;
        while let Some(next) = batch.tickets.get_mut(batch.ended) {
            ready!(next.poll_ended(context));
            batch.ended += 1;
        }
        Poll::Ready(std::mem::take(&mut batch.tickets).into_iter().map(StoreTicket::wait).collect())
    }
}

/// No buffer is pinned in place.
impl<B> Unpin for StoreBatch<B> {}

impl<B> fmt::Debug for StoreBatch<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreBatch").field("requests", &self.len()).finish_non_exhaustive()
    }
}
