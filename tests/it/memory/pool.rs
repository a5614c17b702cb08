//! What a pool gives, up to which limit, and what it keeps.

use ds_aio::{BufferPool, Engine, EngineSettings, Error, ErrorKind, Operation};

const PAGE: usize = 4096;
const MIB: usize = 1 << 20;

#[track_caller]
fn assert_exhausted(error: &Error, limit: usize, in_use: usize, wanted: usize) {
    assert_eq!((error.operation(), error.kind()), (Operation::Alloc, ErrorKind::PoolExhausted));
    assert_eq!((error.limit(), error.in_use()), (Some(limit), Some(in_use)));
    assert_eq!(error.wanted(), wanted);
    let told = error.to_string();
    for number in [limit, in_use, wanted] {
        assert!(told.contains(&number.to_string()), "{number} in {told}");
    }
}

#[test]
fn buffers_are_zeroed_page_aligned_and_of_any_length() {
    let pool = BufferPool::new();
    for len in [0, 1, PAGE - 1, PAGE, PAGE + 1, MIB, 2 * MIB, 8 * MIB + 1, 40 * MIB] {
        let buffer = pool.alloc(len).unwrap();
        assert_eq!(buffer.len(), len);
        assert!(buffer.iter().all(|&byte| byte == 0));
        assert!(buffer.as_ptr().addr().is_multiple_of(PAGE));
    }
    assert_eq!((pool.stats().buffers, pool.stats().in_use), (0, 0));
}

#[test]
fn the_limit_holds_for_small_and_large_buffers_alike() {
    for len in [PAGE, 100 * 1000, MIB, 3 * MIB, 9 * MIB, 33 * MIB] {
        let limit = 100 * MIB;
        let pool = BufferPool::builder().limit(limit).build();
        let mut buffers = Vec::new();
        let error = loop {
            match pool.alloc(len) {
                Ok(buffer) => buffers.push(buffer),
                Err(error) => break error,
            }
            assert!(pool.stats().mapped <= limit);
        };
        let stats = pool.stats();
        assert_exhausted(&error, limit, stats.in_use, len);
        let pages = len.next_multiple_of(PAGE);
        assert_eq!((stats.in_use, stats.buffers), (buffers.len() * pages, buffers.len()));
        assert!(stats.in_use + 3 * pages.max(MIB) > limit, "{stats:?} for {len}");
        // One back, one more.
        buffers.pop();
        assert_eq!(pool.stats().in_use, stats.in_use - pages);
        buffers.push(pool.alloc(len).unwrap());
        assert_eq!(pool.stats().mapped, stats.mapped);
    }
}

#[test]
fn a_pool_smaller_than_its_usual_regions_can_be_used_up_to_the_last_page() {
    for limit in [PAGE, 5 * PAGE, 3 * MIB + PAGE] {
        let pool = BufferPool::builder().limit(limit + 7).build();
        assert_exhausted(&pool.alloc(limit + 8).unwrap_err(), limit + 7, 0, limit + 8);
        let pages: Vec<_> = (0..limit / PAGE).map(|_| pool.alloc(PAGE).unwrap()).collect();
        assert_exhausted(&pool.alloc(1).unwrap_err(), limit + 7, limit, 1);
        drop(pages);
        assert_eq!(pool.alloc(limit).unwrap().len(), limit);
    }
}

#[test]
fn idle_memory_makes_room_for_other_sizes() {
    let pool = BufferPool::builder().limit(40 * MIB).idle_limit(usize::MAX).build();
    for len in [40 * MIB, MIB, 20 * MIB, 39 * MIB, 10 * MIB] {
        let buffer = pool.alloc(len).unwrap();
        assert!(pool.stats().mapped <= 40 * MIB);
        drop(buffer);
    }
}

#[test]
fn a_length_beyond_everything_is_out_of_memory() {
    for pool in [BufferPool::new(), BufferPool::builder().allocator(super::allocator::Heap).build()]
    {
        for len in [usize::MAX, usize::MAX - PAGE, isize::MAX as usize, 1 << 60] {
            for error in [pool.alloc(len), pool.alloc_for_read(len), pool.alloc_at(4095, len)] {
                let error = error.unwrap_err();
                assert_eq!((error.kind(), error.wanted()), (ErrorKind::OutOfMemory, len));
            }
        }
        assert_eq!(pool.stats().mapped, 0);
    }
}

#[test]
fn idle_memory_is_kept_up_to_its_limit_and_trimmed_on_request() {
    let pool = BufferPool::builder().idle_limit(50 * MIB).build();
    let buffers: Vec<_> = (0..4).map(|_| pool.alloc(20 * MIB).unwrap()).collect();
    assert_eq!(pool.stats().mapped, 80 * MIB);
    drop(buffers);
    let stats = pool.stats();
    assert_eq!((stats.mapped, stats.idle, stats.in_use), (40 * MIB, 40 * MIB, 0));
    assert_eq!((stats.buffers, stats.peak_in_use), (0, 80 * MIB));
    let held = pool.alloc(20 * MIB).unwrap();
    assert_eq!(pool.trim(), 20 * MIB);
    assert_eq!((pool.stats().mapped, pool.stats().idle), (20 * MIB, 0));
    assert_eq!(pool.trim(), 0);
    drop(held);
}

#[test]
fn a_large_buffer_takes_over_memory_that_fits_it_and_no_other() {
    let pool = BufferPool::new();
    drop(pool.alloc(40 * MIB).unwrap());
    let close = pool.alloc(33 * MIB).unwrap();
    assert_eq!(pool.stats().mapped, 40 * MIB);
    drop(close);
    let small = pool.alloc(10 * MIB).unwrap();
    assert_eq!(pool.stats().mapped, 50 * MIB);
    drop(small);
}

#[test]
fn buffers_outlive_their_pool_and_clones_share_it() {
    let pool = BufferPool::new();
    let clone = pool.clone();
    let mut buffer = pool.alloc(MIB).unwrap();
    assert_eq!(clone.stats().buffers, 1);
    drop((pool, clone));
    buffer.fill(3);
    assert!(buffer.iter().all(|&byte| byte == 3));
}

#[test]
fn an_engine_takes_its_buffers_from_the_pool_it_is_given() {
    let pool = BufferPool::builder().limit(MIB).build();
    let engine = Engine::with_pool(&EngineSettings::default(), pool.clone()).unwrap();
    let held = engine.alloc(MIB / 2).unwrap();
    assert_eq!((pool.stats().buffers, engine.pool().stats()), (1, pool.stats()));
    let error = engine.alloc_at(1, MIB).unwrap_err();
    assert_exhausted(&error, MIB, MIB / 2, MIB);
    assert_exhausted(&engine.alloc_for_read(MIB).unwrap_err(), MIB, MIB / 2, MIB);
    drop(held);
    assert_eq!(engine.alloc(MIB).unwrap().len(), MIB);
}
