//! `AioBuf`: page-aligned memory, on huge pages where the system gives them.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    ptr::NonNull,
};

use super::{
    IoBuf, IoBufMut,
    mapping::{Mapping, page_size},
    pool::Lease,
};
use crate::error::{Error, Operation};

/// A byte buffer made for the engine: aligned for O_DIRECT on any device, and backed by huge pages
/// where the system has them to give.
///
/// It comes from a [`BufferPool`](crate::BufferPool), which each
/// [`Engine`](crate::Engine::alloc) has one of, and goes back there when it is dropped; or from
/// [`AioBuf::zeroed`], in a mapping of its own. Physically contiguous memory, which huge pages
/// are, is what large direct transfers run fastest on.
///
/// It dereferences to `[u8]`. The number of bytes never changes, but for buffers of
/// [`BufferPool::alloc_for_read`](crate::BufferPool::alloc_for_read), which show what was read.
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
    /// Bytes that there are.
    capacity: usize,
    /// Bytes that the owner sees, at most `capacity`: not yet those that an earlier owner may have left.
    shown: usize,
    shows: Shows,
    _home: Home,
}

/// Which of its bytes a buffer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    /// All of them: they were zeroed.
    All,
    /// Those that the last read got.
    LastRead,
}

/// What keeps a buffer's bytes, and releases them when it is dropped.
enum Home {
    /// There are none.
    Nowhere,
    Mapping {
        _own: Mapping,
    },
    Pool {
        _lease: Lease,
    },
}

// SAFETY: the buffer has its bytes for itself, and memory has no thread affinity.
unsafe impl Send for AioBuf {}
// SAFETY: shared access only reads.
unsafe impl Sync for AioBuf {}

impl AioBuf {
    /// Allocates `len` bytes, all zero, in a mapping of their own: of the system's, and back to
    /// it. Memory backs them as they are used.
    ///
    /// From 2 MiB on it begins on a 2 MiB boundary and asks for huge pages, below on a page
    /// boundary.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::OutOfMemory`](crate::ErrorKind::OutOfMemory) if the system has no memory or no
    /// mapping of that size to give, or `len` exceeds what a buffer can be (`isize::MAX` bytes).
    pub fn zeroed(len: usize) -> Result<Self, Error> {
        if len == 0 {
            return Ok(Self::empty(Shows::All));
        }
        let own = Mapping::new(len)
            .map_err(|cause| Error::new(Operation::Alloc, cause).for_range(0, len, 0))?;
        let (start, _home) = (own.start(), Home::Mapping { _own: own });
        Ok(Self { start, capacity: len, shown: len, shows: Shows::All, _home })
    }

    pub(super) fn empty(shows: Shows) -> Self {
        // Aligned, as elements of any type have to be even where there are none.
        let start = std::ptr::without_provenance_mut(page_size());
        let start = NonNull::new(start).unwrap_or(NonNull::dangling());
        Self { start, capacity: 0, shown: 0, shows, _home: Home::Nowhere }
    }

    /// The `len` bytes of a lease after the first `skipped`, which together it has.
    pub(super) fn leased(lease: Lease, skipped: usize, len: usize, shows: Shows) -> Self {
        // SAFETY: the lease is longer than that.
        let start = unsafe { lease.start().add(skipped) };
        let shown = if shows == Shows::All { len } else { 0 };
        Self { start, capacity: len, shown, shows, _home: Home::Pool { _lease: lease } }
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

impl Deref for AioBuf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the mapping or the lease holds `capacity` initialized bytes from `start` on, of which
        // `shown` are the first, and `&self` keeps writers away.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.shown) }
    }
}

impl DerefMut for AioBuf {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as for `deref`, and `&mut self` is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.shown) }
    }
}

// SAFETY: the bytes are in a mapping or a lease, which moving the value does not move, and only
// `&mut self` could write them or change how many are shown.
unsafe impl IoBuf for AioBuf {
    fn as_ptr(&self) -> *const u8 {
        self.start.as_ptr()
    }

    fn len(&self) -> usize {
        self.shown
    }
}

// SAFETY: the mapping or the lease holds `capacity` bytes, at least the `shown` ones, all initialized,
// for this buffer alone, and `u8` takes any value.
unsafe impl IoBufMut for AioBuf {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.start.as_ptr()
    }

    fn wanted(&self) -> usize {
        self.capacity
    }

    unsafe fn filled(&mut self, bytes: usize) {
        if self.shows == Shows::LastRead {
            self.shown = bytes.min(self.capacity);
        }
    }
}

impl fmt::Debug for AioBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AioBuf").field("len", &self.shown).finish_non_exhaustive()
    }
}
