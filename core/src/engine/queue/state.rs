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
    shape: Shape,
    refill: Refill,
    lines: Lines,
    /// Requests that were accepted and are queued once others have ended.
    pub(super) held: usize,
    groups: Vec<Group>,
    /// The group that is offered the next block, so that all get their share.
    next_group: usize,
    /// Why no request is accepted any more.
    pub(super) refusing: Option<ErrorKind>,
    /// Workers that were started, or are about to be, and have not exited.
    pub(super) workers: usize,
    /// Workers that were woken or started and have not come to ask for work yet.
    coming: ByKind<usize>,
    /// Copied blocks that workers are at.
    copying: usize,
    /// The idle lane that comes back when the cap on the background allows the next block.
    timekeeper: Option<LaneId>,
}

#[derive(Default)]
struct Group {
    /// Lanes that were ever started; their numbers are below this.
    started: ByKind<usize>,
    /// Lanes that could not be started when they should have been.
    vacant: Vec<LaneId>,
    /// Workers that were started and have not exited.
    alive: ByKind<usize>,
    /// Lanes that are parked or have room while they wait, or are about to, and that nobody has
    /// woken.
    idle: ByKind<Vec<LaneId>>,
    /// Drawn for the group and not yet taken by a lane of that kind.
    drawn: ByKind<VecDeque<Claim>>,
    /// Blocks that were drawn and have not completed.
    outstanding: usize,
}

#[derive(Default)]
struct ByKind<T> {
    ring: T,
    thread: T,
}

