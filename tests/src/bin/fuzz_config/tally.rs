//! What became of the inputs.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::sources::{Outcome, Source};

pub(crate) const HEADER: &str = "struct source        inputs   parsed   loaded   errors";

/// What became of the inputs of one struct from one source.
#[derive(Default)]
pub(crate) struct Tally {
    inputs: usize,
    parsed: usize,
    loaded: usize,
    kinds: BTreeMap<String, usize>,
    /// How long the slowest input took, and the input.
    pub(crate) slowest: (Duration, Vec<u8>),
}

impl Tally {
    pub(crate) fn count(&mut self, outcome: &Outcome, took: Duration, input: &[u8]) {
        self.inputs += 1;
        self.parsed += usize::from(outcome.parsed());
        self.loaded += usize::from(outcome.loaded);
        for kind in &outcome.found {
            *self.kinds.entry(format!("{kind:?}")).or_default() += 1;
        }
        if took > self.slowest.0 {
            self.slowest = (took, input.to_vec());
        }
    }

    /// Whether as many documents as usual get past the parser, and some load and others do not. Few
    /// inputs say nothing.
    pub(crate) fn keeps_floor(&self, source: Source) -> bool {
        let floor = match source {
            Source::Toml => 57.0,
            Source::Json => 45.0,
            // They have no syntax.
            Source::Variables | Source::Set => 100.0,
        };
        let (parsed, loaded) = (self.percent(self.parsed), self.percent(self.loaded));
        self.inputs < 1000 || (parsed >= floor && (10.0..=90.0).contains(&loaded))
    }

    fn percent(&self, part: usize) -> f64 {
        100.0 * part as f64 / self.inputs.max(1) as f64
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |part| format!("{:.1} %", self.percent(part));
        let errors = self.inputs - self.loaded;
        write!(
            f,
            "{:>9}{:>9}{:>9}{:>9}",
            self.inputs,
            share(self.parsed),
            share(self.loaded),
            share(errors)
        )
    }
}

/// The diagnostics of all inputs by kind.
pub(crate) fn kinds<'a>(tallies: impl Iterator<Item = &'a Tally>) -> String {
    let mut kinds = BTreeMap::<&str, usize>::new();
    for (kind, count) in tallies.flat_map(|tally| &tally.kinds) {
        *kinds.entry(kind).or_default() += count;
    }
    let kinds: Vec<_> = kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    format!("diagnostics: {}", kinds.join(", "))
}
