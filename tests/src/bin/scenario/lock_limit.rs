//! Locked pools in a process that may lock 1 MiB.

#![allow(unsafe_code, reason = "capabilities have no safe wrapper")]

use std::{
    alloc::{Layout, alloc_zeroed},
    fs,
    ptr::NonNull,
};

use ds_aio::{BufferAllocator, BufferPool, Error, ErrorKind, Operation};
use ds_aio_tests::process::{die_if_hung, memory};
use nix::{
    libc,
    sys::resource::{Resource, setrlimit},
};

const MIB: usize = 1 << 20;
const CAP_IPC_LOCK: u32 = 14;

pub(crate) fn run(_: &[&str]) {
    die_if_hung(100);
    drop_lock_capability();
    may_lock(MIB);
    what_fits_is_locked_and_what_does_not_is_refused();
    idle_memory_makes_room();
    an_allocators_memory_is_locked_and_goes_back_unlocked();
    may_lock(0);
    assert_refused(&BufferPool::builder().lock_memory(true).build(), 1, 0);
}

fn what_fits_is_locked_and_what_does_not_is_refused() {
    let pool = BufferPool::builder().lock_memory(true).build();
    let buffer = pool.alloc(MIB / 2).unwrap();
    assert_eq!((pool.stats().locked, locked()), (MIB / 2, MIB / 2));
    let (before, mappings) = (pool.stats(), mappings());
    for wanted in [MIB, 3 * MIB, 40 * MIB] {
        assert_refused(&pool, wanted, MIB);
        assert_eq!(pool.stats(), before);
        assert_eq!((locked(), self::mappings()), (MIB / 2, mappings));
    }
    assert!(buffer.iter().all(|&byte| byte == 0));
    drop((buffer, pool));
    assert_eq!(locked(), 0);
}

fn idle_memory_makes_room() {
    let pool = BufferPool::builder().lock_memory(true).build();
    drop(pool.alloc(MIB / 2).unwrap());
    assert_eq!((pool.stats().in_use, locked()), (0, MIB / 2));
    let buffer = pool.alloc(MIB).unwrap();
    assert_eq!((pool.stats().locked, locked()), (MIB, MIB));
    drop(buffer);
    assert_eq!(pool.trim(), MIB);
    assert_eq!((pool.stats().locked, locked()), (0, 0));
}

fn an_allocators_memory_is_locked_and_goes_back_unlocked() {
    struct Forever;

    // SAFETY: leaked memory of the heap is valid and nobody else's for ever.
    unsafe impl BufferAllocator for Forever {
        fn allocate(&self, len: usize, alignment: usize) -> Option<NonNull<u8>> {
            let layout = Layout::from_size_align(len, alignment).ok()?;
            // SAFETY: the pool never asks for 0 bytes.
            NonNull::new(unsafe { alloc_zeroed(layout) })
        }

        unsafe fn release(&self, _start: NonNull<u8>, _len: usize, _alignment: usize) {}

        fn gives_zeros(&self) -> bool {
            true
        }
    }

    let pool = BufferPool::builder().lock_memory(true).allocator(Forever).build();
    let buffer = pool.alloc(MIB / 2).unwrap();
    assert_eq!((pool.stats().locked, locked()), (MIB / 2, MIB / 2));
    assert_refused(&pool, MIB, MIB);
    drop((buffer, pool));
    assert_eq!(locked(), 0);
}

fn assert_refused(pool: &BufferPool, wanted: usize, limit: usize) {
    let error: Error = pool.alloc(wanted).unwrap_err();
    assert_eq!((error.operation(), error.kind()), (Operation::LockMemory, ErrorKind::LockLimit));
    assert_eq!((error.wanted(), error.limit()), (wanted, Some(limit)));
    let told = error.to_string();
    for part in ["RLIMIT_MEMLOCK", "ulimit -l", &wanted.to_string(), &limit.to_string()] {
        assert!(told.contains(part), "{part} in {told}");
    }
}

fn locked() -> usize {
    memory("status", "VmLck").unwrap()
}

/// The mappings of this process that have no file.
fn mappings() -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().filter(|line| line.split_whitespace().count() == 5).count()
}

fn may_lock(bytes: usize) {
    setrlimit(Resource::RLIMIT_MEMLOCK, bytes as u64, bytes as u64).unwrap();
}

/// Takes from this process the right to lock as much as it likes, which root has.
fn drop_lock_capability() {
    #[repr(C)]
    struct Header {
        version: u32,
        pid: libc::c_int,
    }
    #[repr(C)]
    #[derive(Clone, Copy, Default)]
    struct Sets {
        effective: u32,
        permitted: u32,
        inheritable: u32,
    }
    const VERSION_3: u32 = 0x2008_0522;
    let mut header = Header { version: VERSION_3, pid: 0 };
    let mut sets = [Sets::default(); 2];
    // SAFETY: the kernel fills in two structs of this layout for this version.
    let status = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, sets.as_mut_ptr()) };
    assert_eq!(status, 0, "capget");
    for set in [&mut sets[0].effective, &mut sets[0].permitted, &mut sets[0].inheritable] {
        *set &= !(1 << CAP_IPC_LOCK);
    }
    // SAFETY: the kernel reads what it filled in above.
    let status = unsafe { libc::syscall(libc::SYS_capset, &raw mut header, sets.as_ptr()) };
    assert_eq!(status, 0, "capset");
}
