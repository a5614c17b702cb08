//! Which tensors there are, how many bytes they take, and which were used least recently.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::store::{TensorInfo, space::pages, tensor::Version};

/// The tensors of a store.
#[derive(Default)]
pub(super) struct Catalog {
    tensors: BTreeMap<Arc<str>, Tensor>,
    /// By the time of their last use; kept if there is a capacity alone.
    by_use: BTreeMap<u64, Arc<str>>,
    /// How often each name is pinned.
    pins: HashMap<Arc<str>, usize>,
    capacity: Option<u64>,
    /// Of all tensors, in whole pages.
    bytes: u64,
    now: u64,
}

struct Tensor {
    version: Arc<Version>,
    used: u64,
}

/// A tensor that had to make room.
pub(super) struct Evicted {
    pub(super) info: TensorInfo,
    /// Its place is free once this is gone.
    _version: Arc<Version>,
}

impl Catalog {
    pub(super) fn new(capacity: Option<u64>) -> Self {
        Self { capacity, ..Self::default() }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Arc<Version>> {
        self.tensors.get(name).map(|tensor| &tensor.version)
    }

    pub(super) fn len(&self) -> usize {
        self.tensors.len()
    }

    pub(super) fn versions(&self) -> impl Iterator<Item = &Arc<Version>> {
        self.tensors.values().map(|tensor| &tensor.version)
    }

    /// As [`Catalog::get`], and notes that the tensor was used.
    pub(super) fn used(&mut self, name: &str) -> Option<&Arc<Version>> {
        let tensor = self.tensors.get_mut(name)?;
        if self.capacity.is_some() {
            self.now += 1;
            let used = std::mem::replace(&mut tensor.used, self.now);
            if let Some(name) = self.by_use.remove(&used) {
                self.by_use.insert(self.now, name);
            }
        }
        Some(&tensor.version)
    }

    /// From here on the name stands for this version; the one before.
    pub(super) fn insert(&mut self, version: Arc<Version>) -> Option<Arc<Version>> {
        let name = Arc::clone(&version.name);
        let before = self.remove(&name);
        self.bytes = self.bytes.saturating_add(pages(version.len));
        self.now += 1;
        if self.capacity.is_some() {
            self.by_use.insert(self.now, Arc::clone(&name));
        }
        self.tensors.insert(name, Tensor { version, used: self.now });
        before
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<Arc<Version>> {
        let Tensor { version, used } = self.tensors.remove(name)?;
        self.by_use.remove(&used);
        self.bytes = self.bytes.saturating_sub(pages(version.len));
        Some(version)
    }

    /// Takes out as many of the tensors that were used least recently as it takes for one of `len` bytes
    /// of that name; none, if that cannot be done.
    pub(super) fn make_room(&mut self, name: &str, len: u64) -> Option<Vec<Evicted>> {
        let Some(capacity) = self.capacity else {
            return Some(Vec::new());
        };
        let before = self.get(name).map_or(0, |version| pages(version.len));
        let mut bytes = (self.bytes - before).saturating_add(pages(len));
        let mut unneeded = Vec::new();
        let mut oldest = self.by_use.values();
        while bytes > capacity {
            let next = oldest.find(|&other| &**other != name && !self.pins.contains_key(other))?;
            bytes -= self.get(next).map_or(0, |version| pages(version.len));
            unneeded.push(Arc::clone(next));
        }
        let evict = |name: Arc<str>| {
            let version = self.remove(&name)?;
            Some(Evicted { info: TensorInfo { name, len: version.len }, _version: version })
        };
        Some(unneeded.into_iter().filter_map(evict).collect())
    }

    pub(super) fn pin(&mut self, name: &Arc<str>) {
        *self.pins.entry(Arc::clone(name)).or_default() += 1;
    }

    pub(super) fn unpin(&mut self, name: &Arc<str>) {
        if let Some(count) = self.pins.get_mut(name) {
            *count -= 1;
            if *count == 0 {
                self.pins.remove(name);
            }
        }
    }
}
