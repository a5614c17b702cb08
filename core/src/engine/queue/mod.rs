//! The queue: which worker runs which block next, and whom to wake for it.
//!
//! Requests of few blocks and those of many wait in lines of their own, first in, first out, and
//! are served in turn, so that a small request never waits behind a large one, and the oldest large
//! one still finishes first. Those of background priority have lines of their own again.

mod cap;
mod lines;
mod recruit;
mod state;

use std::{sync::Arc, time::Instant};

use crate::{
    engine::request::{Request, Unclaimed},
    error::ErrorKind,
    sync::{Condvar, Mutex, lock, wait_until},
    sys::{LaneId, LaneKind, Shape},
};
pub(crate) use lines::Claim;
use state::State;

/// What a worker does next.
pub(crate) enum Step {
    /// Runs this block.
    Run(Claim),
    /// Waits for the blocks it has in flight, but with room for others: until it is woken, or until
    /// that time.
    Wait(Option<Instant>),
    /// Parks until it is woken, or until that time.
    Park(Option<Instant>),
    /// Ends.
    Exit,
}

/// How a lane waits that has nothing to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waits {
    /// It has blocks to see to that have completed, and asks again afterwards.
    Not,
    /// For blocks it has in flight.
    WithBlocks,
    /// For being woken alone.
    Idle,
}

/// What is left to do once the queue's lock is released.
#[derive(Default)]
pub(crate) struct Dispatch {
    /// Lanes to wake, because there is work for them.
    pub(crate) wake: Vec<LaneId>,
    /// Lanes to start.
    pub(crate) start: Vec<LaneId>,
    /// Requests that have failed, each with the number of its blocks to complete without running.
    pub(crate) given_up: Vec<(Arc<Request>, usize)>,
}

/// Blocks that a worker has completed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Finished {
    pub(crate) blocks: usize,
    /// Those of them that were copied, less those after which it has told that it stops.
    pub(crate) copied: usize,
}

/// Whether an engine's workers are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exited {
    All,
    /// Some are still there when the time is up.
    NotInTime,
    /// Some are, and the engine was shut down without them.
    NotWaitedFor,
}

/// How workers take blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refill {
    /// A new one for each that completes.
    AsBlocksComplete,
    /// Batches: a group takes up to its depth of blocks and no more until all have completed.
    AfterBatch,
}

pub(crate) struct Queue {
    refill: Refill,
    state: Mutex<State>,
    /// Notified when the last worker exits.
    exited: Condvar,
}

impl Queue {
    pub(crate) fn new(shape: Shape, refill: Refill, background_rate: u64) -> Self {
        let state = State::new(shape, refill, background_rate);
        Self { refill, state: Mutex::new(state), exited: Condvar::new() }
    }

    pub(crate) fn refill(&self) -> Refill {
        self.refill
    }

    /// One lane of each group, to be started parked, before the first request.
    pub(crate) fn first_lanes(&self) -> Vec<LaneId> {
        lock(&self.state).first_lanes()
    }

    /// Takes a request in, if there are blocks to run; tells whom to notify, or why it is refused.
    pub(crate) fn submit(&self, request: &Arc<Request>) -> Result<Dispatch, ErrorKind> {
        let mut state = lock(&self.state);
        match state.refusing {
            Some(reason) => Err(reason),
            None => Ok(state.submit(request)),
        }
    }

    /// A request is accepted that will be submitted later: the workers stay for it.
    pub(crate) fn hold(&self) -> Result<(), ErrorKind> {
        let mut state = lock(&self.state);
        match state.refusing {
            Some(reason) => Err(reason),
            None => {
                state.held += 1;
                Ok(())
            }
        }
    }

    /// Takes in a request that was held, even if the queue is closed by now.
    pub(crate) fn submit_held(&self, request: &Arc<Request>) -> Result<Dispatch, ErrorKind> {
        let mut state = lock(&self.state);
        match state.refusing {
            None | Some(ErrorKind::Closed) => {
                state.held -= 1;
                Ok(state.submit(request))
            }
            Some(reason) => Err(reason),
        }
    }

