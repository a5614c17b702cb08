//! The queue: which worker runs which block next, and whom to wake for it.
//!
//! Requests wait in two classes, each first in, first out: those of few blocks, and those of
//! many. Workers serve the classes in turn, so that a small request never waits behind a large
//! one, and the oldest large one still finishes first.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    engine::request::Request,
    error::ErrorKind,
    sync::{Condvar, Mutex, lock, wait},
    sys::{LaneId, Shape},
};

/// A block of a request, to be run by the worker that holds this.
pub(crate) struct Claim {
    pub(crate) request: Arc<Request>,
    pub(crate) block: usize,
}

/// What a worker does next.
pub(crate) enum Step {
    /// Runs this block.
    Run(Claim),
    /// Waits for the blocks it has in flight.
    Wait,
    /// Parks until it is woken.
    Park,
    /// Ends.
    Exit,
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

/// How workers take blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refill {
    /// A new one for each that completes.
    AsBlocksComplete,
    /// Batches: a group takes up to its depth of blocks and no more until all have completed.
    AfterBatch,
}

pub(crate) struct Queue {
    shape: Shape,
    refill: Refill,
    state: Mutex<State>,
    /// Notified when the last worker exits.
    exited: Condvar,
}

struct State {
    small: VecDeque<Waiting>,
    large: VecDeque<Waiting>,
    /// Which class is served next, if both have something.
    large_is_next: bool,
    /// Blocks in both classes.
    unclaimed: usize,
    groups: Vec<Group>,
    /// The group that is offered the next block, so that all get their share.
    next_group: usize,
    /// Why no request is accepted any more.
    refusing: Option<ErrorKind>,
    /// Workers that were started, or are about to be, and have not exited.
    workers: usize,
}

/// A request with blocks that nobody has claimed.
struct Waiting {
    request: Arc<Request>,
    next: usize,
    blocks: usize,
}

#[derive(Default)]
struct Group {
    /// Lanes that were ever started; their numbers are below this.
    started: usize,
    /// Numbers of lanes that could not be started when they should have been.
    vacant: Vec<usize>,
    /// Parked lanes, or lanes about to park.
    idle: Vec<LaneId>,
    /// Claimed for the group's current batch and not yet taken by a lane of it.
    batch: VecDeque<Claim>,
    /// Blocks of the current batch that have not completed.
    outstanding: usize,
}

impl Queue {
    pub(crate) fn new(shape: Shape, refill: Refill) -> Self {
        let state = State {
            small: VecDeque::new(),
            large: VecDeque::new(),
            large_is_next: false,
            unclaimed: 0,
            groups: (0..shape.groups).map(|_| Group::default()).collect(),
            next_group: 0,
            refusing: None,
            workers: 0,
        };
        Self { shape, refill, state: Mutex::new(state), exited: Condvar::new() }
    }

    pub(crate) fn refill(&self) -> Refill {
        self.refill
    }

    /// One lane of each group, to be started parked, before the first request.
    pub(crate) fn first_lanes(&self) -> Vec<LaneId> {
        let mut state = lock(&self.state);
        let mut lanes = Vec::with_capacity(self.shape.groups);
        for group in 0..self.shape.groups {
            if let Some(lane) = state.start_lane(self.shape, group) {
                state.groups[group].idle.push(lane);
                lanes.push(lane);
            }
        }
        lanes
    }

    /// Takes a request in, if there are blocks to run; tells whom to notify, or why it is refused.
    pub(crate) fn submit(&self, request: &Arc<Request>) -> Result<Dispatch, ErrorKind> {
        let blocks = request.blocks();
        let mut dispatch = Dispatch::default();
        let mut state = lock(&self.state);
        if let Some(reason) = state.refusing {
            return Err(reason);
        }
        let waiting = Waiting { request: Arc::clone(request), next: 0, blocks };
        state.unclaimed += blocks;
        if blocks <= self.shape.groups * self.shape.group_depth() {
            state.small.push_back(waiting);
        } else {
            state.large.push_back(waiting);
        }
        match self.refill {
            Refill::AsBlocksComplete => state.recruit(self.shape, blocks, &mut dispatch),
            Refill::AfterBatch => {
                let first = state.rotate_groups();
                for group in (0..self.shape.groups).map(|next| (first + next) % self.shape.groups) {
                    if state.open_batch(self.shape, group, &mut dispatch) {
                        let needed = state.groups[group].batch.len();
                        state.recruit_from(self.shape, group, needed, &mut dispatch);
                    }
                }
            }
        }
        Ok(dispatch)
    }

