//! Workers: each drives one lane, claims blocks, and sees every one through to its end.

use std::{
    sync::{Arc, Weak},
    time::Instant,
};

use crate::{
    buf::{AioBuf, Memory},
    engine::{
        block_run::{Run, route_of, suited_for},
        crew::{Crew, Running},
        plan::{Block, Route},
        queue::{Claim, Finished, Refill, Step, Waits},
        request::Request,
        user_code::{self, contain},
    },
    error::{Cause, ErrorKind},
    sync::{atomic::Ordering, lock},
    sys::{
        Completion, Direction, Lane, LaneId, LaneKind, MAX_BUFFERS, Transfer, file::OpenFile,
        signals,
    },
};

/// How a worker's life begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// The queue counts it as idle and will wake it.
    Parked,
    /// It asks the queue for work.
    AtWork,
}

/// The life of a worker's thread.
pub(crate) fn run(crew: &Arc<Crew>, id: LaneId, begin: Begin, running: &Running) {
    signals::leave_to_others();
    user_code::works_for(crew.engine());
    let mut worker = None;
    let ended = contain(|| {
        let worker = worker.insert(Worker::new(crew, id, running));
        if begin == Begin::Parked {
            worker.lane.park(None);
        }
        worker.work();
    });
    if crew.is_forked() {
        // All that it holds is the parent's.
        std::mem::forget(worker);
        return;
    }
    if ended {
        return;
    }
    if let Some(Worker { lane, slots, .. }) = worker {
        // Before the buffers go back to their owners nothing may be under way any more.
        contain(|| drop(lane));
        for Run { claim, file, .. } in slots.into_iter().flatten() {
            drop(file);
            crew.counters().block_ended();
            claim.request.fail(0, ErrorKind::Poisoned.into());
            claim.request.complete(1);
        }
    }
    crew.poison(id);
}

struct Worker<'crew> {
    crew: &'crew Arc<Crew>,
    id: LaneId,
    lane: Box<dyn Lane>,
    running: &'crew Running,
    kind: LaneKind,
    /// The blocks in flight; a slot's number is its transfer's token.
    slots: Vec<Option<Run>>,
    /// The numbers of the slots without one.
    free: Vec<usize>,
    /// Transfers that the lane was given since it last submitted.
    pushed: usize,
    /// A bounce buffer for each slot that ever needed one.
    bounce: Vec<Option<AioBuf>>,
    /// Completed since the queue was told.
    finished: Finished,
}

impl<'crew> Worker<'crew> {
    fn new(crew: &'crew Arc<Crew>, id: LaneId, running: &'crew Running) -> Self {
        let lane = crew.backend().lane(id);
        let shape = crew.backend().shape();
        let (kind, depth) = (shape.kind(id), shape.depth_of(id));
        lock(&running.requests).resize_with(depth, Weak::new);
        Self {
            crew,
            id,
            lane,
            running,
            kind,
            slots: (0..depth).map(|_| None).collect(),
            free: (0..depth).rev().collect(),
            pushed: 0,
            bounce: (0..depth).map(|_| None).collect(),
            finished: Finished::default(),
        }
    }

    fn work(&mut self) {
        let mut arriving = true;
        // What has completed and has not been seen to: one after the other, with a new block for each.
        let mut completions = Vec::with_capacity(self.slots.len());
        // User code may fork and come back in both processes.
        while !self.crew.is_forked() {
            let step = match self.free.last() {
                Some(&free) => {
                    let waits = if completions.is_empty() { self.waits() } else { Waits::Not };
                    let step = self.next(free, waits, arriving);
                    arriving = false;
                    step
                }
                None => Step::Wait(None),
            };
            if self.crew.is_forked() {
                // A request that was given up has run user code on the way here.
                std::mem::forget(step);
                return;
            }
            match step {
                Step::Run(claim) => self.begin(claim),
                Step::Wait(until) => match completions.pop() {
                    Some(completion) => self.arrived(completion),
                    None => {
                        arriving = !self.free.is_empty();
                        self.wait(until, &mut completions);
                    }
                },
                Step::Park(until) => {
                    self.lane.park(until);
                    arriving = true;
                }
                Step::Exit => return,
            }
        }
    }

    fn waits(&self) -> Waits {
        if self.in_flight() > 0 { Waits::WithBlocks } else { Waits::Idle }
    }

    /// Asks the queue what to do with a free slot.
    fn next(&mut self, free: usize, waits: Waits, arriving: bool) -> Step {
        let finished = std::mem::take(&mut self.finished);
        let mut running = lock(&self.running.requests);
        let (step, dispatch) = self.crew.queue().next(self.id, finished, waits, arriving);
        if let (Step::Run(claim), Some(place)) = (&step, running.get_mut(free)) {
            *place = Arc::downgrade(&claim.request);
        }
        drop(running);
        self.crew.dispatch(dispatch);
        step
    }

