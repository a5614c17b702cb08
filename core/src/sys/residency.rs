//! Whether a range of a file is in the page cache.

use std::{
    fs::File,
    os::fd::AsRawFd,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use nix::libc;

use crate::sys::alignment::page_size;

/// `cachestat` (Linux 6.5), asked of one file for as long as it answers.
#[derive(Debug)]
pub(crate) struct Residency {
    answers: AtomicBool,
    page: u64,
}

/// The kernel's `struct cachestat_range`.
#[repr(C)]
struct Range {
    offset: u64,
    len: u64,
}

/// The kernel's `struct cachestat`.
#[repr(C)]
#[derive(Default)]
struct Pages {
    cached: u64,
    dirty: u64,
    in_writeback: u64,
    evicted: u64,
    recently_evicted: u64,
}

impl Residency {
    pub(crate) fn new() -> Self {
        Self { answers: AtomicBool::new(CACHESTAT.is_some()), page: page_size() as u64 }
    }

    /// Whether every page of a range is in the page cache; false where the system does not tell: an
    /// old kernel, a sandbox, somebody else's file that is open to read alone.
    pub(crate) fn is_resident(&self, file: &File, offset: u64, len: usize) -> bool {
        let Some(number) = CACHESTAT.filter(|_| len > 0 && self.answers.load(Relaxed)) else {
            return false;
        };
        let range = Range { offset, len: len as u64 };
        let mut found = Pages::default();
        // SAFETY: the kernel reads a struct of two and fills in one of five 64-bit integers, which
        // these are; there are no flags.
        let status = unsafe {
            libc::syscall(number, file.as_raw_fd(), &raw const range, &raw mut found, 0_u32)
        };
        if status != 0 {
            self.answers.store(false, Relaxed);
            return false;
        }
        let pages = (offset + len as u64).div_ceil(self.page) - offset / self.page;
        found.cached == pages
    }
}

/// Its number, the same wherever numbers start at 0; libc does not name it everywhere.
const CACHESTAT: Option<libc::c_long> = if cfg!(any(
    target_arch = "aarch64",
    target_arch = "arm",
    target_arch = "loongarch64",
    target_arch = "powerpc64",
    target_arch = "riscv64",
    target_arch = "s390x",
    target_arch = "x86",
    all(target_arch = "x86_64", target_pointer_width = "64"),
)) {
    Some(451)
} else {
    None
};
