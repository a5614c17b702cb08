//! On what pages a pool's memory lies: `pool_pages CASE`.

#![allow(unsafe_code, reason = "a mapping")]

use std::num::NonZeroUsize;

use ds_aio::BufferPool;
use ds_aio_tests::{
    process::{die_if_hung, memory, not_possible_here},
    seccomp::deny,
};
use nix::{
    errno::Errno,
    libc,
    sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap_anonymous},
};

const MIB: usize = 1 << 20;

pub(crate) fn run(arguments: &[&str]) {
    die_if_hung(100);
    let [case] = *arguments else { panic!("usage: pool_pages CASE") };
    match case {
        "probe" => {
            if huge_pages_of_plain_memory() < 32 * MIB {
                not_possible_here("less than half of 64 MiB is on huge pages");
            }
        }
        "small_tensors" => small_tensors(),
        "large_tensors" => large_tensors(),
        "populate" => prefaulted(),
        "no_populate" => {
            refuse_populate();
            prefaulted();
        }
        other => panic!("no case {other:?}"),
    }
}

/// What the kernel counts for the whole process.
fn huge_pages() -> usize {
    memory("smaps_rollup", "AnonHugePages").unwrap()
}

/// How many bytes of 64 MiB the system gives on huge pages; the pool is not asked, it could be
/// wrong.
fn huge_pages_of_plain_memory() -> usize {
    let len = 64 * MIB;
    let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let size = NonZeroUsize::new(len).unwrap();
    // SAFETY: a new mapping at an address of the kernel's choice.
    let start = unsafe { mmap_anonymous(None, size, access, MapFlags::MAP_PRIVATE) }.unwrap();
    // SAFETY: the mapping just made, of which advice changes no contents.
    let advised = unsafe { madvise(start, len, MmapAdvise::MADV_HUGEPAGE) };
    // SAFETY: as above, and nobody else has it.
    unsafe { start.cast::<u8>().write_bytes(1, len) };
    if advised.is_ok() { huge_pages() } else { 0 }
}

fn small_tensors() {
    let before = huge_pages();
    let pool = BufferPool::new();
    let tensors: Vec<_> = (0..64).map(|_| pool.alloc(MIB).unwrap()).collect();
    let found = pool.huge_pages().unwrap().unwrap();
    assert_eq!(found.huge, huge_pages() - before);
    assert_eq!(found.resident, 64 * MIB);
    assert!(found.share().unwrap() > 0.5, "{found:?}");
    drop(tensors);
    pool.trim();
    assert_eq!(pool.huge_pages().unwrap().unwrap().share(), None);
}

fn large_tensors() {
    let before = huge_pages();
    let pools = [BufferPool::new(), BufferPool::new()];
    let tensors = pools.each_ref().map(|pool| pool.alloc(50 * MIB + 1).unwrap());
    let found = pools.each_ref().map(|pool| pool.huge_pages().unwrap().unwrap());
    assert_eq!(found[0].huge + found[1].huge, huge_pages() - before);
    for (tensor, found) in tensors.iter().zip(found) {
        assert_eq!(tensor.as_ptr().addr() % (2 * MIB), 0);
        assert!(found.resident > 50 * MIB && found.share().unwrap() > 0.5, "{found:?}");
    }
}

/// Memory is there before anybody touches it, whichever way, and not if that is not wanted.
fn prefaulted() {
    for len in [5000, MIB, 20 * MIB + 5] {
        let lazy = BufferPool::builder().prefault(false).build();
        let _buffer = lazy.alloc(len).unwrap();
        assert_eq!(lazy.huge_pages().unwrap().unwrap().resident, 0, "{len} bytes");
        let eager = BufferPool::new();
        for buffer in [eager.alloc(len).unwrap(), eager.alloc_for_read(len).unwrap()] {
            let resident = eager.huge_pages().unwrap().unwrap().resident;
            assert!(resident >= eager.stats().in_use, "{resident} of {len} bytes");
            assert!(buffer.iter().all(|&byte| byte == 0));
        }
    }
}

/// Makes the kernel answer to `MADV_POPULATE_WRITE` as those do that do not know it.
fn refuse_populate() {
    let advice = (2, libc::MADV_POPULATE_WRITE as u32);
    deny(libc::SYS_madvise, &[advice], Errno::EINVAL).unwrap();
}
