//! `ds-aio bench`: how fast a directory is with the settings at hand.

mod contents;
mod report;
mod room;
mod sampler;
mod session;
mod table;
mod workload;

use std::{io::Write, path::PathBuf};

use clap::Args;
use ds_aio::{BufferPool, EffectiveSettings, Engine};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    exit::Failure,
    interrupt::Interrupt,
    output::{DIM, Output, bytes, warn},
    place::Place,
    settings::{SettingsArguments, size},
};
use report::{CaseReport, Report, Settings};
use session::{Plan, measure};
use table::Table;
use workload::{Case, Direction, Doing, Extent, Target};

pub(super) use contents::mixed;
pub(super) use report::duration;
pub(super) use sampler::{Leg, Legs, Sampler};
pub(super) use workload::Workload;

/// Measure how fast a directory is with the settings at hand
///
/// Each case is repeated; the table shows the medians of the repeats after the warm-ups, and what all
/// of them together took. GB are 10^9 bytes. Files are opened before time is taken. They have no
/// name (but for a moment where the file system knows no such files), so that none is left behind,
/// however the command ends. What the page cache holds of them is dropped before they are read.
///
/// Ctrl-C stops it after the requests under way, and shows what was measured until then; a second
/// one ends it at once.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where the files are to be
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,

    /// What to do
    #[arg(
        short = 'w', long = "workload", value_enum, value_delimiter = ',', value_name = "WORKLOAD",
        default_values_t = [
            Workload::Sequential, Workload::Random, Workload::Files, Workload::Plain,
            Workload::Mixed, Workload::Update,
        ]
    )]
    workloads: Vec<Workload>,

    /// Whether to read or to write, where that is not the workload's own
    #[arg(
        short = 'd', long = "direction", value_enum, value_delimiter = ',', value_name = "DIRECTION",
        default_values_t = [Direction::Read, Direction::Write]
    )]
    directions: Vec<Direction>,

    /// What files are written
    #[arg(
        short = 't', long = "target", value_enum, value_delimiter = ',', value_name = "TARGET",
        default_values_t = [Target::Overwrite]
    )]
    targets: Vec<Target>,

    /// Bytes that a repeat reads or writes; as many are taken of the file system, and of memory, where
    /// each request has whole pages
    #[arg(long, value_name = "BYTES", value_parser = size, default_value = "256MiB")]
    size: u64,

    /// Bytes of a request [default: 16MiB; 1MiB of files and update, 64KiB of random and mixed]
    #[arg(long, value_name = "BYTES", value_parser = size)]
    request: Option<u64>,

    /// Requests under way at once [default: as many as fill the engine's queue, 2 at least]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    in_flight: Option<u32>,

    /// How many in a hundred requests of mixed read
    #[arg(long, value_name = "PERCENT", default_value_t = 50,
        value_parser = clap::value_parser!(u64).range(0..=100))]
    reads: u64,

    /// How often each case is measured
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    repeats: u32,

    /// How often each is done before that
    #[arg(long, default_value_t = 1)]
    warmups: u32,

    /// Let the time of writes include that until the device has them (fdatasync)
    #[arg(long)]
    sync: bool,

    /// Compare all that was read and written, between the repeats
    #[arg(long)]
    verify: bool,

    /// What the order of random requests and the contents come from
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Show where each setting comes from, first
    #[arg(long)]
    explain: bool,

    #[command(flatten)]
    settings: SettingsArguments,
}

