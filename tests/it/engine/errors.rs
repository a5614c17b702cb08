//! Errors are typed, name what was asked for and how far it got, and bring the buffer back.

use std::{
    ffi::OsStr, io, os::unix::ffi::OsStrExt, path::Path, sync::mpsc::channel, thread,
    time::Duration,
};

use ds_aio::{AioFile, Engine, Error, ErrorKind, OpenOptions, Operation};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::settings,
};
use nix::{errno::Errno, sys::stat::Mode, unistd::mkfifo};

use super::{
    support::Bench,
    told::{Told, assert_tells, buffer_after, refused},
};

const BLOCK: usize = 16 << 10;

fn bench() -> Bench {
    Bench::new(settings(BLOCK, (2, 4), (false, true)))
}

fn opening(kind: ErrorKind, errno: Option<Errno>) -> Told {
    Told { operation: Operation::Open, kind, errno, offset: 0, wanted: 0, done: 0 }
}

#[test]
fn a_missing_file_is_named() {
    let bench = bench();
    for path in [bench.path("none"), bench.path("none/below")] {
        let missing = opening(ErrorKind::NotFound, Some(Errno::ENOENT));
        assert_tells(&bench.engine.open(&path).unwrap_err(), &path, &missing);
    }
    let below_a_file = bench.filled("file", b"").join("below");
    let missing = opening(ErrorKind::NotFound, Some(Errno::ENOTDIR));
    let error = bench.engine.create(&below_a_file).unwrap_err();
    assert_tells(&error, &below_a_file, &missing);
}

#[test]
fn a_directory_is_no_file() {
    let bench = bench();
    let path = bench.path("");
    let error = bench.engine.create(&path).unwrap_err();
    assert_tells(&error, &path, &opening(ErrorKind::IsDirectory, Some(Errno::EISDIR)));

    let directory = bench.engine.open(&path).unwrap();
    assert!(!directory.is_direct());
    for len in [0, 1, 3 * BLOCK] {
        let told = refused(Operation::Read, ErrorKind::IsDirectory, Errno::EISDIR, len);
        let read = bench.engine.pread(&directory, vec![7; len], 0);
        assert_eq!(buffer_after(read.wait(), &path, &told).len(), len);
    }
}

/// Opens a file on a thread of its own, so that a hang is a failure.
fn answers(bench: &Bench, path: &Path) -> AioFile {
    thread::scope(|threads| {
        let (done, outcome) = channel();
        threads.spawn(move || done.send(bench.engine.open(path)));
        let opened = outcome.recv_timeout(Duration::from_secs(30));
        if opened.is_err() {
            // The other end, for which the thread waits.
            drop(std::fs::OpenOptions::new().read(true).write(true).open(path));
        }
        opened.expect("an answer at once").unwrap()
    })
}

#[test]
fn a_pipe_has_no_offsets_and_opens_without_its_other_end() {
    let bench = bench();
    let path = bench.path("pipe");
    mkfifo(&path, Mode::S_IRWXU).unwrap();

    let pipe = answers(&bench, &path);
    let told = refused(Operation::Read, ErrorKind::NotSeekable, Errno::ESPIPE, 10);
    buffer_after(bench.engine.pread(&pipe, vec![0; 10], 0).wait(), &path, &told);

    let pipe = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    let told = refused(Operation::Write, ErrorKind::NotSeekable, Errno::ESPIPE, 3 * BLOCK);
    let data = pattern(3, 3 * BLOCK);
    let back = buffer_after(bench.engine.pwrite(&pipe, data.clone(), 0).wait(), &path, &told);
    assert_same(&back, &data, &"the buffer given back");
}

#[test]
fn a_sync_asks_the_system_which_a_pipe_refuses() {
    let bench = bench();
    let path = bench.path("pipe");
    mkfifo(&path, Mode::S_IRWXU).unwrap();
    let pipe = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    let failures = bench.engine.sync(&pipe).unwrap_err();
    let [error] = failures.errors() else { panic!("{failures}") };
    assert_eq!((error.operation(), error.kind()), (Operation::Sync, ErrorKind::InvalidInput));
    assert_eq!(error.errno(), Some(Errno::EINVAL as i32));
    assert_eq!(error.path(), Some(path.as_path()));
}

#[test]
fn a_file_opened_to_read_is_not_written() {
    let bench = bench();
    let path = bench.filled("data", b"as it was");
    let file = bench.engine.open(&path).unwrap();
    for len in [1, 4096, 3 * BLOCK + 1] {
        let told = refused(Operation::Write, ErrorKind::WrongAccessMode, Errno::EBADF, len);
        let write = bench.engine.pwrite(&file, vec![1; len], 0);
        assert_eq!(buffer_after(write.wait(), &path, &told), vec![1; len]);
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"as it was");
}

#[test]
fn create_new_leaves_an_existing_file_alone() {
    let bench = bench();
    let path = bench.filled("data", b"as it was");
    let options = OpenOptions::new().create_new().truncate();
    let error = bench.engine.open_with(&path, &options).unwrap_err();
    assert_tells(&error, &path, &opening(ErrorKind::AlreadyExists, Some(Errno::EEXIST)));
    assert_eq!(std::fs::read(&path).unwrap(), b"as it was");
}

#[test]
fn a_file_of_another_engine_is_refused() {
    let bench = bench();
    let other = Engine::new(&settings(BLOCK, (1, 1), (false, true))).unwrap();
    let path = bench.filled("data", b"as it was");
    let file = other.open_with(&path, &OpenOptions::new().write()).unwrap();
    let told = Told {
        operation: Operation::Write,
        kind: ErrorKind::ForeignFile,
        errno: None,
        offset: 3,
        wanted: 2 * BLOCK,
        done: 0,
    };
    let write = bench.engine.pwrite(&file, vec![1; 2 * BLOCK], 3);
    assert_eq!(buffer_after(write.wait(), &path, &told), vec![1; 2 * BLOCK]);
    let read = bench.engine.pread(&file, vec![0; 2 * BLOCK], 3);
    let told = Told { operation: Operation::Read, ..told };
    buffer_after(read.wait(), &path, &told);

    let failures = bench.engine.sync(&file).unwrap_err();
    assert_eq!(failures.errors().len(), 1);
    assert_eq!(failures.errors()[0].kind(), ErrorKind::ForeignFile);
    assert_eq!(failures.errors()[0].operation(), Operation::Sync);
    assert_eq!(std::fs::read(&path).unwrap(), b"as it was");
    other.sync(&file).unwrap();
}

#[test]
fn a_path_with_a_nul_byte_is_invalid() {
    let bench = bench();
    let path = bench.path("").join(OsStr::from_bytes(b"a\0b"));
    for options in [OpenOptions::new(), OpenOptions::new().create_new()] {
        let error = bench.engine.open_with(&path, &options).unwrap_err();
        assert_tells(&error, &path, &opening(ErrorKind::InvalidInput, None));
    }
}

#[test]
fn errors_turn_into_the_standard_librarys() {
    let bench = bench();
    let path = bench.path("none");
    let error = io::Error::from(bench.engine.open(&path).unwrap_err());
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    let typed = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    assert_eq!(typed.unwrap().path(), Some(path.as_path()));

    let file = bench.engine.create(&path).unwrap();
    let failed = bench.engine.pread(&file, vec![0; 5], 0).wait().unwrap_err();
    assert_eq!(failed.to_string(), failed.error().to_string());
    assert_eq!(io::Error::from(failed).kind(), io::ErrorKind::UnexpectedEof);
}
