//! What a bench found, for JSON and for the table.

use std::{path::Path, time::Duration};

use ds_aio::{EffectiveSettings, Latencies, OperationStats};
use serde::Serialize;

use super::{
    session::{Measured, Timed, files},
    workload::{Case, Doing, Extent, Target, Workload},
};
use crate::cli::output::path_text;

/// Everything, for JSON.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    #[serde(serialize_with = "path_text")]
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
    pub(super) workload: Workload,
    /// `read`, `write`, `mixed` or `update`.
    pub(super) operation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<Target>,
    files: usize,
    /// Of a repeat.
    pub(super) requests: u64,
    pub(super) request_bytes: usize,
    pub(super) in_flight: usize,
    /// The whole ones.
    pub(super) repeats: Vec<RepeatReport>,
    /// The one that the user stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<RepeatReport>,
    /// In 10^9 bytes.
    pub(super) gb_per_s: Option<Spread>,
    pub(super) requests_per_s: Option<Spread>,
    pub(super) cpu_s_per_gb: Option<Spread>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) read: Option<OperationReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) write: Option<OperationReport>,
    direct_bytes: u64,
    pub(super) bounced_bytes: u64,
    pub(super) buffered_bytes: u64,
    cached_bytes: u64,
    /// System calls, or entries of a ring.
    transfers: u64,
    huge_page_share: Option<f64>,
    /// Why everything goes through the page cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_direct: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct RepeatReport {
    bytes: u64,
    seconds: f64,
    cpu_seconds: f64,
}

/// The median of all repeats, and the extremes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

/// Of all repeats together.
#[derive(Debug, Serialize)]
pub(super) struct OperationReport {
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
            transfers: stats.transfers,
            huge_page_share: measured.huge_page_share,
            not_direct: measured.not_direct.map(|reason| reason.to_string()),
        }
    }

    /// A part of all bytes, in percent.
    pub(super) fn share(&self, part: u64) -> String {
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

    /// The median of the latencies, what they seldom exceed, and the longest.
    pub(super) fn shown(&self) -> [String; 3] {
        let Percentiles { p50_us, p99_us, max_us, .. } = self.latency;
        [p50_us, p99_us, max_us].map(duration)
    }
}

impl Percentiles {
    fn of(latencies: &Latencies) -> Option<Self> {
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

pub(super) fn micros(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e3
}

/// Three digits, about.
pub(in crate::cli) fn duration(micros: f64) -> String {
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
