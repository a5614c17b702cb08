//! Streams that fail: the first error, told by every later call and lost by none.

use std::{
    fs,
    io::{self, BufRead, Read, Seek, SeekFrom, Write},
};

use ds_aio::{Engine, Error, ErrorKind, FileReader, FileWriter, Operation};
use ds_aio_tests::settings::settings;

use crate::{capabilities::require, engine::support::Bench, process::scenario};

const MIB: usize = 1 << 20;

fn engine() -> Engine {
    Engine::new(&settings(MIB, (1, 4), (false, true))).unwrap()
}

fn ours(error: io::Error) -> Error {
    error.downcast().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn a_device_that_is_always_full_fails_every_call_with_the_first_error() {
    let engine = engine();
    let mut writer = FileWriter::create(&engine, "/dev/full").unwrap();
    let error = loop {
        if let Err(error) = writer.write(&[1; 100_000]) {
            break error;
        }
    };
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    let first = ours(error);
    assert_eq!((first.operation(), first.kind()), (Operation::Write, ErrorKind::NoSpace));
    assert_eq!(first.offset(), 0, "the first in file order");
    assert_eq!(ours(writer.write(&[1]).unwrap_err()), first);
    assert_eq!(ours(writer.flush().unwrap_err()), first);
    assert_eq!(writer.finish().unwrap_err(), first);
    engine.close().unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn an_error_that_comes_with_the_last_bytes_is_that_of_finish() {
    let engine = engine();
    let mut writer = FileWriter::create(&engine, "/dev/full").unwrap();
    writer.write_all(&[1; 100]).unwrap();
    assert_eq!(writer.finish().unwrap_err().kind(), ErrorKind::NoSpace);
    engine.close().unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn an_error_that_nobody_was_told_of_is_told_when_the_engine_closes() {
    let engine = engine();
    let mut writer = FileWriter::create(&engine, "/dev/full").unwrap();
    writer.write_all(&vec![1; MIB]).unwrap();
    drop(writer);
    let failures = engine.close().unwrap_err();
    let kinds: Vec<_> = failures.errors().iter().map(Error::kind).collect();
    assert!(kinds.contains(&ErrorKind::NoSpace), "{failures}");
}

#[test]
fn a_full_file_system_leaves_the_old_file() {
    if require("namespaces") {
        scenario("no_space", &["streamed"]);
    }
}

#[test]
fn a_finished_or_read_only_file_takes_no_bytes() {
    let bench = Bench::new(settings(MIB, (1, 4), (false, true)));
    let file = bench.engine.open(bench.filled("data", &[1; 100])).unwrap();
    let mut writer = FileWriter::range(&bench.engine, &file, 0..100).unwrap();
    writer.write_all(&[2; 50]).unwrap();
    assert_eq!(ours(writer.flush().unwrap_err()).kind(), ErrorKind::WrongAccessMode);
    drop(writer);
    bench.engine.close().unwrap();
}

#[test]
fn what_cannot_be_read_is_an_error_until_the_position_is_moved() {
    let bench = Bench::new(settings(MIB, (1, 4), (false, true)));
    let mut reader = FileReader::open(&bench.engine, bench.dir.path()).unwrap();
    for _ in 0..2 {
        let error = ours(reader.read(&mut [0; 10]).unwrap_err());
        assert_eq!((error.operation(), error.kind()), (Operation::Read, ErrorKind::IsDirectory));
        assert_eq!(ours(reader.fill_buf().unwrap_err()), error);
    }
    assert_eq!(reader.seek(SeekFrom::Start(10)).unwrap(), 10);
    assert_eq!(ours(reader.read(&mut [0; 10]).unwrap_err()).kind(), ErrorKind::IsDirectory);
    drop(reader);

    let path = bench.filled("data", &[1; 100]);
    let mut reader = FileReader::open(&bench.engine, &path).unwrap();
    let error = ours(reader.seek(SeekFrom::Current(-1)).unwrap_err());
    assert_eq!((error.operation(), error.kind()), (Operation::Seek, ErrorKind::InvalidRange));
    // Where it was.
    let mut found = Vec::new();
    reader.read_to_end(&mut found).unwrap();
    assert_eq!(found, fs::read(&path).unwrap());
    drop(reader);
    bench.engine.close().unwrap();
}
