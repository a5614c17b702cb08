//! Waiting for several tickets.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use crate::{
    engine::ticket::{Failed, Ticket},
    sys::Parker,
};

impl<B> Ticket<B> {
    /// Waits for every ticket; the results come in the tickets' order, failed ones included.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let engine = ds_aio::Engine::new(&ds_aio::EngineSettings::default())?;
    /// # let file = engine.create(dir.path().join("t0.swp"))?;
    /// use ds_aio::Ticket;
    ///
    /// let tickets = (0..8).map(|tensor| engine.pwrite(&file, vec![7; 5_000], tensor * 5_000));
    /// // All are submitted before the first is waited for.
    /// let tickets: Vec<_> = tickets.collect();
    /// let tensors = Ticket::wait_all(tickets).into_iter().collect::<Result<Vec<_>, _>>()?;
    /// assert_eq!(tensors.len(), 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Each result is that of [`Ticket::wait`].
    pub fn wait_all<I>(tickets: I) -> Vec<Result<B, Failed<B>>>
    where
        I: IntoIterator<Item = Self>,
    {
        let tickets: Vec<_> = tickets.into_iter().collect();
        // The newest first: when it has ended most others have, and need no waiting.
        let mut results: Vec<_> = tickets.into_iter().rev().map(Self::wait).collect();
        results.reverse();
        results
    }

    /// Waits until one of the tickets has ended, takes it out and returns its index and result.
    /// None if there are no tickets. The others keep their order.
    ///
    /// Each call looks at all the tickets: for very many of them, [`Ticket::on_completion`] with a
    /// channel is the better way.
    ///
    /// # Errors
    ///
    /// The result is that of [`Ticket::wait`]; on one of the engine's workers, with none of the
    /// tickets ended, that of the first.
    pub fn wait_any(tickets: &mut Vec<Self>) -> Option<(usize, Result<B, Failed<B>>)> {
        if let Some(index) = tickets.iter().position(Self::is_done) {
            return Some((index, tickets.remove(index).wait()));
        }
        // Waiting here would be waiting for oneself.
        if let Some(index) = tickets.iter().position(Self::may_not_wait) {
            return Some((index, tickets.remove(index).wait()));
        }
        let signal = Arc::new(Signal::default());
        let waker = Waker::from(Arc::clone(&signal));
        while !tickets.is_empty() {
            for (index, ticket) in tickets.iter_mut().enumerate() {
                if let Poll::Ready(result) = poll(ticket, &waker) {
                    drop(tickets.remove(index));
                    return Some((index, result));
                }
            }
            signal.0.park(None);
        }
        None
    }
}

fn poll<B>(ticket: &mut Ticket<B>, waker: &Waker) -> Poll<Result<B, Failed<B>>> {
    Pin::new(ticket).poll(&mut Context::from_waker(waker))
}

/// Wakes the thread that waits.
#[derive(Default)]
struct Signal(Parker);

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.0.wake();
    }
}
