//! Anonymous memory straight from the system: on huge pages where it has them, with a page to
//! either side that nobody may touch.

use std::{ffi::c_void, num::NonZeroUsize, ptr::NonNull};

use nix::{
    errno::Errno,
    libc,
    sys::mman::{MapFlags, ProtFlags, mmap_anonymous, mprotect, munmap},
};

use crate::error::{Cause, ErrorKind};

/// The size of a huge page on the usual configurations of x86-64 and AArch64, 2 MiB.
pub(crate) const HUGE_PAGE: usize = 2 << 20;

/// Bytes of a page, and at least 4096, which O_DIRECT on any device is content with.
pub(crate) fn page_size() -> usize {
    // SAFETY: sysconf reads a constant of the system.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).ok().filter(|size| size.is_power_of_two()).unwrap_or(4096).max(4096)
}

/// Readable, writable, zeroed memory of its own.
///
/// From 2 MiB on it begins at a multiple of 2 MiB and asks for huge pages. The guard pages keep
/// the kernel from merging it with its neighbours, so that it is one line of `/proc/self/smaps`.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: NonNull<u8>,
    len: usize,
    /// The memory with its guard pages.
    whole: (NonNull<c_void>, usize),
}

// SAFETY: the mapping belongs to this value alone, and memory has no thread affinity.
unsafe impl Send for Mapping {}
// SAFETY: a shared mapping gives out no more than its address.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `len` bytes, rounded up to whole pages.
    pub(crate) fn new(len: usize) -> Result<Self, Cause> {
        let page = page_size();
        let alignment = if len >= HUGE_PAGE { HUGE_PAGE } else { page };
        let (len, whole) = len
            .checked_next_multiple_of(page)
            .and_then(|len| Some((len, len.checked_add(alignment + page)?)))
            .filter(|&(_, whole)| isize::try_from(whole).is_ok())
            .and_then(|(len, whole)| Some((len, NonZeroUsize::new(whole)?)))
            .ok_or(ErrorKind::OutOfMemory)?;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice touches no memory
        // that exists.
        let base =
            unsafe { mmap_anonymous(None, whole, ProtFlags::PROT_NONE, MapFlags::MAP_PRIVATE) }?;
        let mut mapping = Self { start: base.cast(), len, whole: (base, whole.get()) };
        // At least a page and at most `alignment` bytes in front, so at least a page behind.
        let first = base.as_ptr().addr() + page;
        let front = first.next_multiple_of(alignment) - base.as_ptr().addr();
        // SAFETY: front + len < whole, so the result lies within the mapping.
        mapping.start = unsafe { base.cast::<u8>().add(front) };
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: the range is whole pages of the mapping just made, which nobody else knows.
        unsafe { mprotect(mapping.start.cast(), len, access) }?;
        if alignment == HUGE_PAGE {
            // SAFETY: as for the range above. A kernel without huge pages refuses, which costs
            // speed alone.
            let _ = unsafe { advice::huge_pages(mapping.start, len) };
        }
        Ok(mapping)
    }

    /// Keeps the memory out of forked children, whose copy nobody would ever use.
    pub(crate) fn keep_from_children(&self) {
        // SAFETY: the range is the mapping's own. Refused advice costs memory alone.
        let _ = unsafe { advice::dont_fork(self.start, self.len) };
    }

    pub(crate) fn start(&self) -> NonNull<u8> {
        self.start
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let (base, len) = self.whole;
        // SAFETY: the mapping is this value's own and was made with this length; whoever handed
        // out parts of it has them back. It can fail only for an address that is no mapping's.
        let _ = unsafe { munmap(base, len) };
    }
}

/// Backs `len` bytes from `start` on with memory now, rather than at their first use.
///
/// # Safety
///
/// The bytes are mapped, writable, zero, and nobody else's.
pub(crate) unsafe fn prefault(start: NonNull<u8>, len: usize) -> Result<(), Cause> {
    let page = page_size();
    // The system populates whole pages.
    let before = start.as_ptr().addr() % page;
    loop {
        // SAFETY: the page that `start` lies in is mapped, and populating changes no contents.
        match unsafe { advice::populate(start.sub(before), len + before) } {
            Ok(()) => return Ok(()),
            Err(Errno::EINTR | Errno::EAGAIN) => {}
            // Unknown before Linux 5.14, and not for every kind of mapping.
            Err(Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP) => break,
            Err(errno) => return Err(errno.into()),
        }
    }
    for at in (0..len).step_by(page).chain(len.checked_sub(1)) {
        // SAFETY: at < len, and the caller says that the byte is writable, zero and unused.
        unsafe { start.add(at).write_volatile(0) };
    }
    Ok(())
}

#[cfg(target_os = "linux")]
mod advice {
    use std::ptr::NonNull;

    use nix::{
        Result,
        sys::mman::{MmapAdvise, madvise},
    };

    /// # Safety
    ///
    /// The bytes are mapped; none of these changes what they hold.
    pub(super) unsafe fn huge_pages(start: NonNull<u8>, len: usize) -> Result<()> {
        // SAFETY: the caller's promise.
        unsafe { madvise(start.cast(), len, MmapAdvise::MADV_HUGEPAGE) }
    }

    /// # Safety
    ///
    /// As for `huge_pages`.
    pub(super) unsafe fn dont_fork(start: NonNull<u8>, len: usize) -> Result<()> {
        // SAFETY: the caller's promise.
        unsafe { madvise(start.cast(), len, MmapAdvise::MADV_DONTFORK) }
    }

    /// # Safety
    ///
    /// As for `huge_pages`, and the bytes are writable.
    pub(super) unsafe fn populate(start: NonNull<u8>, len: usize) -> Result<()> {
        // SAFETY: the caller's promise.
        unsafe { madvise(start.cast(), len, MmapAdvise::MADV_POPULATE_WRITE) }
    }
}

#[cfg(not(target_os = "linux"))]
mod advice {
    use std::ptr::NonNull;

    use nix::{Result, errno::Errno};

    /// # Safety
    ///
    /// None: it does nothing.
    pub(super) unsafe fn huge_pages(_start: NonNull<u8>, _len: usize) -> Result<()> {
        Ok(())
    }

    /// # Safety
    ///
    /// None: it does nothing.
    pub(super) unsafe fn dont_fork(_start: NonNull<u8>, _len: usize) -> Result<()> {
        Ok(())
    }

    /// # Safety
    ///
    /// None: it does nothing.
    pub(super) unsafe fn populate(_start: NonNull<u8>, _len: usize) -> Result<()> {
        Err(Errno::ENOSYS)
    }
}
