//! How a pool is set up.

use std::{fmt, sync::Arc};

use super::{BufferPool, arena::Arena, lease::Shared, region::Supply};
use crate::buf::allocator::BufferAllocator;

/// Sets up a [`BufferPool`].
///
/// ```
/// let pool = ds_aio::BufferPool::builder().limit(1 << 30).idle_limit(64 << 20).build();
/// # drop(pool);
/// ```
#[derive(Clone)]
#[must_use = "build makes the pool"]
pub struct BufferPoolBuilder {
    limit: usize,
    idle_limit: usize,
    lock_memory: bool,
    prefault: bool,
    allocator: Option<Arc<dyn BufferAllocator>>,
    keep_from_children: bool,
}

impl Default for BufferPoolBuilder {
    fn default() -> Self {
        Self {
            limit: usize::MAX,
            idle_limit: 256 << 20,
            lock_memory: false,
            prefault: true,
            allocator: None,
            keep_from_children: false,
        }
    }
}

impl BufferPoolBuilder {
    /// The most bytes that the pool may obtain, in use and idle together. Default: no limit.
    ///
    /// It gives idle regions back rather than fail.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// The most bytes that may stay in regions no buffer lies in. Default: 256 MiB. More saves a
    /// program that drops and allocates large buffers in turn from fetching them anew.
    pub fn idle_limit(mut self, bytes: usize) -> Self {
        self.idle_limit = bytes;
        self
    }

    /// Whether memory is locked (`mlock`), so that it is never paged out. Default: no.
    ///
    /// A process without `CAP_IPC_LOCK` may lock `RLIMIT_MEMLOCK` bytes (`ulimit -l`, in KiB;
    /// often 8 MiB). Small buffers share regions of up to 32 MiB, which are locked as a whole; a
    /// pool that may not lock so much makes do with what a buffer needs.
    pub fn lock_memory(mut self, lock: bool) -> Self {
        self.lock_memory = lock;
        self
    }

    /// Whether buffers are backed with memory when they are allocated (`MADV_POPULATE_WRITE`; on
    /// Linux before 5.14 and elsewhere by touching each page), which costs less than doing so at
    /// the first use of each page. Default: yes.
    pub fn prefault(mut self, prefault: bool) -> Self {
        self.prefault = prefault;
        self
    }

    /// Where memory comes from, instead of the system.
    pub fn allocator<A: BufferAllocator>(mut self, allocator: A) -> Self {
        self.allocator = Some(Arc::new(allocator));
        self
    }

    /// For memory that no user gets to see: a child that touched it would be killed.
    pub(super) fn keep_from_children(mut self) -> Self {
        self.keep_from_children = true;
        self
    }

    /// The pool. It obtains nothing before the first buffer.
    #[must_use]
    pub fn build(self) -> BufferPool {
        let Self { limit, idle_limit, lock_memory, prefault, allocator, keep_from_children } = self;
        let supply = Supply { allocator, lock_memory, keep_from_children };
        let shared = Shared::new(Arena::new(limit, idle_limit), supply, prefault);
        BufferPool { shared: Arc::new(shared) }
    }
}

impl fmt::Debug for BufferPoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferPoolBuilder")
            .field("limit", &self.limit)
            .field("idle_limit", &self.idle_limit)
            .field("lock_memory", &self.lock_memory)
            .field("prefault", &self.prefault)
            .field("allocator", &self.allocator.as_ref().map(|_| ".."))
            .finish_non_exhaustive()
    }
}
