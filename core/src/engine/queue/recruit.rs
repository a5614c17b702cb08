//! Whom to call: which lanes are woken or started for new blocks, and which are there already.

use super::{
    Dispatch, Refill,
    lines::Claim,
    state::{Group, State},
};
use crate::sys::{LaneId, LaneKind};

impl State {
    pub(super) fn copier_leaves(&mut self, lane: LaneId) -> Dispatch {
        let mut dispatch = Dispatch::default();
        let kind = self.shape.kind(lane);
        self.have_copied(lane, 1);
        // Nobody was called for these, as this lane was to come to them.
        if !self.groups[lane.group].drawn.of(kind).is_empty() {
            self.recruit_from(lane.group, kind, 1, &mut dispatch);
        }
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

    /// With blocks put off, and the one who would come back for them now at work or in a group that
    /// takes nothing before its batch is over, another does.
    pub(super) fn keep_time(&mut self, dispatch: &mut Dispatch) {
        if self.timekeeper.is_none() && self.lines.are_capped() {
            let depth = match self.refill {
                Refill::AsBlocksComplete => self.shape.group_depth,
                Refill::AfterBatch => 1,
            };
            dispatch.wake.extend(self.wake_any(|group| group.outstanding < depth));
        }
    }

    /// A lane comes to ask for work, or will not come after all.
    pub(super) fn arrive(&mut self, lane: LaneId) {
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
    pub(super) fn call_another(&mut self, lane: LaneId, dispatch: &mut Dispatch) {
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
    pub(super) fn useful_copiers(&mut self) -> usize {
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

    /// Calls the lanes for a batch that was opened, by one of that kind that is there already or by
    /// none.
    pub(super) fn recruit_for_batch(
        &mut self,
        group: usize,
        by: Option<LaneKind>,
        dispatch: &mut Dispatch,
    ) {
        for kind in [LaneKind::Ring, LaneKind::Thread] {
            let there = usize::from(by == Some(kind));
            let needed = self.groups[group].drawn.of(kind).len().saturating_sub(there);
            self.recruit_from(group, kind, needed, dispatch);
        }
    }

    /// Finds up to `needed` lanes for new blocks, group by group in turn.
    pub(super) fn recruit(&mut self, kind: LaneKind, needed: usize, dispatch: &mut Dispatch) {
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
    pub(super) fn recruit_from(
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

    pub(super) fn start_lane(&mut self, id: usize, kind: LaneKind) -> Option<LaneId> {
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

    pub(super) fn rotate_groups(&mut self) -> usize {
        let group = self.next_group;
        self.next_group = (group + 1) % self.groups.len();
        group
    }
}