    /// A request that was held will not come.
    pub(crate) fn drop_held(&self) -> Dispatch {
        let mut state = lock(&self.state);
        // None are counted any more once the queue has given up.
        state.held = state.held.saturating_sub(1);
        if state.is_over() { state.everyone_idle() } else { Dispatch::default() }
    }

    /// Takes out what nobody has claimed of a request; none if that is nothing.
    pub(crate) fn withdraw(&self, request: &Request) -> (Option<Unclaimed>, Dispatch) {
        let mut state = lock(&self.state);
        let unclaimed = state.withdraw(request);
        let over = state.is_over() && unclaimed.is_some();
        (unclaimed, if over { state.everyone_idle() } else { Dispatch::default() })
    }

    /// What the worker of `lane` does next, having completed `finished` since it asked last; `arriving`
    /// if it was parked, has waited with room, or is new.
    pub(crate) fn next(
        &self,
        lane: LaneId,
        finished: Finished,
        waits: Waits,
        arriving: bool,
    ) -> (Step, Dispatch) {
        let next = lock(&self.state).next(lane, finished, waits, arriving);
        if matches!(next.0, Step::Exit) {
            self.exited.notify_all();
        }
        next
    }

    /// The worker of `lane` leaves a block that it has claimed to those of another kind. It keeps the
    /// block if there are none.
    pub(crate) fn hand_over(
        &self,
        lane: LaneId,
        kind: LaneKind,
        claim: Claim,
    ) -> Result<Dispatch, Claim> {
        lock(&self.state).hand_over(lane, kind, claim)
    }

    /// A worker that has copied a block is about to run user code, which may take long and wait for
    /// what nobody was called for because of this worker. Tells whom to wake.
    pub(crate) fn copier_leaves(&self, lane: LaneId) -> Dispatch {
        lock(&self.state).copier_leaves(lane)
    }

    /// A lane that was to be started could not be, and may be again later.
    /// Tells whom to wake in its place.
    pub(crate) fn not_started(&self, lane: LaneId) -> Dispatch {
        let dispatch = lock(&self.state).not_started(lane);
        self.exited.notify_all();
        dispatch
    }

    /// Accepts nothing more; the workers exit when what was accepted is done. Tells whom to wake.
    pub(crate) fn close(&self) -> Dispatch {
        let mut state = lock(&self.state);
        state.refusing.get_or_insert(ErrorKind::Closed);
        state.everyone_idle()
    }

    /// The worker of `lane` panicked and is gone: accepts nothing more and gives up what no worker has
    /// begun. Returns that besides whom to wake, for the caller to fail and complete.
    pub(crate) fn poison(&self, lane: LaneId) -> (Vec<(Arc<Request>, Unclaimed)>, Dispatch) {
        let mut state = lock(&self.state);
        state.gone(lane);
        self.exited.notify_all();
        state.give_up(ErrorKind::Poisoned)
    }

    /// The engine waits no longer: as [`Queue::poison`], with the workers still there.
    pub(crate) fn shut_down(&self) -> (Vec<(Arc<Request>, Unclaimed)>, Dispatch) {
        let given_up = lock(&self.state).give_up(ErrorKind::ShutDown);
        self.exited.notify_all();
        given_up
    }

    /// Waits until every worker has exited, or until that time. Nobody waits for those that the
    /// queue was shut down without.
    pub(crate) fn wait_for_exit(&self, until: Option<Instant>) -> Exited {
        let are_left = |state: &State| state.refusing == Some(ErrorKind::ShutDown);
        let is_over = |state: &State| state.workers == 0 || are_left(state);
        let state = wait_until(&self.exited, lock(&self.state), until, is_over);
        if state.workers == 0 {
            Exited::All
        } else if are_left(&state) {
            Exited::NotWaitedFor
        } else {
            Exited::NotInTime
        }
    }
}
