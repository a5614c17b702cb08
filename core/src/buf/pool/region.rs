//! A region: memory that a pool obtained at one go and carves buffers from.

use std::{ptr::NonNull, sync::Arc};

use nix::{
    errno::Errno,
    sys::mman::{mlock, munlock},
};

use crate::{
    buf::{
        allocator::BufferAllocator,
        mapping::{Mapping, page_size},
    },
    error::{Cause, Error, ErrorKind, Operation},
};

/// How a pool obtains its regions.
pub(super) struct Supply {
    /// None: mappings of the pool's own.
    pub(super) allocator: Option<Arc<dyn BufferAllocator>>,
    pub(super) lock_memory: bool,
    /// Whether forked children go without the memory.
    pub(super) keep_from_children: bool,
}

/// Memory that is released when this is dropped; initialized, all of it.
pub(super) struct Region {
    source: Source,
    locked: bool,
    /// Bytes from here on were never in a buffer, and are zero.
    pub(super) touched: usize,
    /// Bytes that are in buffers.
    pub(super) used: usize,
}

enum Source {
    Mapping(Mapping),
    Allocator { start: NonNull<u8>, len: usize, allocator: Arc<dyn BufferAllocator> },
}

// SAFETY: the memory is the region's own, usable on any thread by `BufferAllocator`'s contract.
unsafe impl Send for Source {}

impl Supply {
    /// Obtains `len` bytes, a multiple of the page size.
    pub(super) fn obtain(&self, len: usize) -> Result<Region, Error> {
        let failed = |cause: Cause| Error::new(Operation::Alloc, cause).for_range(0, len, 0);
        let mut region = match &self.allocator {
            None => {
                let mapping = Mapping::new(len).map_err(failed)?;
                if self.keep_from_children {
                    mapping.keep_from_children();
                }
                Region { source: Source::Mapping(mapping), locked: false, touched: 0, used: 0 }
            }
            Some(allocator) => {
                let start = allocator
                    .allocate(len, page_size())
                    .ok_or_else(|| failed(ErrorKind::OutOfMemory.into()))?;
                let allocator = Arc::clone(allocator);
                let gives_zeros = allocator.gives_zeros();
                let source = Source::Allocator { start, len, allocator };
                if !gives_zeros {
                    // SAFETY: the allocator just gave these bytes to nobody else, writable.
                    unsafe { start.write_bytes(0, len) };
                }
                Region { source, locked: false, touched: 0, used: 0 }
            }
        };
        if self.lock_memory {
            region.lock()?;
        }
        Ok(region)
    }
}

impl Region {
    pub(super) fn start(&self) -> NonNull<u8> {
        match &self.source {
            Source::Mapping(mapping) => mapping.start(),
            Source::Allocator { start, .. } => *start,
        }
    }

    pub(super) fn address(&self) -> usize {
        self.start().as_ptr().addr()
    }

    pub(super) fn len(&self) -> usize {
        match &self.source {
            Source::Mapping(mapping) => mapping.len(),
            Source::Allocator { len, .. } => *len,
        }
    }

    pub(super) fn locked_bytes(&self) -> usize {
        if self.locked { self.len() } else { 0 }
    }

    /// Keeps the region in memory, which also backs all of it with memory.
    fn lock(&mut self) -> Result<(), Error> {
        // SAFETY: the range is the region's memory, which stays where and what it is.
        let locked = unsafe { mlock(self.start().cast(), self.len()) };
        // After a failure a part of it may be, and `drop` undoes that.
        self.locked = true;
        let Err(errno) = locked else {
            return Ok(());
        };
        let error = match (errno, lock_limit()) {
            (Errno::ENOMEM | Errno::EPERM | Errno::EAGAIN, Some(limit)) => {
                Error::new(Operation::LockMemory, ErrorKind::LockLimit.into()).with_limit(limit)
            }
            _ => Error::new(Operation::LockMemory, errno.into()),
        };
        Err(error.for_range(0, self.len(), 0))
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        if let Source::Allocator { start, len, allocator } = &self.source {
            if self.locked {
                // SAFETY: the range is the region's memory. Unlocking fails only for memory
                // that is not there.
                let _ = unsafe { munlock(start.cast(), *len) };
            }
            // SAFETY: allocated in `obtain` with this length and alignment; the region is
            // dropped once, when no buffer is left in it.
            unsafe { allocator.release(*start, *len, page_size()) };
        }
    }
}

/// How many bytes a process without privileges may lock; none if any number.
#[cfg(target_os = "linux")]
fn lock_limit() -> Option<usize> {
    use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};

    let (soft, _) = getrlimit(Resource::RLIMIT_MEMLOCK).ok()?;
    (soft != RLIM_INFINITY).then(|| usize::try_from(soft).unwrap_or(usize::MAX))
}

/// Not every system tells; its own error has to do.
#[cfg(not(target_os = "linux"))]
fn lock_limit() -> Option<usize> {
    None
}
