//! A backend for tests: it records every call, holds transfers until the test lets them go, and
//! injects faults. What it lets through happens on the real file.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use nix::errno::Errno;

use crate::{
    engine::settings::Difference,
    sys::{
        Backend, Completion, Direction, Lane, LaneId, LaneKind, Parker, Shape, Transfer,
        threads::perform,
    },
};

/// One call that reached the backend, or its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Wake(Vec<LaneId>),
    Push(LaneId, Call),
    Submit(LaneId),
    Wait { lane: LaneId, at_least: usize },
    Complete(LaneId, Call, Result<usize, Errno>),
    Park(LaneId),
    Cancel(LaneId, Call),
}

/// What a transfer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) direction: Direction,
    pub(crate) direct: bool,
    pub(crate) offset: u64,
    pub(crate) len: usize,
}

/// What happens to a transfer instead of what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Only so many bytes are moved.
    Short(usize),
    Fail(Errno),
    Panic,
}

type FaultOf = Box<dyn FnMut(&Call) -> Option<Fault> + Send>;

/// The test's handle on the backend.
#[derive(Clone)]
pub(crate) struct Sim(Arc<Shared>);

struct Shared {
    shape: Shape,
    parkers: HashMap<LaneId, Parker>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    events: Vec<Event>,
    holding: bool,
    /// Offsets of held transfers that may go.
    released: Vec<u64>,
    in_flight: usize,
    /// As many completions a lane waits for that has as much in flight.
    together: usize,
    /// Whether transfers that are held can be cancelled.
    lets_go: bool,
    /// Lanes that were woken and have not waited or parked since.
    woken: HashSet<LaneId>,
    fault_of: Option<FaultOf>,
}

/// Long enough for any machine; a test that gets here has found a hang.
const HUNG: Duration = Duration::from_secs(60);

impl Sim {
    /// Laid out as the threads backend is: lanes of depth 1.
    pub(crate) fn lanes(groups: usize, lanes_per_group: usize) -> Self {
        Self::new(Shape::of_threads(groups, lanes_per_group))
    }

    /// Laid out as rings alone: one lane a group, of the queue's depth.
    pub(crate) fn rings(groups: usize, depth: usize) -> Self {
        Self::new(Shape::of_rings(groups, depth, 0))
    }

    /// Laid out as the ring backend is: rings, with as many threads besides.
    pub(crate) fn rings_and_threads(groups: usize, depth: usize) -> Self {
        Self::new(Shape::of_rings(groups, depth, depth))
    }

    fn new(shape: Shape) -> Self {
        Self(Arc::new(Shared {
            shape,
            parkers: shape.all_lanes().map(|lane| (lane, Parker::default())).collect(),
            state: Mutex::default(),
            changed: Condvar::new(),
        }))
    }

    /// From now on transfers stay in flight until they are released.
    pub(crate) fn hold(&self) {
        self.state().holding = true;
    }

    /// Lets the transfer at this offset go, now or when it arrives.
    pub(crate) fn release(&self, offset: u64) {
        self.state().released.push(offset);
        self.0.changed.notify_all();
    }

    /// Lets everything go, and holds nothing from now on.
    pub(crate) fn release_all(&self) {
        self.state().holding = false;
        self.0.changed.notify_all();
    }

    /// From now on so many transfers of a lane complete at once, if it has as many.
    pub(crate) fn complete_together(&self, transfers: usize) {
        self.state().together = transfers;
    }

    /// Decides the fate of every transfer from now on.
    pub(crate) fn inject(&self, fault_of: impl FnMut(&Call) -> Option<Fault> + Send + 'static) {
        self.state().fault_of = Some(Box::new(fault_of));
    }

    /// From now on what is held can be cancelled, unlike what a device has.
    pub(crate) fn let_go_of_cancelled(&self) {
        self.state().lets_go = true;
    }

    /// What has been recorded so far.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.state().events.clone()
    }

    /// Forgets what has been recorded.
    pub(crate) fn clear(&self) {
        self.state().events.clear();
    }

    /// The calls pushed so far, in order.
    pub(crate) fn pushed(&self) -> Vec<Call> {
        let pushed = |event| {
            if let Event::Push(_, call) = event { Some(call) } else { None }
        };
        self.events().into_iter().filter_map(pushed).collect()
    }

    /// Waits until the record satisfies `condition`; a hang is a failure that shows the record.
    pub(crate) fn wait_until(&self, condition: impl Fn(&[Event]) -> bool) {
        let waiting = |state: &mut State| !condition(&state.events);
        let guard = self.state();
        let (guard, timeout) = self
            .0
            .changed
            .wait_timeout_while(guard, HUNG, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "never happened; the record: {:#?}", guard.events);
    }

    /// Waits until so many blocks have been pushed.
    pub(crate) fn wait_for_pushes(&self, count: usize) {
        let is_push = |event: &&Event| matches!(event, Event::Push(..));
        self.wait_until(|events| events.iter().filter(is_push).count() >= count);
    }

    /// Waits until so many parks have been recorded.
    pub(crate) fn wait_for_parks(&self, count: usize) {
        let is_park = |event: &&Event| matches!(event, Event::Park(..));
        self.wait_until(|events| events.iter().filter(is_park).count() >= count);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, event: Event) {
        self.state().events.push(event);
        self.0.changed.notify_all();
    }
}

