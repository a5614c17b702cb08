//! The crew: an engine's workers and all that they share.

use std::{
    io,
    sync::{Arc, Weak},
    thread::{self, JoinHandle},
    time::Instant,
};

use crate::{
    buf::{AioBuf, BufferPool},
    engine::{
        ledger::EngineId,
        queue::{Dispatch, Exited, Queue, Refill},
        request::{Host, Request, Unclaimed},
        stats::Counters,
        trace::EngineTrace,
        user_code,
        worker::{self, Begin},
    },
    error::ErrorKind,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        lock,
    },
    sys::{Backend, LaneId, LaneKind, fork::ForkMark},
};

/// Everything of an engine that its workers use.
pub(crate) struct Crew {
    engine: EngineId,
    process: Arc<ForkMark>,
    block_size: usize,
    single_submit: bool,
    backend: Box<dyn Backend>,
    queue: Queue,
    counters: Counters,
    bounces: BufferPool,
    trace: EngineTrace,
    workers: Mutex<Vec<Member>>,
}

/// A device begins with these while a worker claims more: with all of a deep queue at once, both
/// would wait for each other in turn.
const BLOCKS_AT_ONCE: usize = 4;

/// A worker as the others see it.
struct Member {
    lane: LaneId,
    thread: JoinHandle<()>,
    running: Arc<Running>,
}

/// What the others see of a worker's blocks in flight.
#[derive(Default)]
pub(crate) struct Running {
    /// The requests that they are of, and perhaps some that have ended. Locked by the worker while it
    /// claims, so that whoever locks it afterwards sees what was claimed.
    pub(crate) requests: Mutex<Vec<Weak<Request>>>,
    /// Whether some of them have been cancelled since the worker looked.
    pub(crate) cancelled: AtomicBool,
}

impl Crew {
    /// Starts one worker a group; the others follow when there is work for them.
    pub(crate) fn start(
        engine: EngineId,
        process: Arc<ForkMark>,
        backend: Box<dyn Backend>,
        block_size: usize,
        single_submit: bool,
        refill: Refill,
        background_rate: u64,
    ) -> io::Result<Arc<Self>> {
        let queue = Queue::new(backend.shape(), refill, background_rate);
        let crew = Arc::new(Self {
            engine,
            process,
            block_size,
            single_submit,
            backend,
            queue,
            counters: Counters::default(),
            bounces: BufferPool::for_bounces(),
            trace: EngineTrace::new(),
            workers: Mutex::default(),
        });
        let mut failure = None;
        for lane in crew.queue.first_lanes() {
            if let Err(error) = crew.start_worker(lane, Begin::Parked) {
                // Nothing is queued yet, so nobody is needed in its place.
                let _ = crew.queue.not_started(lane);
                failure = Some(error);
            }
        }
        match failure {
            None => Ok(crew),
            Some(error) => {
                crew.finish(None);
                Err(error)
            }
        }
    }

    pub(crate) fn engine(&self) -> EngineId {
        self.engine
    }

    /// Whether this is a child of the process whose workers these are; then no lock may be taken.
    pub(crate) fn is_forked(&self) -> bool {
        self.process.is_child()
    }

    /// A buffer of a block's size that no user gets to see; none if there is no memory.
    pub(crate) fn bounce_buffer(&self) -> Option<AioBuf> {
        self.bounces.alloc_for_read(self.block_size).ok()
    }

    /// So many blocks that a lane was given are submitted at once, if it does not wait before.
    pub(crate) fn submit_at(&self) -> usize {
        match self.queue.refill() {
            _ if self.single_submit => 1,
            Refill::AsBlocksComplete => BLOCKS_AT_ONCE,
            Refill::AfterBatch => usize::MAX,
        }
    }

