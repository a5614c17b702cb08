//! `AioBuf`: page-aligned, zeroed memory, on huge pages where the system gives them.

use std::{
    ffi::c_void,
    fmt,
    num::NonZeroUsize,
    ops::{Deref, DerefMut},
    ptr::NonNull,
};

use nix::{
    errno::Errno,
    sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap},
};

use crate::error::{Cause, Error, ErrorKind, Operation};

/// The size of a huge page on the usual configurations of x86-64 and AArch64, 2 MiB.
const HUGE_PAGE: usize = 2 << 20;

/// A byte buffer made for the engine: zeroed, aligned for O_DIRECT on any device, in its own
/// mapping, backed by huge pages where the system has them to give.
///
/// Buffers of at least 2 MiB begin on a 2 MiB boundary and ask for huge pages
/// (`MADV_HUGEPAGE`): physically contiguous memory is what large direct transfers run fastest
/// on. Shorter ones begin on a page boundary.
///
/// It dereferences to `[u8]` and never changes its length.
///
/// ```
/// let mut buf = ds_aio::AioBuf::zeroed(1 << 20)?;
/// buf[..5].copy_from_slice(b"hello");
/// assert_eq!(buf.len(), 1 << 20);
/// assert_eq!(buf[5], 0);
/// # Ok::<(), ds_aio::Error>(())
/// ```
pub struct AioBuf {
    start: NonNull<u8>,
    len: usize,
    /// The mapping that holds the bytes; none for an empty buffer.
    mapping: Option<(NonNull<c_void>, usize)>,
}

// SAFETY: the buffer owns its mapping alone, and memory has no thread affinity.
unsafe impl Send for AioBuf {}
// SAFETY: shared access only reads.
unsafe impl Sync for AioBuf {}

impl AioBuf {
    /// Allocates `len` bytes, all zero.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::OutOfMemory`] if the system has no memory or no mapping of that size to give,
    /// or `len` exceeds what a buffer can be (`isize::MAX` bytes).
    pub fn zeroed(len: usize) -> Result<Self, Error> {
        let out_of_memory = |cause: Cause| Error::new(Operation::Alloc, cause).for_range(0, len, 0);
        if len == 0 {
            return Ok(Self { start: NonNull::dangling(), len, mapping: None });
        }
        let slack = if len >= HUGE_PAGE { HUGE_PAGE } else { 0 };
        let mapped = len
            .checked_add(slack)
            .filter(|&mapped| isize::try_from(mapped).is_ok())
            .and_then(NonZeroUsize::new)
            .ok_or_else(|| out_of_memory(ErrorKind::OutOfMemory.into()))?;
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let flags = MapFlags::MAP_PRIVATE;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice touches no memory
        // that exists.
        let base = unsafe { mmap_anonymous(None, mapped, protection, flags) }
            .map_err(|errno: Errno| out_of_memory(errno.into()))?;
        let padding = if slack == 0 {
            0
        } else {
            base.as_ptr().addr().next_multiple_of(HUGE_PAGE) - base.as_ptr().addr()
        };
        // SAFETY: padding < slack, so the result lies within the mapping of len + slack bytes.
        let start = unsafe { base.cast::<u8>().add(padding) };
        advise_huge_pages(start, len, slack > 0);
        Ok(Self { start, len, mapping: Some((base, mapped.get())) })
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self
    }

    /// The bytes, to change.
    #[must_use]
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        self
    }
}

#[cfg(target_os = "linux")]
fn advise_huge_pages(start: NonNull<u8>, len: usize, wanted: bool) {
    use nix::sys::mman::{MmapAdvise, madvise};

    if wanted {
        // SAFETY: the range is a part of a mapping just made, and this advice changes no
        // contents. A kernel without huge pages refuses it, which costs speed alone.
        let _ = unsafe { madvise(start.cast(), len, MmapAdvise::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn advise_huge_pages(_start: NonNull<u8>, _len: usize, _wanted: bool) {}

impl Drop for AioBuf {
    fn drop(&mut self) {
        if let Some((base, mapped)) = self.mapping {
            // SAFETY: the mapping is this buffer's own, made by `zeroed` with this length, and
            // nothing borrows from a buffer that is being dropped. It can fail only for an
            // address that is no mapping's.
            let _ = unsafe { munmap(base, mapped) };
        }
    }
}

impl Deref for AioBuf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the mapping holds `len` initialized (zeroed by the kernel) bytes from `start`
        // on, and `&self` keeps writers away.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl DerefMut for AioBuf {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as for `deref`, and `&mut self` is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl fmt::Debug for AioBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AioBuf").field("len", &self.len).finish_non_exhaustive()
    }
}
