//! `ds-aio tune`: the settings that suit a directory's device.

mod candidate;
mod map;
mod page;
mod save;
mod search;
mod shown;
mod trial;

use std::{
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use ds_aio::{AioConfig, BackendMode, Engine};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::{
    bench::{Sampler, Workload},
    config::tell_what_is_left_out,
    doctor,
    exit::Failure,
    interrupt::Interrupt,
    output::{Output, bytes, warn},
    place::Place,
    settings::{SettingsArguments, size, time},
};
use candidate::{Candidate, Space};
use page::{Page, Picture};
use save::Destination;
use search::{Measured, Outcome, Search, Skipped};
use trial::Sample;

/// Find the settings that suit a directory's device
///
/// From the settings at hand it goes through a coarse grid of block_size, queue_depth and
/// thread_count, on to neighbours of the best in these and in single_submit, overlap_events and
/// backend, and compares the last few in turn. Differences within the noise count for nothing: of those
/// that are as fast it chooses the one with the fewest threads, and then the least memory. Settings
/// that do not work here are named and left out.
///
/// The files it reads and overwrites have no name, as those of `bench`. Ctrl-C ends the search with
/// what is known by then, in the output and the files that were asked for, and exit code 130. If nothing
/// was measured, because the time was over or it was stopped before, that is a failure, and no file is
/// written.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where files are to be
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,

    /// How long it may take, the making of its files included
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

    /// Bytes read and written for each sample; as many are taken of memory and of the file system
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

    /// Write a page with plots of all that was tried, the settings found and the machine, which needs
    /// nothing beside it; or, to a name with `.svg`, the plot of speeds alone
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Replace files that are there
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    settings: SettingsArguments,
}

/// All of it, for JSON.
#[derive(Debug, Serialize)]
struct Report<'a> {
    directory: String,
    workload: Workload,
    reads_percent: u64,
    /// Bytes read and written for a sample.
    size: u64,
    budget_seconds: f64,
    seconds: f64,
    /// Until the first measurement.
    seconds_before: f64,
    start: Candidate,
    interrupted: bool,
    #[serde(flatten)]
    outcome: &'a Outcome,
    toml: String,
    deepspeed: String,
    env: String,
}

/// What a search came to, and what it took.
struct Searched {
    outcome: Outcome,
    elapsed: Duration,
    before: Duration,
}

pub(super) fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    let interrupt = Interrupt::watch()?;
    let config = arguments.settings.load()?.value;
    let place = Place::of(&arguments.dir)?;
    let destinations = arguments.destinations()?;
    arguments.check(&place)?;
    let mut start = Candidate::of(&config);
    // Why it does not start is told by the search.
    if let Ok(engine) = Engine::new(&config) {
        start = start.as_run(engine.settings());
        engine.settings().differences().for_each(warn);
    }
    let Searched { outcome, elapsed, before } =
        arguments.search(&place, &config, start, &interrupt)?;
    let chosen = outcome.chosen.within(&config)?;
    let report = Report {
        directory: place.path.display().to_string(),
        workload: arguments.workload,
        reads_percent: arguments.reads,
        size: arguments.size,
        budget_seconds: arguments.budget.as_secs_f64(),
        seconds: elapsed.as_secs_f64(),
        seconds_before: before.as_secs_f64(),
        start,
        interrupted: interrupt.asked(),
        outcome: &outcome,
        toml: chosen.to_toml()?,
        deepspeed: chosen.to_deepspeed_json(),
        env: chosen.to_env()?,
    };
    if arguments.deepspeed.is_some() {
        tell_what_is_left_out(&chosen)?;
    }
    // First what lasts: the output may be that of a terminal that is gone.
    let saved = arguments.save(&destinations, &report, &chosen);
    let printed = match output.json() {
        true => output.print_json(&report),
        false => shown::print(&report, output).map_err(Failure::from),
    };
    saved.and(printed)?;
    if report.interrupted { Err(Failure::interrupted("")) } else { Ok(()) }
}

/// What an engine makes of it; the same if none starts.
fn effective(candidate: Candidate, config: &AioConfig) -> Candidate {
    let started = candidate.within(config).ok().and_then(|config| Engine::new(&config).ok());
    started.map_or(candidate, |engine| candidate.as_run(engine.settings()))
}

/// What is written to a file.
#[derive(Debug, Clone, Copy)]
enum Content {
    Toml,
    Deepspeed,
    Env,
    Report,
}

