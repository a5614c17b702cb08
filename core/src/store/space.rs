//! Which bytes of which data file of a directory are free. Touches no file.
//!
//! Small tensors share files (slabs); a large one has a file of its own, which another large one may
//! take over. Extents are whole pages.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::sync::{Mutex, lock};

/// The number of a data file in its directory, which its name is made of. None is used twice.
pub(super) type FileNumber = u64;

/// A data file of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FileId {
    /// The number of its directory.
    pub(super) directory: usize,
    pub(super) number: FileNumber,
}

/// What extents begin at multiples of, and are multiples of, in bytes.
pub(super) const PAGE: u64 = 4096;

/// The least that a slab reserves, in bytes.
const LEAST_SLAB: u64 = 8 << 20;

/// A range of a data file, free again when it is dropped.
#[derive(Debug)]
pub(super) struct Extent {
    pub(super) file: FileId,
    pub(super) offset: u64,
    pub(super) len: u64,
    home: Arc<Returned>,
}

/// Extents that were dropped, on whatever thread, and wait to be free.
#[derive(Debug, Default)]
pub(super) struct Returned(Mutex<Vec<(FileNumber, u64, u64)>>);

impl Drop for Extent {
    fn drop(&mut self) {
        lock(&self.home.0).push((self.file.number, self.offset, self.len));
    }
}

/// All data files of a directory and what is free in them.
#[derive(Debug, Default)]
pub(super) struct Space {
    /// The number of the directory.
    directory: usize,
    files: BTreeMap<FileNumber, Room>,
    /// The gaps of slabs by length, and those of other files.
    slab_gaps: BTreeSet<(u64, FileNumber, u64)>,
    file_gaps: BTreeSet<(u64, FileNumber, u64)>,
    next: FileNumber,
    /// Bytes of all slabs.
    slabs: u64,
    /// Bytes of all files, and how many of them are free.
    total: u64,
    free: u64,
    returned: Arc<Returned>,
}

#[derive(Debug)]
struct Room {
    len: u64,
    is_slab: bool,
    gaps: BTreeMap<u64, u64>,
    /// Whether what is given back stays unused.
    is_closed: bool,
}

impl Room {
    fn is_empty(&self) -> bool {
        self.gaps.get(&0) == Some(&self.len)
    }
}

/// A data file to be made, or found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NewFile {
    pub(super) number: FileNumber,
    pub(super) len: u64,
    pub(super) is_slab: bool,
}

/// How extents are given out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// The largest tensor that shares a slab, in bytes.
    pub(super) slab_limit: u64,
    /// The most that a slab reserves, in bytes.
    pub(super) slab_size: u64,
}

/// As many whole pages as `len` bytes take.
pub(super) fn pages(len: u64) -> u64 {
    len.checked_next_multiple_of(PAGE).unwrap_or(u64::MAX - u64::MAX % PAGE)
}

impl Space {
    pub(super) fn of(directory: usize) -> Self {
        Self { directory, ..Self::default() }
    }

    /// An extent of `len` bytes, which are whole pages and not none, where there is one.
    pub(super) fn take(&mut self, len: u64, layout: Layout) -> Option<Extent> {
        self.take_back();
        let is_slab = len <= layout.slab_limit;
        let gaps = if is_slab { &self.slab_gaps } else { &self.file_gaps };
        let &(gap, file, offset) = gaps.range((len, 0, 0)..).next()?;
        // A large file is not left to a much smaller tensor.
        if !is_slab && gap - len > len / 4 {
            return None;
        }
        self.remove_gap(file, offset);
        if gap > len {
            self.add_gap(file, offset + len, gap - len);
        }
        self.free -= len;
        Some(self.extent(file, offset, len))
    }

    /// The file to be made for an extent of `len` bytes that there is none for: longer than needed if
    /// small tensors share it and `generously`.
    pub(super) fn new_file(&mut self, len: u64, layout: Layout, generously: bool) -> NewFile {
        let is_slab = len <= layout.slab_limit;
        let slab = self.slabs.clamp(LEAST_SLAB.min(layout.slab_size), layout.slab_size).max(len);
        let number = self.next;
        self.next += 1;
        NewFile { number, len: if is_slab && generously { pages(slab) } else { len }, is_slab }
    }

    /// Adds a file that was made, or found, as all free.
    pub(super) fn add(&mut self, file: NewFile) {
        let NewFile { number, len, is_slab } = file;
        self.next = self.next.max(number.saturating_add(1));
        self.total += len;
        self.free += len;
        self.slabs += if is_slab { len } else { 0 };
        self.files.insert(number, Room { len, is_slab, gaps: BTreeMap::new(), is_closed: false });
        if len > 0 {
            self.add_gap(number, 0, len);
        }
    }

