//! The cap on what requests of background priority move.

use std::time::{Duration, Instant};

/// So much that was not used may be made up for, so that a late wake-up costs no throughput.
const SLACK: Duration = Duration::from_millis(50);

/// Spreads bytes over time: each block puts the next one off by its length over the rate.
#[derive(Debug)]
pub(crate) struct RateCap {
    bytes_per_second: u64,
    next: Option<Instant>,
}

impl RateCap {
    /// None for a rate of zero, which is no cap.
    pub(crate) fn new(bytes_per_second: u64) -> Option<Self> {
        (bytes_per_second > 0).then_some(Self { bytes_per_second, next: None })
    }

    /// When the next block may begin, if that is later than now.
    pub(crate) fn not_before(&self) -> Option<Instant> {
        self.next.filter(|&next| next > Instant::now())
    }

    /// A block of so many bytes begins.
    pub(crate) fn begin(&mut self, bytes: usize) {
        let now = Instant::now();
        let earliest = now.checked_sub(SLACK).unwrap_or(now);
        let from = self.next.map_or(now, |next| next.max(earliest));
        let nanos = (bytes as u128 * 1_000_000_000) / u128::from(self.bytes_per_second);
        let cost = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        // A time that no clock reaches is as good as never.
        self.next = from.checked_add(cost).or(Some(from + DISTANT));
    }
}

const DISTANT: Duration = Duration::from_secs(1 << 30);
