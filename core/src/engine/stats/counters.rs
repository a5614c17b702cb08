//! The counters that requests and workers keep up while they go.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use super::{OperationStats, Stats, latency::Recorder};
use crate::{engine::plan::Route, sys::Direction};

/// The counters behind [`Stats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    requests: Gauge,
    blocks: Gauge,
    read: OperationCounters,
    write: OperationCounters,
    sync: OperationCounters,
    allocation: OperationCounters,
    transfers: AtomicU64,
    notifications: AtomicU64,
    direct_bytes: AtomicU64,
    bounced_bytes: AtomicU64,
    buffered_bytes: AtomicU64,
    cached_bytes: AtomicU64,
    workers: AtomicU64,
}

impl Counters {
    /// A request is in flight.
    pub(crate) fn accepted(&self) {
        self.requests.begin();
    }

    /// A request is over, so long after it was accepted.
    pub(crate) fn ended(&self, direction: Direction, len: usize, took: Duration, failed: bool) {
        let operation = self.operation(direction);
        operation.requests.fetch_add(1, Relaxed);
        operation.failed.fetch_add(u64::from(failed), Relaxed);
        operation.bytes_asked.fetch_add(len as u64, Relaxed);
        operation.latency.record(took);
        self.requests.end();
    }

    /// A worker has begun a block.
    pub(crate) fn block_begun(&self) {
        self.blocks.begin();
    }

    /// A block that a worker had begun is over, whatever became of it.
    pub(crate) fn block_ended(&self) {
        self.blocks.end();
    }

    /// The backend has answered a transfer, so long after it was given it.
    pub(crate) fn transferred(
        &self,
        direction: Direction,
        route: Route,
        bytes: usize,
        took: Duration,
    ) {
        self.transfers.fetch_add(1, Relaxed);
        let by_route = match route {
            Route::Direct => &self.direct_bytes,
            Route::Bounced => &self.bounced_bytes,
            Route::Buffered => &self.buffered_bytes,
            Route::Resident => {
                self.cached_bytes.fetch_add(bytes as u64, Relaxed);
                &self.buffered_bytes
            }
        };
        by_route.fetch_add(bytes as u64, Relaxed);
        let operation = self.operation(direction);
        operation.bytes_moved.fetch_add(bytes as u64, Relaxed);
        operation.transfer_time.record(took);
    }

    pub(crate) fn notified(&self) {
        self.notifications.fetch_add(1, Relaxed);
    }

    pub(crate) fn worker_started(&self) {
        self.workers.fetch_add(1, Relaxed);
    }

    pub(crate) fn snapshot(&self) -> Stats {
        Stats {
            in_flight: self.requests.now.load(Relaxed),
            peak_in_flight: self.requests.peak.load(Relaxed),
            blocks_in_flight: self.blocks.now.load(Relaxed),
            peak_blocks_in_flight: self.blocks.peak.load(Relaxed),
            read: self.read.snapshot(),
            write: self.write.snapshot(),
            sync: self.sync.snapshot(),
            allocation: self.allocation.snapshot(),
            transfers: self.transfers.load(Relaxed),
            notifications: self.notifications.load(Relaxed),
            direct_bytes: self.direct_bytes.load(Relaxed),
            bounced_bytes: self.bounced_bytes.load(Relaxed),
            buffered_bytes: self.buffered_bytes.load(Relaxed),
            cached_bytes: self.cached_bytes.load(Relaxed),
            workers: self.workers.load(Relaxed),
        }
    }

    fn operation(&self, direction: Direction) -> &OperationCounters {
        match direction {
            Direction::Read => &self.read,
            Direction::Write => &self.write,
            Direction::Sync | Direction::SyncAll | Direction::Flush(_) => &self.sync,
            Direction::Allocate(_) => &self.allocation,
        }
    }
}

/// Apart from the other operations in memory; see [`Gauge`].
#[derive(Debug, Default)]
#[repr(align(128))]
struct OperationCounters {
    requests: AtomicU64,
    failed: AtomicU64,
    bytes_asked: AtomicU64,
    bytes_moved: AtomicU64,
    latency: Recorder,
    transfer_time: Recorder,
}

impl OperationCounters {
    fn snapshot(&self) -> OperationStats {
        OperationStats {
            requests: self.requests.load(Relaxed),
            failed: self.failed.load(Relaxed),
            bytes_asked: self.bytes_asked.load(Relaxed),
            bytes_moved: self.bytes_moved.load(Relaxed),
            latency: self.latency.snapshot(),
            transfer_time: self.transfer_time.snapshot(),
        }
    }
}

/// How many there are, and the most that there ever were.
///
/// On cache lines of its own: who submits must not wait for what workers count meanwhile.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Gauge {
    now: AtomicU64,
    peak: AtomicU64,
}

impl Gauge {
    fn begin(&self) {
        let now = self.now.fetch_add(1, Relaxed) + 1;
        // Most often it is no peak, and a load leaves the other cores their copy of the line.
        if now > self.peak.load(Relaxed) {
            self.peak.fetch_max(now, Relaxed);
        }
    }

    fn end(&self) {
        self.now.fetch_sub(1, Relaxed);
    }
}
