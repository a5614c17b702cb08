//! What the machine says of itself: files of `/proc` and `/sys`, and the environment.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Component, Path, PathBuf},
};

/// The files below a root, and variables, so that tests can make a machine up.
#[derive(Debug)]
pub(in crate::cli) struct Machine {
    root: PathBuf,
    variables: BTreeMap<OsString, OsString>,
}

impl Machine {
    /// The one this runs on.
    pub(in crate::cli) fn here() -> Self {
        Self { root: PathBuf::from("/"), variables: std::env::vars_os().collect() }
    }

    #[cfg(all(test, not(loom)))]
    pub(super) fn at(root: &Path, variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        Self { root: root.to_owned(), variables: variables.collect() }
    }

    /// What a file says, without the blanks around it.
    pub(super) fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        Some(fs::read_to_string(self.below(path.as_ref())).ok()?.trim().to_owned())
    }

    /// The number that a file holds.
    pub(super) fn number(&self, path: impl AsRef<Path>) -> Option<u64> {
        self.text(path)?.parse().ok()
    }

    pub(super) fn has(&self, path: impl AsRef<Path>) -> bool {
        self.below(path.as_ref()).exists()
    }

    /// Where links lead, for the other calls.
    pub(super) fn resolved(&self, path: impl AsRef<Path>) -> Option<PathBuf> {
        let root = self.root.canonicalize().ok()?;
        let found = self.below(path.as_ref()).canonicalize().ok()?;
        Some(Path::new("/").join(found.strip_prefix(root).ok()?))
    }

    /// What is in a directory.
    pub(super) fn entries(&self, path: impl AsRef<Path>) -> Vec<PathBuf> {
        let path = path.as_ref();
        let entries = fs::read_dir(self.below(path)).into_iter().flatten().flatten();
        let mut entries: Vec<_> = entries.map(|entry| path.join(entry.file_name())).collect();
        entries.sort_unstable();
        entries
    }

    /// A line of a file that begins with `key`, without it: `VmHWM:  12 kB`.
    pub(in crate::cli) fn line(&self, path: impl AsRef<Path>, key: &str) -> Option<String> {
        let text = self.text(path)?;
        text.lines().find_map(|line| Some(line.strip_prefix(key)?.trim().to_owned()))
    }

    /// Bytes of memory that can be had without swapping.
    pub(super) fn available_memory(&self) -> Option<u64> {
        let line = self.line("/proc/meminfo", "MemAvailable:")?;
        line.strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    }

    /// How many processors the process may run on: `Cpus_allowed_list: 0-3,8`.
    pub(super) fn processors(&self) -> Option<u64> {
        let list = self.line("/proc/self/status", "Cpus_allowed_list:")?;
        list.split(',').try_fold(0_u64, |sum, range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (first, last) = (first.parse::<u64>().ok()?, last.parse::<u64>().ok()?);
            sum.checked_add(last.checked_sub(first)?.checked_add(1)?)
        })
    }

    /// A variable that is there and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(&OsString::from(name))?;
        value.to_str().map(str::trim).filter(|value| !value.is_empty())
    }

    fn below(&self, path: &Path) -> PathBuf {
        let parts = path.components().filter(|part| !matches!(part, Component::RootDir));
        self.root.join(parts.collect::<PathBuf>())
    }
}
