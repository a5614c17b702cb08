//! The queue: which worker runs which block next, and whom to wake for it.
//!
//! Requests of few blocks and those of many wait in lines of their own, first in, first out, and
//! are served in turn, so that a small request never waits behind a large one, and the oldest large
//! one still finishes first. Those of background priority have lines of their own again.

mod cap;
mod lines;

use std::{collections::VecDeque, sync::Arc, time::Instant};

use crate::{
    engine::request::{Request, Unclaimed},
    error::ErrorKind,
    sync::{Condvar, Mutex, lock, wait_until},
    sys::{LaneId, Shape},
};
pub(crate) use lines::Claim;
use lines::{Claimed, Lines};

/// What a worker does next.
pub(crate) enum Step {
    /// Runs this block.
    Run(Claim),
    /// Waits for the blocks it has in flight.
    Wait,
    /// Parks until it is woken, or until that time.
    Park(Option<Instant>),
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
    shape: Shape,
    refill: Refill,
    state: Mutex<State>,
    /// Notified when the last worker exits.
    exited: Condvar,
}

struct State {
    lines: Lines,
    /// Requests that were accepted and are queued once others have ended.
    held: usize,
    groups: Vec<Group>,
    /// The group that is offered the next block, so that all get their share.
    next_group: usize,
    /// Why no request is accepted any more.
    refusing: Option<ErrorKind>,
    /// Workers that were started, or are about to be, and have not exited.
    workers: usize,
    /// Workers that were woken or started and have not come to ask for work yet.
    coming: usize,
    /// Copied blocks that workers are at.
    copying: usize,
    /// The parked lane that comes back when the cap on the background allows the next block.
    timekeeper: Option<LaneId>,
}

#[derive(Default)]
struct Group {
    /// Lanes that were ever started; their numbers are below this.
    started: usize,
    /// Numbers of lanes that could not be started when they should have been.
    vacant: Vec<usize>,
    /// Parked lanes, or lanes about to park, that nobody has woken.
    idle: Vec<LaneId>,
    /// Claimed for the group's current batch and not yet taken by a lane of it.
    batch: VecDeque<Claim>,
    /// Blocks of the current batch that have not completed.
    outstanding: usize,
}

