//! Pools whose memory comes from an allocator of the user's.

#![allow(unsafe_code, reason = "an allocator is an unsafe contract with the pool")]

use std::{
    alloc::{Layout, alloc, dealloc},
    ptr::NonNull,
    sync::{Arc, Mutex},
};

use ds_aio::{BufferAllocator, BufferPool, Engine, EngineSettings, ErrorKind};

const MIB: usize = 1 << 20;

/// The heap, with bytes in it that nobody is to see.
pub(super) struct Heap;

// SAFETY: the heap's memory is valid and nobody else's until it is deallocated.
unsafe impl BufferAllocator for Heap {
    fn allocate(&self, len: usize, alignment: usize) -> Option<NonNull<u8>> {
        let layout = Layout::from_size_align(len, alignment).ok()?;
        // SAFETY: the pool never asks for 0 bytes.
        let start = NonNull::new(unsafe { alloc(layout) })?;
        // SAFETY: so many bytes were just allocated.
        unsafe { start.write_bytes(0xa5, len.min(64 * MIB)) };
        Some(start)
    }

    unsafe fn release(&self, start: NonNull<u8>, len: usize, alignment: usize) {
        let layout = Layout::from_size_align(len, alignment).unwrap();
        // SAFETY: allocated above with the same layout.
        unsafe { dealloc(start.as_ptr(), layout) };
    }
}

/// The heap, up to a budget, and a record of what is out.
#[derive(Clone, Default)]
struct Recorded {
    out: Arc<Mutex<Vec<(usize, usize)>>>,
    budget: usize,
}

// SAFETY: as for the heap.
unsafe impl BufferAllocator for Recorded {
    fn allocate(&self, len: usize, alignment: usize) -> Option<NonNull<u8>> {
        let mut out = self.out.lock().unwrap();
        let taken: usize = out.iter().map(|&(_, len)| len).sum();
        if taken + len > self.budget {
            return None;
        }
        let start = Heap.allocate(len, alignment)?;
        assert!(len.is_multiple_of(alignment) && alignment >= 4096);
        out.push((start.as_ptr().addr(), len));
        Some(start)
    }

    unsafe fn release(&self, start: NonNull<u8>, len: usize, alignment: usize) {
        let mut out = self.out.lock().unwrap();
        let region = (start.as_ptr().addr(), len);
        let at = out.iter().position(|&one| one == region).expect("what was allocated");
        out.remove(at);
        // SAFETY: the caller's promise.
        unsafe { Heap.release(start, len, alignment) };
    }
}

#[test]
fn its_memory_is_zeroed_before_anybody_sees_it() {
    let pool = BufferPool::builder().allocator(Heap).build();
    for len in [1, 5000, MIB, 20 * MIB] {
        assert!(pool.alloc(len).unwrap().iter().all(|&byte| byte == 0));
    }
}

#[test]
fn buffers_of_it_are_carved_from_few_regions_and_all_goes_back() {
    let recorded = Recorded { budget: 100 * MIB, ..Recorded::default() };
    let pool = BufferPool::builder().allocator(recorded.clone()).build();
    let buffers: Vec<_> = (0..16).map(|_| pool.alloc(MIB).unwrap()).collect();
    {
        let out = recorded.out.lock().unwrap();
        assert_eq!(out.len(), 1);
        let (start, len) = out[0];
        for buffer in &buffers {
            let address = buffer.as_ptr().addr();
            assert!((start..=start + len - MIB).contains(&address));
        }
    }
    drop(buffers);
    assert!(pool.trim() > 0);
    assert!(recorded.out.lock().unwrap().is_empty());
    drop((pool.alloc(20 * MIB).unwrap(), pool.alloc(1).unwrap()));
    drop(pool);
    assert!(recorded.out.lock().unwrap().is_empty(), "released with the pool");
}

#[test]
fn an_allocator_that_has_none_left_is_out_of_memory_and_idle_memory_helps() {
    let recorded = Recorded { budget: 30 * MIB, ..Recorded::default() };
    let pool = BufferPool::builder().allocator(recorded.clone()).build();
    // Less than the pool would take for it at a time.
    drop(pool.alloc(MIB).unwrap());
    let held = pool.alloc(29 * MIB).unwrap();
    let before = pool.stats();
    let error = pool.alloc(2 * MIB).unwrap_err();
    assert_eq!((error.kind(), error.wanted()), (ErrorKind::OutOfMemory, 2 * MIB));
    assert_eq!(pool.stats().in_use, before.in_use);
    drop(held);
    drop(pool.alloc(30 * MIB).unwrap());
    drop(pool);
    assert!(recorded.out.lock().unwrap().is_empty());
}

#[test]
fn a_panic_of_an_allocator_leaves_the_pool_as_it_was() {
    struct Panics;

    // SAFETY: it never gives any memory.
    unsafe impl BufferAllocator for Panics {
        fn allocate(&self, _len: usize, _alignment: usize) -> Option<NonNull<u8>> {
            panic!("no memory today");
        }

        unsafe fn release(&self, _start: NonNull<u8>, _len: usize, _alignment: usize) {}
    }

    let pool = BufferPool::builder().limit(MIB).allocator(Panics).build();
    for _ in 0..3 {
        let allocating = std::panic::AssertUnwindSafe(|| pool.alloc(MIB).map(drop));
        assert!(std::panic::catch_unwind(allocating).is_err());
        assert_eq!(pool.stats().mapped, 0);
    }
}

#[test]
fn an_engine_reads_and_writes_its_memory() {
    let pool = BufferPool::builder().allocator(Heap).build();
    let engine = Engine::with_pool(&EngineSettings::default(), pool).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = engine.create(dir.path().join("data")).unwrap();
    let mut buffer = engine.alloc(3 * MIB).unwrap();
    buffer.fill(9);
    engine.pwrite(&file, buffer, 0).wait().unwrap();
    let buffer = engine.pread(&file, engine.alloc_for_read(3 * MIB).unwrap(), 0).wait().unwrap();
    assert!(buffer.len() == 3 * MIB && buffer.iter().all(|&byte| byte == 9));
}
