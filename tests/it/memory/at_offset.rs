//! Buffers for a range of a file that begins anywhere.

use ds_aio::{Engine, OpenOptions};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    cache::evict,
    settings::settings,
};

use crate::capabilities::require;

const PAGE: usize = 4096;
const BLOCK: usize = 64 << 10;
const LEN: usize = 40 * PAGE;

#[test]
fn the_address_is_congruent_to_the_offset() {
    let pool = ds_aio::BufferPool::new();
    for offset in [0, 1, 511, 4095, 4096, 5001, 1 << 40, (1 << 63) + 17, u64::MAX] {
        for len in [0, 1, 4095, 4096, 100_000, 9 << 20] {
            let buffer = pool.alloc_at(offset, len).unwrap();
            let unread = pool.alloc_for_read_at(offset, len).unwrap();
            assert_eq!((buffer.len(), unread.len()), (len, 0));
            assert!(buffer.iter().all(|&byte| byte == 0));
            for address in [buffer.as_ptr().addr(), unread.as_ptr().addr()] {
                let remainder = (offset % PAGE as u64) as usize;
                assert!(len == 0 || address % PAGE == remainder, "{address:x} for {offset}");
            }
        }
    }
}

/// Bytes that went each way: direct, bounced, buffered.
fn routes(engine: &Engine) -> [u64; 3] {
    let stats = engine.stats();
    [stats.direct_bytes, stats.bounced_bytes, stats.buffered_bytes]
}

#[test]
fn all_but_the_edge_pages_go_direct_without_a_copy() {
    if !require("direct") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    let mut data = pattern(1, LEN);
    std::fs::write(&path, &data).unwrap();
    for (start, end) in [(5001, LEN - 77), (1, LEN), (PAGE, LEN - 1), (4095, LEN - PAGE)] {
        let whole = (start.next_multiple_of(PAGE), end - end % PAGE);
        let direct = (whole.1 - whole.0) as u64;
        let edges = (end - start) as u64 - direct;
        let engine = Engine::new(&settings(BLOCK, (1, 8), (false, true))).unwrap();
        let file = engine.open_with(&path, &OpenOptions::new().write()).unwrap();
        let mut buffer = engine.alloc_at(start as u64, end - start).unwrap();
        evict(&path);
        buffer = engine.pread(&file, buffer, start as u64).wait().unwrap();
        assert_same(&buffer, &data[start..end], &"read");
        assert_eq!(routes(&engine), [direct, 0, edges], "a read of {start}..{end}");

        data[start..end].reverse();
        buffer.copy_from_slice(&data[start..end]);
        drop(engine.pwrite(&file, buffer, start as u64).wait().unwrap());
        assert_eq!(routes(&engine), [2 * direct, 0, 2 * edges], "a write of {start}..{end}");
        assert_same(&std::fs::read(&path).unwrap(), &data, &"written");

        evict(&path);
        let unread = engine.pool().alloc_for_read_at(start as u64, end - start).unwrap();
        let buffer = engine.pread(&file, unread, start as u64).wait().unwrap();
        assert_same(&buffer, &data[start..end], &"read into memory that was not zeroed");
        assert_eq!(routes(&engine), [3 * direct, 0, 3 * edges]);
    }

    // The control: from a page boundary the same range takes a copy, at an odd offset always.
    let engine = Engine::new(&settings(BLOCK, (1, 8), (false, true))).unwrap();
    let file = engine.open(&path).unwrap();
    let buffer = engine.alloc(LEN - 5001).unwrap();
    evict(&path);
    drop(engine.pread(&file, buffer, 5001).wait().unwrap());
    assert_eq!(routes(&engine)[0], 0);
}