    /// What the worker of `lane` does next, having completed `finished` blocks since it asked
    /// last; `busy` if it has others in flight.
    pub(crate) fn next(&self, lane: LaneId, finished: usize, busy: bool) -> (Step, Dispatch) {
        let mut dispatch = Dispatch::default();
        let mut state = lock(&self.state);
        let claimed = match self.refill {
            Refill::AsBlocksComplete => state.claim(&mut dispatch),
            Refill::AfterBatch => {
                state.groups[lane.group].finish(finished);
                state.claim_from_batch(self.shape, lane.group, &mut dispatch)
            }
        };
        let step = match claimed {
            Some(claim) => Step::Run(claim),
            None if busy => Step::Wait,
            // With blocks unclaimed a batch of the group is open: those after it need everyone.
            None if state.refusing.is_some() && state.unclaimed == 0 => {
                dispatch.wake.extend(state.everyone_idle().wake);
                state.workers -= 1;
                self.exited.notify_all();
                Step::Exit
            }
            None => {
                state.groups[lane.group].idle.push(lane);
                Step::Park
            }
        };
        (step, dispatch)
    }

    /// A lane that was to be started could not be, and may be again later.
    /// Tells whom to wake in its place.
    pub(crate) fn not_started(&self, lane: LaneId) -> Dispatch {
        let mut dispatch = Dispatch::default();
        let mut state = lock(&self.state);
        let group = &mut state.groups[lane.group];
        group.idle.retain(|&idle| idle != lane);
        group.vacant.push(lane.index);
        state.workers -= 1;
        self.exited.notify_all();
        if self.refill == Refill::AsBlocksComplete && state.unclaimed > 0 {
            let mut groups = state.groups.iter_mut();
            dispatch.wake.extend(groups.find_map(|group| group.idle.pop()));
        }
        dispatch
    }

    /// Accepts nothing more; the workers exit when what was accepted is done. Tells whom to wake.
    pub(crate) fn close(&self) -> Dispatch {
        let mut state = lock(&self.state);
        state.refusing.get_or_insert(ErrorKind::Closed);
        state.everyone_idle()
    }

    /// A worker panicked and is gone: accepts nothing more and gives up what no worker has begun,
    /// which the caller marks as failed before it completes it.
    pub(crate) fn poison(&self) -> Dispatch {
        let mut state = lock(&self.state);
        state.refusing = Some(ErrorKind::Poisoned);
        state.workers -= 1;
        self.exited.notify_all();
        state.unclaimed = 0;
        let mut dispatch = state.everyone_idle();
        let State { small, large, groups, .. } = &mut *state;
        for waiting in small.drain(..).chain(large.drain(..)) {
            dispatch.given_up.push((waiting.request, waiting.blocks - waiting.next));
        }
        for group in groups {
            group.outstanding = 0;
            dispatch.given_up.extend(group.batch.drain(..).map(|claim| (claim.request, 1)));
        }
        dispatch
    }

    /// Waits until every worker has exited.
    pub(crate) fn wait_for_exit(&self) {
        let mut state = lock(&self.state);
        while state.workers > 0 {
            state = wait(&self.exited, state);
        }
    }
}

