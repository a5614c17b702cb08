//! Pools: memory that buffers come from and go back to.

mod arena;
mod builder;
mod holes;
mod lease;
mod region;
mod stats;

use std::{fmt, sync::Arc};

use crate::{
    buf::{AioBuf, Shows, mapping::page_size},
    error::{Error, ErrorKind, Operation},
};
pub(super) use lease::Lease;
use lease::Shared;

pub use builder::BufferPoolBuilder;
pub use stats::{HugePages, PoolStats};

/// Memory for buffers, reused from one to the next; clones share it.
///
/// Memory comes from the system in regions of 2 MiB and more that lie on huge pages where the
/// system has them (`MADV_HUGEPAGE`), and small buffers share such regions: many tensors of 1 MiB
/// are as contiguous as one large one. It is backed when a buffer is allocated, not at the first
/// use of each page. A buffer takes whole pages.
///
/// A dropped buffer's memory stays in the pool for the next ones, and regions that no buffer lies
/// in go back to the system beyond [`BufferPoolBuilder::idle_limit`]. The pool's memory lives as
/// long as the pool, its clones and its buffers. What an earlier buffer held is never seen in a
/// later one.
///
/// ```
/// use ds_aio::{BufferPool, ErrorKind};
///
/// let pool = BufferPool::builder().limit(16 << 20).build();
/// let tensors = (0..16).map(|_| pool.alloc(1 << 20)).collect::<Result<Vec<_>, _>>()?;
/// let error = pool.alloc(1).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::PoolExhausted);
/// assert_eq!(error.limit(), Some(16 << 20));
/// drop(tensors);
/// assert_eq!(pool.alloc(1)?[..], [0]);
/// # Ok::<(), ds_aio::Error>(())
/// ```
#[derive(Clone)]
pub struct BufferPool {
    shared: Arc<Shared>,
}

impl BufferPool {
    /// A pool without a limit, otherwise as [`BufferPool::builder`] makes it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins to set up a pool.
    pub fn builder() -> BufferPoolBuilder {
        BufferPoolBuilder::default()
    }

    /// A pool for bounce buffers, which are the engine's alone: backed as they are used, and not
    /// copied to forked children.
    pub(crate) fn for_bounces() -> Self {
        Self::builder().prefault(false).keep_from_children().build()
    }

    /// A buffer of `len` zeros that begins on a page boundary.
    ///
    /// # Errors
    ///
    /// No buffer is lost by any of them; the pool may hold more idle memory than before.
    ///
    /// - [`ErrorKind::PoolExhausted`] if the pool would have to hold more than its limit:
    ///   [`Error::limit`] and [`Error::in_use`] tell it and what is in buffers, [`Error::wanted`]
    ///   is `len`. Gaps between buffers count, too, so it can come while `limit - in_use >= len`.
    /// - [`ErrorKind::LockLimit`] if the memory is to be locked and `RLIMIT_MEMLOCK`, which
    ///   [`Error::limit`] tells, does not allow it. (On Linux; elsewhere what the system answers.)
    /// - [`ErrorKind::OutOfMemory`] if the system or the allocator has none to give, or `len`
    ///   exceeds what a buffer can be (`isize::MAX` bytes).
    /// - [`ErrorKind::Forked`] in a forked child of the process that made the pool.
    pub fn alloc(&self, len: usize) -> Result<AioBuf, Error> {
        self.buffer(0, len, Shows::All)
    }

    /// A buffer for reads of `len` bytes that is not zeroed, and therefore shows nothing: it is
    /// empty until a read into it has ended, and after that holds what this read got: all `len`
    /// bytes, or after a failure the first [`Error::done`].
    ///
    /// A read fills `len` bytes again, however much it shows; a write writes what it shows. In an
    /// [`Engine::scope`](crate::Engine::scope) requests see what is shown alone, so nothing is
    /// read into an empty one there.
    ///
    /// # Errors
    ///
    /// As for [`BufferPool::alloc`].
    pub fn alloc_for_read(&self, len: usize) -> Result<AioBuf, Error> {
        self.buffer(0, len, Shows::LastRead)
    }

    /// A buffer of `len` zeros for the bytes of a file from `offset` on: its address and the
    /// offset leave the same remainder when divided by the page size (at least 4096), so that
    /// all but the first and the last page go direct without a copy wherever the range begins.
    ///
    /// ```
    /// let pool = ds_aio::BufferPool::new();
    /// let buffer = pool.alloc_at(5_000, 10_000)?;
    /// assert_eq!(buffer.as_ptr().addr() % 4096, 5_000 % 4096);
    /// # Ok::<(), ds_aio::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`BufferPool::alloc`].
    pub fn alloc_at(&self, offset: u64, len: usize) -> Result<AioBuf, Error> {
        self.buffer(offset, len, Shows::All)
    }

    /// As [`BufferPool::alloc_at`], and shows what was read alone, as
    /// [`BufferPool::alloc_for_read`] says.
    ///
    /// # Errors
    ///
    /// As for [`BufferPool::alloc`].
    pub fn alloc_for_read_at(&self, offset: u64, len: usize) -> Result<AioBuf, Error> {
        self.buffer(offset, len, Shows::LastRead)
    }

    /// The pool's memory now.
    #[must_use]
    pub fn stats(&self) -> PoolStats {
        self.shared.stats()
    }

    /// Gives all idle regions back to the system, and tells how many bytes these were. Gaps
    /// between the buffers of a shared region stay.
    pub fn trim(&self) -> usize {
        self.shared.trim()
    }

    /// How much of the pool's memory really lies on huge pages: the system gives them as it has
    /// them. `None` where it does not tell: on systems other than Linux, and for memory of an
    /// allocator that shares its mappings with others.
    ///
    /// It has the kernel walk through all of the process's memory (`/proc/self/smaps`), which
    /// takes milliseconds for each GiB: for a report, not for every request. Regions that come
    /// and go meanwhile may make it `None`.
    ///
    /// # Errors
    ///
    /// What the system answers to reading `/proc/self/smaps`; [`ErrorKind::Forked`] in a forked child.
    pub fn huge_pages(&self) -> Result<Option<HugePages>, Error> {
        self.shared.huge_pages()
    }

    fn buffer(&self, offset: u64, len: usize, shows: Shows) -> Result<AioBuf, Error> {
        if len == 0 {
            return Ok(AioBuf::empty(shows));
        }
        let page = page_size();
        // Less than a page.
        let skipped = (offset % page as u64) as usize;
        let whole = len
            .checked_add(skipped)
            .and_then(|end| end.checked_next_multiple_of(page))
            .filter(|&whole| isize::try_from(whole).is_ok())
            .ok_or_else(|| Error::new(Operation::Alloc, ErrorKind::OutOfMemory.into()));
        whole
            .and_then(|whole| self.shared.lease(whole, shows == Shows::All))
            .map(|lease| AioBuf::leased(lease, skipped, len, shows))
            .map_err(|error| error.for_range(0, len, 0))
    }
}

impl Default for BufferPool {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl fmt::Debug for BufferPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferPool").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
