//! A backend that injects faults, delays and reorders as a seed says, and checks every call against
//! the contract and against the request it belongs to.
//!
//! What happens to a transfer depends on (seed, request, position, attempt) alone, so it is the
//! same in every run of a seed, whichever thread comes first.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    panic::resume_unwind,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

use nix::errno::Errno;

use crate::{
    engine::{plan::Route, settings::Difference},
    sys::{
        Backend, Completion, Direction, Lane, LaneId, LaneKind, Parker, Shape, Transfer,
        sim::{
            Excuses, Faults, Track, Watched,
            faults::Fault,
            mix,
            track::{Part, addresses},
        },
        threads::perform,
    },
};

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

struct Held {
    transfer: Transfer,
    request: Option<(usize, Part)>,
    rank: u64,
    fault: Option<Fault>,
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
        Box::new(SeededLane { sim: self.clone(), id, held: Vec::new() })
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

struct SeededLane {
    sim: Seeded,
    id: LaneId,
    held: Vec<Held>,
}

impl Lane for SeededLane {
    fn push(&mut self, transfer: Transfer) {
        let Shared { seed, faults, .. } = *self.sim.0;
        let file = Arc::as_ptr(&transfer.file).addr();
        let mut guard = self.sim.state();
        let state = &mut *guard;
        let current = &mut state.tracks[state.current..];
        // Where there are several the earlier ones have ended, but for syncs.
        let owner = if matches!(transfer.direction, Direction::Sync | Direction::SyncAll) {
            current.iter().position(|track| track.owns(file, &transfer))
        } else {
            current.iter().rposition(|track| track.owns(file, &transfer))
        };
        if owner.is_none() {
            state.wrong.push(format!("a transfer of no request: {transfer:?}"));
        }
        let mut found = Vec::new();
        let request =
            owner.map(|owner| (state.current + owner, current[owner].push(&transfer, &mut found)));
        let number = request.map(|(number, _)| number);
        if let Some(number) = number.filter(|&number| state.tracks[number].is_barrier()) {
            for earlier in state.current..number {
                let in_flight =
                    state.in_flight.iter().any(|flight| flight.request == Some(earlier));
                let ordered =
                    !state.tracks[earlier].unordered && state.tracks[earlier].watched.file == file;
                let ended = state.tracks[earlier].pass(file) || state.excuses != Excuses::default();
                if !ended || in_flight && ordered {
                    found.push(format!("a barrier comes before request {earlier} has ended"));
                }
            }
        }
        state.wrong.extend(found.iter().map(|what| format!("request {number:?}: {what}")));
        let rank = request.map_or(0, |(number, part)| {
            let key = state.tracks[number].watched.key;
            mix(&[seed, key, part.position as u64, part.attempt, 1])
        });
        let fault = request.and_then(|(number, part)| {
            let key = state.tracks[number].watched.key;
            faults.strike(seed, key, &part, transfer.direction)
        });
        let memory = addresses(&transfer);
        state.take_off(Flight {
            lane: self.id,
            token: transfer.token,
            request: number,
            memory,
            rank,
        });
        state.check_depth(self.id, self.sim.0.shape);
        if request.is_some_and(|(_, part)| part.begins) {
            state.check_batch(self.id.group, &self.sim.0);
        }
        self.held.push(Held { transfer, request, rank, fault });
        drop(guard);
        self.sim.0.changed.notify_all();
    }

    fn submit(&mut self) {}

    fn wait(&mut self, at_least: usize, until: Option<Instant>, completions: &mut Vec<Completion>) {
        if at_least > self.held.len() {
            self.sim.state().wrong.push("waits for more than is in flight".into());
        }
        let at_least = at_least.min(self.held.len());
        let mut ended = Vec::new();
        while ended.len() < at_least
            && let Some(held) = self.next(true, until)
        {
            ended.push(self.perform(held));
        }
        // Sometimes more of them have completed than were waited for.
        while let Some(held) = self.next(false, None) {
            ended.push(self.perform(held));
        }
        let mut state = self.sim.state();
        for (request, token, result) in ended {
            if let Some((number, part)) = request {
                let over = state.tracks[number].report(&part, result);
                let group = state.groups.entry(self.id.group).or_default();
                group.under_way = group.under_way.saturating_sub(usize::from(over));
                state.totals.count(&part, result);
            }
            completions.push(Completion { token, result });
        }
    }

