//! How fast block sizes and queue depths were together.

use std::io::{self, Write};

use anstyle::{Ansi256Color, Style};

use super::{candidate::Candidate, trial::Trial};
use crate::cli::output::{DIM, HEAD, Output, bytes};

/// The fastest trials of one thread_count, by block_size and queue_depth.
pub(super) struct Map<'a> {
    pub(super) thread_count: usize,
    pub(super) block_sizes: Vec<usize>,
    pub(super) queue_depths: Vec<usize>,
    trials: &'a [Trial],
}

/// A share of the fastest speed of all, in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shade(usize);

/// From which share on there is which shade, in percent.
pub(super) const SHADES: [u32; 5] = [0, 40, 60, 80, 95];
const CHARACTERS: [char; 5] = [' ', '░', '▒', '▓', '█'];
/// From dark to light in steps that are even to the eye, and black or white on them.
const BACKGROUNDS: [(u8, u8); 5] = [(53, 15), (24, 15), (30, 15), (71, 16), (220, 16)];

const CELL: usize = 9;

impl<'a> Map<'a> {
    /// Of trials that are sorted, the fastest first.
    pub(super) fn of(trials: &'a [Trial], thread_count: usize) -> Self {
        let of_count =
            || trials.iter().filter(|trial| trial.candidate.thread_count == thread_count);
        let sorted = |mut values: Vec<usize>| {
            values.sort_unstable();
            values.dedup();
            values
        };
        Self {
            thread_count,
            block_sizes: sorted(of_count().map(|trial| trial.candidate.block_size).collect()),
            queue_depths: sorted(of_count().map(|trial| trial.candidate.queue_depth).collect()),
            trials,
        }
    }

    /// One for each thread_count.
    pub(super) fn all(trials: &'a [Trial]) -> Vec<Self> {
        let mut counts: Vec<_> = trials.iter().map(|trial| trial.candidate.thread_count).collect();
        counts.sort_unstable();
        counts.dedup();
        counts.into_iter().map(|thread_count| Self::of(trials, thread_count)).collect()
    }

    /// The fastest there, if it was tried.
    pub(super) fn at(&self, block_size: usize, queue_depth: usize) -> Option<&'a Trial> {
        self.trials.iter().find(|trial| {
            let Candidate { thread_count, block_size: size, queue_depth: depth, .. } =
                trial.candidate;
            (thread_count, size, depth) == (self.thread_count, block_size, queue_depth)
        })
    }

    pub(super) fn shade(&self, trial: &Trial) -> Shade {
        let fastest = self.trials.first().map_or(0.0, Trial::median);
        Shade::of(trial.median() / fastest)
    }

    /// As a table of characters, or colours where there are some; too wide ones in parts.
    pub(super) fn print(&self, chosen: &Candidate, output: &mut Output) -> io::Result<()> {
        let thread_count = self.thread_count;
        writeln!(
            output,
            "{HEAD}GB/s by block_size and queue_depth, at thread_count {thread_count}{HEAD:#}"
        )?;
        let sizes = || self.block_sizes.iter().map(|size| bytes(*size as u64));
        let label = sizes().map(|size| size.len()).max().unwrap_or(0);
        let across = (output.columns().saturating_sub(label) / CELL).max(1);
        for depths in self.queue_depths.chunks(across) {
            write!(output, "{:label$}", "")?;
            for depth in depths {
                write!(output, "{HEAD}{depth:>width$}{HEAD:#} ", width = CELL - 1)?;
            }
            writeln!(output)?;
            for (size, name) in self.block_sizes.iter().zip(sizes()) {
                write!(output, "{HEAD}{name:>label$}{HEAD:#}")?;
                for depth in depths {
                    self.cell(self.at(*size, *depth), chosen, output)?;
                }
                writeln!(output)?;
            }
        }
        legend(output)
    }

    fn cell(
        &self,
        trial: Option<&Trial>,
        chosen: &Candidate,
        output: &mut Output,
    ) -> io::Result<()> {
        let Some(trial) = trial else {
            return write!(output, " {DIM}{:>width$}{DIM:#} ", "-", width = CELL - 2);
        };
        let (shade, speed) = (self.shade(trial), trial.median());
        let mark = if trial.candidate == *chosen { '*' } else { ' ' };
        if output.has_colours() {
            let style = shade.style();
            return write!(output, " {style}{speed:>width$.2}{mark}{style:#}", width = CELL - 2);
        }
        write!(output, " {}{speed:>width$.2}{mark}", shade.character(), width = CELL - 3)
    }
}

/// What shades and marks mean, in as many lines as it takes.
fn legend(output: &mut Output) -> io::Result<()> {
    let has_colours = output.has_colours();
    let shades = SHADES.iter().enumerate().skip(1).rev().map(|(number, from)| {
        let (shade, text) = (Shade(number), format!("{from} %"));
        let width = text.len() + 2;
        let shown = match (has_colours, shade.style()) {
            (true, style) => format!("{style} {text} {style:#}"),
            (false, _) => format!("{} {text}", shade.character()),
        };
        (width, shown)
    });
    let words = ["of the fastest", "and more;", "* chosen"];
    let words = words.map(|text| (text.len(), format!("{DIM}{text}{DIM:#}")));
    let columns = output.columns();
    let mut at = 0;
    for (width, text) in shades.chain(words) {
        if at > 0 && at + 1 + width > columns {
            writeln!(output)?;
            at = 0;
        }
        write!(output, "{}{text}", if at > 0 { " " } else { "" })?;
        at += width + usize::from(at > 0);
    }
    writeln!(output)
}

impl Shade {
    fn of(share: f64) -> Self {
        Self(SHADES.iter().rposition(|from| share * 100.0 >= f64::from(*from)).unwrap_or(0))
    }

    /// From 0 for the slowest to 4.
    pub(super) fn number(self) -> usize {
        self.0
    }

    fn character(self) -> char {
        CHARACTERS[self.0]
    }

    fn style(self) -> Style {
        let (background, text) = BACKGROUNDS[self.0];
        Ansi256Color(text).on(Ansi256Color(background))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn shades_are_shares_of_the_fastest() {
        for (share, number) in [(0.0, 0), (0.39, 0), (0.4, 1), (0.79, 2), (0.8, 3), (0.95, 4)] {
            assert_eq!(Shade::of(share).number(), number, "{share}");
        }
        assert_eq!(Shade::of(f64::NAN).number(), 0);
    }
}
