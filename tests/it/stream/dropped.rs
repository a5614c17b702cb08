//! Writers that are not finished.

use std::{fs, io::Write};

use ds_aio::{Engine, ErrorKind, FileWriter, Operation, Priority, WriterOptions};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::settings,
};

use crate::engine::support::Bench;

const MIB: usize = 1 << 20;

/// Each number of bytes leaves something else in flight.
const LENS: [usize; 4] = [0, 100, MIB, 7 * MIB + 1];

fn bench() -> Bench {
    Bench::new(settings(MIB, (1, 4), (false, true)))
}

/// Ends the engine, which tells of one unfinished writer.
#[track_caller]
fn tells_of_one(engine: Engine, len: usize) {
    let failures = engine.close().unwrap_err();
    let [error] = failures.errors() else { panic!("{failures}") };
    assert_eq!((error.operation(), error.kind()), (Operation::Finish, ErrorKind::Unfinished));
    assert_eq!(error.done(), len);
    assert!(error.to_string().contains(&format!("unfinished after {len} bytes")), "{error}");
}

#[test]
fn a_dropped_writer_leaves_what_it_was_to_replace_and_is_told_of() {
    for len in LENS {
        let bench = bench();
        let path = bench.filled("data", b"old");
        let options = WriterOptions::new().replace();
        let mut writer = FileWriter::create_with(&bench.engine, &path, &options).unwrap();
        writer.write_all(&pattern(1, len)).unwrap();
        drop(writer);
        assert_eq!(fs::read_dir(bench.dir.path()).unwrap().count(), 1);
        tells_of_one(bench.engine, len);
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }
}

#[test]
fn a_dropped_writer_in_place_gives_back_what_was_reserved() {
    for len in LENS {
        let bench = bench();
        let path = bench.path("data");
        let options = WriterOptions::new().preallocate(32 << 20);
        let mut writer = FileWriter::create_with(&bench.engine, &path, &options).unwrap();
        writer.write_all(&pattern(1, len)).unwrap();
        drop(writer);
        tells_of_one(bench.engine, len);
        assert!(fs::metadata(&path).unwrap().len() <= len as u64);
    }
}

#[test]
fn a_discarded_writer_is_no_failure() {
    for options in [WriterOptions::new(), WriterOptions::new().replace()] {
        let bench = bench();
        let path = bench.path("data");
        let mut writer = FileWriter::create_with(&bench.engine, &path, &options).unwrap();
        writer.write_all(&pattern(1, 3 * MIB)).unwrap();
        writer.discard();
        bench.engine.close().unwrap();
        assert!(fs::read_dir(bench.dir.path()).unwrap().count() <= 1);
    }
}

#[test]
fn a_panic_in_a_serializer_leaves_no_file() {
    let bench = bench();
    let path = bench.path("data");
    let options = WriterOptions::new().replace();
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut writer = FileWriter::create_with(&bench.engine, &path, &options).unwrap();
        writer.write_all(&pattern(1, 3 * MIB)).unwrap();
        panic!("a panic that the test asked for");
    }));
    assert!(outcome.is_err());
    assert_eq!(fs::read_dir(bench.dir.path()).unwrap().count(), 0);
    tells_of_one(bench.engine, 3 * MIB);
}

#[test]
fn a_file_may_be_written_anew_once_its_writer_is_dropped() {
    let mut settings = settings(64 << 10, (1, 2), (false, true));
    settings.background_rate = 64 << 20;
    let bench = Bench::new(settings);
    let path = bench.path("data");
    let slow = WriterOptions::new().priority(Priority::Background);
    for len in [1, 100_000, 3 * MIB] {
        let mut dropped = FileWriter::create_with(&bench.engine, &path, &slow).unwrap();
        dropped.write_all(&pattern(1, 7 * MIB)).unwrap();
        drop(dropped);
        let data = pattern(2, len);
        let mut writer = FileWriter::create(&bench.engine, &path).unwrap();
        writer.write_all(&data).unwrap();
        writer.finish().unwrap();
        assert_same(&fs::read(&path).unwrap(), &data, &"the later file");
    }
    let failures = bench.engine.close().unwrap_err();
    assert_eq!(failures.errors().len(), 3, "{failures}");
    assert_same(&fs::read(&path).unwrap(), &pattern(2, 3 * MIB), &"the last file");
}