    fn park(&mut self, until: Option<Instant>) {
        self.sim.0.parkers[&self.id].park(until);
        self.sim.state().woken.remove(&self.id);
    }

    /// As for a device: what it was given happens.
    fn cancel(&mut self, _token: usize) {}
}

impl SeededLane {
    /// The next of the lane's transfers to complete: waits until there is one if `must`, but no
    /// longer than until the lane is woken or that time, if it is a ring; else takes one only if the
    /// seed says so.
    fn next(&mut self, must: bool, until: Option<Instant>) -> Option<Held> {
        let is_ring = self.sim.0.shape.kind(self.id) == LaneKind::Ring;
        let mut state = self.sim.state();
        loop {
            let first = (0..self.held.len()).min_by_key(|&at| self.held[at].rank)?;
            let rank = self.held[first].rank;
            let lowest = state.in_flight.iter().all(|flight| rank <= flight.rank);
            let may_go = !state.closed && (self.sim.0.order == Order::AsTheyCome || lowest);
            if may_go && (must || rank.is_multiple_of(3)) {
                let held = self.held.swap_remove(first);
                let token = held.transfer.token;
                state.in_flight.retain(|flight| (flight.lane, flight.token) != (self.id, token));
                drop(state);
                self.sim.0.changed.notify_all();
                return Some(held);
            }
            if !must {
                return None;
            }
            if is_ring && state.woken.remove(&self.id) {
                return None;
            }
            let Some(until) = until.filter(|_| is_ring) else {
                state = self.sim.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let waited = self.sim.0.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn perform(&self, held: Held) -> (Option<(usize, Part)>, usize, Result<usize, Errno>) {
        let Held { mut transfer, request, rank, fault } = held;
        if self.sim.0.order == Order::AsTheyCome {
            for _ in 0..rank % 4 {
                thread::yield_now();
            }
        }
        let result = match fault {
            Some(Fault::Panic) => {
                let mut state = self.sim.state();
                state.excuses.poisoned = true;
                // The next one of the file is another's.
                if let Some((number, _)) =
                    request.filter(|&(number, _)| state.tracks[number].is_barrier())
                {
                    state.tracks[number].resolve();
                }
                drop(state);
                // Past the panic hook, which would print it.
                resume_unwind(Box::new("a panic that the seed asked for"));
            }
            Some(Fault::Fail(errno)) => Err(errno),
            // Nothing is lost in a crash here, and it would take its time.
            _ if matches!(
                transfer.direction,
                Direction::Sync | Direction::SyncAll | Direction::Flush(_)
            ) =>
            {
                Ok(0)
            }
            Some(Fault::Short(len)) => {
                transfer.segment.truncate(len);
                perform(&mut transfer)
            }
            None => perform(&mut transfer),
        };
        if let Some((number, part)) = &request {
            let mut state = self.sim.state();
            if state.tracks[*number].is_over() {
                state.wrong.push(format!("request {number} ended during {part:?}"));
            }
            state.tracks[*number].performed(part, result.unwrap_or(0));
            state.tracks[*number].allocated |=
                matches!(transfer.direction, Direction::Allocate(_)) && result.is_ok();
        }
        (request, transfer.token, result)
    }
}

impl Drop for SeededLane {
    /// What a panic left in flight never happens.
    fn drop(&mut self) {
        let mut state = self.sim.state();
        for (number, _) in self.held.iter().filter_map(|held| held.request) {
            // The next one of the file is another's.
            if state.tracks[number].is_barrier() {
                state.tracks[number].resolve();
            }
        }
        state.in_flight.retain(|flight| flight.lane != self.id);
        state.lanes -= 1;
        drop(state);
        self.sim.0.changed.notify_all();
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
