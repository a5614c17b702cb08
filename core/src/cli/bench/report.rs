//! What a bench found, as a table or JSON.

use std::{
    io::{self, Write},
    path::Path,
    time::Duration,
};

use ds_aio::{EffectiveSettings, Latencies, OperationStats};
use serde::Serialize;

use super::{
    session::{Measured, Timed, files},
    workload::{Case, Doing, Extent, Target, Workload},
};
use crate::cli::output::{DIM, HEAD, bytes};

/// Everything, for JSON.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    pub(super) directory: &'a Path,
    pub(super) settings: Settings,
    pub(super) seed: u64,
    pub(super) warmups: usize,
    pub(super) repeats: usize,
    /// Whether the contents were compared.
    pub(super) verified: bool,
    /// Whether the time of a sync is in that of writes.
    pub(super) synced: bool,
    /// Whether the user stopped it, and results are missing.
    pub(super) interrupted: bool,
    pub(super) results: Vec<CaseReport>,
}

/// What the engines ran with.
#[derive(Debug, Serialize)]
pub(super) struct Settings {
    backend: &'static str,
    block_size: usize,
    queue_depth: usize,
    thread_count: usize,
    single_submit: bool,
    overlap_events: bool,
    direct: String,
    /// Each that is not what was asked for, with the reason.
    differences: Vec<String>,
}

/// A case.
#[derive(Debug, Serialize)]
pub(super) struct CaseReport {
    workload: Workload,
    /// `read`, `write`, `mixed` or `update`.
    operation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Target>,
    files: usize,
    /// Of a repeat.
    requests: u64,
    request_bytes: usize,
    in_flight: usize,
    /// The whole ones.
    repeats: Vec<RepeatReport>,
    /// The one that the user stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<RepeatReport>,
    /// In 10^9 bytes.
    gb_per_s: Option<Spread>,
    requests_per_s: Option<Spread>,
    cpu_s_per_gb: Option<Spread>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<OperationReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    write: Option<OperationReport>,
    direct_bytes: u64,
    bounced_bytes: u64,
    buffered_bytes: u64,
    cached_bytes: u64,
    system_calls: u64,
    huge_page_share: Option<f64>,
    /// Why everything goes through the page cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_direct: Option<String>,
}

#[derive(Debug, Serialize)]
struct RepeatReport {
    bytes: u64,
    seconds: f64,
    cpu_seconds: f64,
}

/// The median of all repeats, and the extremes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

/// Of all repeats together.
#[derive(Debug, Serialize)]
struct OperationReport {
    requests: u64,
    bytes: u64,
    /// From a request's acceptance to its result.
    latency: Percentiles,
    /// Of the system calls, or entries of a ring.
    transfer: Percentiles,
}

/// In microseconds.
#[derive(Debug, Serialize)]
struct Percentiles {
    mean_us: f64,
    p50_us: f64,
    p90_us: f64,
    p99_us: f64,
    p99_9_us: f64,
    max_us: f64,
}

impl Settings {
    pub(super) fn of(settings: &EffectiveSettings) -> Self {
        Self {
            backend: settings.backend,
            block_size: settings.asked.block_size,
            queue_depth: settings.queue_depth,
            thread_count: settings.thread_count,
            single_submit: settings.asked.single_submit,
            overlap_events: settings.asked.overlap_events,
            direct: settings.asked.direct.to_string(),
            differences: settings.differences().map(ToString::to_string).collect(),
        }
    }
}

impl CaseReport {
    pub(super) fn new(
        case: Case,
        extents: &[Extent],
        in_flight: usize,
        measured: &Measured,
    ) -> Self {
        let each = if case.doing == Doing::Updates { 2 } else { 1 };
        let requests = extents.len() as u64 * each;
        let Measured { repeats, stats, .. } = measured;
        let spread = |of: &dyn Fn(&Timed) -> f64| Spread::of(repeats.iter().map(of).collect());
        let seconds = |timed: &Timed| timed.elapsed.as_secs_f64();
        let gb = |timed: &Timed| timed.bytes as f64 / 1e9;
        Self {
            workload: case.workload,
            operation: match case.doing {
                Doing::Reads => "read",
                Doing::Writes(_) => "write",
                Doing::Both { .. } => "mixed",
                Doing::Updates => "update",
            },
            target: if let Doing::Writes(target) = case.doing { Some(target) } else { None },
            files: files(extents),
            requests,
            request_bytes: extents.iter().map(|extent| extent.len).max().unwrap_or(0),
            in_flight,
            repeats: repeats.iter().map(RepeatReport::of).collect(),
            stopped: measured.stopped.as_ref().map(RepeatReport::of),
            gb_per_s: spread(&|timed| gb(timed) / seconds(timed)),
            requests_per_s: spread(&|timed| requests as f64 / seconds(timed)),
            cpu_s_per_gb: spread(&|timed| timed.processor.as_secs_f64() / gb(timed)),
            read: OperationReport::of(&stats.read),
            write: OperationReport::of(&stats.write),
            direct_bytes: stats.direct_bytes,
            bounced_bytes: stats.bounced_bytes,
            buffered_bytes: stats.buffered_bytes,
            cached_bytes: stats.cached_bytes,
            system_calls: stats.transfers,
            huge_page_share: measured.huge_page_share,
            not_direct: measured.not_direct.map(|reason| reason.to_string()),
        }
    }

