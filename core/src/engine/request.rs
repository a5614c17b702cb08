//! Requests: the engine's side, from acceptance to delivery.

use std::{path::Path, sync::Arc, time::Instant};

use crate::{
    buf::Memory,
    engine::{
        admission::Permit,
        file::Priority,
        flights::{Epoch, Flights},
        plan::{Block, Needs, Plan, Route},
        stats::Counters,
        trace::RequestTrace,
    },
    error::{Cause, Error, ErrorKind, Operation},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering},
        lock,
    },
    sys::{
        Direction, LaneKind,
        file::{ByThread, OpenFile},
    },
};

/// Who is told that a request has ended.
pub(crate) trait Delivery: Send + Sync {
    /// Called when nothing of the engine touches the request's memory any more. This or `lose` is
    /// called, once.
    fn deliver(&self, result: Result<(), Error>);

    /// Called in the place of `deliver` when the engine ends while a block is in flight: the
    /// memory stays the engine's until `release`.
    fn lose(&self, error: Error);

    /// Called once after `lose`, if that block ever ends: the memory is free again.
    fn release(&self);

    /// Whether `deliver` calls somebody back.
    fn calls_back(&self) -> bool {
        false
    }
}

/// What a request needs of its engine.
pub(crate) trait Host: Send + Sync {
    fn counters(&self) -> &Counters;

    /// Whether user code has forked, and this is the child, where no lock may be taken.
    fn is_forked(&self) -> bool;

    /// Queues a request that was accepted and held back until now, or tells why it is refused.
    fn submit_held(self: Arc<Self>, request: &Arc<Request>) -> Result<(), ErrorKind>;

    /// A request that was held back will not be queued.
    fn drop_held(self: Arc<Self>);

    /// Has the request's blocks in flight cancelled, where the backend can.
    fn stop(self: Arc<Self>, request: &Request);

    /// Takes out of the queue what nobody has claimed of the request; none if that is nothing.
    fn withdraw(self: Arc<Self>, request: &Request) -> Option<Unclaimed>;
}

/// The blocks of a request that nobody has claimed, which are its last ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unclaimed {
    pub(crate) first: usize,
    pub(crate) count: usize,
}

/// What was asked for.
pub(crate) struct Asked {
    pub(crate) direction: Direction,
    pub(crate) memory: Memory,
    /// Where in the file, in bytes.
    pub(crate) offset: u64,
    pub(crate) plan: Plan,
    pub(crate) priority: Priority,
    /// Whether the file is to end where the request does.
    pub(crate) to_end: bool,
    /// Whether its blocks are known to be copied from memory to memory, with no device to wait for.
    pub(crate) copied: bool,
    /// Whether some of its blocks go from memory to the device and back as they are.
    pub(crate) direct: bool,
}

/// A request that was accepted: its blocks are claimed by workers, and the one that completes the
/// last of them delivers the result.
pub(crate) struct Request {
    asked: Asked,
    host: Arc<dyn Host>,
    holdings: Mutex<Holdings>,
    path: Arc<Path>,
    flights: Arc<Flights>,
    /// Its number in the line of the queue it waits in; the queue's own.
    place: AtomicU64,
    /// Blocks that are neither completed nor given up.
    remaining: AtomicUsize,
    /// Bytes moved so far, in whatever order.
    moved: AtomicUsize,
    /// The position in `failure`, to be read without its lock; `usize::MAX` if there is none.
    failed_at: AtomicUsize,
    /// The first failure in file order so far: bytes before it, and why.
    failure: Mutex<Option<(usize, Cause)>>,
    /// Whether its blocks in flight may be cancelled.
    cancelled: AtomicBool,
    /// How it was delivered: one of the constants below.
    delivered: AtomicU8,
    /// The file's.
    by_thread: Arc<ByThread>,
    epoch: Epoch,
    accepted: Instant,
    trace: RequestTrace,
    delivery: Arc<dyn Delivery>,
}

const NOT_YET: u8 = 0;
/// `lose` is being told.
const LOSING: u8 = 1;
/// `lose` was told, and the last block is still to end.
const LOST: u8 = 2;
/// The last block has ended.
const ENDED: u8 = 3;

/// What a request has of others and gives back when it ends, however long it is kept itself.
struct Holdings {
    /// So that the descriptors of a file that nobody else has are closed when its last ticket
    /// resolves.
    open: Option<Arc<OpenFile>>,
    permit: Option<Permit>,
}

