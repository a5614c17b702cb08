//! What rounds leave behind: threads, descriptors, files, memory.

#![allow(unsafe_code, reason = "mallopt and malloc_trim")]

use std::{fmt, fs, path::PathBuf};

use ds_aio_tests::process::{descriptors, memory, settles_to, threads};

/// Memory that a process may come to hold for good: caches of the allocator's, stacks.
const SLACK: usize = 32 << 20;

/// How it was before the first round, and how much memory there was after each.
pub(crate) struct Leaks {
    before: (usize, usize),
    dir: PathBuf,
    files: usize,
    resident: Vec<usize>,
}

impl Leaks {
    pub(crate) fn watch(dir: PathBuf) -> Self {
        keep_no_free_memory();
        let before = (threads().unwrap(), descriptors().unwrap());
        let files = count(&dir);
        Self { before, dir, files, resident: vec![resident()] }
    }

    /// Panics if the round that has ended has left anything but memory.
    pub(crate) fn check(&mut self) {
        settles_to(self.before);
        assert_eq!(count(&self.dir), self.files, "files are left in {}", self.dir.display());
        self.resident.push(resident());
    }

    /// Whether memory has grown from the first quarter of the rounds to the last: the least of the last
    /// against the most of the first.
    pub(crate) fn memory_grows(&self) -> bool {
        let quarter = (self.resident.len() / 4).max(2).min(self.resident.len());
        let first = self.resident[..quarter].iter().max();
        let last = self.resident[self.resident.len() - quarter..].iter().min();
        first.zip(last).is_some_and(|(first, last)| *last > first + SLACK)
    }
}

impl fmt::Display for Leaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (threads, descriptors) = self.before;
        let mib = |bytes: Option<&usize>| bytes.copied().unwrap_or_default() >> 20;
        writeln!(
            f,
            "after every round: {threads} threads and {descriptors} descriptors as before the first, \
             {} files\nresident between rounds, MiB: {} before, {} after the first, {} at most, {} at the \
             end",
            self.files,
            mib(self.resident.first()),
            mib(self.resident.get(1)),
            mib(self.resident.iter().max()),
            mib(self.resident.last()),
        )
    }
}

fn count(dir: &std::path::Path) -> usize {
    fs::read_dir(dir).unwrap().count()
}

/// Has the allocator give back what is free at the end of a thread's heap, which `malloc_trim` leaves alone:
/// glibc raises the length from which on it does so with every large block freed, up to a whole heap of 64 MiB.
fn keep_no_free_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use nix::libc::{M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, mallopt};

        for threshold in [M_MMAP_THRESHOLD, M_TRIM_THRESHOLD] {
            // SAFETY: the call takes two numbers and may be made at any time.
            let taken = unsafe { mallopt(threshold, 128 << 10) };
            assert_eq!(taken, 1, "a threshold of the allocator's");
        }
    }
}

/// Bytes of this process in memory, less what its allocator gives back on request.
fn resident() -> usize {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it gives free memory back to the system and may be called at any time.
    unsafe {
        nix::libc::malloc_trim(0);
    }
    memory("status", "VmRSS").unwrap()
}
