//! Statistics as people read them.

use std::{fmt, time::Duration};

use super::{Latencies, Stats};

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<5} {:>9} {:>7} {:>10} {:>10} {:>26} {:>26}",
            "",
            "requests",
            "failed",
            "asked",
            "moved",
            "latency 50 / 99 / 100 %",
            "transfer 50 / 99 / 100 %"
        )?;
        for (name, operation) in self.operations() {
            writeln!(
                f,
                "{name:<5} {:>9} {:>7} {:>10} {:>10} {:>26} {:>26}",
                operation.requests,
                operation.failed,
                bytes(operation.bytes_asked),
                bytes(operation.bytes_moved),
                spread(&operation.latency),
                spread(&operation.transfer_time),
            )?;
        }
        writeln!(
            f,
            "in flight: {} requests (peak {}), {} blocks (peak {})",
            self.in_flight, self.peak_in_flight, self.blocks_in_flight, self.peak_blocks_in_flight
        )?;
        writeln!(
            f,
            "moved: {} direct, {} bounced, {} through the page cache ({} found there)",
            bytes(self.direct_bytes),
            bytes(self.bounced_bytes),
            bytes(self.buffered_bytes),
            bytes(self.cached_bytes)
        )?;
        write!(
            f,
            "{} transfers, {} notifications, {} workers started",
            self.transfers, self.notifications, self.workers
        )
    }
}

/// In the largest binary unit of which there is one, with one decimal, cut off.
fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut unit = count;
    let mut rest = 0;
    let mut name = "B";
    for larger in UNITS {
        if unit < 1024 {
            break;
        }
        (unit, rest, name) = (unit / 1024, unit % 1024, larger);
    }
    if name == "B" { format!("{unit} B") } else { format!("{unit}.{} {name}", rest * 10 / 1024) }
}

fn spread(latencies: &Latencies) -> String {
    let shown = [50.0, 99.0, 100.0]
        .map(|percent| latencies.percentile(percent).map_or_else(|| "-".to_owned(), duration));
    shown.join(" / ")
}

fn duration(duration: Duration) -> String {
    let (nanos, micros, millis) = (duration.as_nanos(), duration.as_micros(), duration.as_millis());
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..10_000_000 => format!("{micros} us"),
        10_000_000..10_000_000_000 => format!("{millis} ms"),
        _ => format!("{} s", duration.as_secs()),
    }
}