impl Request {
    /// Takes on a request; it counts as in flight from here on. Its result is delivered once its
    /// blocks are completed or it is refused.
    pub(crate) fn accept(
        asked: Asked,
        open: &Arc<OpenFile>,
        flights: Arc<Flights>,
        host: Arc<dyn Host>,
        permit: Option<Permit>,
        delivery: Arc<dyn Delivery>,
    ) -> Arc<Self> {
        let trace = RequestTrace::begin(&asked, open.path());
        host.counters().accepted();
        let blocks = blocks_of(&asked);
        let epoch =
            if is_barrier(asked.direction) { flights.begin_barrier() } else { flights.begin() };
        Arc::new(Self {
            asked,
            host,
            holdings: Mutex::new(Holdings { open: Some(Arc::clone(open)), permit }),
            path: Arc::clone(open.path()),
            flights,
            place: AtomicU64::new(u64::MAX),
            remaining: AtomicUsize::new(blocks),
            moved: AtomicUsize::new(0),
            failed_at: AtomicUsize::new(usize::MAX),
            failure: Mutex::new(None),
            cancelled: AtomicBool::new(false),
            delivered: AtomicU8::new(NOT_YET),
            by_thread: Arc::clone(open.by_thread()),
            epoch,
            accepted: Instant::now(),
            trace,
            delivery,
        })
    }

    pub(crate) fn accepted_at(&self) -> Instant {
        self.accepted
    }

    pub(crate) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// The file, for as long as the request has not ended.
    pub(crate) fn open_file(&self) -> Option<Arc<OpenFile>> {
        lock(&self.holdings).open.clone()
    }

    pub(crate) fn blocks(&self) -> usize {
        blocks_of(&self.asked)
    }

    /// Whether it waits for the earlier requests of its file before it is queued.
    pub(crate) fn is_barrier(&self) -> bool {
        is_barrier(self.asked.direction)
    }