impl Queue {
    pub(crate) fn new(shape: Shape, refill: Refill, background_rate: u64) -> Self {
        let state = State {
            lines: Lines::new(shape.groups * shape.group_depth(), background_rate),
            held: 0,
            groups: (0..shape.groups).map(|_| Group::default()).collect(),
            next_group: 0,
            refusing: None,
            workers: 0,
            coming: 0,
            copying: 0,
            timekeeper: None,
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
        let mut state = lock(&self.state);
        match state.refusing {
            Some(reason) => Err(reason),
            None => Ok(state.submit(self.shape, self.refill, request)),
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
                Ok(state.submit(self.shape, self.refill, request))
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
        let unclaimed = state.lines.withdraw(request);
        let over = state.is_over() && unclaimed.is_some();
        (unclaimed, if over { state.everyone_idle() } else { Dispatch::default() })
    }

    /// What the worker of `lane` does next, having completed `finished` since it asked last; `busy` if it has others in flight, `arriving` if it was parked or is new.
    pub(crate) fn next(
        &self,
        lane: LaneId,
        finished: Finished,
        busy: bool,
        arriving: bool,
    ) -> (Step, Dispatch) {
        let mut dispatch = Dispatch::default();
        let mut state = lock(&self.state);
        if arriving {
            state.arrive(lane);
        }
        state.copying = state.copying.saturating_sub(finished.copied);
        let claimed = match self.refill {
            Refill::AsBlocksComplete => state.claim(&mut dispatch),
            Refill::AfterBatch => {
                state.groups[lane.group].finish(finished.blocks);
                state.claim_from_batch(self.shape, lane.group, &mut dispatch)
            }
        };
        let step = match claimed {
            Claimed::Block(claim) => {
                state.keep_time(&mut dispatch);
                state.copying += usize::from(claim.request.asked().copied);
                if arriving && self.refill == Refill::AsBlocksComplete {
                    state.call_another(self.shape, &mut dispatch);
                }
                Step::Run(claim)
            }
            _ if busy => Step::Wait,
            // With blocks unclaimed a batch of the group is open: those after it need everyone.
            Claimed::Nothing if state.is_over() => {
                dispatch.wake.extend(state.everyone_idle().wake);
                state.workers -= 1;
                self.exited.notify_all();
                Step::Exit
            }
            Claimed::NotBefore(time) if state.timekeeper.is_none() => {
                state.timekeeper = Some(lane);
                state.groups[lane.group].idle.push(lane);
                Step::Park(Some(time))
            }
            Claimed::NotBefore(_) => {
                state.groups[lane.group].idle.push(lane);
                Step::Park(None)
            }
            Claimed::Nothing => {
                state.groups[lane.group].idle.push(lane);
                state.keep_time(&mut dispatch);
                Step::Park(None)
            }
        };
        (step, dispatch)
    }

    /// A worker that has copied a block is about to run user code, which may take long and wait for
    /// what nobody was called for because of this worker. Tells whom to wake.
    pub(crate) fn copier_leaves(&self) -> Dispatch {
        let mut dispatch = Dispatch::default();
        let mut state = lock(&self.state);
        state.copying = state.copying.saturating_sub(1);
        if self.refill == Refill::AsBlocksComplete {
            state.call_another(self.shape, &mut dispatch);
        }
        dispatch
    }

    /// A lane that was to be started could not be, and may be again later.
    /// Tells whom to wake in its place.
    pub(crate) fn not_started(&self, lane: LaneId) -> Dispatch {
        let mut dispatch = Dispatch::default();
        let mut state = lock(&self.state);
        state.arrive(lane);
        state.groups[lane.group].vacant.push(lane.index);
        state.workers -= 1;
        self.exited.notify_all();
        if self.refill == Refill::AsBlocksComplete && state.lines.unclaimed() > 0 {
            dispatch.wake.extend(state.wake_any(|_| true));
        }
        dispatch
    }

    /// Accepts nothing more; the workers exit when what was accepted is done. Tells whom to wake.
    pub(crate) fn close(&self) -> Dispatch {
        let mut state = lock(&self.state);
        state.refusing.get_or_insert(ErrorKind::Closed);
        state.everyone_idle()
    }

    /// A worker panicked and is gone: accepts nothing more and gives up what no worker has begun.
    /// Returns that besides whom to wake, for the caller to fail and complete.
    pub(crate) fn poison(&self) -> (Vec<(Arc<Request>, Unclaimed)>, Dispatch) {
        let mut state = lock(&self.state);
        state.workers -= 1;
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

impl State {
    fn submit(&mut self, shape: Shape, refill: Refill, request: &Arc<Request>) -> Dispatch {
        let mut dispatch = Dispatch::default();
        self.lines.push(request);
        match refill {
            // Whoever is coming sees to a request of one block, and calls others if it takes another.
            Refill::AsBlocksComplete if self.coming > 0 && request.blocks() == 1 => {}
            Refill::AsBlocksComplete => {
                let useful =
                    if request.asked().copied { self.useful_copiers(shape) } else { usize::MAX };
                self.recruit(shape, request.blocks().min(useful), &mut dispatch);
            }
            Refill::AfterBatch => {
                let first = self.rotate_groups();
                for group in (0..shape.groups).map(|next| (first + next) % shape.groups) {
                    match self.open_batch(shape, group, &mut dispatch) {
                        Opened::Batch => {
                            let needed = self.groups[group].batch.len();
                            self.recruit_from(shape, group, needed, &mut dispatch);
                        }
                        // Somebody has to be there when the time comes.
                        Opened::NotBefore(_) if self.timekeeper.is_none() => {
                            self.recruit_from(shape, group, 1, &mut dispatch);
                            break;
                        }
                        Opened::NotBefore(_) | Opened::Nothing => {}
                    }
                }
            }
        }
        dispatch
    }

    /// Whether there is nothing more to come.
    fn is_over(&self) -> bool {
        self.refusing.is_some() && self.lines.unclaimed() == 0 && self.held == 0
    }

    fn give_up(&mut self, reason: ErrorKind) -> (Vec<(Arc<Request>, Unclaimed)>, Dispatch) {
        // A panic after a shutdown does not make anybody wait again.
        if self.refusing != Some(ErrorKind::ShutDown) {
            self.refusing = Some(reason);
        }
        // Those that are held will be refused when they come.
        self.held = 0;
        let mut given_up = self.lines.drain();
        for group in &mut self.groups {
            group.outstanding = 0;
            let claims = group.batch.drain(..);
            given_up.extend(
                claims.map(|Claim { request, block }| {
                    (request, Unclaimed { first: block, count: 1 })
                }),
            );
        }
        (given_up, self.everyone_idle())
    }

    /// The next block of whoever's turn it is; requests that have failed are given up.
    fn claim(&mut self, dispatch: &mut Dispatch) -> Claimed {
        // What is left at the end is not held up.
        let at_once = self.refusing.is_some();
        self.lines.claim(at_once, &mut dispatch.given_up)
    }

    /// With blocks put off, and the one who would come back for them now at work or in a group that
    /// takes nothing before its batch is over, another does.
    fn keep_time(&mut self, dispatch: &mut Dispatch) {
        if self.timekeeper.is_none() && self.lines.are_capped() {
            let free = |group: &Group| group.outstanding == 0;
            dispatch.wake.extend(self.wake_any(free));
        }
    }

    /// A lane comes to ask for work, or will not come after all.
    fn arrive(&mut self, lane: LaneId) {
        let idle = &mut self.groups[lane.group].idle;
        match idle.iter().position(|&idle| idle == lane) {
            // By itself: the time it parked for has come, or it was woken twice.
            Some(place) => drop(idle.swap_remove(place)),
            None => self.coming = self.coming.saturating_sub(1),
        }
        if self.timekeeper == Some(lane) {
            self.timekeeper = None;
        }
    }

    /// With more to do, one lane that comes brings the next: those who submit many small requests
    /// wake one lane and not one for each, and still all lanes are at work soon.
    fn call_another(&mut self, shape: Shape, dispatch: &mut Dispatch) {
        let copied = self.lines.unclaimed_copied().min(self.useful_copiers(shape));
        let others = self.lines.unclaimed() - self.lines.unclaimed_copied();
        if self.coming == 0 && others + copied > 0 {
            self.recruit(shape, 1, dispatch);
        }
    }

    /// How many more lanes would copy blocks faster. If none would, those that copy or are coming see
    /// to all that is copied, or call another one before they turn to something else.
    fn useful_copiers(&self, shape: Shape) -> usize {
        shape.copiers.saturating_sub(self.copying + self.coming)
    }

    /// Takes an idle lane of such a group to be woken.
    fn wake_any(&mut self, of: impl Fn(&Group) -> bool) -> Option<LaneId> {
        let mut groups = self.groups.iter_mut().filter(|group| of(group));
        let lane = groups.find_map(|group| group.idle.pop());
        self.coming += usize::from(lane.is_some());
        lane
    }

    /// Reserves the group's next batch, if the last one is over and there are blocks.
    fn open_batch(&mut self, shape: Shape, group: usize, dispatch: &mut Dispatch) -> Opened {
        if self.groups[group].outstanding > 0 {
            return Opened::Nothing;
        }
        let mut opened = Opened::Nothing;
        while self.groups[group].batch.len() < shape.group_depth() {
            match self.claim(dispatch) {
                Claimed::Block(claim) => {
                    self.groups[group].batch.push_back(claim);
                    opened = Opened::Batch;
                }
                Claimed::NotBefore(time) if !matches!(opened, Opened::Batch) => {
                    opened = Opened::NotBefore(time);
                    break;
                }
                Claimed::NotBefore(_) | Claimed::Nothing => break,
            }
        }
        self.groups[group].outstanding = self.groups[group].batch.len();
        opened
    }

    /// The next block of the group's batch, or of a new batch once the last one is over.
    fn claim_from_batch(&mut self, shape: Shape, group: usize, dispatch: &mut Dispatch) -> Claimed {
        loop {
            match self.open_batch(shape, group, dispatch) {
                Opened::Batch => {
                    let others = self.groups[group].batch.len() - 1;
                    self.recruit_from(shape, group, others, dispatch);
                }
                Opened::NotBefore(time) => return Claimed::NotBefore(time),
                Opened::Nothing => {}
            }
            let Some(claim) = self.groups[group].batch.pop_front() else {
                return Claimed::Nothing;
            };
            if !claim.request.has_failed_before(claim.block) {
                return Claimed::Block(claim);
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
            self.coming += 1;
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
        self.timekeeper = None;
        let idle = self.groups.iter_mut().flat_map(|group| group.idle.drain(..));
        let wake: Vec<_> = idle.collect();
        self.coming += wake.len();
        Dispatch { wake, ..Dispatch::default() }
    }
}

/// What came of opening a batch.
enum Opened {
    Batch,
    /// Only blocks that the cap on the background puts off until then.
    NotBefore(Instant),
    Nothing,
}

impl Group {
    /// So many blocks of the current batch are over.
    fn finish(&mut self, blocks: usize) {
        self.outstanding = self.outstanding.saturating_sub(blocks);
    }
}