    /// Takes an extent that is known to be in use; none if it cannot be.
    pub(super) fn occupy(&mut self, file: FileNumber, offset: u64, len: u64) -> Option<Extent> {
        if len == 0 || !offset.is_multiple_of(PAGE) || !len.is_multiple_of(PAGE) {
            return None;
        }
        let end = offset.checked_add(len)?;
        let (&start, &gap) = self.files.get(&file)?.gaps.range(..=offset).next_back()?;
        let gap_end = start + gap;
        if end > gap_end {
            return None;
        }
        self.remove_gap(file, start);
        if start < offset {
            self.add_gap(file, start, offset - start);
        }
        if end < gap_end {
            self.add_gap(file, end, gap_end - end);
        }
        self.free -= len;
        Some(self.extent(file, offset, len))
    }

    /// Takes files out that hold nothing, as far as more is free than is likely to be used again: as
    /// much as is in use, and a slab. Their numbers.
    pub(super) fn surplus(&mut self, layout: Layout) -> Vec<FileNumber> {
        self.take_back();
        let mut surplus = Vec::new();
        if !self.has_surplus(layout) {
            return surplus;
        }
        let empty = self.files.iter().filter(|(_, room)| room.is_empty()).map(|(&id, _)| id);
        let empty: Vec<_> = empty.collect();
        for id in empty {
            if !self.has_surplus(layout) {
                break;
            }
            self.remove_file(id);
            surplus.push(id);
        }
        surplus
    }

    fn has_surplus(&self, layout: Layout) -> bool {
        self.free > (self.total - self.free).saturating_add(layout.slab_size)
    }

    /// Takes out every file that holds nothing. Their numbers.
    pub(super) fn empty(&mut self) -> Vec<FileNumber> {
        self.take_back();
        let empty = self.files.iter().filter(|(_, room)| room.is_empty()).map(|(&id, _)| id);
        let empty: Vec<_> = empty.collect();
        for &id in &empty {
            self.remove_file(id);
        }
        empty
    }

    fn remove_file(&mut self, id: FileNumber) {
        self.remove_gap(id, 0);
        if let Some(room) = self.files.remove(&id) {
            self.total -= room.len;
            self.free -= room.len;
            self.slabs -= if room.is_slab { room.len } else { 0 };
        }
    }

    /// Nothing more is placed in that file.
    pub(super) fn close(&mut self, file: FileNumber) {
        let Some(room) = self.files.get_mut(&file) else {
            return;
        };
        for (offset, len) in std::mem::take(&mut room.gaps) {
            self.free -= len;
            self.gaps_of(file).remove(&(len, file, offset));
        }
        if let Some(room) = self.files.get_mut(&file) {
            room.is_closed = true;
        }
    }

    pub(super) fn has(&self, file: FileNumber) -> bool {
        self.files.contains_key(&file)
    }

    /// Every file.
    pub(super) fn files(&self) -> impl Iterator<Item = NewFile> {
        let file = |(&number, room): (_, &Room)| {
            let Room { len, is_slab, .. } = *room;
            NewFile { number, len, is_slab }
        };
        self.files.iter().map(file)
    }

    /// Numbers from this one on have not been used.
    pub(super) fn next(&self) -> FileNumber {
        self.next
    }

    /// Files of smaller numbers may be there.
    pub(super) fn skip_to(&mut self, next: FileNumber) {
        self.next = self.next.max(next);
    }

    fn take_back(&mut self) {
        let returned = std::mem::take(&mut *lock(&self.returned.0));
        for (file, offset, len) in returned {
            let Some(room) = self.files.get(&file).filter(|room| !room.is_closed) else {
                continue;
            };
            let (mut start, mut end) = (offset, offset + len);
            let before = room.gaps.range(..offset).next_back();
            let before = before.map(|(&at, &gap)| (at, at + gap)).filter(|&(_, to)| to == offset);
            let behind = room.gaps.get(&end).copied();
            if let Some((at, _)) = before {
                self.remove_gap(file, at);
                start = at;
            }
            if let Some(gap) = behind {
                self.remove_gap(file, end);
                end += gap;
            }
            self.add_gap(file, start, end - start);
            self.free += len;
        }
    }

    fn extent(&self, number: FileNumber, offset: u64, len: u64) -> Extent {
        let file = FileId { directory: self.directory, number };
        Extent { file, offset, len, home: Arc::clone(&self.returned) }
    }

    fn add_gap(&mut self, file: FileNumber, offset: u64, len: u64) {
        if let Some(room) = self.files.get_mut(&file) {
            room.gaps.insert(offset, len);
            self.gaps_of(file).insert((len, file, offset));
        }
    }

    fn remove_gap(&mut self, file: FileNumber, offset: u64) {
        if let Some(len) = self.files.get_mut(&file).and_then(|room| room.gaps.remove(&offset)) {
            self.gaps_of(file).remove(&(len, file, offset));
        }
    }

    fn gaps_of(&mut self, file: FileNumber) -> &mut BTreeSet<(u64, FileNumber, u64)> {
        let is_slab = self.files.get(&file).is_some_and(|room| room.is_slab);
        if is_slab { &mut self.slab_gaps } else { &mut self.file_gaps }
    }
}
