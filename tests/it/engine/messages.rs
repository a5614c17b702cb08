//! Every kind of error an engine can be brought to give, in words: what was done to which file,
//! where, why not, and what to do.

use std::{io, time::Duration};

use ds_aio::{AioBuf, Engine, Error, OpenOptions};
use ds_aio_tests::settings::settings;
use nix::{sys::stat::Mode, unistd::mkfifo};

use super::support::{Bench, HeldWorker};

#[track_caller]
fn reads(error: &Error, expected: &str, kind: io::ErrorKind) {
    assert_eq!(error.to_string(), expected);
    assert_eq!(io::Error::from(error.clone()).kind(), kind, "{expected}");
    let (what, advice) = expected.split_once("; ").expect("advice");
    assert!(!advice.contains("; ") && !what.ends_with('.') && !advice.ends_with('.'));
}

/// `main` shows an error it returns by `Debug`, as `unwrap` does.
#[test]
fn whoever_returns_an_error_from_main_is_told_what_to_do() {
    let bench = Bench::new(settings(4096, (1, 1), (false, true)));
    let absent = bench.engine.open(bench.path("absent")).unwrap_err();
    assert!(absent.to_string().ends_with("check the path and that its directory exists"));
    assert_eq!(format!("{absent:?}"), absent.to_string());
    assert!(format!("{absent:#?}").contains("errno: Some("), "{absent:#?}");

    let file = bench.engine.create(bench.path("empty")).unwrap();
    let failed = bench.engine.pread(&file, vec![0; 10], 0).wait().unwrap_err();
    assert_eq!(format!("{failed:?}"), failed.error().to_string());
    drop(bench.engine.pread(&file, vec![0; 10], 0));
    let failures = bench.engine.sync(&file).unwrap_err();
    assert_eq!(format!("{failures:?}"), failures.to_string());
}

#[test]
fn refusals_of_the_engine_name_what_was_asked_and_the_setting() {
    let mut settings = settings(4096, (1, 1), (false, true));
    settings.queue_capacity = 2;
    let bench = Bench::new(settings);
    let path = bench.path("data");
    let file = bench.engine.create(&path).unwrap();
    let path = path.display();
    let held = HeldWorker::of(&bench);
    let ticket = bench.engine.pwrite(&file, vec![1; 10], 5);
    let barrier = bench.engine.fsync(&file);
    let full = bench.engine.try_pwritev(&file, vec![vec![1; 10]; 3], 7).unwrap_err();
    let expected = format!(
        "pwrite {path} at offset 7: as many requests as may be are under way after 0 of 30 bytes; \
         wait for some of them, or raise queue_capacity"
    );
    reads(full.error(), &expected, io::ErrorKind::WouldBlock);
    assert_eq!(full.into_parts().1.map(|buffers| buffers.len()), Some(3));

    let ended = bench.engine.shutdown(Duration::ZERO).unwrap_err();
    assert_eq!(ended.errors().len(), 2);
    let lost = ticket.wait().unwrap_err();
    let expected = format!(
        "pwrite {path} at offset 5: the engine was shut down after 0 of 10 bytes; \
         give it more time, or find out why the device does not answer"
    );
    reads(lost.error(), &expected, io::ErrorKind::Other);
    let lost = barrier.wait().unwrap_err();
    let expected = format!(
        "fsync {path}: the engine was shut down; \
         give it more time, or find out why the device does not answer"
    );
    reads(lost.error(), &expected, io::ErrorKind::Other);
    let late = bench.engine.allocate(&file, 10, 20).wait().unwrap_err();
    let expected = format!(
        "fallocate {path} of 20 bytes at offset 10: the engine was shut down; \
         give it more time, or find out why the device does not answer"
    );
    reads(late.error(), &expected, io::ErrorKind::Other);
    drop(held);
}

#[cfg(target_os = "linux")]
#[test]
fn errors_of_syncs_flushes_and_space_name_the_range() {
    let bench = Bench::new(settings(4096, (1, 1), (false, true)));
    let pipe = bench.path("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let engine = &bench.engine;
    let file = engine.open_with(&pipe, &OpenOptions::new().write()).unwrap();
    let path = pipe.display();
    let why = "is a pipe, a socket or a terminal, which has no offsets (ESPIPE, os error 29); \
               use a regular file or a block device";
    let told = |ticket: ds_aio::Ticket<()>| ticket.wait().unwrap_err().into_parts().0;
    let seekable = io::ErrorKind::NotSeekable;
    let expected = format!("sync_file_range {path} of 7 bytes at offset 5: {why}");
    reads(&told(engine.flush(&file, 5..12)), &expected, seekable);
    let expected = format!("sync_file_range {path} from offset 5 on: {why}");
    reads(&told(engine.flush(&file, 5..)), &expected, seekable);
    let expected = format!("fallocate {path} of 7 bytes at offset 5: {why}");
    reads(&told(engine.allocate(&file, 5, 7)), &expected, seekable);
    let why = "the system calls this an invalid argument (EINVAL, os error 22); \
               check the path, the options and what kind of file it is";
    for (ticket, name) in [(engine.fdatasync(&file), "fdatasync"), (engine.fsync(&file), "fsync")] {
        let expected = format!("{name} {path}: {why}");
        reads(&told(ticket), &expected, io::ErrorKind::InvalidInput);
    }

    let path = bench.filled("data", b"");
    let file = engine.open(&path).unwrap();
    let path = path.display();
    let expected = format!(
        "fallocate {path} of 1 bytes at offset 9223372036854775807: the range does not fit a file \
         offset; keep offset + length within 2^63 - 1"
    );
    reads(
        &told(engine.allocate(&file, i64::MAX as u64, 1)),
        &expected,
        io::ErrorKind::InvalidInput,
    );
    let other = Engine::new(&settings(4096, (1, 1), (false, true))).unwrap();
    let expected = format!(
        "fdatasync {path}: the file belongs to another engine; open it with the engine that uses it"
    );
    reads(&told(other.fdatasync(&file)), &expected, io::ErrorKind::InvalidInput);
}

#[test]
fn errors_of_waiting_and_of_memory_have_no_file() {
    let bench = Bench::new(settings(4096, (1, 1), (false, true)));
    let file = bench.engine.open(bench.filled("data", b"1234567")).unwrap();
    let mut ticket = bench.engine.pread(&file, vec![0; 7], 0);
    pollster::block_on(&mut ticket).unwrap();
    let expected = "wait: the ticket's result was taken already; wait for a ticket once, or await \
                    it once";
    reads(ticket.wait().unwrap_err().error(), expected, io::ErrorKind::InvalidInput);
    let expected =
        format!("mmap of {} bytes: out of memory; ask for less or free memory", usize::MAX);
    reads(&AioBuf::zeroed(usize::MAX).unwrap_err(), &expected, io::ErrorKind::OutOfMemory);
}
