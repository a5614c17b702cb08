//! What is plotted of a search.

use std::fmt::{self, Display, Formatter};

use super::plot::{Axis, Escaped, Mark, Plot, Point, Series, Size};
use crate::cli::{
    bench::{Leg, Legs, duration},
    output::bytes,
    tune::{Report, search::HARDLY, trial::Trial},
};

/// How fast each candidate was, by the bytes it has in flight.
pub(super) fn speeds(report: &Report<'_>) -> Plot {
    let trials = &report.outcome.trials;
    let fastest = trials.iter().map(|trial| trial.range().1).fold(0.0, f64::max);
    Plot {
        id: "speeds".to_owned(),
        title: "Speed by bytes in flight".to_owned(),
        description: described(report),
        x: in_flight(trials),
        y: Axis::linear("GB/s", (0.0, fastest), |speed| format!("{}", Tidy(speed))),
        by: "block_size",
        series: series(report, |trial| Some((trial.median(), trial.range()))),
    }
}

/// How long a block takes, reads and writes apart.
pub(super) fn latencies(report: &Report<'_>) -> Vec<Plot> {
    ["reads", "writes"].into_iter().filter_map(|what| latency(report, what)).collect()
}

fn latency(report: &Report<'_>, what: &'static str) -> Option<Plot> {
    let trials = &report.outcome.trials;
    let typical = |trial: &Trial| {
        let (_, leg) = legs(trial).find(|(of, _)| *of == what)?;
        Some((leg.block.p50_us, (leg.block.p50_us, leg.block.p99_us)))
    };
    let all: Vec<_> = trials.iter().filter_map(typical).collect();
    let low = all.iter().map(|(median, _)| *median).fold(f64::INFINITY, f64::min);
    let high = all.iter().map(|(_, (_, seldom))| *seldom).fold(0.0, f64::max);
    if all.is_empty() {
        return None;
    }
    Some(Plot {
        id: format!("latency-{what}"),
        title: format!("Time that a block takes, {what}"),
        description: format!(
            "From {} to {}: the more is in flight, the longer a block takes, at the latest when \
             the speed no longer rises.",
            duration(low),
            duration(high)
        ),
        x: in_flight(trials),
        y: Axis::decades("median, and up to 99 %", (low, high), |micros| match micros {
            0.0..1e3 => format!("{} us", Tidy(micros)),
            1e3..1e6 => format!("{} ms", Tidy(micros / 1e3)),
            _ => format!("{} s", Tidy(micros / 1e6)),
        }),
        by: "block_size",
        series: series(report, typical),
    })
}

/// Without zeros at its end.
struct Tidy(f64);

impl Display for Tidy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = format!("{:.3}", self.0);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

fn in_flight(trials: &[Trial]) -> Axis {
    let all = || trials.iter().map(|trial| trial.candidate.bytes() as f64);
    let range = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
    Axis::doubling("bytes in flight", range, |count| bytes(count as u64))
}

fn described(report: &Report<'_>) -> String {
    let outcome = report.outcome;
    let of = |candidate| outcome.trials.iter().find(|trial| trial.candidate == candidate);
    let mut text = format!("{} candidates.", outcome.trials.len());
    if let Some(chosen) = of(outcome.chosen) {
        text += &format!(" Chosen: {}, {:.2} GB/s.", chosen.candidate, chosen.median());
    }
    if let Some(before) = of(report.start) {
        text += &format!(" Before: {}, {:.2} GB/s.", before.candidate, before.median());
    }
    text
}

