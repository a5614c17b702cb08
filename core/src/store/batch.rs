//! Several requests of a store at once, and their results.

use std::{
    collections::VecDeque,
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
    tickets: VecDeque<StoreTicket<B>>,
    /// Of those that it has been polled to the end of.
    results: Vec<Result<B, StoreFailed<B>>>,
}

impl<B> StoreBatch<B> {
    pub(super) fn of(tickets: impl Iterator<Item = StoreTicket<B>>) -> Self {
        let tickets: VecDeque<_> = tickets.collect();
        Self { results: Vec::with_capacity(tickets.len()), tickets }
    }

    /// Blocks until all requests have ended.
    ///
    /// Each result is that of [`StoreTicket::wait`].
    pub fn wait(self) -> Vec<Result<B, StoreFailed<B>>> {
        let Self { tickets, mut results } = self;
        results.extend(tickets.into_iter().map(StoreTicket::wait));
        results
    }

    /// Whether all requests have ended, so that [`StoreBatch::wait`] would not block.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.tickets.iter().all(StoreTicket::is_done)
    }

    /// How many requests there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.results.len() + self.tickets.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ticket of each request, but for those that it was polled to the end of.
    pub fn into_tickets(self) -> impl ExactSizeIterator<Item = StoreTicket<B>> {
        self.tickets.into_iter()
    }
}

/// Resolves to what [`StoreBatch::wait`] returns; polled again after that, to nothing.
impl<B> Future for StoreBatch<B> {
    type Output = Vec<Result<B, StoreFailed<B>>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // The first alone is asked, and with it all that have ended by then.
        while let Some(first) = self.tickets.front_mut() {
            let result = ready!(Pin::new(first).poll(context));
            self.tickets.pop_front();
            self.results.push(result);
        }
        Poll::Ready(std::mem::take(&mut self.results))
    }
}

/// No buffer is pinned in place.
impl<B> Unpin for StoreBatch<B> {}

impl<B> fmt::Debug for StoreBatch<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreBatch").field("requests", &self.len()).finish_non_exhaustive()
    }
}