impl Backend for Sim {
    fn name(&self) -> &'static str {
        "simulated"
    }

    fn shape(&self) -> Shape {
        self.0.shape
    }

    fn differences(&self) -> Vec<Difference> {
        Vec::new()
    }

    fn lane(&self, id: LaneId) -> Box<dyn Lane> {
        Box::new(SimLane { sim: self.clone(), id, held: Vec::new(), cancelled: HashSet::new() })
    }

    fn wake(&self, lanes: &[LaneId]) {
        self.state().woken.extend(lanes);
        self.record(Event::Wake(lanes.to_vec()));
        for lane in lanes {
            self.0.parkers[lane].wake();
        }
    }
}

struct SimLane {
    sim: Sim,
    id: LaneId,
    held: Vec<Transfer>,
    /// The tokens of those that were cancelled.
    cancelled: HashSet<usize>,
}

impl Lane for SimLane {
    fn push(&mut self, transfer: Transfer) {
        self.sim.state().in_flight += 1;
        self.sim.record(Event::Push(self.id, call_of(&transfer)));
        self.held.push(transfer);
        let depth = self.sim.0.shape.depth_of(self.id);
        assert!(self.held.len() <= depth, "more in flight than the lane's depth");
    }

    fn submit(&mut self) {
        self.sim.record(Event::Submit(self.id));
    }

    fn wait(&mut self, at_least: usize, until: Option<Instant>, completions: &mut Vec<Completion>) {
        assert!(at_least <= self.held.len(), "waits for more than is in flight");
        self.sim.record(Event::Wait { lane: self.id, at_least });
        let at_least = self.sim.state().together.min(self.held.len()).max(at_least);
        while completions.len() < at_least {
            let Some((transfer, fault)) = self.next_released(until) else {
                return;
            };
            let call = call_of(&transfer);
            let token = transfer.token;
            let result = perform_with(transfer, fault);
            self.sim.state().in_flight -= 1;
            self.sim.record(Event::Complete(self.id, call, result));
            completions.push(Completion { token, result });
        }
    }

    fn park(&mut self, until: Option<Instant>) {
        self.sim.record(Event::Park(self.id));
        self.sim.0.parkers[&self.id].park(until);
        self.sim.state().woken.remove(&self.id);
    }

    /// What is held is let go of, if the test says so; what was let through has happened.
    fn cancel(&mut self, token: usize) {
        let Some(at) = self.held.iter().position(|held| held.token == token) else {
            return;
        };
        self.sim.record(Event::Cancel(self.id, call_of(&self.held[at])));
        if self.sim.state().lets_go {
            self.cancelled.insert(token);
        }
    }
}

impl SimLane {
    /// Waits for the first of the lane's transfers that may go, in the order of their release; none
    /// if a ring is woken or the time has come.
    fn next_released(&mut self, until: Option<Instant>) -> Option<(Transfer, Option<Fault>)> {
        let is_ring = self.sim.0.shape.kind(self.id) == LaneKind::Ring;
        let mut state = self.sim.state();
        loop {
            let held = &self.held;
            let is_cancelled = |held: &Transfer| self.cancelled.contains(&held.token);
            if let Some(position) = held.iter().position(is_cancelled) {
                let transfer = self.held.remove(position);
                self.cancelled.remove(&transfer.token);
                return Some((transfer, Some(Fault::Fail(Errno::ECANCELED))));
            }
            let position = if state.holding {
                let at = |offset: &u64| held.iter().position(|held| held.offset == *offset);
                state.released.iter().find_map(at)
            } else {
                Some(0)
            };
            if let Some(position) = position {
                let transfer = self.held.remove(position);
                state.released.retain(|&offset| offset != transfer.offset);
                let fault =
                    state.fault_of.as_mut().and_then(|fault_of| fault_of(&call_of(&transfer)));
                return Some((transfer, fault));
            }
            if is_ring && state.woken.remove(&self.id) {
                return None;
            }
            let limit = until.filter(|_| is_ring);
            let left = limit.map_or(HUNG, |until| until.saturating_duration_since(Instant::now()));
            let waited = self.sim.0.changed.wait_timeout(state, left);
            let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            if timeout.timed_out() {
                assert!(limit.is_some(), "a held transfer was never released");
                return None;
            }
            state = guard;
        }
    }
}

fn call_of(transfer: &Transfer) -> Call {
    Call {
        direction: transfer.direction,
        direct: transfer.direct,
        offset: transfer.offset,
        len: transfer.segment.len(),
    }
}

fn perform_with(mut transfer: Transfer, fault: Option<Fault>) -> Result<usize, Errno> {
    match fault {
        None => perform(&mut transfer),
        Some(Fault::Short(len)) => {
            transfer.segment.truncate(len);
            // A direct call that stops at an odd place has moved the bytes before it; one that asks
            // for so many is refused.
            transfer.direct &= len.is_multiple_of(4096);
            perform(&mut transfer)
        }
        Some(Fault::Fail(errno)) => Err(errno),
        Some(Fault::Panic) => panic!("a panic that the test asked for"),
    }
}
