//! What a pool keeps under its lock: which parts of which regions are in use.
//!
//! Buffers of up to a quarter of a slab share slabs, best fit first, and free neighbours are
//! joined. Larger ones have a region each, which a later buffer takes over if it leaves no more
//! than a quarter of its own length unused. A region without buffers is idle, and serves either.

use std::{collections::BTreeMap, ptr::NonNull};

use super::{holes::Holes, region::Region, stats::PoolStats};
use crate::{
    buf::mapping::{HUGE_PAGE, page_size},
    error::{Error, ErrorKind, Operation},
};

/// The size of a region that small buffers share: enough huge pages that little is lost where a
/// buffer does not fill the last one.
const SLAB: usize = 32 << 20;

/// The largest buffers that share a slab.
const SHARED: usize = SLAB / 4;

/// A part of a region that a buffer has for itself.
pub(super) struct Place {
    pub(super) start: NonNull<u8>,
    /// Whole pages.
    pub(super) len: usize,
    /// The first so many bytes may hold what an earlier user left, those after them are zero.
    pub(super) dirty: usize,
    /// The region's address.
    region: usize,
}

// SAFETY: the place's bytes are its holder's alone, and memory has no thread affinity.
unsafe impl Send for Place {}
// SAFETY: sharing the address gives no access.
unsafe impl Sync for Place {}

/// Regions that left the pool, to be dropped without its lock: releasing takes time, and calls
/// the user's allocator.
pub(super) type Evicted = Vec<Region>;

/// Bytes that a pool has put aside for a region to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grant {
    /// What the buffer needs.
    pub(super) least: usize,
    /// What there is room for.
    pub(super) most: usize,
}

pub(super) struct Arena {
    limit: usize,
    idle_limit: usize,
    /// Regions with buffers, by address.
    in_use: BTreeMap<usize, Region>,
    /// The free parts of those of them that are slabs.
    holes: Holes,
    /// Regions without buffers, the one that was idle for longest first.
    idle: Vec<Region>,
    stats: PoolStats,
}

impl Arena {
    pub(super) fn new(limit: usize, idle_limit: usize) -> Self {
        Self {
            limit,
            idle_limit,
            in_use: BTreeMap::new(),
            holes: Holes::default(),
            idle: Vec::new(),
            stats: PoolStats::default(),
        }
    }

    pub(super) fn stats(&self) -> PoolStats {
        PoolStats { idle: self.stats.mapped - self.stats.in_use, ..self.stats }
    }

    /// Where the regions are: address and length.
    #[cfg(target_os = "linux")]
    pub(super) fn regions(&self) -> Vec<(usize, usize)> {
        let regions = self.in_use.values().chain(&self.idle);
        regions.map(|region| (region.address(), region.len())).collect()
    }

    /// A place of `len` bytes, whole pages, in what the pool has already.
    pub(super) fn place(&mut self, len: usize) -> Option<Place> {
        if len <= SHARED
            && let Some((slab, offset)) = self.holes.take(len)
        {
            return self.occupy(slab, offset, len);
        }
        let most = if len <= SHARED { SLAB } else { len + len / 4 };
        let fits = |region: &Region| (len..=most).contains(&region.len());
        let candidates = self.idle.iter().enumerate().filter(|(_, region)| fits(region));
        let (best, _) = candidates.min_by_key(|(_, region)| region.len())?;
        let region = self.idle.remove(best);
        self.place_in(region, len)
    }

    /// A place at the start of a region that has no buffers.
    pub(super) fn place_in(&mut self, region: Region, len: usize) -> Option<Place> {
        let address = region.address();
        if len <= SHARED {
            self.holes.add(address, len, region.len() - len);
        }
        self.in_use.insert(address, region);
        self.occupy(address, 0, len)
    }

    fn occupy(&mut self, address: usize, offset: usize, len: usize) -> Option<Place> {
        let region = self.in_use.get_mut(&address)?;
        let dirty = region.touched.saturating_sub(offset).min(len);
        region.touched = region.touched.max(offset + len);
        region.used += len;
        self.stats.buffers += 1;
        self.stats.in_use += len;
        self.stats.peak_in_use = self.stats.peak_in_use.max(self.stats.in_use);
        // SAFETY: holes and idle regions lie within their region, so offset + len <= its length.
        let start = unsafe { region.start().add(offset) };
        Some(Place { start, len, dirty, region: address })
    }

    /// Takes a place back.
    pub(super) fn free(&mut self, place: &Place) -> Evicted {
        let Some(region) = self.in_use.get_mut(&place.region) else {
            return Evicted::new();
        };
        region.used -= place.len;
        self.stats.buffers -= 1;
        self.stats.in_use -= place.len;
        if place.len <= SHARED {
            let offset = place.start.as_ptr().addr() - place.region;
            self.holes.add(place.region, offset, place.len);
        }
        if region.used > 0 {
            return Evicted::new();
        }
        self.holes.forget(place.region);
        self.idle.extend(self.in_use.remove(&place.region));
        self.evict_to(self.idle_limit)
    }

    /// Releases what has been idle for longest until no more than `bytes` are.
    pub(super) fn evict_to(&mut self, bytes: usize) -> Evicted {
        let mut idle: usize = self.idle.iter().map(Region::len).sum();
        let mut count = 0;
        while idle > bytes && count < self.idle.len() {
            idle -= self.idle[count].len();
            count += 1;
        }
        let evicted: Evicted = self.idle.drain(..count).collect();
        for region in &evicted {
            self.stats.mapped -= region.len();
            self.stats.locked -= region.locked_bytes();
        }
        evicted
    }

    /// Puts bytes aside for a new region with a buffer of `len` bytes, at the expense of idle
    /// ones if need be.
    pub(super) fn reserve(&mut self, len: usize) -> Result<(Grant, Evicted), Error> {
        let idle: usize = self.idle.iter().map(Region::len).sum();
        let busy = self.stats.mapped - idle;
        let Some(room) = self.limit.checked_sub(busy).filter(|&room| len <= room) else {
            let exhausted = Error::new(Operation::Alloc, ErrorKind::PoolExhausted.into());
            return Err(exhausted.with_limit(self.limit).with_in_use(self.stats.in_use));
        };
        let evicted = self.evict_to(room - len);
        // A huge page at the end of which little is used would be there as a whole.
        let wanted = if len <= SHARED { SLAB } else { len };
        let room = self.limit - self.stats.mapped;
        let unit = if room >= HUGE_PAGE { HUGE_PAGE } else { page_size() };
        let most = wanted.min(room - room % unit).max(len);
        self.stats.mapped += most;
        Ok((Grant { least: len, most }, evicted))
    }

    /// Bytes that were put aside are not needed.
    pub(super) fn give_up(&mut self, bytes: usize) {
        self.stats.mapped -= bytes;
    }

    /// A region was made of bytes put aside.
    pub(super) fn locked(&mut self, region: &Region) {
        self.stats.locked += region.locked_bytes();
    }
}
