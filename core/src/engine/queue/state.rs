//! What the queue's lock guards, and every decision made under it.
//!
//! A lane that asks for work draws blocks from the lines for its group, up to the group's depth. What
//! it draws for lanes of another kind than its own it leaves to them.

use std::{collections::VecDeque, sync::Arc, time::Instant};

use super::{
    Dispatch, Finished, Refill, Step, Waits,
    lines::{Claim, Claimed, Lines},
};
use crate::{
    engine::request::{Request, Unclaimed},
    error::ErrorKind,
    sys::{LaneId, LaneKind, Shape},
};

pub(super) struct State {
    pub(super) shape: Shape,
    pub(super) refill: Refill,
    pub(super) lines: Lines,
    /// Requests that were accepted and are queued once others have ended.
    pub(super) held: usize,
    pub(super) groups: Vec<Group>,
    /// The group that is offered the next block, so that all get their share.
    pub(super) next_group: usize,
    /// Why no request is accepted any more.
    pub(super) refusing: Option<ErrorKind>,
    /// Workers that were started, or are about to be, and have not exited.
    pub(super) workers: usize,
    /// Workers that were woken or started and have not come to ask for work yet.
    pub(super) coming: ByKind<usize>,
    /// Copied blocks that workers are at; see [`Group::copying`].
    pub(super) copying: usize,
    /// The idle lane that comes back when the cap on the background allows the next block.
    pub(super) timekeeper: Option<LaneId>,
}

#[derive(Default)]
pub(super) struct Group {
    /// Lanes that were ever started; their numbers are below this.
    pub(super) started: ByKind<usize>,
    /// Lanes that could not be started when they should have been.
    pub(super) vacant: Vec<LaneId>,
    /// Workers that were started and have not exited.
    pub(super) alive: ByKind<usize>,
    /// Lanes that are parked or have room while they wait, or are about to, and that nobody has
    /// woken.
    pub(super) idle: ByKind<Vec<LaneId>>,
    /// Drawn for the group and not yet taken by a lane of that kind.
    pub(super) drawn: ByKind<VecDeque<Claim>>,
    /// Blocks that were drawn and have not completed.
    pub(super) outstanding: usize,
    /// Copied blocks that its workers of each kind are at.
    pub(super) copying: ByKind<usize>,
}

#[derive(Default)]
pub(super) struct ByKind<T> {
    pub(super) ring: T,
    pub(super) thread: T,
}

impl<T> ByKind<T> {
    pub(super) fn of(&mut self, kind: LaneKind) -> &mut T {
        match kind {
            LaneKind::Ring => &mut self.ring,
            LaneKind::Thread => &mut self.thread,
        }
    }

    fn each(&mut self) -> [&mut T; 2] {
        [&mut self.ring, &mut self.thread]
    }
}

impl State {
    pub(super) fn new(shape: Shape, refill: Refill, background_rate: u64) -> Self {
        Self {
            shape,
            refill,
            lines: Lines::new(shape.groups * shape.group_depth, background_rate),
            held: 0,
            groups: (0..shape.groups).map(|_| Group::default()).collect(),
            next_group: 0,
            refusing: None,
            workers: 0,
            coming: ByKind::default(),
            copying: 0,
            timekeeper: None,
        }
    }

    /// One lane of each group, to be started parked.
    pub(super) fn first_lanes(&mut self) -> Vec<LaneId> {
        let kind = self.shape.existing(LaneKind::Ring);
        let mut lanes = Vec::with_capacity(self.shape.groups);
        for group in 0..self.shape.groups {
            if let Some(lane) = self.start_lane(group, kind) {
                self.groups[group].idle.of(kind).push(lane);
                lanes.push(lane);
            }
        }
        lanes
    }

    pub(super) fn submit(&mut self, request: &Arc<Request>) -> Dispatch {
        let mut dispatch = Dispatch::default();
        self.lines.push(request);
        let kind = self.kind_for(request);
        match self.refill {
            // Whoever is coming sees to a request of one block, and calls others if it takes another.
            Refill::AsBlocksComplete if *self.coming.of(kind) > 0 && request.blocks() == 1 => {}
            Refill::AsBlocksComplete => {
                let useful =
                    if request.asked().copied { self.useful_copiers() } else { usize::MAX };
                self.recruit(kind, request.blocks().min(useful), &mut dispatch);
            }
            Refill::AfterBatch => {
                let (first, groups) = (self.rotate_groups(), self.shape.groups);
                for group in (0..groups).map(|next| (first + next) % groups) {
                    match self.open_batch(group, &mut dispatch) {
                        Opened::Batch => self.recruit_for_batch(group, None, &mut dispatch),
                        // Somebody has to be there when the time comes.
                        Opened::NotBefore(_) if self.timekeeper.is_none() => {
                            self.recruit_from(group, kind, 1, &mut dispatch);
                            break;
                        }
                        Opened::NotBefore(_) | Opened::Nothing => {}
                    }
                }
            }
        }
        dispatch
    }

