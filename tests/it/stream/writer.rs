//! What a writer does to the file besides its bytes.

use std::{
    fs,
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt},
};

use ds_aio::{ErrorKind, FileWriter, Operation, WriterOptions};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::settings,
};

use crate::{capabilities::require, engine::support::Bench};

const MIB: usize = 1 << 20;

fn bench() -> Bench {
    Bench::new(settings(MIB, (1, 4), (false, true)))
}

#[test]
fn a_finished_file_has_its_length_and_no_space_beyond() {
    let bench = bench();
    let path = bench.path("data");
    let data = pattern(1, 5 * MIB + 100);
    for options in [WriterOptions::new(), WriterOptions::new().preallocate(64 << 20)] {
        let mut writer = FileWriter::create_with(&bench.engine, &path, &options).unwrap();
        writer.write_all(&data).unwrap();
        if require("direct") {
            assert!(writer.file().len().unwrap() > data.len() as u64, "reserved ahead");
        }
        assert_eq!(writer.finish().unwrap(), data.len() as u64);
        let found = fs::metadata(&path).unwrap();
        assert_eq!(found.len(), data.len() as u64);
        assert!(found.blocks() * 512 < 6 * MIB as u64, "{} sectors", found.blocks());
    }
}

#[test]
fn full_buffers_bypass_the_page_cache() {
    if !require("direct") {
        return;
    }
    let bench = bench();
    let mut writer = FileWriter::create(&bench.engine, bench.path("data")).unwrap();
    for part in pattern(1, 8 * MIB + 100).chunks(777) {
        writer.write_all(part).unwrap();
    }
    writer.finish().unwrap();
    let stats = bench.engine.stats();
    assert_eq!((stats.direct_bytes, stats.buffered_bytes), (8 << 20, 100));
    assert!(stats.allocation.requests > 0);
}

#[test]
fn a_file_is_replaced_when_the_writer_is_finished_and_not_before() {
    let bench = bench();
    let path = bench.filled("data", b"old");
    let options = WriterOptions::new().replace().mode(0o640);
    let mut writer = FileWriter::create_with(&bench.engine, &path, &options).unwrap();
    let temporary = writer.file().path().to_owned();
    assert_eq!(temporary.parent(), path.parent());
    writer.write_all(b"new").unwrap();
    writer.flush().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(writer.finish().unwrap(), 3);
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert!(!temporary.exists());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7137, 0);
    // The data, and the directory.
    assert_eq!(bench.engine.stats().sync.requests, 2);
}

#[test]
fn writers_that_replace_one_file_do_not_meet() {
    let bench = bench();
    let path = bench.path(&"n".repeat(255));
    let options = WriterOptions::new().replace();
    let mut writers = [1_u8, 2, 3].map(|number| {
        let mut writer = FileWriter::create_with(&bench.engine, &path, &options).unwrap();
        writer.write_all(&[number; 1000]).unwrap();
        writer
    });
    writers.reverse();
    for writer in writers {
        writer.finish().unwrap();
    }
    assert_eq!(fs::read(&path).unwrap(), [1; 1000]);
    assert_eq!(fs::read_dir(bench.dir.path()).unwrap().count(), 1);
}

#[test]
fn a_directory_is_not_replaced() {
    let bench = bench();
    let path = bench.path("directory");
    fs::create_dir(&path).unwrap();
    let options = WriterOptions::new().replace();
    for (path, kind) in [
        (path, ErrorKind::IsDirectory),
        (bench.path("missing/data"), ErrorKind::NotFound),
        ("/".into(), ErrorKind::InvalidInput),
    ] {
        let error = FileWriter::create_with(&bench.engine, &path, &options).unwrap_err();
        assert_eq!((error.operation(), error.kind()), (Operation::Open, kind), "{error}");
    }
    assert_eq!(fs::read_dir(bench.dir.path()).unwrap().count(), 1);
}

#[test]
fn overwriting_in_place_keeps_the_file_and_cuts_what_is_left_of_it() {
    let bench = bench();
    let path = bench.filled("data", &pattern(1, 9 * MIB));
    let before = fs::metadata(&path).unwrap().ino();
    let data = pattern(2, 3 * MIB + 5);
    let options = WriterOptions::new().overwrite();
    let mut writer = FileWriter::create_with(&bench.engine, &path, &options).unwrap();
    writer.write_all(&data[..5]).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), 9 * MIB as u64);
    writer.write_all(&data[5..]).unwrap();
    writer.finish().unwrap();
    assert_same(&fs::read(&path).unwrap(), &data, &"overwritten");
    assert_eq!(fs::metadata(&path).unwrap().ino(), before);
}

#[test]
fn a_durable_file_is_synced_with_its_directory_and_another_is_not() {
    let bench = bench();
    for (options, syncs) in [(WriterOptions::new(), 0), (WriterOptions::new().durable(), 2)] {
        let before = bench.engine.stats();
        let mut writer =
            FileWriter::create_with(&bench.engine, bench.path("data"), &options).unwrap();
        writer.write_all(&pattern(1, 3 * MIB)).unwrap();
        writer.finish().unwrap();
        assert_eq!(bench.engine.stats().since(&before).sync.requests, syncs);
    }
}
