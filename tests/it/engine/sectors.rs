//! A device with sectors of 4096 bytes, where 512 are not enough.

use std::io::Write;

use ds_aio::{DirectMode, Engine, ErrorKind, FileWriter, NotDirect, OpenOptions, WriterOptions};
use ds_aio_tests::{
    bytes::{Rng, assert_same, pattern, seed},
    cache::evict,
    settings::settings,
};

use nix::errno::Errno;

use super::page_cache::resident;
use crate::{capabilities::require, loop_device::LoopDevice};

const LEN: usize = 4 << 20;

fn device() -> Option<LoopDevice> {
    require("sectors").then(|| LoopDevice::new(LEN as u64).unwrap())
}

fn engine(block_size: usize, mode: DirectMode) -> Engine {
    let mut settings = settings(block_size, (2, 4), (false, true));
    settings.direct = mode;
    Engine::new(&settings).unwrap()
}

#[test]
fn any_range_of_it_is_written_and_read() {
    let Some(device) = device() else { return };
    let seed = seed();
    println!("replay with DS_AIO_TEST_SEED={seed}");
    let mut rng = Rng::new(seed);
    let mut model = vec![0; LEN];
    for block_size in [512, 1536, 4096, 6144, 65_536] {
        let engine = engine(block_size, DirectMode::Auto);
        let file = engine.open_with(&device.path, &OpenOptions::new().write()).unwrap();
        for _ in 0..20 {
            let offset = rng.below(LEN - 300_000);
            let data = pattern(rng.bits(), 1 + rng.below(300_000));
            model[offset..][..data.len()].copy_from_slice(&data);
            engine.pwrite(&file, data, offset as u64).wait().unwrap();
            let offset = 512 * rng.below(4000);
            let len = 512 * (1 + rng.below(600));
            let read = engine.pread(&file, engine.alloc(len).unwrap(), offset as u64);
            assert_same(&read.wait().unwrap(), &model[offset..][..len], &"read");
        }
        let stats = engine.stats();
        let fits = block_size % 4096 == 0;
        assert_eq!(stats.direct_bytes + stats.bounced_bytes > 0, fits, "{block_size}: {stats:?}");
        assert_eq!(file.is_direct(), fits);
        let unsuited = NotDirect::BlockSize { multiple_of: 4096 };
        assert_eq!(file.not_direct(), (!fits).then_some(unsuited));
    }
}

/// Nothing goes around the page cache with such blocks, so reading ahead is worth it.
#[test]
fn blocks_that_do_not_suit_it_are_read_ahead() {
    let Some(device) = device() else { return };
    for (block_size, direct) in [(512, false), (4096, true)] {
        let engine = engine(block_size, DirectMode::Auto);
        let file = engine.open(&device.path).unwrap();
        evict(&device.path);
        engine.pread(&file, vec![1; 100], 0).wait().unwrap();
        assert_eq!(resident(&device.path)[..2], [true, !direct], "blocks of {block_size}");
    }
}

#[test]
fn direct_alone_it_wants_whole_sectors() {
    let Some(device) = device() else { return };
    let write = OpenOptions::new().write();
    let refused = engine(6144, DirectMode::Always).open_with(&device.path, &write).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotDirect);
    assert_eq!(refused.not_direct(), Some(NotDirect::BlockSize { multiple_of: 4096 }));
    assert!(refused.to_string().contains("block_size is not a multiple of 4096"), "{refused}");

    let engine = engine(8192, DirectMode::Always);
    let file = engine.open_with(&device.path, &write).unwrap();
    for (offset, len) in [(512, 4096), (4096, 512), (4096, 4097)] {
        let failed = engine.pwrite(&file, vec![1; len], offset).wait().unwrap_err();
        let reason = failed.error().not_direct();
        assert_eq!(reason, Some(NotDirect::Unaligned { multiple_of: 4096 }));
    }
    let data = pattern(1, 5 * 4096);
    engine.pwrite(&file, data.clone(), 4096).wait().unwrap();
    let read = engine.pread(&file, vec![0; data.len()], 4096).wait().unwrap();
    assert_same(&read, &data, &"read");
    assert_eq!(engine.stats().buffered_bytes, 0);
}

/// A real error of a device, in a direct transfer: on a ring or not.
#[test]
fn an_error_of_the_device_is_told_with_the_bytes_before_it() {
    const BLOCK: usize = 64 << 10;
    let Some(device) = device() else { return };
    let data = pattern(1, LEN);
    let engine = engine(BLOCK, DirectMode::Auto);
    let file = engine.open_with(&device.path, &OpenOptions::new().write()).unwrap();
    engine.pwrite(&file, data.clone(), 0).wait().unwrap();
    engine.sync(&file).unwrap();
    device.break_beyond(LEN as u64 / 2);
    evict(&device.path);
    let offset = LEN / 2 - 2 * BLOCK;
    for len in [4 * BLOCK, 12 * BLOCK] {
        let read = engine.pread(&file, engine.alloc(len).unwrap(), offset as u64).wait();
        let (error, buffer) = read.unwrap_err().into_parts();
        assert_eq!((error.kind(), error.errno()), (ErrorKind::Io, Some(Errno::EIO as i32)));
        assert_eq!((error.offset(), error.done()), (offset as u64, 2 * BLOCK));
        assert_same(&buffer.unwrap()[..2 * BLOCK], &data[offset..][..2 * BLOCK], &"before it");
    }
    let read = engine.pread(&file, engine.alloc(BLOCK).unwrap(), 0).wait().unwrap();
    assert_same(&read, &data[..BLOCK], &"the engine goes on");
    assert_eq!(engine.stats().read.failed, 2);
}

/// It has all the space there is, and may hold what is worth keeping.
#[test]
fn reserving_its_space_leaves_what_is_there() {
    let Some(device) = device() else { return };
    let data = pattern(1, LEN);
    let engine = engine(4096, DirectMode::Auto);
    let write = OpenOptions::new().write();
    let file = engine.open_with(&device.path, &write).unwrap();
    engine.pwrite(&file, data.clone(), 0).wait().unwrap();
    for (offset, len) in [(0, 1 << 20), (100, 8191), (4096, LEN as u64)] {
        engine.allocate(&file, offset, len).wait().unwrap();
    }
    drop(engine.open_with(&device.path, &write.preallocate(2 << 20)).unwrap());
    let found = engine.pread(&file, vec![0; LEN], 0).wait().unwrap();
    assert_same(&found, &data, &"what was there");
}

#[test]
fn a_stream_writes_it_from_the_beginning_and_no_further() {
    let Some(device) = device() else { return };
    let data = pattern(1, LEN);
    let engine = engine(4096, DirectMode::Auto);
    let file = engine.open_with(&device.path, &OpenOptions::new().write()).unwrap();
    engine.pwrite(&file, data.clone(), 0).wait().unwrap();
    let new = pattern(2, 100_001);
    for options in [WriterOptions::new(), WriterOptions::new().overwrite().durable()] {
        let mut writer = FileWriter::create_with(&engine, &device.path, &options).unwrap();
        writer.write_all(&new).unwrap();
        assert_eq!(writer.finish().unwrap(), new.len() as u64);
        let found = engine.pread(&file, vec![0; LEN], 0).wait().unwrap();
        assert_same(&found[..new.len()], &new, &"written");
        assert_same(&found[new.len()..], &data[new.len()..], &"what was there");
    }
}