    /// The table's first line.
    pub(super) fn print_head(out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "{HEAD}{:<24} {:>5} x {:<8} {:>7} {:>15} {:>9} {:>29} {:>8} {:>8} {:>8}{HEAD:#}",
            "",
            "n",
            "request",
            "GB/s",
            "(least to most)",
            "IOPS",
            "latency 50 / 99 / 100 %",
            "CPU s/GB",
            "bounced",
            "buffered",
        )
    }

    /// Its lines.
    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let mut name = self.workload.name().to_owned();
        if matches!(self.operation, "read" | "write") {
            name += &format!(" {}", self.operation);
        }
        if let Some(target) = self.target {
            name = format!("{} {}", self.workload.name(), target.name());
        }
        let size = bytes(self.request_bytes as u64);
        write!(out, "{name:<24} {:>5} x {size:<8} ", self.requests)?;
        let (Some(speed), Some(iops), Some(cpu)) =
            (self.gb_per_s, self.requests_per_s, self.cpu_s_per_gb)
        else {
            return writeln!(out, "{DIM}stopped before the first repeat was done{DIM:#}");
        };
        let spread = format!("({:.2} to {:.2})", speed.least, speed.most);
        let operations = [("of reads", &self.read), ("of writes", &self.write)];
        let mut latencies =
            operations.into_iter().filter_map(|(of, found)| Some((of, found.as_ref()?.shown())));
        let (first, shown) = latencies.next().unwrap_or_default();
        writeln!(
            out,
            "{:>7.2} {spread:>15} {:>9.0} {shown:>29} {:>8.3} {:>8} {:>8}",
            speed.median,
            iops.median,
            cpu.median,
            self.share(self.bounced_bytes),
            self.share(self.buffered_bytes),
        )?;
        if let Some((of, shown)) = latencies.next() {
            let (first, of) = (format!("latency above {first}"), format!("below {of}"));
            let label = format!("{first}, {of}");
            writeln!(out, "{DIM}{label:>74}{DIM:#} {shown:>29}")?;
        }
        if let Some(reason) = &self.not_direct {
            writeln!(out, "{DIM}  through the page cache: {reason}{DIM:#}")?;
        }
        Ok(())
    }

    /// A part of all bytes, in percent.
    fn share(&self, part: u64) -> String {
        let all = self.direct_bytes + self.bounced_bytes + self.buffered_bytes;
        if all == 0 { "-".to_owned() } else { format!("{:.0} %", part as f64 * 100.0 / all as f64) }
    }
}

impl RepeatReport {
    fn of(timed: &Timed) -> Self {
        Self {
            bytes: timed.bytes,
            seconds: timed.elapsed.as_secs_f64(),
            cpu_seconds: timed.processor.as_secs_f64(),
        }
    }
}

impl Spread {
    /// None of no values.
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let (low, high) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
        Some(Self { median: f64::midpoint(low, high), least, most })
    }
}

impl OperationReport {
    /// None if there were no such requests.
    fn of(stats: &OperationStats) -> Option<Self> {
        Some(Self {
            requests: stats.requests,
            bytes: stats.bytes_moved,
            latency: Percentiles::of(&stats.latency)?,
            transfer: Percentiles::of(&stats.transfer_time)?,
        })
    }

    fn shown(&self) -> String {
        let Percentiles { p50_us, p99_us, max_us, .. } = self.latency;
        [p50_us, p99_us, max_us].map(duration).join(" / ")
    }
}

impl Percentiles {
    fn of(latencies: &Latencies) -> Option<Self> {
        let micros = |duration: Duration| duration.as_nanos() as f64 / 1e3;
        let at = |percent| latencies.percentile(percent).map(micros);
        Some(Self {
            mean_us: latencies.mean().map(micros)?,
            p50_us: at(50.0)?,
            p90_us: at(90.0)?,
            p99_us: at(99.0)?,
            p99_9_us: at(99.9)?,
            max_us: at(100.0)?,
        })
    }
}

/// Three digits, about.
fn duration(micros: f64) -> String {
    match micros {
        0.0..10.0 => format!("{micros:.1} us"),
        10.0..1e3 => format!("{micros:.0} us"),
        1e3..1e4 => format!("{:.2} ms", micros / 1e3),
        1e4..1e6 => format!("{:.0} ms", micros / 1e3),
        _ => format!("{:.2} s", micros / 1e6),
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_between_the_extremes() {
        let spread = |values: &[f64]| Spread::of(values.to_vec());
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[2.0]), Some(Spread { median: 2.0, least: 2.0, most: 2.0 }));
        assert_eq!(spread(&[9.0, 1.0, 3.0]), Some(Spread { median: 3.0, least: 1.0, most: 9.0 }));
        assert_eq!(spread(&[1.0, 2.0]), Some(Spread { median: 1.5, least: 1.0, most: 2.0 }));
    }

    #[test]
    fn durations_have_some_three_digits() {
        for (micros, shown) in [
            (3.24, "3.2 us"),
            (999.0, "999 us"),
            (1234.0, "1.23 ms"),
            (45_678.0, "46 ms"),
            (2_500_000.0, "2.50 s"),
        ] {
            assert_eq!(duration(micros), shown);
        }
    }
}
