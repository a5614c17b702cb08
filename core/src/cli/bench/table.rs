//! Cases as a table, or as a few short lines each where a line of it has no room.

use std::io::{self, Write};

use super::{
    report::{CaseReport, OperationReport, Spread},
    workload::{Target, Workload},
};
use crate::cli::output::{DIM, HEAD, bytes};

/// What is printed case by case.
pub(super) struct Table {
    wide: bool,
    /// The workload of the lines above.
    last: Option<Workload>,
}

/// Columns of the table.
const WIDE: usize = 100;

impl Table {
    /// For lines of so many columns.
    pub(super) fn new(columns: usize) -> Self {
        Self { wide: columns >= WIDE, last: None }
    }

    pub(super) fn print_head(&self, out: &mut impl Write) -> io::Result<()> {
        if !self.wide {
            return Ok(());
        }
        writeln!(
            out,
            "{HEAD}{:20}{:>7}{:>12}{:>8}{:>9}{:>9}{:>9}{:>9}{:>8}{:>9}{HEAD:#}",
            "",
            "GB/s",
            "least–most",
            "IOPS",
            "50 %",
            "99 %",
            "max",
            "CPU s/GB",
            "bounced",
            "buffered"
        )
    }

    pub(super) fn print(&mut self, case: &CaseReport, out: &mut impl Write) -> io::Result<()> {
        if self.last.replace(case.workload) != Some(case.workload) {
            let (name, requests) = (case.workload.name(), case.requests);
            let (size, in_flight) = (bytes(case.request_bytes as u64), case.in_flight);
            writeln!(
                out,
                "{HEAD}{name}{HEAD:#}, {requests} × {size}, {in_flight} requests in flight"
            )?;
        }
        let name = name(case);
        let (Some(speed), Some(iops), Some(cpu)) =
            (case.gb_per_s, case.requests_per_s, case.cpu_s_per_gb)
        else {
            return writeln!(
                out,
                "  {name:18}{DIM}stopped before the first repeat was done{DIM:#}"
            );
        };
        let measured = Line { case, speed, iops: iops.median, cpu: cpu.median };
        if self.wide {
            measured.wide(name, out)?
        } else {
            measured.narrow(name, out)?
        }
        if let Some(reason) = &case.not_direct {
            writeln!(out, "    {DIM}through the page cache: {reason}{DIM:#}")?;
        }
        Ok(())
    }
}

fn name(case: &CaseReport) -> &'static str {
    match case.target {
        Some(Target::New) => "write new",
        Some(Target::Preallocated) => "write preallocated",
        Some(Target::Overwrite) => "overwrite",
        None => case.operation,
    }
}

/// A case of which there is something.
struct Line<'a> {
    case: &'a CaseReport,
    speed: Spread,
    iops: f64,
    cpu: f64,
}

impl Line<'_> {
    /// Reads and writes, those that there were.
    fn operations(&self) -> Vec<(&'static str, &OperationReport)> {
        let all = [("reads", &self.case.read), ("writes", &self.case.write)];
        all.into_iter().filter_map(|(of, found)| Some((of, found.as_ref()?))).collect()
    }

    fn wide(&self, name: &str, out: &mut impl Write) -> io::Result<()> {
        let case = self.case;
        let spread = format!("{:.2}–{:.2}", self.speed.least, self.speed.most);
        let operations = self.operations();
        let latencies = match operations.as_slice() {
            [(_, only)] => only.shown(),
            _ => Default::default(),
        };
        write!(out, "  {name:18}{:>7.2}{spread:>12}{:>8.0}", self.speed.median, self.iops)?;
        write_latencies(&latencies, out)?;
        writeln!(
            out,
            "{:>9.3}{:>8}{:>9}",
            self.cpu,
            case.share(case.bounced_bytes),
            case.share(case.buffered_bytes)
        )?;
        if operations.len() > 1 {
            for (of, operation) in operations {
                write!(out, "    {DIM}{of:43}{DIM:#}")?;
                write_latencies(&operation.shown(), out)?;
                writeln!(out)?;
            }
        }
        Ok(())
    }

    fn narrow(&self, name: &str, out: &mut impl Write) -> io::Result<()> {
        let case = self.case;
        let Spread { median, least, most } = self.speed;
        writeln!(out, "  {name}: {median:.2} GB/s ({least:.2}–{most:.2}), {:.0} IOPS", self.iops)?;
        for (of, operation) in self.operations() {
            let [usual, seldom, most] = operation.shown();
            writeln!(out, "    {of}: 50 % {usual}, 99 % {seldom}, max {most}")?;
        }
        writeln!(
            out,
            "    {:.3} CPU s/GB, {} bounced, {} buffered",
            self.cpu,
            case.share(case.bounced_bytes),
            case.share(case.buffered_bytes)
        )
    }
}

fn write_latencies(latencies: &[String; 3], out: &mut impl Write) -> io::Result<()> {
    latencies.iter().try_for_each(|latency| write!(out, "{latency:>9}"))
}