    /// Takes out what nobody has claimed of a request.
    pub(super) fn withdraw(&mut self, request: &Request) -> Option<Unclaimed> {
        self.lines.withdraw(request)
    }

    /// Whether there is nothing more to come.
    pub(super) fn is_over(&self) -> bool {
        self.refusing.is_some() && self.lines.unclaimed() == 0 && self.held == 0
    }

    pub(super) fn give_up(
        &mut self,
        reason: ErrorKind,
    ) -> (Vec<(Arc<Request>, Unclaimed)>, Dispatch) {
        // A panic after a shutdown does not make anybody wait again.
        if self.refusing != Some(ErrorKind::ShutDown) {
            self.refusing = Some(reason);
        }
        // Those that are held will be refused when they come.
        self.held = 0;
        let mut given_up = self.lines.drain();
        for group in &mut self.groups {
            group.outstanding = 0;
            let claims = group.drawn.each().into_iter().flat_map(|claims| claims.drain(..));
            given_up.extend(claims.map(|Claim { request, block, .. }| {
                (request, Unclaimed { first: block, count: 1 })
            }));
        }
        (given_up, self.everyone_idle())
    }

    /// What a lane does next; see [`super::Queue::next`].
    pub(super) fn next(
        &mut self,
        lane: LaneId,
        finished: Finished,
        waits: Waits,
        arriving: bool,
    ) -> (Step, Dispatch) {
        let mut dispatch = Dispatch::default();
        if arriving {
            self.arrive(lane);
        }
        self.have_copied(lane, finished.copied);
        self.groups[lane.group].ended(finished.blocks);
        let until = match self.claim_for(lane, &mut dispatch) {
            Claimed::Block(claim) => {
                self.keep_time(&mut dispatch);
                self.copies(lane, claim.request.asked().copied.into());
                if arriving {
                    self.call_another(lane, &mut dispatch);
                }
                return (Step::Run(claim), dispatch);
            }
            _ if waits == Waits::Not => return (Step::Wait(None), dispatch),
            // With blocks unclaimed other groups are full: those after them need everyone.
            Claimed::Nothing if self.is_over() && waits == Waits::Idle => {
                self.gone(lane);
                dispatch.wake.extend(self.everyone_idle().wake);
                return (Step::Exit, dispatch);
            }
            Claimed::NotBefore(time) if self.timekeeper.is_none() => {
                self.timekeeper = Some(lane);
                Some(time)
            }
            Claimed::NotBefore(_) => None,
            Claimed::Nothing => {
                self.keep_time(&mut dispatch);
                // The group is full, and others may not be.
                self.call_another(lane, &mut dispatch);
                None
            }
        };
        self.groups[lane.group].idle.of(self.shape.kind(lane)).push(lane);
        let idle = waits == Waits::Idle;
        (if idle { Step::Park(until) } else { Step::Wait(until) }, dispatch)
    }

    /// A lane leaves a block to its group's lanes of another kind, or has to run it if there are none.
    pub(super) fn hand_over(
        &mut self,
        lane: LaneId,
        kind: LaneKind,
        claim: Claim,
    ) -> Result<Dispatch, Claim> {
        let mut dispatch = Dispatch::default();
        // Whoever has given up looks for what is begun, and not for what may be.
        if matches!(self.refusing, Some(ErrorKind::ShutDown | ErrorKind::Poisoned)) {
            return Err(claim);
        }
        self.recruit_from(lane.group, kind, 1, &mut dispatch);
        let group = &mut self.groups[lane.group];
        if *group.alive.of(kind) == 0 {
            return Err(claim);
        }
        let copied = claim.request.asked().copied;
        group.drawn.of(kind).push_back(claim);
        self.have_copied(lane, copied.into());
        Ok(dispatch)
    }

    /// A lane is at so many copied blocks more.
    fn copies(&mut self, lane: LaneId, blocks: usize) {
        self.copying += blocks;
        *self.groups[lane.group].copying.of(self.shape.kind(lane)) += blocks;
    }

