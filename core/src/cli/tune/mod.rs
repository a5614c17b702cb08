//! `ds-aio tune`: the settings that suit a directory's device.

mod candidate;
mod search;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use ds_aio::{AioConfig, BackendMode, Engine};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::{
    bench::{Sampler, Workload, check_memory},
    exit::Failure,
    interrupt::Interrupt,
    output::{DIM, GOOD, HEAD, Output, bytes},
    settings::{SettingsArguments, size, time},
};
use candidate::{Candidate, Space};
use search::{Outcome, Search};

/// Find the settings that suit a directory's device
///
/// From the settings at hand it goes through a coarse grid of block_size, queue_depth and
/// thread_count, on to neighbours of the best in these and in single_submit, overlap_events and
/// backend, and compares the last few in turn. Differences within the noise count for nothing: of those
/// that are as fast it chooses the one with the fewest threads, and then the least memory.
///
/// The files it reads and overwrites have no name, as those of `bench`. Ctrl-C ends the search with
/// what is known by then.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where files are to be
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,

    /// How long to search, about
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "60s")]
    budget: Duration,

    /// What it is for
    #[arg(
        short = 'w', long = "workload", value_enum, value_name = "WORKLOAD",
        default_value_t = Workload::Sequential
    )]
    workload: Workload,

    /// How many in a hundred bytes will be read, the others written
    #[arg(long, value_name = "PERCENT", default_value_t = 50,
        value_parser = clap::value_parser!(u64).range(0..=100))]
    reads: u64,

    /// Bytes read and written for each sample; as many are taken of memory
    #[arg(long, value_name = "BYTES", value_parser = size, default_value = "256MiB")]
    size: u64,

    /// Write the settings found to a new TOML file
    #[arg(long, value_name = "FILE")]
    toml: Option<PathBuf>,

    /// Write them to a new JSON file for DeepSpeed
    #[arg(long, value_name = "FILE")]
    deepspeed: Option<PathBuf>,

    /// Write them to a new file of DS_AIO_* variables
    #[arg(long, value_name = "FILE")]
    env: Option<PathBuf>,

    #[command(flatten)]
    settings: SettingsArguments,
}

/// All of it, for JSON.
#[derive(Debug, Serialize)]
struct Report<'a> {
    directory: &'a Path,
    workload: Workload,
    reads_percent: u64,
    start: Candidate,
    interrupted: bool,
    #[serde(flatten)]
    outcome: &'a Outcome,
    toml: String,
    deepspeed: String,
    env: String,
}

/// Lines of the table.
const SHOWN: usize = 12;

pub(super) fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    let interrupt = Interrupt::watch()?;
    let config = arguments.settings.load()?.value;
    arguments.check()?;
    let start = Candidate::of(&config);
    let outcome = arguments.search(&config, start, &interrupt)?;
    let chosen = outcome.chosen.within(&config)?;
    let report = Report {
        directory: &arguments.dir,
        workload: arguments.workload,
        reads_percent: arguments.reads,
        start,
        interrupted: interrupt.asked(),
        outcome: &outcome,
        toml: chosen.to_toml()?,
        deepspeed: chosen.to_deepspeed_json(),
        env: chosen.to_env()?,
    };
    if output.json() {
        output.print_json(&report)?;
    } else {
        print(&report, output)?;
    }
    if report.interrupted {
        return Err(Failure::interrupted());
    }
    for (file, text) in
        arguments.files().into_iter().zip([&report.toml, &report.deepspeed, &report.env])
    {
        if let Some(file) = file {
            write_new(file, text)?;
        }
    }
    Ok(())
}

impl Arguments {
    fn files(&self) -> [Option<&PathBuf>; 3] {
        [self.toml.as_ref(), self.deepspeed.as_ref(), self.env.as_ref()]
    }

    /// What would be found out too late otherwise.
    fn check(&self) -> Result<(), Failure> {
        if matches!(self.workload, Workload::Mixed | Workload::Update | Workload::Plain) {
            return Err(Failure::misconfigured(
                "tune for sequential, random or files, and give the share of reads by --reads",
            ));
        }
        for file in self.files().into_iter().flatten() {
            if file.exists() {
                let file = file.display();
                return Err(Failure::misconfigured(format!("{file} exists: give a new file")));
            }
        }
        check_memory(self.size)
    }