impl<T> ByKind<T> {
    fn of(&mut self, kind: LaneKind) -> &mut T {
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
        self.copying = self.copying.saturating_sub(finished.copied);
        self.groups[lane.group].ended(finished.blocks);
        let until = match self.claim_for(lane, &mut dispatch) {
            Claimed::Block(claim) => {
                self.keep_time(&mut dispatch);
                self.copying += usize::from(claim.request.asked().copied);
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
        self.copying = self.copying.saturating_sub(claim.request.asked().copied.into());
        group.drawn.of(kind).push_back(claim);
        Ok(dispatch)
    }

    pub(super) fn copier_leaves(&mut self, lane: LaneId) -> Dispatch {
        let mut dispatch = Dispatch::default();
        self.copying = self.copying.saturating_sub(1);
        self.call_another(lane, &mut dispatch);
        dispatch
    }

    /// A lane was not started after all, and may be later. Tells whom to wake in its place.
    pub(super) fn not_started(&mut self, lane: LaneId) -> Dispatch {
        let mut dispatch = Dispatch::default();
        let kind = self.shape.kind(lane);
        self.arrive(lane);
        self.gone(lane);
        let group = &mut self.groups[lane.group];
        group.vacant.push(lane);
        if *group.alive.of(kind) == 0 && !group.drawn.of(kind).is_empty() {
            let left = std::mem::take(group.drawn.of(kind));
            group.drawn.of(kind.other()).extend(left.into_iter().map(Claim::for_any));
            self.recruit_from(lane.group, kind.other(), 1, &mut dispatch);
        }
        if self.refill == Refill::AsBlocksComplete && self.lines.unclaimed() > 0 {
            let depth = self.shape.group_depth;
            dispatch.wake.extend(self.wake_any(|group| group.outstanding < depth));
        }
        dispatch
    }

    /// That lane's worker is no more.
    pub(super) fn gone(&mut self, lane: LaneId) {
        self.workers -= 1;
        *self.groups[lane.group].alive.of(self.shape.kind(lane)) -= 1;
    }

    pub(super) fn everyone_idle(&mut self) -> Dispatch {
        self.timekeeper = None;
        let mut wake = Vec::new();
        for kind in [LaneKind::Ring, LaneKind::Thread] {
            let before = wake.len();
            for group in &mut self.groups {
                wake.append(group.idle.of(kind));
            }
            *self.coming.of(kind) += wake.len() - before;
        }
        Dispatch { wake, ..Dispatch::default() }
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
        let at_it = *self.groups[group].alive.of(kind) > self.groups[group].idle.of(kind).len();
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

    /// With blocks put off, and the one who would come back for them now at work or in a group that
    /// takes nothing before its batch is over, another does.
    fn keep_time(&mut self, dispatch: &mut Dispatch) {
        if self.timekeeper.is_none() && self.lines.are_capped() {
            let depth = match self.refill {
                Refill::AsBlocksComplete => self.shape.group_depth,
                Refill::AfterBatch => 1,
            };
            dispatch.wake.extend(self.wake_any(|group| group.outstanding < depth));
        }
    }

    /// A lane comes to ask for work, or will not come after all.
    fn arrive(&mut self, lane: LaneId) {
        let kind = self.shape.kind(lane);
        let idle = self.groups[lane.group].idle.of(kind);
        match idle.iter().position(|&idle| idle == lane) {
            // By itself: the time it parked for has come, it was woken twice, or what it waited for
            // has completed.
            Some(place) => drop(idle.swap_remove(place)),
            None => {
                let coming = self.coming.of(kind);
                *coming = coming.saturating_sub(1);
            }
        }
        if self.timekeeper == Some(lane) {
            self.timekeeper = None;
        }
    }

    /// With more to do, one lane that comes brings the next: those who submit many small requests
    /// wake one lane and not one for each, and still all lanes are at work soon.
    fn call_another(&mut self, lane: LaneId, dispatch: &mut Dispatch) {
        let kind = self.shape.kind(lane);
        if self.refill == Refill::AfterBatch || *self.coming.of(kind) > 0 {
            return;
        }
        let copied = self.lines.unclaimed_copied().min(self.useful_copiers());
        let others = self.lines.unclaimed() - self.lines.unclaimed_copied();
        if others + copied > 0 {
            self.recruit(kind, 1, dispatch);
        }
    }

    /// How many more lanes would copy blocks faster. If none would, those that copy or are coming see
    /// to all that is copied, or call another one before they turn to something else.
    fn useful_copiers(&mut self) -> usize {
        let coming = *self.coming.of(LaneKind::Thread);
        self.shape.copiers.saturating_sub(self.copying + coming)
    }

    /// Takes an idle lane of such a group to be woken.
    fn wake_any(&mut self, of: impl Fn(&Group) -> bool) -> Option<LaneId> {
        let group = self.groups.iter_mut().find(|group| {
            of(group) && !(group.idle.ring.is_empty() && group.idle.thread.is_empty())
        })?;
        let lane = group.idle.ring.pop().or_else(|| group.idle.thread.pop())?;
        *self.coming.of(self.shape.kind(lane)) += 1;
        Some(lane)
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

    /// Calls the lanes for a batch that was opened, by one of that kind that is there already or by
    /// none.
    fn recruit_for_batch(&mut self, group: usize, by: Option<LaneKind>, dispatch: &mut Dispatch) {
        for kind in [LaneKind::Ring, LaneKind::Thread] {
            let there = usize::from(by == Some(kind));
            let needed = self.groups[group].drawn.of(kind).len().saturating_sub(there);
            self.recruit_from(group, kind, needed, dispatch);
        }
    }

    /// Finds up to `needed` lanes for new blocks, group by group in turn.
    fn recruit(&mut self, kind: LaneKind, needed: usize, dispatch: &mut Dispatch) {
        let mut without = 0;
        let mut found = 0;
        while found < needed && without < self.shape.groups {
            let group = self.rotate_groups();
            let has_room = self.groups[group].outstanding < self.shape.group_depth;
            if has_room && self.recruit_from(group, kind, 1, dispatch) {
                (found, without) = (found + 1, 0);
            } else {
                without += 1;
            }
        }
    }

    /// Finds up to `needed` lanes of one group: idle ones first, then new ones. `false` if none.
    fn recruit_from(
        &mut self,
        group: usize,
        kind: LaneKind,
        needed: usize,
        dispatch: &mut Dispatch,
    ) -> bool {
        for found in 0..needed {
            if let Some(lane) = self.groups[group].idle.of(kind).pop() {
                dispatch.wake.push(lane);
            } else if let Some(lane) = self.start_lane(group, kind) {
                dispatch.start.push(lane);
            } else {
                return found > 0;
            }
            *self.coming.of(kind) += 1;
        }
        needed > 0
    }

    fn start_lane(&mut self, id: usize, kind: LaneKind) -> Option<LaneId> {
        let lanes = self.shape.lanes(kind);
        let group = &mut self.groups[id];
        let vacant = group.vacant.iter().rposition(|&lane| self.shape.kind(lane) == kind);
        let lane = vacant.map(|at| group.vacant.swap_remove(at)).or_else(|| {
            let index = lanes.start + *group.started.of(kind);
            lanes.contains(&index).then(|| {
                *group.started.of(kind) += 1;
                LaneId { group: id, index }
            })
        })?;
        *group.alive.of(kind) += 1;
        self.workers += 1;
        Some(lane)
    }

    fn rotate_groups(&mut self) -> usize {
        let group = self.next_group;
        self.next_group = (group + 1) % self.groups.len();
        group
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