    /// A lane is at so many copied blocks less.
    pub(super) fn have_copied(&mut self, lane: LaneId, blocks: usize) {
        self.copying = self.copying.saturating_sub(blocks);
        let of_group = self.groups[lane.group].copying.of(self.shape.kind(lane));
        *of_group = of_group.saturating_sub(blocks);
    }

    /// Which kind of lane such a request's blocks are for, as far as is known.
    fn kind_for(&self, request: &Request) -> LaneKind {
        self.shape.existing(request.suited())
    }

    /// The next block for a lane to run. Draws from the lines what the group has room for, until one
    /// is for a lane of this kind.
    fn claim_for(&mut self, lane: LaneId, dispatch: &mut Dispatch) -> Claimed {
        let kind = self.shape.kind(lane);
        loop {
            let group = &mut self.groups[lane.group];
            if let Some(claim) = group.drawn.of(kind).pop_front() {
                if !claim.request.has_failed_before(claim.block) {
                    return Claimed::Block(claim);
                }
                group.ended(1);
                dispatch.given_up.push((claim.request, 1));
                continue;
            }
            match self.refill {
                Refill::AsBlocksComplete if group.outstanding == self.shape.group_depth => {
                    return Claimed::Nothing;
                }
                Refill::AsBlocksComplete => match self.draw(dispatch) {
                    Claimed::Block(claim) => {
                        let other = self.kind_for(&claim.request);
                        if other == kind {
                            self.groups[lane.group].outstanding += 1;
                            return Claimed::Block(claim);
                        }
                        self.leave(lane.group, other, claim, dispatch);
                    }
                    nothing => return nothing,
                },
                Refill::AfterBatch => match self.open_batch(lane.group, dispatch) {
                    Opened::Batch => self.recruit_for_batch(lane.group, Some(kind), dispatch),
                    Opened::NotBefore(time) => return Claimed::NotBefore(time),
                    Opened::Nothing => return Claimed::Nothing,
                },
            }
        }
    }

    /// Leaves a block that was drawn to a lane of another kind: of that group or, if none of it is
    /// free, of one where one is.
    fn leave(&mut self, own: usize, kind: LaneKind, claim: Claim, dispatch: &mut Dispatch) {
        let (depth, lanes) = (self.shape.group_depth, self.shape.lanes(kind).len());
        let is_free = |group: &mut Group| {
            let room = group.outstanding < depth;
            room && (!group.idle.of(kind).is_empty() || *group.alive.of(kind) < lanes)
        };
        let groups = self.shape.groups;
        let mut others = (0..groups).map(|next| (own + next) % groups);
        let group = others.find(|&group| is_free(&mut self.groups[group])).unwrap_or(own);
        let copied = claim.request.asked().copied;
        self.groups[group].outstanding += 1;
        self.groups[group].drawn.of(kind).push_back(claim);
        // With as many at it as are of use, one of the group comes to it in turn.
        let at_it = *self.groups[group].copying.of(kind) > 0;
        if !(copied && at_it && self.useful_copiers() == 0) {
            self.recruit_from(group, kind, 1, dispatch);
        }
    }

    /// The next block of whoever's turn it is; requests that have failed are given up.
    fn draw(&mut self, dispatch: &mut Dispatch) -> Claimed {
        // What is left at the end is not held up.
        let at_once = self.refusing.is_some();
        self.lines.claim(at_once, &mut dispatch.given_up)
    }

    /// Reserves the group's next batch, if the last one is over and there are blocks.
    fn open_batch(&mut self, group: usize, dispatch: &mut Dispatch) -> Opened {
        if self.groups[group].outstanding > 0 {
            return Opened::Nothing;
        }
        let mut opened = Opened::Nothing;
        while self.groups[group].outstanding < self.shape.group_depth {
            match self.draw(dispatch) {
                Claimed::Block(claim) => {
                    let kind = self.kind_for(&claim.request);
                    self.groups[group].drawn.of(kind).push_back(claim);
                    self.groups[group].outstanding += 1;
                    opened = Opened::Batch;
                }
                Claimed::NotBefore(time) if !matches!(opened, Opened::Batch) => {
                    opened = Opened::NotBefore(time);
                    break;
                }
                Claimed::NotBefore(_) | Claimed::Nothing => break,
            }
        }
        opened
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
    /// So many blocks are over.
    fn ended(&mut self, blocks: usize) {
        self.outstanding = self.outstanding.saturating_sub(blocks);
    }
}
