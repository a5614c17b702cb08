//! How much memory a stream takes.

use std::io::{Read, Write};

use ds_aio::{BufferPool, Engine, FileReader, FileWriter, WriterOptions};
use ds_aio_tests::settings::settings;

const MIB: usize = 1 << 20;

#[test]
fn a_stream_takes_no_more_than_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    for (block, shape, asked, told) in [
        // The depth, half of it and two more.
        (MIB, (1, 8), 64 * MIB, 14 * MIB),
        (64 << 10, (1, 4), 64 * MIB, 3 * MIB),
        // As much as may be.
        (4 * MIB, (4, 32), 64 * MIB, 64 * MIB),
        (256 * MIB, (1, 8), 24 * MIB, 24 * MIB),
        (MIB, (1, 8), 5_000_000, 4 * MIB),
        (MIB, (1, 8), MIB, MIB),
        (MIB, (1, 8), 0, 8192),
    ] {
        // More than fits.
        let rounds = (told / MIB).clamp(4, 64) + 8;
        let pool = BufferPool::builder().limit(told.max(2 * MIB)).build();
        let settings = settings(block, shape, (false, true));
        let engine = Engine::with_pool(&settings, pool.clone()).unwrap();
        let options = WriterOptions::new().memory(asked);
        let mut writer = FileWriter::create_with(&engine, &path, &options).unwrap();
        assert_eq!(writer.memory(), told, "{block} {shape:?}");
        for _ in 0..rounds {
            writer.write_all(&[7; MIB]).unwrap();
            assert!(pool.stats().in_use <= told);
        }
        writer.finish().unwrap();
        assert_eq!(pool.stats().in_use, 0);
        let reader = FileReader::open(&engine, &path).unwrap();
        let mut reader = reader.with_memory(asked);
        assert_eq!(reader.memory(), told);
        let mut part = vec![0; MIB];
        for _ in 0..rounds {
            reader.read_exact(&mut part).unwrap();
            assert!(part.iter().all(|&byte| byte == 7));
            assert!(pool.stats().in_use <= told);
        }
    }
}

#[test]
fn a_pool_that_is_nearly_exhausted_makes_a_stream_slower_and_not_fail() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    let pool = BufferPool::builder().limit(2 * MIB).build();
    let engine = Engine::with_pool(&settings(MIB, (1, 8), (false, true)), pool).unwrap();
    let held = engine.alloc(MIB).unwrap();
    let mut writer = FileWriter::create(&engine, &path).unwrap();
    writer.write_all(&vec![1; 5 * MIB]).unwrap();
    assert_eq!(writer.finish().unwrap(), 5 * MIB as u64);
    let mut reader = FileReader::open(&engine, &path).unwrap();
    assert_eq!(std::io::copy(&mut reader, &mut std::io::sink()).unwrap(), 5 * MIB as u64);
    drop((reader, held));
}