/// One series for each block size, with lines along those that differ in the queue alone.
fn series(report: &Report<'_>, value: impl Fn(&Trial) -> Option<(f64, (f64, f64))>) -> Vec<Series> {
    let trials = &report.outcome.trials;
    let mut sizes: Vec<_> = trials.iter().map(|trial| trial.candidate.block_size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let of_size = |size: usize| {
        let mut of_size: Vec<_> = trials
            .iter()
            .filter(|trial| trial.candidate.block_size == size)
            .filter_map(|trial| Some((trial, value(trial)?)))
            .collect();
        of_size
            .sort_by_key(|(trial, _)| (trial.candidate.thread_count, trial.candidate.queue_depth));
        let points = of_size.iter().map(|(trial, (y, range))| Point {
            x: trial.candidate.bytes() as f64,
            y: *y,
            range: *range,
            hollow: !trial.candidate.switched_as(&report.start),
            tip: tip(trial),
            mark: mark(report, trial),
        });
        let points = points.collect();
        let alike = of_size.chunk_by(|(one, _), (other, _)| {
            one.candidate.thread_count == other.candidate.thread_count
        });
        let lines = alike.map(|trials| {
            let plain =
                trials.iter().filter(|(trial, _)| trial.candidate.switched_as(&report.start));
            plain.map(|(trial, (y, _))| (trial.candidate.bytes() as f64, *y)).collect::<Vec<_>>()
        });
        let lines = lines.filter(|line| line.len() > 1).collect();
        Series { name: bytes(size as u64), points, lines }
    };
    sizes.into_iter().map(of_size).collect()
}

fn mark(report: &Report<'_>, trial: &Trial) -> Option<Mark> {
    let (chosen, before) = (report.outcome.chosen, report.start);
    match trial.candidate {
        candidate if candidate == chosen && candidate == before => Some(Mark::Kept),
        candidate if candidate == chosen => Some(Mark::Chosen),
        candidate if candidate == before => Some(Mark::Before),
        _ => None,
    }
}

fn tip(trial: &Trial) -> String {
    let (low, high) = trial.range();
    let mut text = format!("{}\n{:.2} GB/s", trial.candidate, trial.median());
    if trial.samples.len() > 1 {
        text += &format!(" ({low:.2} to {high:.2}, {} samples)", trial.samples.len());
    }
    for (what, leg) in legs(trial) {
        text += &format!(
            "\n{what} {:.2} GB/s, a block {} and up to {}",
            leg.gb_per_s,
            duration(leg.block.p50_us),
            duration(leg.block.p99_us)
        );
    }
    text
}

/// The medians of reads and writes, those that there were.
pub(super) fn legs(trial: &Trial) -> impl Iterator<Item = (&'static str, Leg)> {
    let median = |leg: fn(&Legs) -> Option<Leg>| {
        let first = leg(&trial.samples.first()?.legs)?;
        let of = |of: fn(&mut Leg) -> &mut f64| {
            trial.median_by(|sample| leg(&sample.legs).map_or(0.0, |mut leg| *of(&mut leg)))
        };
        let mut leg = first;
        leg.gb_per_s = of(|leg| &mut leg.gb_per_s);
        leg.cpu_s_per_gb = of(|leg| &mut leg.cpu_s_per_gb);
        leg.request.p50_us = of(|leg| &mut leg.request.p50_us);
        leg.request.p99_us = of(|leg| &mut leg.request.p99_us);
        leg.block.p50_us = of(|leg| &mut leg.block.p50_us);
        leg.block.p99_us = of(|leg| &mut leg.block.p99_us);
        Some(leg)
    };
    let read = median(|legs| legs.read).map(|leg| ("reads", leg));
    let write = median(|legs| legs.write).map(|leg| ("writes", leg));
    read.into_iter().chain(write)
}

/// How the last few compare with the one that is chosen.
pub(super) struct Comparison<'a> {
    pub(super) report: &'a Report<'a>,
    pub(super) size: Size,
}

const ROW: f64 = 46.0;
const SIDE: f64 = 16.0;

impl Comparison<'_> {
    fn rows(&self) -> impl Iterator<Item = &Trial> {
        self.report.outcome.trials.iter().filter(|trial| trial.against_chosen.is_some())
    }

    /// Whether there is any other than the chosen one.
    pub(super) fn says_something(&self) -> bool {
        self.rows().count() > 1
    }
}

impl Display for Comparison<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Size { width, name, .. } = self.size;
        let gains = || self.rows().filter_map(|trial| trial.against_chosen);
        let low = gains().map(|gain| gain.low).fold(1.0 - 2.0 * HARDLY, f64::min);
        let high = gains().map(|gain| gain.high).fold(1.0 + 2.0 * HARDLY, f64::max);
        let percent = |share: f64| format!("{:.0} %", 100.0 * share);
        let axis = Axis::linear("", (low, high), percent);
        let at = |share: f64| axis.at(share, SIDE + 8.0, width - SIDE - 8.0);
        let bottom = ROW * self.rows().count() as f64 + 8.0;
        write!(
            f,
            "<svg class=\"{name}\" viewBox=\"0 0 {width} {:.1}\" role=\"img\" \
             aria-labelledby=\"last-{name}\"><title id=\"last-{name}\">Speeds as shares of the chosen \
             one's, with the range in which the median lies nine times of ten</title><rect class=\"band\" \
             x=\"{:.1}\" y=\"0\" width=\"{:.1}\" height=\"{bottom:.1}\"/>",
            bottom + 28.0,
            at(1.0 - HARDLY),
            at(1.0 + HARDLY) - at(1.0 - HARDLY)
        )?;
        for (value, label) in axis.ticks(width - 2.0 * SIDE, 56.0) {
            write!(
                f,
                "<path class=\"grid\" d=\"M{0:.1} 0V{bottom:.1}\"/><text class=\"tick\" \
                 text-anchor=\"middle\" x=\"{0:.1}\" y=\"{1:.1}\">{label}</text>",
                at(*value),
                bottom + 20.0
            )?;
        }
        write!(f, "<path class=\"axis\" d=\"M{:.1} 0V{bottom:.1}\"/>", at(1.0))?;
        for (row, trial) in self.rows().enumerate() {
            let Some(gain) = trial.against_chosen else { continue };
            let y = ROW * row as f64;
            let class = match mark(self.report, trial) {
                Some(Mark::Chosen | Mark::Kept) => "chosen",
                Some(Mark::Before) => "before",
                None => "s6",
            };
            let note = match mark(self.report, trial) {
                Some(Mark::Chosen) => " (chosen)",
                Some(Mark::Before) => " (before)",
                Some(Mark::Kept) => " (chosen, as before)",
                None => "",
            };
            write!(
                f,
                "<g class=\"{class}\"><text class=\"label\" x=\"{SIDE}\" y=\"{:.1}\">{}{note}</text>\
                 <path class=\"interval\" d=\"M{:.1} {mid:.1}H{:.1}\"/><circle class=\"point\" \
                 cx=\"{:.1}\" cy=\"{mid:.1}\" r=\"5\"/></g>",
                y + 18.0,
                Escaped(&trial.candidate),
                at(gain.low),
                at(gain.high),
                at(gain.median),
                mid = y + 32.0
            )?;
        }
        f.write_str("</svg>\n")
    }
}
