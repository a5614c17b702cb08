//! The two clocks of a bench.

use std::time::{Duration, Instant};

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use nix::time::{ClockId, clock_gettime};

/// The CPU time that all threads of this process use together: what a request costs the machine,
/// however many cores share the work and whatever else runs on them.
pub struct CpuTime;

impl CpuTime {
    fn now() -> Duration {
        clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap().into()
    }
}

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        Self::now()
    }

    fn end(&self, start: Duration) -> Duration {
        Self::now() - start
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// A measurement that a bench can also take by itself.
pub trait Clock: Measurement<Value = Duration> + 'static {
    /// Its name in the reports.
    const NAME: &str;

    /// What `work` takes.
    fn time(work: impl FnOnce()) -> Duration;
}

impl Clock for CpuTime {
    const NAME: &str = "cpu";

    fn time(work: impl FnOnce()) -> Duration {
        let start = Self::now();
        work();
        Self::now() - start
    }
}

impl Clock for WallTime {
    const NAME: &str = "wall";

    fn time(work: impl FnOnce()) -> Duration {
        let start = Instant::now();
        work();
        start.elapsed()
    }
}
