//! The requests in flight on a file, so that a sync comes after those made before it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use crate::{
    engine::request::Request,
    sync::{Mutex, lock},
};

/// Counts requests in flight by epoch. A barrier closes the epoch and is held back until none of
/// those up to it is in flight, while others keep coming.
#[derive(Default)]
pub(crate) struct Flights {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: u64,
    /// Requests in flight by the epoch they began in; no zeros.
    in_flight: BTreeMap<u64, usize>,
    /// Barriers held back, in the order of their epochs.
    held: VecDeque<Arc<Request>>,
}

/// The epoch in which a request began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Epoch(u64);

impl Flights {
    pub(crate) fn begin(&self) -> Epoch {
        lock(&self.state).begin()
    }

    /// Begins a request that waits for all that began before.
    pub(crate) fn begin_barrier(&self) -> Epoch {
        let mut state = lock(&self.state);
        state.current += 1;
        state.begin()
    }

    /// Keeps a barrier until the requests before it have ended; `false` if they have.
    pub(crate) fn hold_back(&self, barrier: &Arc<Request>) -> bool {
        let mut state = lock(&self.state);
        if !state.is_held_back(barrier.epoch()) {
            return false;
        }
        let place = state.held.partition_point(|held| held.epoch() < barrier.epoch());
        state.held.insert(place, Arc::clone(barrier));
        true
    }

    /// Gives up a barrier that is held back; `false` if it is not.
    pub(crate) fn take_back(&self, barrier: &Request) -> bool {
        let mut state = lock(&self.state);
        let place = state.held.iter().position(|held| std::ptr::eq(&**held, barrier));
        place.and_then(|place| state.held.remove(place)).is_some()
    }

    /// A request has ended: the barriers that were held back for it alone.
    pub(crate) fn end(&self, epoch: Epoch) -> Vec<Arc<Request>> {
        let mut state = lock(&self.state);
        let Some(count) = state.in_flight.get_mut(&epoch.0) else {
            return Vec::new();
        };
        *count -= 1;
        if *count > 0 {
            return Vec::new();
        }
        state.in_flight.remove(&epoch.0);
        let mut ready = Vec::new();
        while let Some(barrier) = state.held.front() {
            if state.is_held_back(barrier.epoch()) {
                break;
            }
            ready.extend(state.held.pop_front());
        }
        ready
    }
}

impl State {
    fn begin(&mut self) -> Epoch {
        *self.in_flight.entry(self.current).or_default() += 1;
        Epoch(self.current)
    }

    /// Whether anything that began before the barrier's epoch is in flight.
    fn is_held_back(&self, barrier: Epoch) -> bool {
        self.in_flight.first_key_value().is_some_and(|(&oldest, _)| oldest < barrier.0)
    }
}