impl Arguments {
    /// The files that were asked for, each another.
    fn destinations(&self) -> Result<Vec<(Content, Destination<'_>)>, Failure> {
        let mut found: Vec<(Content, Destination<'_>)> = Vec::new();
        for (content, file) in [
            (Content::Toml, &self.toml),
            (Content::Deepspeed, &self.deepspeed),
            (Content::Env, &self.env),
            (Content::Report, &self.report),
        ] {
            let Some(file) = file else { continue };
            let destination = Destination::of(file, self.force)?;
            if let Some((_, same)) = found.iter().find(|(_, other)| other.is_that_of(&destination))
            {
                let (one, other) = (same.given.display(), file.display());
                return Err(Failure::misconfigured(format!(
                    "{one} and {other} are the same file: give each option a file of its own"
                )));
            }
            found.push((content, destination));
        }
        Ok(found)
    }

    /// What would be found out too late otherwise.
    fn check(&self, place: &Place) -> Result<(), Failure> {
        if matches!(self.workload, Workload::Mixed | Workload::Update | Workload::Plain) {
            return Err(Failure::misconfigured(
                "tune for sequential, random or files, and give the share of reads by --reads",
            ));
        }
        Sampler::check(place, self.workload, self.size)
    }

    /// As many of them as can be.
    fn save(
        &self,
        destinations: &[(Content, Destination<'_>)],
        report: &Report<'_>,
        chosen: &AioConfig,
    ) -> Result<(), Failure> {
        let mut messages = Vec::new();
        for (content, destination) in destinations {
            let is_picture = || destination.given.extension().is_some_and(|end| end == "svg");
            let text = match content {
                Content::Toml => report.toml.clone(),
                Content::Deepspeed => report.deepspeed.clone(),
                Content::Env => report.env.clone(),
                Content::Report if is_picture() => Picture(report).to_string(),
                Content::Report => {
                    let facts = doctor::facts(&self.dir, chosen).map_err(Failure::into_message);
                    Page::new(report, facts)?.to_string()
                }
            };
            messages.extend(destination.save(&text).err().map(Failure::into_message));
        }
        if messages.is_empty() { Ok(()) } else { Err(Failure::failed(messages.join("\n"))) }
    }

    fn search(
        &self,
        place: &Place,
        config: &AioConfig,
        start: Candidate,
        interrupt: &Interrupt,
    ) -> Result<Searched, Failure> {
        let begin = Instant::now();
        // The settings there are may not work here.
        let any_backend = start.with_any_backend().within(config)?;
        let engine = Engine::new(&any_backend)?;
        // By one name, so that it is not tried twice.
        let name = match start.backend {
            BackendMode::IoUring => BackendMode::IoUring,
            _ => BackendMode::Auto,
        };
        let ring = (engine.settings().backend == "io_uring").then_some(name);
        engine.close()?;
        let space = Space {
            // Files in which the queue fills several times over.
            most_bytes: usize::try_from(self.size / 2).unwrap_or(usize::MAX),
            most_threads: thread::available_parallelism().map_or(1, usize::from),
            ring,
        };
        let bar = self.progress();
        bar.set_message(format!("writing {}", bytes(self.size)));
        let left = self.budget.saturating_sub(begin.elapsed());
        let sampler = Sampler::new(place, &any_backend, self.workload, self.size, interrupt, left)?;
        let Some(mut sampler) = sampler else {
            return Err(self.nothing_measured(interrupt, "", &[]));
        };
        let before = begin.elapsed();
        let mut fastest = 0.0_f64;
        let mut measure = |candidate: &Candidate| {
            if interrupt.asked() || begin.elapsed() >= self.budget {
                return Measured::Ended;
            }
            bar.set_position(begin.elapsed().as_millis().try_into().unwrap_or(u64::MAX));
            match self.sample(candidate, config, &mut sampler) {
                Ok(Some(sample)) => {
                    fastest = fastest.max(sample.gb_per_s);
                    bar.set_message(format!("fastest {fastest:.2} GB/s"));
                    Measured::Sample(sample)
                }
                Ok(None) => Measured::Ended,
                Err(failure) => Measured::Failed(failure.into_message()),
            }
        };
        let spent = || begin.elapsed().as_secs_f64() / self.budget.as_secs_f64();
        let effective = |candidate| effective(candidate, config);
        let outcome = Search::new(start, space, &effective, &mut measure, &spent).run();
        bar.finish_and_clear();
        if outcome.trials.is_empty() {
            let files = format!(", of which the files took {:.1} s", before.as_secs_f64());
            let in_time = begin.elapsed() < self.budget;
            return Err(match outcome.skipped.first() {
                Some(first) if in_time && !interrupt.asked() => {
                    Failure::failed(format!("nothing works here: {}", first.reason))
                }
                _ => self.nothing_measured(interrupt, &files, &outcome.skipped),
            });
        }
        Ok(Searched { outcome, elapsed: begin.elapsed(), before })
    }

    /// Why there is nothing to choose by.
    fn nothing_measured(&self, interrupt: &Interrupt, files: &str, skipped: &[Skipped]) -> Failure {
        if interrupt.asked() {
            return Failure::interrupted(" before anything was measured: no file is written");
        }
        let mut message = format!(
            "nothing was measured within --budget {:?}{files}: give more of it, or less --size",
            self.budget
        );
        for Skipped { candidate, reason } in skipped {
            message += &format!("\n{candidate} does not work here: {reason}");
        }
        Failure::failed(message)
    }

    fn sample(
        &self,
        candidate: &Candidate,
        config: &AioConfig,
        sampler: &mut Sampler<'_>,
    ) -> Result<Option<Sample>, Failure> {
        let config = candidate.within(config)?;
        let Some(legs) = sampler.sample(&config, self.reads > 0, self.reads < 100)? else {
            return Ok(None);
        };
        // The time that a byte of the mix takes.
        let share = self.reads as f64 / 100.0;
        let read = legs.read.map_or(0.0, |leg| share / leg.gb_per_s);
        let time = read + legs.write.map_or(0.0, |leg| (1.0 - share) / leg.gb_per_s);
        Ok(Some(Sample { gb_per_s: 1.0 / time, legs }))
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
