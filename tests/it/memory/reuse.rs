//! Memory that is used again: nobody shares it, and nobody sees what it held.

use std::thread;

use ds_aio::{AioBuf, BufferPool};
use ds_aio_tests::bytes::{Rng, seed};

const PAGE: usize = 4096;
const MIB: usize = 1 << 20;

#[track_caller]
fn assert_all(buffer: &[u8], byte: u8) {
    // Page by page, which is fast unoptimized, too.
    let other = buffer.chunks(PAGE).position(|page| *page != [byte; PAGE][..page.len()]);
    assert_eq!(other, None, "a page of {} bytes that are not all {byte}", buffer.len());
}

#[test]
fn an_allocated_buffer_never_shows_what_an_earlier_one_held() {
    for len in [100, PAGE, MIB - 5, 3 * MIB, 9 * MIB, 40 * MIB] {
        let pool = BufferPool::new();
        let mut first = pool.alloc(len).unwrap();
        first.fill(0xa5);
        let address = first.as_ptr();
        drop(first);
        let unread = pool.alloc_for_read(len).unwrap();
        assert!(unread.is_empty() && unread.to_vec().is_empty());
        drop(unread);
        let second = pool.alloc(len).unwrap();
        assert_eq!(second.as_ptr(), address, "the same memory, or this shows nothing");
        assert_all(&second, 0);
    }
}

/// A larger buffer on memory of which only the start and the end were in use before.
#[test]
fn memory_joined_from_several_buffers_is_zeroed_where_each_was() {
    let pool = BufferPool::builder().limit(8 * PAGE).build();
    let mut pages: Vec<AioBuf> = (0..8).map(|_| pool.alloc(PAGE).unwrap()).collect();
    for page in &mut pages {
        page.fill(0xa5);
    }
    // Neighbours to the left, to the right and on both sides.
    for number in [3, 1, 5, 2, 0, 4, 4, 3] {
        let number = number % pages.len();
        drop(pages.swap_remove(number));
    }
    while pages.pop().is_some() {}
    assert_all(&pool.alloc(8 * PAGE).unwrap(), 0);
}

#[test]
fn free_neighbours_become_one() {
    let pool = BufferPool::builder().limit(64 * PAGE).build();
    let mut rng = Rng::new(seed());
    for _ in 0..50 {
        let mut pages: Vec<AioBuf> = (0..64).map(|_| pool.alloc(PAGE).unwrap()).collect();
        let held = pages.remove(32);
        rng.shuffle(&mut pages);
        drop(pages);
        let halves = [pool.alloc(32 * PAGE).unwrap(), pool.alloc(31 * PAGE).unwrap()];
        assert_eq!(pool.stats().in_use, 64 * PAGE);
        drop((held, halves));
    }
}

/// Any number of threads, sizes and orders: each buffer is zeroed and stays its owner's.
#[test]
fn buffers_never_overlap() {
    let seed = seed();
    let pool = BufferPool::builder().limit(128 * MIB).idle_limit(20 * MIB).build();
    thread::scope(|scope| {
        for thread in 0..4_u8 {
            let pool = pool.clone();
            scope.spawn(move || churn(&pool, thread, Rng::new(seed + u64::from(thread))));
        }
    });
    let stats = pool.stats();
    assert_eq!((stats.in_use, stats.buffers), (0, 0), "seed {seed}");
    assert!(stats.mapped <= 20 * MIB && stats.mapped == stats.idle, "{stats:?}, seed {seed}");
    assert_eq!(pool.trim(), stats.idle);
    assert_eq!(pool.stats().mapped, 0);
}

fn churn(pool: &BufferPool, thread: u8, mut rng: Rng) {
    let mut held: Vec<(AioBuf, u8)> = Vec::new();
    for round in 0..600_usize {
        if held.len() > 12 || (!held.is_empty() && rng.below(3) == 0) {
            let (buffer, byte) = held.swap_remove(rng.below(held.len()));
            assert_all(&buffer, byte);
        }
        let most = rng.pick(&[PAGE, 64 << 10, 64 << 10, MIB, MIB, 10 * MIB]);
        let len = 1 + rng.below(most);
        // At its limit the pool refuses; then one goes back.
        let Ok(mut buffer) = pool.alloc_at(rng.bits(), len) else {
            held.pop();
            continue;
        };
        assert_all(&buffer, 0);
        let byte = thread * 60 + 1 + (round % 60) as u8;
        buffer.fill(byte);
        held.push((buffer, byte));
        assert!(pool.stats().mapped <= 128 * MIB);
    }
    for (buffer, byte) in held {
        assert_all(&buffer, byte);
    }
}