    /// Keeps a barrier back until the earlier requests of its file have ended; `false` if they
    /// have.
    pub(crate) fn hold_back(self: &Arc<Self>) -> bool {
        self.flights.hold_back(self)
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(crate) fn place(&self) -> &AtomicU64 {
        &self.place
    }

    /// The block of that number; none past the last.
    pub(crate) fn block(&self, number: usize) -> Option<Block> {
        if self.asked.plan.blocks() == 0 {
            let empty = Block { start: 0, len: 0, route: Route::Buffered };
            return (number == 0).then_some(empty);
        }
        let mut block = self.asked.plan.block(number)?;
        if block.route == Route::Direct && !self.suits_direct(&block) {
            block.route = Route::Bounced;
        }
        Some(block)
    }

    /// The kind of lane that its next block is likely to be for.
    pub(crate) fn suited(&self) -> LaneKind {
        let writes = self.asked.direction == Direction::Write;
        match self.asked.direction {
            Direction::Read | Direction::Write if self.by_thread.lately(writes) => LaneKind::Thread,
            Direction::Read | Direction::Write if self.asked.direct => LaneKind::Ring,
            Direction::Sync | Direction::SyncAll | Direction::Allocate(_) => LaneKind::Ring,
            Direction::Read | Direction::Write | Direction::Flush(_) => LaneKind::Thread,
        }
    }

    /// Whether the block's memory is aligned for O_DIRECT.
    fn suits_direct(&self, block: &Block) -> bool {
        self.asked.plan.needs().is_some_and(|Needs { memory, unit }| {
            self.asked.memory.is_aligned(block.start, block.len, memory, unit)
        })
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

    /// Notes that the block of this number and those after it will not be begun.
    pub(crate) fn fail_from(&self, block: usize, reason: ErrorKind) {
        let start = self.block(block).map_or(self.asked.plan.len(), |block| block.start);
        self.fail(start, reason.into());
    }

    /// So many more bytes have been moved.
    pub(crate) fn moved(&self, bytes: usize) {
        self.moved.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes moved so far, and bytes asked for.
    pub(crate) fn progress(&self) -> (usize, usize) {
        (self.moved.load(Ordering::Relaxed), self.asked.plan.len())
    }

    /// Begins no more blocks; those that were claimed run to their end, or to where the system lets go
    /// of them. If there are none the request ends here and now.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        if self.is_barrier() && self.flights.take_back(self) {
            if !self.has_failed_before(0) {
                Arc::clone(&self.host).drop_held();
            }
            self.refuse(ErrorKind::Cancelled);
        } else if let Some(Unclaimed { first, count }) = Arc::clone(&self.host).withdraw(self) {
            self.fail_from(first, ErrorKind::Cancelled);
            self.complete(count);
        }
        if self.remaining.load(Ordering::Acquire) > 0 {
            Arc::clone(&self.host).stop(self);
        }
    }

    /// Whether its blocks in flight may be cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// So many blocks are over and done with; after the last one the result is delivered.
    pub(crate) fn complete(&self, blocks: usize) {
        if self.have_ended(blocks) {
            submit_all(self.end());
        }
    }

    /// Whether its end, once so many blocks more have completed, runs a callback.
    pub(crate) fn calls_back_with(&self, blocks: usize) -> bool {
        self.remaining.load(Ordering::Acquire) == blocks && self.delivery.calls_back()
    }

    /// Whether these blocks were the last ones.
    fn have_ended(&self, blocks: usize) -> bool {
        blocks > 0 && self.remaining.fetch_sub(blocks, Ordering::AcqRel) == blocks
    }

    /// The queue does not take the request.
    pub(crate) fn refuse(&self, reason: impl Into<Cause>) {
        self.fail(0, reason.into());
        self.complete(self.blocks());
    }

    /// The queue does not take a barrier, which ends once the earlier requests of its file have.
    pub(crate) fn refuse_in_turn(self: &Arc<Self>, reason: ErrorKind) {
        self.fail(0, reason.into());
        if !self.hold_back() {
            self.complete(self.blocks());
        }
    }

    /// The engine ends without waiting for the blocks in flight.
    pub(crate) fn lose(&self) {
        if self.go_from(NOT_YET, LOSING).is_err() {
            return;
        }
        self.cancelled.store(true, Ordering::Release);
        let permit = lock(&self.holdings).permit.take();
        let error = self.error(operation(self.asked.direction), ErrorKind::ShutDown.into(), 0);
        let result = Err(error);
        self.ended(&result);
        drop(permit);
        if let Err(error) = result {
            self.delivery.lose(error);
        }
        if self.go_from(LOSING, LOST).is_err() {
            // The last block has ended meanwhile and left it to this.
            self.delivery.release();
        }
        submit_all(self.flights.end(self.epoch));
    }

    fn go_from(&self, state: u8, next: u8) -> Result<u8, u8> {
        self.delivered.compare_exchange(state, next, Ordering::AcqRel, Ordering::Acquire)
    }

    /// Delivers the result. Returns the file's barriers that need not wait any more.
    fn end(&self) -> Vec<Arc<Self>> {
        let mut holdings = lock(&self.holdings);
        let (open, permit) = (holdings.open.take(), holdings.permit.take());
        drop(holdings);
        let before = self.delivered.swap(ENDED, Ordering::AcqRel);
        if before != NOT_YET {
            drop(open);
            if before == LOST {
                self.delivery.release();
            }
            return Vec::new();
        }
        let failure = *lock(&self.failure);
        let result = match failure {
            None => self.cut(open.as_deref()),
            Some((done, cause)) => Err(self.error(operation(self.asked.direction), cause, done)),
        };
        drop(open);
        self.ended(&result);
        drop(permit);
        self.delivery.deliver(result);
        if self.host.is_forked() { Vec::new() } else { self.flights.end(self.epoch) }
    }

    /// Tells those who watch.
    fn ended(&self, result: &Result<(), Error>) {
        let Asked { direction, plan, .. } = &self.asked;
        let took = self.accepted.elapsed();
        self.host.counters().ended(*direction, plan.len(), took, result.is_err());
        self.trace.end(plan.len(), result);
    }

    /// Makes the file end where the request does, if that was asked for.
    fn cut(&self, open: Option<&OpenFile>) -> Result<(), Error> {
        let (Some(open), true) = (open, self.asked.to_end) else {
            return Ok(());
        };
        let len = self.asked.plan.len();
        open.cut_to(self.asked.offset + len as u64)
            .map_err(|errno| self.error(Operation::Truncate, errno.into(), len))
    }

    fn error(&self, operation: Operation, cause: Cause, done: usize) -> Error {
        let wanted = wanted(self.asked.direction, self.asked.plan.len());
        Error::new(operation, cause).at_path(&self.path).for_range(self.asked.offset, wanted, done)
    }
}

/// Queues barriers that were held back. One that is refused ends here and lets the next one go: in
/// this loop, since each being the other's caller any number of them would need as much stack.
fn submit_all(mut barriers: Vec<Arc<Request>>) {
    while let Some(barrier) = barriers.pop() {
        if let Err(reason) = Arc::clone(&barrier.host).submit_held(&barrier) {
            barrier.fail(0, reason.into());
            if barrier.have_ended(barrier.blocks()) {
                barriers.extend(barrier.end());
            }
        }
    }
}

/// A sync, and a read or write of no bytes, is one empty block.
fn blocks_of(asked: &Asked) -> usize {
    asked.plan.blocks().max(1)
}

fn is_barrier(direction: Direction) -> bool {
    matches!(direction, Direction::Sync | Direction::SyncAll | Direction::Flush(_))
}

/// The length that errors name: of the range, or of the bytes to be moved.
pub(crate) fn wanted(direction: Direction, bytes: usize) -> usize {
    match direction {
        Direction::Flush(len) | Direction::Allocate(len) => {
            usize::try_from(len).unwrap_or(usize::MAX)
        }
        Direction::Read | Direction::Write | Direction::Sync | Direction::SyncAll => bytes,
    }
}

/// What a request of this kind is called in errors.
pub(crate) fn operation(direction: Direction) -> Operation {
    match direction {
        Direction::Read => Operation::Read,
        Direction::Write => Operation::Write,
        Direction::Sync => Operation::Sync,
        Direction::SyncAll => Operation::SyncAll,
        Direction::Flush(_) => Operation::Flush,
        Direction::Allocate(_) => Operation::Preallocate,
    }
}
