//! Buffers that are not zeroed show what was read into them, and nothing else ever.

use std::fs::File;

use ds_aio::{AioBuf, BufferPool, Engine, ErrorKind};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::{MODES, SHAPES, settings},
};
use tempfile::TempDir;

const BLOCK: usize = 16 << 10;
const LEN: usize = 5 * BLOCK + 300;

/// An engine whose pool has nothing but memory that an earlier user filled with secrets.
fn bench(shape: (usize, usize), mode: (bool, bool)) -> (Engine, TempDir) {
    let pool = BufferPool::builder().limit(1 << 20).build();
    pool.alloc(1 << 20).unwrap().fill(0xa5);
    let engine = Engine::with_pool(&settings(BLOCK, shape, mode), pool).unwrap();
    (engine, tempfile::tempdir().unwrap())
}

#[test]
fn a_buffer_for_reads_shows_what_each_read_got() {
    for mode in MODES {
        for shape in SHAPES {
            let (engine, dir) = bench(shape, mode);
            let path = dir.path().join("data");
            let data = pattern(1, LEN);
            std::fs::write(&path, &data).unwrap();
            let file = engine.open(&path).unwrap();
            let mut buffer = engine.alloc_for_read(LEN).unwrap();
            assert!(buffer.is_empty());
            buffer = engine.pread(&file, buffer, 0).wait().unwrap();
            assert_same(&buffer, &data, &"the whole");

            // The same buffer again: it wants as much as before, and shows as much as there is.
            for offset in [100, BLOCK, 3 * BLOCK + 5, LEN - 1, LEN, LEN + 10] {
                let read = engine.pread(&file, buffer, offset as u64);
                let (error, back) = read.wait().unwrap_err().into_parts();
                let there = LEN.saturating_sub(offset);
                assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
                assert_eq!((error.wanted(), error.done()), (LEN, there));
                buffer = back.unwrap();
                assert_same(&buffer, &data[LEN - there..], &"up to the end of the file");
                assert_eq!(buffer.iter().filter(|&&byte| byte == 0xa5).count(), {
                    data[LEN - there..].iter().filter(|&&byte| byte == 0xa5).count()
                });
            }
            buffer = engine.pread(&file, buffer, 0).wait().unwrap();
            assert_same(&buffer, &data, &"the whole again");
        }
    }
}

#[test]
fn it_shows_nothing_after_a_read_that_got_nothing() {
    let (engine, dir) = bench((2, 4), (false, true));
    let path = dir.path().join("data");
    std::fs::write(&path, pattern(1, LEN)).unwrap();
    let (other, _dir) = bench((1, 1), (false, true));
    let foreign = other.open(&path).unwrap();
    let directory = engine.open(dir.path()).unwrap();
    for file in [foreign, directory] {
        let buffer = engine.alloc_for_read(LEN).unwrap();
        let (error, buffer) = engine.pread(&file, buffer, 0).wait().unwrap_err().into_parts();
        assert_eq!(error.done(), 0);
        assert!(buffer.unwrap().is_empty());
    }
}

#[test]
fn what_it_shows_is_what_is_written() {
    let (engine, dir) = bench((2, 4), (false, true));
    let path = dir.path().join("data");
    let data = pattern(1, 1000);
    std::fs::write(&path, &data).unwrap();
    let file = engine.open(&path).unwrap();
    let copy = engine.create(dir.path().join("copy")).unwrap();
    let buffer = engine.alloc_for_read(LEN).unwrap();
    engine.pwrite(&copy, buffer, 0).wait().unwrap();
    assert_eq!(copy.len().unwrap(), 0);
    let buffer = engine.alloc_for_read(LEN).unwrap();
    let (_, buffer) = engine.pread(&file, buffer, 0).wait().unwrap_err().into_parts();
    engine.pwrite(&copy, buffer.unwrap(), 0).wait().unwrap();
    assert_same(&std::fs::read(copy.path()).unwrap(), &data, &"the copy");
}

#[test]
fn an_awaited_read_shows_what_it_got() {
    let (engine, dir) = bench((2, 4), (false, true));
    let path = dir.path().join("data");
    File::create(&path).unwrap().set_len(3 * BLOCK as u64).unwrap();
    let file = engine.open(&path).unwrap();
    let buffer = engine.pool().alloc_for_read_at(77, LEN).unwrap();
    let read = pollster::block_on(engine.pread(&file, buffer, 77));
    let (error, buffer) = read.unwrap_err().into_parts();
    let buffer: AioBuf = buffer.unwrap();
    assert_eq!((error.done(), buffer.len()), (3 * BLOCK - 77, 3 * BLOCK - 77));
    assert!(buffer.iter().all(|&byte| byte == 0));
}

#[test]
fn a_zeroed_buffer_shows_all_of_itself_after_a_short_read() {
    let (engine, dir) = bench((2, 4), (false, true));
    let path = dir.path().join("data");
    std::fs::write(&path, [7; 10]).unwrap();
    let file = engine.open(&path).unwrap();
    let buffer = engine.alloc(LEN).unwrap();
    let (_, buffer) = engine.pread(&file, buffer, 0).wait().unwrap_err().into_parts();
    let buffer = buffer.unwrap();
    assert_eq!((buffer.len(), &buffer[..10]), (LEN, &[7; 10][..]));
    assert!(!buffer.contains(&0xa5));
}