    fn search(
        &self,
        config: &AioConfig,
        start: Candidate,
        interrupt: &Interrupt,
    ) -> Result<Outcome, Failure> {
        let automatic = Candidate { backend: BackendMode::Auto, ..start };
        let engine = Engine::new(&automatic.within(config)?)?;
        let has_ring = engine.settings().backend == "io_uring";
        engine.close()?;
        let space = Space {
            // Files in which the queue fills several times over.
            most_bytes: usize::try_from(self.size / 2).unwrap_or(usize::MAX),
            most_threads: thread::available_parallelism().map_or(1, usize::from),
            has_ring,
        };
        let share = self.reads as f64 / 100.0;
        let mut sampler = Sampler::new(&self.dir, config, self.workload, self.size, interrupt)?;
        let begin = Instant::now();
        let bar = self.progress();
        let mut best = 0.0_f64;
        let mut measure = |candidate: &Candidate| {
            if interrupt.asked() || begin.elapsed() >= self.budget {
                return Ok(None);
            }
            bar.set_position(begin.elapsed().as_millis().try_into().unwrap_or(u64::MAX));
            let config = candidate.within(config)?;
            let Some(speeds) = sampler.speeds(&config, self.reads > 0, self.reads < 100)? else {
                return Ok(None);
            };
            // The time that a byte of the mix takes.
            let read = speeds.read.map_or(0.0, |speed| share / speed);
            let time = read + speeds.write.map_or(0.0, |speed| (1.0 - share) / speed);
            best = best.max(1.0 / time);
            bar.set_message(format!("fastest {best:.2} GB/s"));
            Ok(Some(1.0 / time))
        };
        let spent = || begin.elapsed().as_secs_f64() / self.budget.as_secs_f64();
        let outcome = Search::new(start, space, &mut measure, &spent).run();
        bar.finish_and_clear();
        outcome
    }

    fn progress(&self) -> ProgressBar {
        let budget = self.budget.as_millis().try_into().unwrap_or(u64::MAX);
        let bar = ProgressBar::with_draw_target(Some(budget), ProgressDrawTarget::stderr());
        match ProgressStyle::with_template("{wide_bar} {percent} % of the time, {msg}") {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }
}

fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let mut options = fs::OpenOptions::new();
    let written = options.write(true).create_new(true).open(path);
    written
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}

fn print(report: &Report<'_>, output: &mut Output) -> Result<(), Failure> {
    let outcome = report.outcome;
    writeln!(
        output,
        "{HEAD}{:>7} {:>3} {:>10} {:>6} {:>8} {:>6} {:>7} {:>9}{HEAD:#}",
        "GB/s", "n", "block_size", "depth", "threads", "single", "overlap", "backend"
    )?;
    for trial in outcome.trials.iter().take(SHOWN) {
        let Candidate { thread_count, queue_depth, single_submit, overlap_events, .. } =
            trial.candidate;
        let (speed, count) = (trial.median(), trial.samples.len());
        let block_size = bytes(trial.candidate.block_size as u64);
        let backend = trial.candidate.backend.to_string();
        let mark = match trial.candidate {
            candidate if candidate == outcome.chosen => format!(" {GOOD}chosen{GOOD:#}"),
            candidate if candidate == report.start => format!(" {DIM}what there was{DIM:#}"),
            _ => String::new(),
        };
        writeln!(
            output,
            "{speed:>7.2} {count:>3} {block_size:>10} {queue_depth:>6} {thread_count:>8} \
             {single_submit:>6} {overlap_events:>7} {backend:>9}{mark}"
        )?;
    }
    let more = outcome.trials.len().saturating_sub(SHOWN);
    if more > 0 {
        writeln!(output, "{DIM}and {more} slower ones{DIM:#}")?;
    }
    let noise = 100.0 * outcome.noise;
    writeln!(output, "\none sample differs from the next by some {noise:.0} %")?;
    match outcome.gain {
        _ if outcome.chosen == report.start => {
            writeln!(output, "nothing is faster for certain than the settings there were")?;
        }
        Some(gain) => writeln!(
            output,
            "chosen against what there was: {:.2} times as fast ({:.2} to {:.2}, nine times of ten)",
            gain.median, gain.low, gain.high
        )?,
        None => writeln!(output, "it ended before the best were compared with what there was")?,
    }
    writeln!(output, "\n{}", report.toml.trim_end())?;
    Ok(())
}
