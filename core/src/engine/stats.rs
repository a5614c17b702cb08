//! What an engine has done so far.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::{engine::plan::Route, sys::Direction};

/// A snapshot of an engine's counters since it started.
///
/// The counters are read one after the other while requests go on, so sums agree exactly only
/// when none is in flight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Requests accepted and not yet ended.
    pub in_flight: u64,
    /// Reads that ended, failed ones included.
    pub reads: u64,
    /// Writes that ended, failed ones included.
    pub writes: u64,
    /// Syncs and flushes that ended, failed ones included.
    pub syncs: u64,
    /// Preallocations that ended, failed ones included.
    pub allocations: u64,
    /// Requests that ended with an error.
    pub failed: u64,
    /// Bytes that reads which succeeded asked for and got.
    pub bytes_read: u64,
    /// Bytes of writes which succeeded.
    pub bytes_written: u64,
    /// System calls made to move data or to sync.
    pub transfers: u64,
    /// Notifications given to idle workers, each to one or more of them.
    pub notifications: u64,
    /// Bytes moved with O_DIRECT from or to the caller's own memory.
    pub direct_bytes: u64,
    /// Bytes moved with O_DIRECT through a bounce buffer, because the caller's memory was not
    /// aligned for it: a copy each.
    pub bounced_bytes: u64,
    /// Bytes moved through the page cache.
    pub buffered_bytes: u64,
    /// Those of `buffered_bytes` that could have been read with O_DIRECT, and were in the page cache
    /// already.
    pub cached_bytes: u64,
    /// Workers started so far.
    pub workers: u64,
}

/// The counters behind [`Stats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    in_flight: AtomicU64,
    reads: AtomicU64,
    writes: AtomicU64,
    syncs: AtomicU64,
    allocations: AtomicU64,
    failed: AtomicU64,
    bytes_read: AtomicU64,
    bytes_written: AtomicU64,
    transfers: AtomicU64,
    notifications: AtomicU64,
    direct_bytes: AtomicU64,
    bounced_bytes: AtomicU64,
    buffered_bytes: AtomicU64,
    cached_bytes: AtomicU64,
    workers: AtomicU64,
}

impl Counters {
    pub(crate) fn accepted(&self) {
        self.in_flight.fetch_add(1, Relaxed);
    }

    pub(crate) fn ended(&self, direction: Direction, len: usize, failed: bool) {
        let moved = if failed { 0 } else { len as u64 };
        match direction {
            Direction::Read => {
                self.reads.fetch_add(1, Relaxed);
                self.bytes_read.fetch_add(moved, Relaxed);
            }
            Direction::Write => {
                self.writes.fetch_add(1, Relaxed);
                self.bytes_written.fetch_add(moved, Relaxed);
            }
            Direction::Sync | Direction::SyncAll | Direction::Flush(_) => {
                self.syncs.fetch_add(1, Relaxed);
            }
            Direction::Allocate(_) => {
                self.allocations.fetch_add(1, Relaxed);
            }
        }
        self.failed.fetch_add(u64::from(failed), Relaxed);
        self.in_flight.fetch_sub(1, Relaxed);
    }

    pub(crate) fn transferred(&self, route: Route, bytes: usize) {
        self.transfers.fetch_add(1, Relaxed);
        let counter = match route {
            Route::Direct => &self.direct_bytes,
            Route::Bounced => &self.bounced_bytes,
            Route::Buffered => &self.buffered_bytes,
            Route::Resident => {
                self.cached_bytes.fetch_add(bytes as u64, Relaxed);
                &self.buffered_bytes
            }
        };
        counter.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn notified(&self) {
        self.notifications.fetch_add(1, Relaxed);
    }

    pub(crate) fn worker_started(&self) {
        self.workers.fetch_add(1, Relaxed);
    }

    pub(crate) fn snapshot(&self) -> Stats {
        Stats {
            in_flight: self.in_flight.load(Relaxed),
            reads: self.reads.load(Relaxed),
            writes: self.writes.load(Relaxed),
            syncs: self.syncs.load(Relaxed),
            allocations: self.allocations.load(Relaxed),
            failed: self.failed.load(Relaxed),
            bytes_read: self.bytes_read.load(Relaxed),
            bytes_written: self.bytes_written.load(Relaxed),
            transfers: self.transfers.load(Relaxed),
            notifications: self.notifications.load(Relaxed),
            direct_bytes: self.direct_bytes.load(Relaxed),
            bounced_bytes: self.bounced_bytes.load(Relaxed),
            buffered_bytes: self.buffered_bytes.load(Relaxed),
            cached_bytes: self.cached_bytes.load(Relaxed),
            workers: self.workers.load(Relaxed),
        }
    }
}