    pub(crate) fn backend(&self) -> &dyn Backend {
        &*self.backend
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn trace(&self) -> &EngineTrace {
        &self.trace
    }

    /// Queues a request that was just accepted, or refuses it. A barrier is held back until the
    /// requests before it have ended.
    pub(crate) fn submit(self: &Arc<Self>, request: &Arc<Request>) {
        let submitted = if !request.is_barrier() {
            self.queue.submit(request).map(|dispatch| self.dispatch(dispatch))
        } else {
            match self.queue.hold() {
                // In its turn, too: whoever syncs knows that the earlier requests have ended.
                Err(reason) => return request.refuse_in_turn(reason),
                Ok(()) if request.hold_back() => Ok(()),
                Ok(()) => Arc::clone(self).submit_held(request),
            }
        };
        if let Err(reason) = submitted {
            request.refuse(reason);
        }
    }

    /// Carries out what the queue decided under its lock.
    pub(crate) fn dispatch(self: &Arc<Self>, dispatch: Dispatch) {
        let Dispatch { wake, start, given_up } = dispatch;
        if !wake.is_empty() {
            let at_a_time = if self.single_submit { 1 } else { wake.len() };
            for lanes in wake.chunks(at_a_time) {
                self.counters.notified();
                self.backend.wake(lanes);
            }
        }
        for lane in start {
            // Without this thread the others take longer, that is all: each group has one, and an
            // idle one is woken in its place.
            if self.start_worker(lane, Begin::AtWork).is_err() {
                let instead = self.queue.not_started(lane);
                self.dispatch(instead);
            }
        }
        for (request, blocks) in given_up {
            if self.is_forked() {
                std::mem::forget(request);
                continue;
            }
            request.complete(blocks);
        }
    }

    fn start_worker(self: &Arc<Self>, lane: LaneId, begin: Begin) -> io::Result<()> {
        let running = Arc::new(Running::default());
        let (crew, shared) = (Arc::clone(self), Arc::clone(&running));
        let name = format!("ds-aio {}.{}", lane.group, lane.index);
        // Locked until it is listed: whoever gives the queue up afterwards finds every worker that
        // may have claimed a block.
        let mut workers = lock(&self.workers);
        let thread = thread::Builder::new()
            .name(name)
            .spawn(move || worker::run(&crew, lane, begin, &shared))?;
        self.counters.worker_started();
        workers.push(Member { lane, thread, running });
        Ok(())
    }

    /// After a worker's panic: every request that no worker has begun fails, and later ones are
    /// refused.
    pub(crate) fn poison(self: &Arc<Self>, lane: LaneId) {
        let (given_up, dispatch) = self.queue.poison(lane);
        self.trace.poisoned();
        for (request, Unclaimed { count, .. }) in given_up {
            request.fail(0, ErrorKind::Poisoned.into());
            request.complete(count);
        }
        self.dispatch(dispatch);
    }

    /// Accepts nothing more and waits until all that was accepted is done and the workers have
    /// ended, or until that time; what has not been begun then ends without having been, and who
    /// waits for what is in flight is told that it is lost. On one of the workers itself it does
    /// not wait: they end when they are done.
    pub(crate) fn finish(self: &Arc<Self>, until: Option<Instant>) {
        let dispatch = self.queue.close();
        self.dispatch(dispatch);
        if user_code::is_of(self.engine) {
            return;
        }
        match self.queue.wait_for_exit(until) {
            Exited::All => {}
            Exited::NotInTime => return self.abandon(),
            Exited::NotWaitedFor => return,
        }
        // Not under the lock: a worker's last user code may cancel a request, which takes it.
        let workers = std::mem::take(&mut *lock(&self.workers));
        for Member { thread, .. } in workers {
            // A worker's panic has been told to the requests it failed.
            let _ = thread.join();
        }
    }

    fn abandon(self: &Arc<Self>) {
        let (given_up, dispatch) = self.queue.shut_down();
        for (request, Unclaimed { first, count }) in given_up {
            request.fail_from(first, ErrorKind::ShutDown);
            request.complete(count);
        }
        self.dispatch(dispatch);
        // Threads that are still in a system call end after it, whenever that is.
        let workers = std::mem::take(&mut *lock(&self.workers));
        for Member { lane, running, .. } in workers {
            let requests = std::mem::take(&mut *lock(&running.requests));
            for request in requests.iter().filter_map(Weak::upgrade) {
                request.lose();
            }
            self.have_cancelled(lane, &running);
        }
    }

    /// Has a worker cancel what it has in flight of cancelled requests, if its lane can.
    fn have_cancelled(&self, lane: LaneId, running: &Running) {
        if self.backend.shape().kind(lane) == LaneKind::Ring {
            running.cancelled.store(true, Ordering::Release);
            self.counters.notified();
            self.backend.wake(&[lane]);
        }
    }
}

impl Host for Crew {
    fn counters(&self) -> &Counters {
        self.counters()
    }

    fn is_forked(&self) -> bool {
        self.is_forked()
    }

    fn submit_held(self: Arc<Self>, request: &Arc<Request>) -> Result<(), ErrorKind> {
        if request.has_failed_before(0) {
            // It was refused when it came, and that reason stays.
            return Err(ErrorKind::Closed);
        }
        self.queue.submit_held(request).map(|dispatch| self.dispatch(dispatch))
    }

    fn drop_held(self: Arc<Self>) {
        let dispatch = self.queue.drop_held();
        self.dispatch(dispatch);
    }

    fn stop(self: Arc<Self>, request: &Request) {
        if !self.backend.shape().rings {
            return;
        }
        let is_it = |running: &Weak<Request>| std::ptr::eq(running.as_ptr(), request);
        let workers = lock(&self.workers);
        let has_it = |worker: &&Member| lock(&worker.running.requests).iter().any(is_it);
        let found = workers.iter().filter(has_it);
        let found: Vec<_> =
            found.map(|worker| (worker.lane, Arc::clone(&worker.running))).collect();
        drop(workers);
        for (lane, running) in found {
            self.have_cancelled(lane, &running);
        }
    }

    fn withdraw(self: Arc<Self>, request: &Request) -> Option<Unclaimed> {
        let (unclaimed, dispatch) = self.queue.withdraw(request);
        self.dispatch(dispatch);
        unclaimed
    }
}
