//! What a search found, on a terminal.

use std::{
    io::{self, Write},
    time::Duration,
};

use super::{
    Report,
    candidate::Candidate,
    map::Map,
    search::{HARDLY, LAST_ROUNDS, USUAL_MEASUREMENTS},
    trial::{ENOUGH_ROUNDS, Gain, Trial},
};
use crate::cli::output::{BAD, DIM, GOOD, HEAD, Output, WARNING, bytes};

/// With more of it little can be told from another.
const MUCH_NOISE: f64 = 0.2;
/// Lines of the table.
const SHOWN: usize = 12;
/// Columns of the table, without what is said of a line.
const TABLE: usize = 66;
/// And with it.
const WIDE: usize = 96;

pub(super) fn print(report: &Report<'_>, output: &mut Output) -> io::Result<()> {
    let outcome = report.outcome;
    table(report, output)?;
    for skipped in &outcome.skipped {
        let (candidate, reason) = (&skipped.candidate, &skipped.reason);
        writeln!(output, "{BAD}failed{BAD:#} {candidate}: {reason}")?;
    }
    writeln!(output)?;
    Map::of(&outcome.trials, outcome.chosen.thread_count).print(&outcome.chosen, output)?;
    writeln!(output)?;
    for sentence in verdict(report) {
        writeln!(output, "{sentence}")?;
    }
    if let Some(sentence) = too_short(report) {
        writeln!(output, "{WARNING}{sentence}{WARNING:#}")?;
    }
    writeln!(output, "\n{}", report.toml.trim_end())
}

/// One line a candidate, or two where there is little room.
fn table(report: &Report<'_>, output: &mut Output) -> io::Result<()> {
    let outcome = report.outcome;
    let columns = output.columns();
    if columns >= TABLE {
        writeln!(
            output,
            "{HEAD}{:>7} {:>5} {:>3} {:>10} {:>6} {:>8} {:>6} {:>7} {:>8}{HEAD:#}",
            "GB/s", "±", "n", "block_size", "depth", "threads", "single", "overlap", "backend"
        )?;
    }
    for trial in outcome.trials.iter().take(SHOWN) {
        let (speed, count) = (trial.median(), trial.samples.len());
        let spread =
            trial.noise().map_or("-".to_owned(), |noise| format!("{:.0} %", 100.0 * noise));
        if columns >= TABLE {
            let Candidate { queue_depth, thread_count, single_submit, overlap_events, .. } =
                trial.candidate;
            let block_size = bytes(trial.candidate.block_size as u64);
            let backend = trial.candidate.backend.to_string();
            write!(
                output,
                "{speed:>7.2} {spread:>5} {count:>3} {block_size:>10} {queue_depth:>6} \
                 {thread_count:>8} {single_submit:>6} {overlap_events:>7} {backend:>8}"
            )?;
        } else {
            write!(output, "{speed:>6.2} GB/s {}", trial.candidate.shape())?;
            let switches = trial.candidate.switches();
            if !switches.is_empty() {
                write!(output, "\n       {}", switches.join(", "))?;
            }
        }
        if let Some(note) = note(report, trial) {
            // Below it where it has no room beside it.
            let between = if columns >= WIDE { " " } else { "\n       " };
            write!(output, "{between}{note}")?;
        }
        writeln!(output)?;
    }
    let more = outcome.trials.len().saturating_sub(SHOWN);
    if more > 0 {
        writeln!(output, "{DIM}and {more} slower ones{DIM:#}")?;
    }
    Ok(())
}

/// What is to be said of a candidate.
fn note(report: &Report<'_>, trial: &Trial) -> Option<String> {
    if trial.candidate == report.outcome.chosen {
        let what = if trial.candidate == report.start { "chosen, as before" } else { "chosen" };
        return Some(format!("{GOOD}{what}{GOOD:#}"));
    }
    let before = if trial.candidate == report.start { Some("before".to_owned()) } else { None };
    let against = trial.against_chosen.map(|gain| {
        let [median, low, high] = [gain.median, gain.low, gain.high].map(|share| 100.0 * share);
        format!("{median:.0} % of it ({low:.0} to {high:.0})")
    });
    let all: Vec<_> = before.into_iter().chain(against).collect();
    (!all.is_empty()).then(|| format!("{DIM}{}{DIM:#}", all.join(", ")))
}

/// How sure it is.
pub(super) fn verdict(report: &Report<'_>) -> Vec<String> {
    let outcome = report.outcome;
    let start_failed = outcome.skipped.iter().any(|skipped| skipped.candidate == report.start);
    let mut sentences = vec![match outcome.gain {
        _ if start_failed => "The settings there were do not work here.".to_owned(),
        Some(_) if outcome.chosen == report.start => {
            "Nothing is faster for certain than the settings there were.".to_owned()
        }
        Some(gain) if gain.low > 1.0 && gain.median > 1.0 + HARDLY => format!(
            "What is chosen is {:.2} times as fast as the settings there were ({}).",
            gain.median,
            interval(&gain)
        ),
        Some(gain) if outcome.chosen.cost() < report.start.cost() => format!(
            "What is chosen takes less than the settings there were, and is no slower for certain \
             ({:.2} times as fast, {}).",
            gain.median,
            interval(&gain)
        ),
        Some(gain) => format!(
            "What is chosen is {:.2} times as fast as the settings there were, which may be chance ({}).",
            gain.median,
            interval(&gain)
        ),
        None => "Nothing was compared with the settings there were.".to_owned(),
    }];
    if outcome.trials.iter().any(|trial| trial.samples.len() > 1) {
        let noise = 100.0 * outcome.noise;
        sentences.push(format!("One sample differs from the next by some {noise:.0} %."));
        if outcome.noise > MUCH_NOISE {
            let advice = "That is much: better search while nothing else uses the machine.";
            sentences.push(advice.to_owned());
        }
    }
    sentences
}

fn interval(gain: &Gain) -> String {
    format!("{:.2} to {:.2}, nine times of ten", gain.low, gain.high)
}

/// What is missing, and how much time would do; none if nothing is.
pub(super) fn too_short(report: &Report<'_>) -> Option<String> {
    let outcome = report.outcome;
    if outcome.complete {
        return None;
    }
    let base = match outcome.last_rounds {
        0..ENOUGH_ROUNDS => "the choice rests on the first looks alone".to_owned(),
        rounds @ ENOUGH_ROUNDS..LAST_ROUNDS => {
            format!("the choice rests on {rounds} of {LAST_ROUNDS} rounds of comparison")
        }
        _ => "not all was tried that might be faster".to_owned(),
    };
    if report.interrupted {
        return Some(format!("It was stopped before its end: {base}."));
    }
    let measuring = report.seconds - report.seconds_before;
    let each = measuring / outcome.measurements.max(1) as f64;
    let wanted = report.seconds_before + each * USUAL_MEASUREMENTS as f64;
    let wanted = wanted.max(1.5 * report.budget_seconds);
    // In steps of half a minute.
    let wanted = Duration::from_secs((wanted / 30.0).ceil() as u64 * 30);
    Some(format!(
        "The time did not suffice: after {:.1} s for the files there were {} measurements of {each:.2} s \
         each, so {base}. Give --budget {}s, or less --size.",
        report.seconds_before,
        outcome.measurements,
        wanted.as_secs()
    ))
}
