//! A lane: what becomes of each transfer, and in which order.

use std::{
    panic::resume_unwind,
    sync::{Arc, PoisonError},
    thread,
    time::Instant,
};

use nix::errno::Errno;

use super::{Flight, Order, Seeded, Shared};
use crate::sys::{
    Completion, Direction, Lane, LaneId, LaneKind, Transfer,
    sim::{
        Excuses,
        faults::Fault,
        mix,
        track::{Part, addresses},
    },
    threads::perform,
};

pub(super) struct SeededLane {
    sim: Seeded,
    id: LaneId,
    held: Vec<Held>,
}

struct Held {
    transfer: Transfer,
    request: Option<(usize, Part)>,
    rank: u64,
    fault: Option<Fault>,
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
    pub(super) fn new(sim: Seeded, id: LaneId) -> Self {
        Self { sim, id, held: Vec::new() }
    }

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
            let track = &state.tracks[*number];
            // A call of a sync that was cancelled may be the next one's, and it has no buffer.
            if track.is_over() && !(track.is_sync() && track.is_cancelled()) {
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
