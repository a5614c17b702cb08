//! Which pages of a file are in the page cache, as the kernel tells.

#![allow(unsafe_code, reason = "mincore looks at a mapping")]

use std::{
    fs::File,
    io::{Seek, SeekFrom},
    num::NonZeroUsize,
    path::Path,
};

use nix::{
    libc,
    sys::mman::{MapFlags, ProtFlags, mmap, munmap},
    unistd::{SysconfVar, sysconf},
};

pub(super) fn page_size() -> usize {
    let size = sysconf(SysconfVar::PAGE_SIZE).unwrap().unwrap();
    usize::try_from(size).unwrap()
}

/// Whether each page of the file is in the page cache.
pub(super) fn resident(path: &Path) -> Vec<bool> {
    let mut file = File::open(path).unwrap();
    // Not its metadata, which has no length of a block device.
    let len = usize::try_from(file.seek(SeekFrom::End(0)).unwrap()).unwrap();
    let len = NonZeroUsize::new(len).expect("a file with pages");
    // SAFETY: a new mapping at an address of the kernel's choice; nobody ever looks at its bytes.
    let mapping = unsafe { mmap(None, len, ProtFlags::PROT_READ, MapFlags::MAP_SHARED, &file, 0) };
    let mapping = mapping.unwrap();
    let mut pages = vec![0_u8; len.get().div_ceil(page_size())];
    // SAFETY: the range is the mapping just made, and the vector has a byte for each of its pages.
    let status = unsafe { libc::mincore(mapping.as_ptr(), len.get(), pages.as_mut_ptr().cast()) };
    // SAFETY: the mapping made above, which nothing refers to.
    unsafe { munmap(mapping, len.get()) }.unwrap();
    assert_eq!(status, 0, "mincore");
    pages.into_iter().map(|page| page & 1 == 1).collect()
}