impl State {
    /// The next block of the class whose turn it is; requests that have failed are given up.
    fn claim(&mut self, dispatch: &mut Dispatch) -> Option<Claim> {
        loop {
            let from_large = match (self.small.is_empty(), self.large.is_empty()) {
                (true, true) => return None,
                (false, false) => self.large_is_next,
                (small_is_empty, _) => small_is_empty,
            };
            let class = if from_large { &mut self.large } else { &mut self.small };
            let waiting = class.front_mut()?;
            if waiting.request.has_failed_before(waiting.next) {
                let left = waiting.blocks - waiting.next;
                self.unclaimed -= left;
                dispatch.given_up.push((Arc::clone(&waiting.request), left));
                class.pop_front();
                continue;
            }
            let claim = Claim { request: Arc::clone(&waiting.request), block: waiting.next };
            waiting.next += 1;
            waiting.request.claimed(waiting.next);
            if waiting.next == waiting.blocks {
                class.pop_front();
            }
            self.unclaimed -= 1;
            self.large_is_next = !from_large;
            return Some(claim);
        }
    }

    /// Reserves the group's next batch, if the last one is over and there are blocks; `true` if so.
    fn open_batch(&mut self, shape: Shape, group: usize, dispatch: &mut Dispatch) -> bool {
        if self.groups[group].outstanding > 0 {
            return false;
        }
        while self.groups[group].batch.len() < shape.group_depth() {
            let Some(claim) = self.claim(dispatch) else {
                break;
            };
            self.groups[group].batch.push_back(claim);
        }
        let blocks = self.groups[group].batch.len();
        self.groups[group].outstanding = blocks;
        blocks > 0
    }

    /// The next block of the group's batch, or of a new batch once the last one is over.
    fn claim_from_batch(
        &mut self,
        shape: Shape,
        group: usize,
        dispatch: &mut Dispatch,
    ) -> Option<Claim> {
        loop {
            if self.open_batch(shape, group, dispatch) {
                let others = self.groups[group].batch.len() - 1;
                self.recruit_from(shape, group, others, dispatch);
            }
            let claim = self.groups[group].batch.pop_front()?;
            if !claim.request.has_failed_before(claim.block) {
                return Some(claim);
            }
            self.groups[group].finish(1);
            dispatch.given_up.push((claim.request, 1));
        }
    }

    /// Finds up to `needed` lanes for new blocks, group by group in turn.
    fn recruit(&mut self, shape: Shape, needed: usize, dispatch: &mut Dispatch) {
        let mut without = 0;
        let mut found = 0;
        while found < needed && without < shape.groups {
            let group = self.rotate_groups();
            if self.recruit_from(shape, group, 1, dispatch) {
                (found, without) = (found + 1, 0);
            } else {
                without += 1;
            }
        }
    }

    /// Finds up to `needed` lanes of one group: idle ones first, then new ones. `false` if none.
    fn recruit_from(
        &mut self,
        shape: Shape,
        group: usize,
        needed: usize,
        dispatch: &mut Dispatch,
    ) -> bool {
        for found in 0..needed {
            if let Some(lane) = self.groups[group].idle.pop() {
                dispatch.wake.push(lane);
            } else if let Some(lane) = self.start_lane(shape, group) {
                dispatch.start.push(lane);
            } else {
                return found > 0;
            }
        }
        needed > 0
    }

    fn start_lane(&mut self, shape: Shape, group: usize) -> Option<LaneId> {
        let Group { vacant, started, .. } = &mut self.groups[group];
        let index = vacant.pop().or_else(|| {
            (*started < shape.lanes_per_group).then(|| {
                *started += 1;
                *started - 1
            })
        })?;
        self.workers += 1;
        Some(LaneId { group, index })
    }

    fn rotate_groups(&mut self) -> usize {
        let group = self.next_group;
        self.next_group = (group + 1) % self.groups.len();
        group
    }

    fn everyone_idle(&mut self) -> Dispatch {
        let wake = self.groups.iter_mut().flat_map(|group| group.idle.drain(..)).collect();
        Dispatch { wake, ..Dispatch::default() }
    }
}

impl Group {
    /// So many blocks of the current batch are over.
    fn finish(&mut self, blocks: usize) {
        self.outstanding = self.outstanding.saturating_sub(blocks);
    }
}
