//! The free parts of slabs.

use std::collections::{BTreeMap, BTreeSet};

/// Free parts, none empty, no two of a slab adjacent: neighbours are joined.
#[derive(Debug, Default)]
pub(super) struct Holes {
    /// Length by slab and offset in it.
    by_place: BTreeMap<(usize, usize), usize>,
    /// The same as `(length, slab, offset)`.
    by_len: BTreeSet<(usize, usize, usize)>,
}

impl Holes {
    /// Takes `len` bytes from the smallest hole that has them, the lowest of equals: slab and
    /// offset.
    pub(super) fn take(&mut self, len: usize) -> Option<(usize, usize)> {
        let &(found, slab, offset) = self.by_len.range((len, 0, 0)..).next()?;
        self.remove(slab, offset, found);
        if found > len {
            self.insert(slab, offset + len, found - len);
        }
        Some((slab, offset))
    }

    /// Gives bytes of a slab back.
    pub(super) fn add(&mut self, slab: usize, offset: usize, len: usize) {
        if len == 0 {
            return;
        }
        let (mut first, mut end) = (offset, offset + len);
        let before = self.by_place.range(..(slab, offset)).next_back();
        if let Some((&(_, at), &before)) =
            before.filter(|&(&(of, at), &len)| (of, at + len) == (slab, offset))
        {
            self.remove(slab, at, before);
            first = at;
        }
        if let Some(&behind) = self.by_place.get(&(slab, end)) {
            self.remove(slab, end, behind);
            end += behind;
        }
        self.insert(slab, first, end - first);
    }

    /// Forgets a slab, which has no buffers left and so is one hole.
    pub(super) fn forget(&mut self, slab: usize) {
        if let Some(&len) = self.by_place.get(&(slab, 0)) {
            self.remove(slab, 0, len);
        }
    }

    fn insert(&mut self, slab: usize, offset: usize, len: usize) {
        self.by_place.insert((slab, offset), len);
        self.by_len.insert((len, slab, offset));
    }

    fn remove(&mut self, slab: usize, offset: usize, len: usize) {
        self.by_place.remove(&(slab, offset));
        self.by_len.remove(&(len, slab, offset));
    }
}