    fn in_flight(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Starts a claimed block in a free slot, or leaves it to a lane that suits it better.
    fn begin(&mut self, claim: Claim) {
        let (block, file) = (claim.request.block(claim.block), claim.request.open_file());
        let (Some(block), Some(file)) = (block, file) else {
            return self.cannot_begin(&claim);
        };
        let route = claim.route.unwrap_or_else(|| route_of(&claim.request, &block, &file));
        let suited = self.suited_for(&claim, &block, route, &file);
        if suited != self.kind {
            // Let go first: whoever takes the block may complete the request before this goes on.
            drop(file);
            if let Some(claim) = self.hand_over(claim, suited, route) {
                // There is nobody else, so it stays.
                self.begin(claim);
            }
            return;
        }
        let Some(slot) = self.free.pop() else {
            return self.cannot_begin(&claim);
        };
        let pushed = claim.request.accepted_at();
        self.slots[slot] = Some(Run { claim, file, block, done: 0, route, pushed });
        self.crew.counters().block_begun();
        self.push(slot);
    }

    /// The kind of lane that a claim is for; this one's if it stays here.
    fn suited_for(&self, claim: &Claim, block: &Block, route: Route, file: &OpenFile) -> LaneKind {
        let shape = self.crew.backend().shape();
        if claim.stays || shape.existing(self.kind.other()) == self.kind {
            return self.kind;
        }
        shape.existing(suited_for(&claim.request, block, route, file))
    }

    /// It does not happen: the queue hands out blocks of requests that have not ended, to lanes with a
    /// free slot.
    fn cannot_begin(&mut self, claim: &Claim) {
        claim.request.fail(0, ErrorKind::Poisoned.into());
        self.completed(&claim.request);
    }

    /// Leaves a claim to another lane; gives it back if there is none.
    fn hand_over(&self, mut claim: Claim, suited: LaneKind, route: Route) -> Option<Claim> {
        (claim.route, claim.stays) = (Some(route), true);
        match self.crew.queue().hand_over(self.id, suited, claim) {
            Ok(dispatch) => {
                self.crew.dispatch(dispatch);
                None
            }
            Err(claim) => Some(claim),
        }
    }

    /// Hands what is left of a slot's block to the lane.
    fn push(&mut self, slot: usize) {
        let Some(run) = &mut self.slots[slot] else {
            return;
        };
        let asked = run.claim.request.asked();
        let start = run.block.start + run.done;
        let left = run.block.len - run.done;
        let memory = &asked.memory;
        let mut bounced = None;
        if run.route == Route::Bounced {
            let bounce = &mut self.bounce[slot];
            if bounce.is_none() {
                *bounce = self.crew.bounce_buffer();
            }
            match bounce {
                Some(bounce) => {
                    let segment = bounced.insert(Memory::of_mut(bounce).segment(0, left));
                    if asked.direction == Direction::Write {
                        segment.copy_from(&memory.segment(start, left));
                    }
                }
                // Without memory for the detour the page cache will do, where it is allowed.
                None => match run.detour() {
                    Some(route) => run.route = route,
                    None => return self.fail(slot, ErrorKind::OutOfMemory.into()),
                },
            }
        }
        run.pushed = Instant::now();
        self.lane.push(Transfer {
            token: slot,
            direction: asked.direction,
            file: Arc::clone(&run.file),
            direct: run.route.is_direct(),
            // What lies in buffers beyond these goes on as after a short count.
            segment: bounced.unwrap_or_else(|| memory.segment_in(start, left, MAX_BUFFERS)),
            offset: asked.offset + start as u64,
        });
        // What goes on after a short count, say, was not there to be cancelled.
        if run.claim.request.is_cancelled() {
            self.lane.cancel(slot);
        }
        self.pushed += 1;
        if self.pushed >= self.crew.submit_at() {
            self.submit();
        }
    }

    fn wait(&mut self, until: Option<Instant>, completions: &mut Vec<Completion>) {
        let at_least = match self.crew.queue().refill() {
            Refill::AsBlocksComplete => 1,
            Refill::AfterBatch => self.in_flight(),
        };
        self.pushed = 0;
        self.lane.wait(at_least, until, completions);
        if self.running.cancelled.swap(false, Ordering::Acquire) {
            self.cancel();
        }
        // The first to come is the first to be taken.
        completions.reverse();
    }

    /// Cancels what is in flight of cancelled requests.
    fn cancel(&mut self) {
        for (slot, run) in self.slots.iter().enumerate() {
            if run.as_ref().is_some_and(|run| run.claim.request.is_cancelled()) {
                self.lane.cancel(slot);
            }
        }
    }

    /// A transfer is over: its block is, too, or goes on.
    fn arrived(&mut self, completion: Completion) {
        let slot = completion.token;
        let Some(run) = self.slots.get_mut(slot).and_then(Option::as_mut) else {
            return;
        };
        let moved = match completion.result {
            Ok(count) => count.min(run.block.len - run.done),
            Err(_) => 0,
        };
        let direction = run.claim.request.asked().direction;
        self.crew.counters().transferred(direction, run.route, moved, run.pushed.elapsed());
        run.claim.request.moved(moved);
        if run.route == Route::Bounced
            && direction == Direction::Read
            && let Some(bounce) = &mut self.bounce[slot]
        {
            let into = run.block.start + run.done;
            let bounced = Memory::of_mut(bounce).segment(0, moved);
            run.claim.request.asked().memory.segment(into, moved).copy_from(&bounced);
        }
        run.done += moved;
        if run.goes_on_after(completion.result) {
            self.push(slot);
        } else {
            self.ended(slot);
        }
    }

    /// A slot's block goes no further than it is.
    fn fail(&mut self, slot: usize, cause: Cause) {
        if let Some(run) = &self.slots[slot] {
            run.claim.request.fail(run.block.start + run.done, cause);
        }
        self.ended(slot);
    }

    fn ended(&mut self, slot: usize) {
        if let Some(Run { claim, file, .. }) = self.slots[slot].take() {
            self.free.push(slot);
            self.crew.counters().block_ended();
            drop(file);
            // Nobody else can begin what this lane was given, and a callback may take long.
            if self.pushed > 0 && claim.request.calls_back_with(1) {
                self.submit();
            }
            self.completed(&claim.request);
        }
    }

    fn submit(&mut self) {
        self.lane.submit();
        self.pushed = 0;
    }

    fn completed(&mut self, request: &Request) {
        self.finished.blocks += 1;
        if !request.asked().copied {
            return request.complete(1);
        }
        let still = user_code::as_copier(self.crew, self.id, || request.complete(1));
        self.finished.copied += usize::from(still);
    }
}