pub(super) fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    let interrupt = Interrupt::watch()?;
    let loaded = arguments.settings.load()?;
    let config = &loaded.value;
    let place = Place::of(&arguments.dir)?;
    let cases = arguments.cases(&place)?;
    let engine = Engine::new(config)?;
    let settings = engine.settings().clone();
    drop(engine);

    let plan = Plan {
        place: &place,
        repeats: arguments.repeats as usize,
        warmups: arguments.warmups as usize,
        verify: arguments.verify,
        sync: arguments.sync,
        seed: arguments.seed,
        interrupt,
        progress: arguments.progress(&cases),
    };
    if arguments.explain {
        // What is to be JSON is nothing else.
        match output.json() {
            true => warn(loaded.explain()),
            false => writeln!(output, "{}", loaded.explain())?,
        }
    }
    let mut table = Table::new(output.columns());
    if !output.json() {
        writeln!(output, "{settings}\n")?;
        table.print_head(output)?;
        output.flush()?;
    }

    let mut report = Report {
        directory: &place.path,
        settings: Settings::of(&settings),
        seed: plan.seed,
        warmups: plan.warmups,
        repeats: plan.repeats,
        verified: plan.verify,
        synced: plan.sync,
        interrupted: false,
        results: Vec::with_capacity(cases.len()),
    };
    // One pool for all of them: its memory stays on the pages that it got.
    let pool = BufferPool::new();
    for (case, request) in &cases {
        if plan.interrupt.asked() || !output.has_reader() {
            break;
        }
        plan.progress.set_message(case.workload.name());
        let extents = case.extents(arguments.size, *request, arguments.seed);
        let in_flight = arguments.in_flight_of(&extents, &settings);
        let engine = Engine::with_pool(config, pool.clone())?;
        let measured = measure(&plan, &engine, *case, &extents, in_flight)?;
        engine.close()?;
        let found = CaseReport::new(*case, &extents, in_flight, &measured);
        if !output.json() {
            plan.progress.suspend(|| table.print(&found, output).and_then(|()| output.flush()))?;
        }
        report.results.push(found);
    }
    plan.progress.finish_and_clear();
    report.interrupted = plan.interrupt.asked();
    arguments.tell(&report, cases.len(), output)?;
    if report.interrupted { Err(Failure::interrupted("")) } else { Ok(()) }
}

/// As many requests as fill the queue.
fn filling(extents: &[Extent], settings: &EffectiveSettings) -> usize {
    let request = extents.iter().map(|extent| extent.len).max().unwrap_or(1);
    let blocks = settings.thread_count * settings.queue_depth;
    blocks.div_ceil(request.div_ceil(settings.asked.block_size)).max(2)
}

impl Arguments {
    /// All cases with the bytes of a request, if there is room for them.
    fn cases(&self, place: &Place) -> Result<Vec<(Case, usize)>, Failure> {
        let all = Case::all(&self.workloads, &self.directions, &self.targets, self.reads);
        let with_request = |case: Case| {
            let usual = || Ok(case.workload.usual_request());
            let request = self.request.map_or_else(usual, usize::try_from);
            let request = request.map_err(Failure::misconfigured)?;
            room::check(place, case.workload, self.size, request, 2)?;
            Ok((case, request))
        };
        all.into_iter().map(with_request).collect()
    }

    fn in_flight_of(&self, extents: &[Extent], settings: &EffectiveSettings) -> usize {
        self.in_flight.map_or_else(|| filling(extents, settings), |in_flight| in_flight as usize)
    }

    /// On standard error, where that is a terminal.
    fn progress(&self, cases: &[(Case, usize)]) -> ProgressBar {
        let rounds = u64::from(self.repeats) + u64::from(self.warmups);
        let bytes_of = |case: &Case| match case.doing {
            // First there is something to be read.
            Doing::Updates => 2 * rounds + 1,
            _ if case.makes_files() => rounds,
            _ => rounds + 1,
        };
        let all: u64 = cases.iter().map(|(case, _)| bytes_of(case)).sum();
        let bar = ProgressBar::with_draw_target(
            Some(all.saturating_mul(self.size)),
            ProgressDrawTarget::stderr(),
        );
        let template = "{msg:<12} {wide_bar} {decimal_bytes}/{decimal_total_bytes} \
                        {decimal_bytes_per_sec} ETA {eta}";
        match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }

    /// Of so many cases, all if it was not stopped.
    fn tell(&self, report: &Report<'_>, cases: usize, output: &mut Output) -> Result<(), Failure> {
        if output.json() {
            return output.print_json(report);
        }
        let repeats = format!("{} of {} after {}", self.repeats, bytes(self.size), self.warmups);
        let mut notes = vec![match report.results.last() {
            Some(last) if report.interrupted => format!(
                "{} of {repeats}, in case {} of {cases}; stopped",
                last.repeats.len(),
                report.results.len()
            ),
            None => format!("none of {repeats}; stopped"),
            _ => repeats,
        }];
        if self.sync {
            notes.push("writes with fdatasync".to_owned());
        }
        if self.verify && !report.interrupted {
            notes.push("all contents are as they should be".to_owned());
        }
        writeln!(output, "{DIM}repeats: {}{DIM:#}", notes.join("; "))?;
        Ok(())
    }
}
