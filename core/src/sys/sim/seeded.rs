//! A backend that injects faults, delays and reorders as a seed says, and checks every call against
//! the contract and against the request it belongs to.
//!
//! What happens to a transfer depends on (seed, request, position, attempt) alone, so it is the
//! same in every run of a seed, whichever thread comes first.

mod lane;

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use nix::errno::Errno;

use crate::{
    engine::{plan::Route, settings::Difference},
    sys::{
        Backend, Lane, LaneId, Parker, Shape,
        sim::{Excuses, Faults, Track, Watched, track::Part},
    },
};
use lane::SeededLane;

/// In which order transfers complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// As the threads come to them, each after a seeded number of yields.
    AsTheyCome,
    /// One after the other, of all in flight the one that the seed puts first.
    Seeded,
}

/// What the backend counted, to compare with the engine's statistics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) transfers: u64,
    pub(crate) direct: u64,
    pub(crate) bounced: u64,
    pub(crate) buffered: u64,
    pub(crate) notifications: u64,
}

/// The test's handle on the backend.
#[derive(Clone)]
pub(crate) struct Seeded(Arc<Shared>);

struct Shared {
    seed: u64,
    shape: Shape,
    order: Order,
    faults: Faults,
    /// Whether a group takes blocks in batches of its depth at most.
    batches: bool,
    parkers: HashMap<LaneId, Parker>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    closed: bool,
    tracks: Vec<Track>,
    /// The requests from this number on may have transfers.
    current: usize,
    in_flight: Vec<Flight>,
    /// Lanes that were woken and have not waited or parked since.
    woken: HashSet<LaneId>,
    groups: HashMap<usize, Group>,
    totals: Totals,
    excuses: Excuses,
    /// Lanes that workers drive.
    lanes: usize,
    wrong: Vec<String>,
}

/// The blocks of a group.
#[derive(Default)]
struct Group {
    under_way: usize,
    /// Begun since there was none under way.
    begun: usize,
}

/// A transfer in flight.
#[derive(Debug)]
struct Flight {
    lane: LaneId,
    token: usize,
    request: Option<usize>,
    memory: Vec<Range<usize>>,
    /// The lowest one goes first where the seed gives the order.
    rank: u64,
}

impl Seeded {
    pub(crate) fn new(
        seed: u64,
        shape: Shape,
        batches: bool,
        order: Order,
        faults: Faults,
    ) -> Self {
        Self(Arc::new(Shared {
            seed,
            shape,
            order,
            faults,
            batches,
            parkers: shape.all_lanes().map(|lane| (lane, Parker::default())).collect(),
            state: Mutex::default(),
            changed: Condvar::new(),
        }))
    }

    /// The requests made so far have ended, and none of them may have a transfer any more.
    pub(crate) fn next_round(&self) {
        let mut state = self.state();
        state.current = state.tracks.len();
    }

    /// A request is about to be made. Gives its number.
    pub(crate) fn watch(&self, watched: Watched) -> usize {
        let mut state = self.state();
        state.tracks.push(Track::new(watched));
        state.tracks.len() - 1
    }

    /// The request was cancelled before this call. Gives whether it must have ended thereby: nothing
    /// completes now, and nothing of it has begun or can.
    pub(crate) fn cancelled(&self, request: usize) -> bool {
        let mut state = self.state();
        let slots = self.0.shape.groups * self.0.shape.group_depth;
        let free = slots.saturating_sub(state.in_flight.len());
        let track = &mut state.tracks[request];
        track.cancel(free);
        let (untouched, barrier) = (track.is_untouched(), track.is_barrier());
        let (file, ordered) = (track.watched.file, !track.unordered);
        let held_back = barrier
            && ordered
            && state.in_flight.iter().filter_map(|flight| flight.request).any(|other| {
                let track = &state.tracks[other];
                other < request && track.watched.file == file && !track.unordered
            });
        state.closed && untouched && (free == 0 || held_back)
    }

    /// The request is made later than it seems.
    pub(crate) fn unordered(&self, request: usize) {
        self.state().tracks[request].unordered = true;
    }

    /// The engine has ended, and waits for nothing.
    pub(crate) fn shut_down(&self) {
        self.state().excuses.shut_down = true;
    }

    /// Lanes that workers have.
    pub(crate) fn lanes(&self) -> usize {
        self.state().lanes
    }

    /// From now on transfers stay in flight.
    pub(crate) fn close(&self) {
        self.state().closed = true;
    }

