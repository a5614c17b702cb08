//! The crew: an engine's workers and all that they share.

use std::{
    io,
    sync::Arc,
    thread::{self, JoinHandle},
};

use crate::{
    buf::{AioBuf, BufferPool},
    engine::{
        ledger::EngineId,
        queue::{Dispatch, Queue, Refill},
        stats::Counters,
        worker::{self, Begin},
    },
    error::ErrorKind,
    sync::{Mutex, lock},
    sys::{Backend, LaneId},
};

/// Everything of an engine that its workers use.
pub(crate) struct Crew {
    engine: EngineId,
    block_size: usize,
    single_submit: bool,
    backend: Box<dyn Backend>,
    queue: Queue,
    counters: Arc<Counters>,
    bounces: BufferPool,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Crew {
    /// Starts one worker a group; the others follow when there is work for them.
    pub(crate) fn start(
        engine: EngineId,
        backend: Box<dyn Backend>,
        block_size: usize,
        single_submit: bool,
        refill: Refill,
    ) -> io::Result<Arc<Self>> {
        let queue = Queue::new(backend.shape(), refill);
        let crew = Arc::new(Self {
            engine,
            block_size,
            single_submit,
            backend,
            queue,
            counters: Arc::default(),
            bounces: BufferPool::for_bounces(),
            threads: Mutex::new(Vec::new()),
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
                crew.finish();
                Err(error)
            }
        }
    }

    pub(crate) fn engine(&self) -> EngineId {
        self.engine
    }

    /// A buffer of a block's size that no user gets to see; none if there is no memory.
    pub(crate) fn bounce_buffer(&self) -> Option<AioBuf> {
        self.bounces.alloc_for_read(self.block_size).ok()
    }

    pub(crate) fn single_submit(&self) -> bool {
        self.single_submit
    }

    pub(crate) fn backend(&self) -> &dyn Backend {
        &*self.backend
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    pub(crate) fn counters(&self) -> &Arc<Counters> {
        &self.counters
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
            request.complete(blocks);
        }
    }

    fn start_worker(self: &Arc<Self>, lane: LaneId, begin: Begin) -> io::Result<()> {
        let crew = Arc::clone(self);
        let name = format!("ds-aio {}.{}", lane.group, lane.index);
        let thread =
            thread::Builder::new().name(name).spawn(move || worker::run(&crew, lane, begin))?;
        self.counters.worker_started();
        lock(&self.threads).push(thread);
        Ok(())
    }

    /// After a worker's panic: every request that no worker has begun fails, and later ones are
    /// refused.
    pub(crate) fn poison(self: &Arc<Self>) {
        let dispatch = self.queue.poison();
        for (request, _) in &dispatch.given_up {
            request.fail(0, ErrorKind::Poisoned.into());
        }
        self.dispatch(dispatch);
    }

    /// Accepts nothing more and waits until all that was accepted is done and the workers have
    /// ended. On one of the workers itself it does not wait: they end when they are done.
    pub(crate) fn finish(self: &Arc<Self>) {
        let dispatch = self.queue.close();
        self.dispatch(dispatch);
        if worker::is_of(self.engine) {
            return;
        }
        self.queue.wait_for_exit();
        for thread in std::mem::take(&mut *lock(&self.threads)) {
            // A worker's panic has been told to the requests it failed.
            let _ = thread.join();
        }
    }
}
