//! Requests: the engine's side, from acceptance to delivery.

use std::{path::Path, sync::Arc, time::Instant};

use crate::{
    buf::Memory,
    engine::{
        file::{Epoch, FileState, Flights},
        plan::{Block, Plan, Route},
        stats::Counters,
        trace::RequestTrace,
    },
    error::{Cause, Error, ErrorKind, Operation},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        lock,
    },
    sys::{Direction, file::OpenFile},
};

/// Who is told that a request has ended.
pub(crate) trait Delivery: Send + Sync {
    /// Called exactly once a request, when nothing of the engine touches its memory any more.
    fn deliver(&self, result: Result<(), Error>);
}

/// What was asked for.
pub(crate) struct Asked {
    pub(crate) direction: Direction,
    pub(crate) memory: Memory,
    /// Where in the file, in bytes.
    pub(crate) offset: u64,
    pub(crate) plan: Plan,
}

/// A request that was accepted: its blocks are claimed by workers, and the one that completes the
/// last of them delivers the result.
pub(crate) struct Request {
    asked: Asked,
    /// None once the request has ended, so that the descriptors of a file that nobody else has
    /// are closed when its last ticket resolves, however long others hold the request.
    open: Mutex<Option<Arc<OpenFile>>>,
    path: Arc<Path>,
    flights: Arc<Flights>,
    /// Blocks that are neither completed nor given up.
    remaining: AtomicUsize,
    /// Blocks that were claimed, which are the first so many.
    claimed: AtomicUsize,
    /// Bytes moved so far, in whatever order.
    moved: AtomicUsize,
    /// The position in `failure`, to be read without its lock; `usize::MAX` if there is none.
    failed_at: AtomicUsize,
    /// The first failure in file order so far: bytes before it, and why.
    failure: Mutex<Option<(usize, Cause)>>,
    epoch: Epoch,
    accepted: Instant,
    trace: RequestTrace,
    counters: Arc<Counters>,
    delivery: Arc<dyn Delivery>,
}

impl Request {
    /// Takes on a request; it counts as in flight from here on. Its result is delivered once its
    /// blocks are completed or it is refused.
    pub(crate) fn accept(
        asked: Asked,
        file: &FileState,
        counters: Arc<Counters>,
        delivery: Arc<dyn Delivery>,
    ) -> Arc<Self> {
        let trace = RequestTrace::begin(&asked, file.open.path());
        counters.accepted();
        let blocks = blocks_of(&asked);
        Arc::new(Self {
            asked,
            open: Mutex::new(Some(Arc::clone(&file.open))),
            path: Arc::clone(file.open.path()),
            flights: Arc::clone(&file.flights),
            remaining: AtomicUsize::new(blocks),
            claimed: AtomicUsize::new(0),
            moved: AtomicUsize::new(0),
            failed_at: AtomicUsize::new(usize::MAX),
            failure: Mutex::new(None),
            epoch: file.flights.begin(),
            accepted: Instant::now(),
            trace,
            counters,
            delivery,
        })
    }

    pub(crate) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// The file, for as long as the request has not ended.
    pub(crate) fn open_file(&self) -> Option<Arc<OpenFile>> {
        lock(&self.open).clone()
    }

    pub(crate) fn blocks(&self) -> usize {
        blocks_of(&self.asked)
    }

    /// The block of that number; none past the last.
    pub(crate) fn block(&self, number: usize) -> Option<Block> {
        if self.asked.plan.blocks() == 0 {
            let empty = Block { start: 0, len: 0, route: Route::Buffered };
            return (number == 0).then_some(empty);
        }
        self.asked.plan.block(number)
    }

    /// Whether the request has failed where this block starts or before, so that the block need not
    /// be begun. A block before the failure must be: its bytes count as transferred.
    pub(crate) fn has_failed_before(&self, block: usize) -> bool {
        let failed_at = self.failed_at.load(Ordering::Acquire);
        failed_at != usize::MAX && self.block(block).is_none_or(|block| failed_at <= block.start)
    }

    /// Notes that byte `position` of the request and those after it were not transferred.
    pub(crate) fn fail(&self, position: usize, cause: Cause) {
        let mut failure = lock(&self.failure);
        if failure.is_none_or(|(first, _)| position < first) {
            *failure = Some((position, cause));
            self.failed_at.store(position, Ordering::Release);
        }
    }

    /// The first `blocks` blocks are claimed from now on.
    pub(crate) fn claimed(&self, blocks: usize) {
        self.claimed.store(blocks, Ordering::Relaxed);
    }

    /// So many more bytes have been moved.
    pub(crate) fn moved(&self, bytes: usize) {
        self.moved.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes moved so far, and bytes asked for.
    pub(crate) fn progress(&self) -> (usize, usize) {
        (self.moved.load(Ordering::Relaxed), self.asked.plan.len())
    }

    /// Begins no more blocks. Those that were claimed run to their end; one that is claimed at this
    /// moment may, too, and is then not counted as done.
    pub(crate) fn cancel(&self) {
        if let Some(block) = self.block(self.claimed.load(Ordering::Relaxed)) {
            self.fail(block.start, ErrorKind::Cancelled.into());
        }
    }

    /// So many blocks are over and done with; after the last one the result is delivered.
    pub(crate) fn complete(&self, blocks: usize) {
        if blocks > 0 && self.remaining.fetch_sub(blocks, Ordering::AcqRel) == blocks {
            self.end();
        }
    }

    /// The queue does not take the request.
    pub(crate) fn refuse(&self, reason: ErrorKind) {
        self.fail(0, reason.into());
        self.complete(self.blocks());
    }

    fn end(&self) {
        let asked = &self.asked;
        let wanted = asked.plan.len();
        let failure = *lock(&self.failure);
        let result = match failure {
            None => Ok(()),
            Some((done, cause)) => Err(Error::new(operation(asked.direction), cause)
                .at_path(&self.path)
                .for_range(asked.offset, wanted, done)),
        };
        let open = lock(&self.open).take();
        drop(open);
        self.counters.ended(asked.direction, wanted, self.accepted.elapsed(), &result);
        self.trace.end(wanted, &result);
        self.delivery.deliver(result);
        self.flights.end(self.epoch);
    }
}

/// A sync, and a read or write of no bytes, is one empty block.
fn blocks_of(asked: &Asked) -> usize {
    asked.plan.blocks().max(1)
}

pub(crate) fn operation(direction: Direction) -> Operation {
    match direction {
        Direction::Read => Operation::Read,
        Direction::Write => Operation::Write,
        Direction::Sync => Operation::Sync,
    }
}