    /// Lets transfers complete again.
    pub(crate) fn open(&self) {
        self.state().closed = false;
        self.0.changed.notify_all();
    }

    /// What is known of a request, and how many of its transfers are in flight.
    pub(crate) fn track(&self, request: usize) -> (Track, usize) {
        let state = self.state();
        let of_request = |flight: &&Flight| flight.request == Some(request);
        (state.tracks[request].clone(), state.in_flight.iter().filter(of_request).count())
    }

    /// The sync has had a call, unless the engine refused it. If it seems to have had none, then neither had
    /// an earlier one that was cancelled: each call since was the next one's.
    pub(crate) fn has_been_called(&self, sync: usize) {
        let mut state = self.state();
        if state.excuses != Excuses::default() {
            return;
        }
        let first = state.current;
        let tracks = &mut state.tracks[first..=sync];
        let mut at = tracks.len() - 1;
        while tracks[at].is_untouched()
            && let Some(earlier) = (0..at).rfind(|&earlier| tracks[earlier].is_as(&tracks[at]))
        {
            let (before, after) = tracks.split_at_mut(at);
            before[earlier].swap_calls(&mut after[0]);
            at = earlier;
            if tracks[at].is_cancelled() {
                return;
            }
        }
    }

    /// The request's ticket gives a result.
    pub(crate) fn resolve(&self, request: usize) {
        self.state().tracks[request].resolve();
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.state().in_flight.len()
    }

    pub(crate) fn totals(&self) -> Totals {
        self.state().totals
    }

    pub(crate) fn excuses(&self) -> Excuses {
        self.state().excuses
    }

    /// What broke the contract, or the rules for a request's transfers.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.state().wrong.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Seeded {
    fn name(&self) -> &'static str {
        "seeded"
    }

    fn shape(&self) -> Shape {
        self.0.shape
    }

    fn differences(&self) -> Vec<Difference> {
        Vec::new()
    }

    fn lane(&self, id: LaneId) -> Box<dyn Lane> {
        self.state().lanes += 1;
        Box::new(SeededLane::new(self.clone(), id))
    }

    fn wake(&self, lanes: &[LaneId]) {
        let mut state = self.state();
        state.totals.notifications += 1;
        state.woken.extend(lanes);
        drop(state);
        self.0.changed.notify_all();
        for lane in lanes {
            self.0.parkers[lane].wake();
        }
    }
}

impl State {
    fn take_off(&mut self, flight: Flight) {
        for other in &self.in_flight {
            let overlaps = |own: &Range<usize>| {
                other.memory.iter().any(|other| other.start < own.end && own.start < other.end)
            };
            if flight.memory.iter().any(overlaps) {
                self.wrong.push(format!("{flight:?} and {other:?} use the same memory"));
            }
            if (other.lane, other.token) == (flight.lane, flight.token) {
                self.wrong.push(format!("{flight:?} has the token of {other:?}"));
            }
        }
        self.in_flight.push(flight);
    }

    /// A batch is over when all of its blocks are, and no larger than the group's depth.
    fn check_batch(&mut self, id: usize, shared: &Shared) {
        let group = self.groups.entry(id).or_default();
        if group.under_way == 0 {
            group.begun = 0;
        }
        group.under_way += 1;
        group.begun += 1;
        if shared.batches && group.begun > shared.shape.group_depth && !self.excuses.poisoned {
            self.wrong.push(format!("group {id} begins its next batch before the last is over"));
        }
    }

    fn check_depth(&mut self, lane: LaneId, shape: Shape) {
        let of_lane = self.in_flight.iter().filter(|flight| flight.lane == lane).count();
        let of_group =
            self.in_flight.iter().filter(|flight| flight.lane.group == lane.group).count();
        if of_lane > shape.depth_of(lane) || of_group > shape.group_depth {
            self.wrong.push(format!("{of_lane} in flight on {lane:?}, {of_group} in its group"));
        }
    }
}

impl Totals {
    fn count(&mut self, part: &Part, result: Result<usize, Errno>) {
        let moved = result.unwrap_or(0) as u64;
        self.transfers += 1;
        let route = match (part.direct, part.bounced) {
            (true, true) => Route::Bounced,
            (true, false) => Route::Direct,
            (false, _) => Route::Buffered,
        };
        match route {
            Route::Direct => self.direct += moved,
            Route::Bounced => self.bounced += moved,
            Route::Buffered | Route::Resident => self.buffered += moved,
        }
    }
}
