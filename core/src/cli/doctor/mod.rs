//! `ds-aio doctor`: whether a machine and a directory let the engine do what it can.
//!
//! What the machine says is read by [`Machine`], what an engine gets is tried by [`Probe`], and the
//! judgements see nothing else.

mod cgroup;
mod device;
mod finding;
mod kernel;
mod limits;
mod machine;
mod memory;
mod place;
mod probe;
mod queue;
mod ranks;
#[cfg(all(test, not(loom)))]
mod tests;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::Args;
use ds_aio::AioConfig;
use serde::Serialize;

use super::{
    exit::Failure,
    output::{DIM, Output, path_text},
    place::Place,
    settings::SettingsArguments,
};
use cgroup::Cgroup;
use device::{Device, Mount};
pub(super) use finding::{Finding, Verdict};
pub(super) use machine::Machine;
pub(super) use memory::memory_left;
use probe::Probe;
use ranks::Ranks;

/// Find out what keeps this machine and a directory from full speed, and what to change
///
/// An engine with the settings at hand writes and reads some MiB in a temporary file of the
/// directory that has no name and is gone in the end; nothing else is changed. Each line tells how
/// something is, and, unless it is as it should be, what that costs and what to change.
///
/// Exit code 1 tells of a problem: what the settings ask for cannot be had here.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where files are to be
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,

    /// Let warnings be failures: exit code 1 for them, too
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    settings: SettingsArguments,
}

/// All of it, for JSON.
#[derive(Debug, Serialize)]
struct Report<'a> {
    #[serde(serialize_with = "path_text")]
    directory: &'a Path,
    /// The worst of all.
    verdict: Verdict,
    findings: &'a [Finding],
}

pub(super) fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    let config = arguments.settings.load()?.value;
    let (place, findings) = look(&arguments.dir, &config)?;
    let verdict = worst(&findings);

    if output.json() {
        let report = Report { directory: &place.path, verdict, findings: &findings };
        output.print_json(&report)?;
    } else {
        for finding in &findings {
            finding.print(output)?;
        }
        let of = |verdict| findings.iter().filter(|found| found.verdict == verdict).count();
        let (problems, warnings) = (of(Verdict::Problem), of(Verdict::Warning));
        writeln!(output, "{DIM}problems: {problems}, warnings: {warnings}{DIM:#}")?;
    }
    let limit = if arguments.strict { Verdict::Warning } else { Verdict::Problem };
    if verdict >= limit { Err(Failure::told()) } else { Ok(()) }
}

/// What there is to say of a directory and the machine it is on.
pub(super) fn facts(dir: &Path, config: &AioConfig) -> Result<Vec<Finding>, Failure> {
    Ok(look(dir, config)?.1)
}

fn look(dir: &Path, config: &AioConfig) -> Result<(Place, Vec<Finding>), Failure> {
    let probe = Probe::of(Place::of(dir)?, config)?;
    let findings = examine(&Machine::here(), &probe);
    Ok((probe.place, findings))
}

fn worst(findings: &[Finding]) -> Verdict {
    findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok)
}

/// Everything there is to say.
fn examine(machine: &Machine, probe: &Probe) -> Vec<Finding> {
    let mount = Mount::of(machine, &probe.place);
    let devices = Device::below(machine, &probe.place, mount.as_ref());
    let cgroup = Cgroup::of(machine);
    let ranks = Ranks::of(machine);
    let here = ranks.as_ref().map_or(1, |ranks| ranks.here);

    let mut findings = vec![
        place::directory(machine, &probe.place, mount.as_ref()),
        place::space(&probe.place),
        place::direct(probe),
        kernel::ring(machine, probe),
        memory::huge_pages(machine, probe),
        memory::amount(machine, &cgroup, probe, here),
    ];
    findings.extend(memory::locked(machine));
    findings.extend(limits::open_files(machine));
    findings.extend(kernel::aio(machine));
    findings.extend(kernel::version(machine));
    findings.extend(kernel::processors(machine));
    findings.extend(kernel::sandbox(machine));
    findings.extend(queue::devices(machine, &devices, probe, here));
    findings.extend(cgroup.rates(machine, &devices));
    findings.extend(ranks.map(|ranks| ranks.finding(machine, probe)));
    findings.extend(probe.effective.differences.iter().map(|difference| {
        Finding::note(
            "settings",
            difference.as_str(),
            "the engine runs with what it gets, not with what was asked for",
            "ask for what it gets, or see to the reason",
        )
    }));
    findings
}
