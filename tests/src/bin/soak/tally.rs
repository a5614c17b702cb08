//! What was done so far, counted.

use std::{
    collections::BTreeMap,
    fmt::{self, Debug},
    sync::{Mutex, MutexGuard, PoisonError},
};

use ds_aio_tests::bytes::assert_same;

/// Counts that all threads add to.
#[derive(Default)]
pub(crate) struct Tally(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    /// How often, and how many bytes.
    operations: BTreeMap<&'static str, (u64, u64)>,
    faults: BTreeMap<&'static str, u64>,
    errors: BTreeMap<String, u64>,
    verified: u64,
}

impl Tally {
    /// Something was asked for.
    pub(crate) fn operation(&self, what: &'static str, bytes: usize) {
        let mut counts = self.counts();
        let (times, moved) = counts.operations.entry(what).or_default();
        *times += 1;
        *moved += bytes as u64;
    }

    /// Something was made to go wrong.
    pub(crate) fn fault(&self, what: &'static str) {
        *self.counts().faults.entry(what).or_default() += 1;
    }

    /// An error came, as it had to.
    pub(crate) fn error(&self, kind: impl Debug) {
        *self.counts().errors.entry(format!("{kind:?}")).or_default() += 1;
    }

    /// Bytes that are to be the same are.
    #[track_caller]
    pub(crate) fn compare(&self, found: &[u8], expected: &[u8], what: &dyn fmt::Display) {
        assert_same(found, expected, what);
        self.verified(found.len());
    }

    /// So many bytes were compared, and none differed.
    pub(crate) fn verified(&self, bytes: usize) {
        self.counts().verified += bytes as u64;
    }

    /// All of it in a few words.
    pub(crate) fn brief(&self) -> String {
        let counts = self.counts();
        let operations: u64 = counts.operations.values().map(|(times, _)| times).sum();
        let faults: u64 = counts.faults.values().sum();
        let errors: u64 = counts.errors.values().sum();
        let verified = mib(counts.verified);
        format!(
            "{operations} operations, {verified} MiB compared, {faults} faults, {errors} errors"
        )
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A table of all counts.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts();
        writeln!(f, "{:<36} {:>12} {:>12}", "operations", "times", "MiB")?;
        for (what, (times, bytes)) in &counts.operations {
            writeln!(f, "  {what:<34} {times:>12} {:>12}", mib(*bytes))?;
        }
        writeln!(f, "{:<36} {:>12}", "faults made", "times")?;
        for (what, times) in &counts.faults {
            writeln!(f, "  {what:<34} {times:>12}")?;
        }
        writeln!(f, "{:<36} {:>12}", "errors, each as expected", "times")?;
        for (kind, times) in &counts.errors {
            writeln!(f, "  {kind:<34} {times:>12}")?;
        }
        writeln!(f, "{:<36} {:>12} MiB", "compared with models", mib(counts.verified))
    }
}

fn mib(bytes: u64) -> u64 {
    bytes >> 20
}
