//! What an engine has done so far.

mod counters;
mod display;
mod latency;

pub(crate) use counters::Counters;
pub use latency::Latencies;

/// A snapshot of what an engine has done since it started; [`Stats::since`] gives what it did
/// between two.
///
/// The counters are read one after the other while requests go on, so sums agree exactly only
/// when none is in flight. A snapshot takes a few microseconds and 80 KiB.
///
/// Shown (`{}`), it is a table for people to read.
///
/// ```
/// use ds_aio::{Engine, EngineSettings};
///
/// # let dir = tempfile::tempdir()?;
/// let engine = Engine::new(&EngineSettings::default())?;
/// let file = engine.create(dir.path().join("t0.swp"))?;
/// let buf = engine.pwrite(&file, engine.alloc(3 << 20)?, 0).wait()?;
/// let before = engine.stats();
/// engine.pread(&file, buf, 0).wait()?;
///
/// let reading = engine.stats().since(&before);
/// assert_eq!((reading.read.requests, reading.write.requests), (1, 0));
/// assert_eq!(reading.read.bytes_moved, 3 << 20);
/// assert!(reading.read.latency.percentile(99.0).is_some());
/// println!("{reading}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Requests accepted and not yet ended.
    pub in_flight: u64,
    /// The most requests that were in flight at once.
    pub peak_in_flight: u64,
    /// Blocks that workers have begun and that are not over.
    pub blocks_in_flight: u64,
    /// The most blocks that were in flight at once: at most `thread_count` × `queue_depth`.
    pub peak_blocks_in_flight: u64,
    /// Reads.
    pub read: OperationStats,
    /// Writes.
    pub write: OperationStats,
    /// Syncs and flushes; they move no bytes.
    pub sync: OperationStats,
    /// Preallocations; they move no bytes.
    pub allocation: OperationStats,
    /// System calls made, or entries of an io_uring, to move data or to sync, those that were
    /// interrupted included.
    pub transfers: u64,
    /// Notifications given to workers, each to one or more of them: that there is work, or that what
    /// they have in flight was cancelled.
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
    /// Workers started.
    pub workers: u64,
}

/// What became of the requests of one operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationStats {
    /// Requests that ended, failed ones included.
    pub requests: u64,
    /// Requests that ended with an error; those that were cancelled or refused are among them.
    pub failed: u64,
    /// Bytes that the requests which ended had asked for.
    pub bytes_asked: u64,
    /// Bytes moved, by requests in flight and by failed ones too.
    pub bytes_moved: u64,
    /// How long each request took from its acceptance until its result was there: the time in the
    /// queue and that of its blocks. One for each of `requests`.
    pub latency: Latencies,
    /// How long each system call took from the worker's giving it to the backend to the answer.
    ///
    /// Where this is as long as the latency the device is slow; where it is much shorter requests
    /// wait for each other.
    pub transfer_time: Latencies,
}

impl Stats {
    /// What happened between `earlier` and this snapshot of the same engine: the counters' and the
    /// durations' differences.
    ///
    /// What is in flight is this snapshot's. So are the peaks: those since the engine started, which
    /// the time between may have stayed below. With the snapshots swapped the differences are zero.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            in_flight: self.in_flight,
            peak_in_flight: self.peak_in_flight,
            blocks_in_flight: self.blocks_in_flight,
            peak_blocks_in_flight: self.peak_blocks_in_flight,
            read: self.read.since(&earlier.read),
            write: self.write.since(&earlier.write),
            sync: self.sync.since(&earlier.sync),
            allocation: self.allocation.since(&earlier.allocation),
            transfers: self.transfers.saturating_sub(earlier.transfers),
            notifications: self.notifications.saturating_sub(earlier.notifications),
            direct_bytes: self.direct_bytes.saturating_sub(earlier.direct_bytes),
            bounced_bytes: self.bounced_bytes.saturating_sub(earlier.bounced_bytes),
            buffered_bytes: self.buffered_bytes.saturating_sub(earlier.buffered_bytes),
            cached_bytes: self.cached_bytes.saturating_sub(earlier.cached_bytes),
            workers: self.workers.saturating_sub(earlier.workers),
        }
    }

    /// Requests of all operations that ended, failed ones included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.operations().map(|(_, operation)| operation.requests).sum()
    }

    /// Requests of all operations that ended with an error.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.operations().map(|(_, operation)| operation.failed).sum()
    }

    fn operations(&self) -> impl Iterator<Item = (&'static str, &OperationStats)> {
        [
            ("read", &self.read),
            ("write", &self.write),
            ("sync", &self.sync),
            ("alloc", &self.allocation),
        ]
        .into_iter()
    }
}

impl OperationStats {
    fn since(&self, earlier: &Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(earlier.requests),
            failed: self.failed.saturating_sub(earlier.failed),
            bytes_asked: self.bytes_asked.saturating_sub(earlier.bytes_asked),
            bytes_moved: self.bytes_moved.saturating_sub(earlier.bytes_moved),
            latency: self.latency.since(&earlier.latency),
            transfer_time: self.transfer_time.since(&earlier.transfer_time),
        }
    }
}
