//! From a wish for memory to a place in the arena, and back when the buffer is dropped.

use std::{ptr::NonNull, sync::Arc};

use super::{
    arena::{Arena, Grant, Place},
    region::{Region, Supply},
    stats::{HugePages, PoolStats},
};
use crate::{
    buf::mapping::prefault,
    error::{Error, ErrorKind, Operation},
    sync::{Mutex, MutexGuard, lock},
    sys::fork::ForkMark,
};

/// What the clones of a pool and its buffers share.
pub(super) struct Shared {
    arena: Mutex<Arena>,
    supply: Supply,
    prefault: bool,
    process: ForkMark,
}

/// Bytes of a pool that a buffer has for itself; they go back when this is dropped, which takes a
/// short lock.
///
/// **Invariant.** The bytes are readable, writable and initialized, and no other lease overlaps
/// them: the arena gives a place to nobody else until it is freed, which only `drop` does, and
/// keeps its region.
pub(in crate::buf) struct Lease {
    pool: Arc<Shared>,
    place: Place,
}

impl Shared {
    pub(super) fn new(arena: Arena, supply: Supply, prefault: bool) -> Self {
        Self { arena: Mutex::new(arena), supply, prefault, process: ForkMark::new() }
    }

    /// The arena; none in a forked child, where its lock may be held for ever, and what it manages
    /// is the parent's.
    fn arena(&self) -> Option<MutexGuard<'_, Arena>> {
        (!self.process.is_child()).then(|| lock(&self.arena))
    }

    pub(super) fn stats(&self) -> PoolStats {
        self.arena().map(|arena| arena.stats()).unwrap_or_default()
    }

    pub(super) fn trim(&self) -> usize {
        let evicted = self.arena().map(|mut arena| arena.evict_to(0)).unwrap_or_default();
        evicted.iter().map(Region::len).sum()
    }

    /// `len` bytes, whole pages; all zero if `zeroed`.
    pub(super) fn lease(self: &Arc<Self>, len: usize, zeroed: bool) -> Result<Lease, Error> {
        let place = self.place(len)?;
        // From here on dropping the lease gives the place back.
        let lease = Lease { pool: Arc::clone(self), place };
        let Place { start, len, dirty, .. } = lease.place;
        if zeroed {
            // SAFETY: dirty <= len, and the place is this lease's alone.
            unsafe { start.write_bytes(0, dirty) };
        }
        if self.prefault && dirty < len {
            // SAFETY: the bytes after the dirty ones were in no buffer yet and are zero, and the
            // place is this lease's alone.
            unsafe { prefault(start.add(dirty), len - dirty) }
                .map_err(|cause| Error::new(Operation::Alloc, cause))?;
        }
        Ok(lease)
    }

    fn place(&self, len: usize) -> Result<Place, Error> {
        let (grant, evicted) = {
            let mut arena = self.arena().ok_or_else(forked)?;
            match arena.place(len) {
                Some(place) => return Ok(place),
                None => arena.reserve(len)?,
            }
        };
        // Before anything is obtained in their stead.
        drop(evicted);
        let region = self.grow(grant)?;
        // The region is as long as was granted, so there is room.
        let place = lock(&self.arena).place_in(region, len);
        place.ok_or_else(|| Error::new(Operation::Alloc, ErrorKind::OutOfMemory.into()))
    }

    /// A region of what was granted, or failing that of what is needed.
    fn grow(&self, grant: Grant) -> Result<Region, Error> {
        let mut reserved = Reserved { pool: self, bytes: grant.most };
        let mut obtained = self.supply.obtain(grant.most);
        if obtained.is_err() && grant.least < grant.most {
            reserved.shrink_to(grant.least);
            obtained = self.supply.obtain(grant.least);
        }
        if obtained.is_err() && self.trim() > 0 {
            obtained = self.supply.obtain(grant.least);
        }
        let region = obtained?;
        reserved.keep(&region);
        Ok(region)
    }

    #[cfg(target_os = "linux")]
    pub(super) fn huge_pages(&self) -> Result<Option<HugePages>, Error> {
        let regions = self.arena().ok_or_else(forked)?.regions();
        let smaps = std::fs::read_to_string("/proc/self/smaps").map_err(|error| {
            let errno = nix::errno::Errno::from_raw(error.raw_os_error().unwrap_or(nix::libc::EIO));
            let path = Arc::from(std::path::Path::new("/proc/self/smaps"));
            Error::new(Operation::Open, errno.into()).at_path(&path)
        })?;
        Ok(HugePages::of(&smaps, regions))
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn huge_pages(&self) -> Result<Option<HugePages>, Error> {
        Ok(None)
    }
}

fn forked() -> Error {
    Error::new(Operation::Alloc, ErrorKind::Forked.into())
}

impl Lease {
    pub(in crate::buf) fn start(&self) -> NonNull<u8> {
        self.place.start
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let evicted = self.pool.arena().map(|mut arena| arena.free(&self.place));
        // Without the lock, as it is a statement of its own.
        drop(evicted);
    }
}

/// Bytes put aside for a region, given up on any failure, a panic of the user's allocator
/// included.
struct Reserved<'pool> {
    pool: &'pool Shared,
    bytes: usize,
}

impl Reserved<'_> {
    fn shrink_to(&mut self, bytes: usize) {
        lock(&self.pool.arena).give_up(self.bytes - bytes);
        self.bytes = bytes;
    }

    fn keep(mut self, region: &Region) {
        let mut arena = lock(&self.pool.arena);
        arena.give_up(self.bytes - region.len());
        arena.locked(region);
        self.bytes = 0;
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if self.bytes > 0 {
            lock(&self.pool.arena).give_up(self.bytes);
        }
    }
}
