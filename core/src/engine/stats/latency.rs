//! How long things took: recorded by workers, read as percentiles.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use histogram::{AtomicHistogram, Config, Histogram};

/// Buckets are at most 1/32 of their values wide, and below 64 ns exact.
const GROUPING_POWER: u8 = 5;
/// The longest that is told apart is 2^44 ns, almost five hours.
const MAX_VALUE_POWER: u8 = 44;

const CONFIG: Config = match Config::new(GROUPING_POWER, MAX_VALUE_POWER) {
    Ok(config) => config,
    #[allow(clippy::panic, reason = "at compile time alone")]
    Err(_) => panic!("the powers do not fit each other"),
};

/// How long requests or transfers took: counts by duration.
///
/// A duration is never reported shorter than it was, and at most 1/32 (3.1 %) longer; one of more
/// than 2^44 ns, almost five hours, counts as that long.
#[derive(Clone, PartialEq, Eq)]
pub struct Latencies {
    counts: Histogram,
    /// Of all, in nanoseconds.
    sum: u64,
}

impl Latencies {
    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.as_slice().iter().sum()
    }

    /// The duration that so many percent of them did not exceed: `percentile(50.0)` is the median.
    ///
    /// None if there were none, and for anything but a number from 0 to 100.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> Option<Duration> {
        let bucket = self.counts.quantile_bucket(percent / 100.0).ok().flatten()?;
        Some(Duration::from_nanos(bucket.end()))
    }

    /// The longest; none if there were none.
    #[must_use]
    pub fn max(&self) -> Option<Duration> {
        self.percentile(100.0)
    }

    /// The mean, without the rounding of the others; none if there were none.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        self.sum.checked_div(self.count()).map(Duration::from_nanos)
    }

    /// Those since an earlier snapshot.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let mut counts = self.counts.clone();
        for (count, before) in counts.as_mut_slice().iter_mut().zip(earlier.counts.as_slice()) {
            *count = count.saturating_sub(*before);
        }
        Self { counts, sum: self.sum.saturating_sub(earlier.sum) }
    }
}

impl Default for Latencies {
    fn default() -> Self {
        Self { counts: Histogram::with_config(&CONFIG), sum: 0 }
    }
}

impl fmt::Debug for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latencies")
            .field("count", &self.count())
            .field("mean", &self.mean())
            .field("median", &self.percentile(50.0))
            .field("max", &self.max())
            .finish()
    }
}

/// What [`Latencies`] are read from.
#[derive(Debug)]
pub(super) struct Recorder {
    counts: AtomicHistogram,
    sum: AtomicU64,
}

impl Recorder {
    pub(super) fn record(&self, took: Duration) {
        let longest = (1 << MAX_VALUE_POWER) - 1;
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(longest).min(longest);
        // Out of range is an error, which this cannot be.
        let _ = self.counts.increment(nanos);
        self.sum.fetch_add(nanos, Relaxed);
    }

    pub(super) fn snapshot(&self) -> Latencies {
        Latencies { counts: self.counts.load(), sum: self.sum.load(Relaxed) }
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self { counts: AtomicHistogram::with_config(&CONFIG), sum: AtomicU64::new(0) }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn recorded(nanos: &[u64]) -> Latencies {
        let recorder = Recorder::default();
        nanos.iter().for_each(|&nanos| recorder.record(Duration::from_nanos(nanos)));
        recorder.snapshot()
    }

    #[test]
    fn a_duration_is_reported_at_most_a_32nd_too_long() {
        for power in 0..44 {
            for nanos in [1_u64 << power, (3 << power) / 2, (1 << power) + 1, (2 << power) - 1] {
                let told = recorded(&[nanos]).max().unwrap().as_nanos();
                let nanos = u128::from(nanos);
                assert!((nanos..=nanos + nanos / 32).contains(&told), "{nanos} ns told as {told}");
            }
        }
        for nanos in 0..64 {
            assert_eq!(recorded(&[nanos]).max(), Some(Duration::from_nanos(nanos)));
        }
    }

    #[test]
    fn what_is_longer_than_can_be_told_counts_as_the_longest() {
        for longer in [1 << 44, u64::MAX] {
            let latencies = recorded(&[longer]);
            assert_eq!(latencies.count(), 1);
            assert_eq!(latencies.max(), Some(Duration::from_nanos((1 << 44) - 1)));
        }
        let recorder = Recorder::default();
        recorder.record(Duration::MAX);
        assert_eq!(recorder.snapshot().count(), 1);
    }

    #[test]
    fn percentiles_are_of_all_that_was_recorded() {
        let hundred: Vec<u64> = (1..=100).map(|nanos| nanos / 2).collect();
        let latencies = recorded(&hundred);
        let told = |percent| latencies.percentile(percent).map(|told| told.as_nanos());
        assert_eq!((told(0.0), told(1.0), told(3.0)), (Some(0), Some(0), Some(1)));
        assert_eq!((told(50.0), told(99.0), told(100.0)), (Some(25), Some(49), Some(50)));
        assert_eq!(latencies.mean(), Some(Duration::from_nanos(25)));
        assert_eq!(latencies.count(), 100);
    }
}
