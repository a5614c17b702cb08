//! Ranges at the edge: beyond any file, beyond this file system's files, of no bytes at all.

use std::os::unix::fs::FileExt;

use ds_aio::{ErrorKind, OpenOptions, Operation};
use ds_aio_tests::settings::settings;
use nix::errno::Errno;

use super::{
    support::Bench,
    told::{Told, buffer_after, end_of_file, refused},
};

const BLOCK: usize = 16 << 10;

fn bench() -> Bench {
    Bench::new(settings(BLOCK, (2, 4), (false, true)))
}

#[test]
fn a_range_beyond_any_file_is_refused_before_the_system_sees_it() {
    let bench = bench();
    let path = bench.filled("data", b"as it was");
    let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    let last = i64::MAX as u64;
    for (offset, len) in [
        (u64::MAX, 0),
        (u64::MAX, 1),
        (u64::MAX - 4096, 3 * BLOCK),
        (last + 1, 0),
        (last, 1),
        (last - 4095, 4097),
    ] {
        let told = |operation| Told {
            operation,
            kind: ErrorKind::InvalidRange,
            errno: None,
            offset,
            wanted: len,
            done: 0,
        };
        let read = bench.engine.pread(&file, vec![5; len], offset);
        assert_eq!(buffer_after(read.wait(), &path, &told(Operation::Read)), vec![5; len]);
        let write = bench.engine.pwrite(&file, vec![5; len], offset);
        assert_eq!(buffer_after(write.wait(), &path, &told(Operation::Write)), vec![5; len]);
    }
    let read = bench.engine.pread(&file, vec![0; 4096], last - 4096);
    buffer_after(read.wait(), &path, &end_of_file(last - 4096, 4096, 0));
    assert_eq!(bench.engine.stats().transfers, 1);
    assert_eq!(std::fs::read(&path).unwrap(), b"as it was");
}

#[test]
fn a_write_beyond_the_file_systems_largest_file_is_too_large() {
    let bench = bench();
    let path = bench.filled("data", b"as it was");
    let offset = i64::MAX as u64 - 8191;
    let control = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    match control.write_at(&[1; 4096], offset) {
        Err(error) if error.raw_os_error() == Some(Errno::EFBIG as i32) => {}
        other => {
            eprintln!("this file system takes files of any size ({other:?}): nothing to refuse");
            return;
        }
    }
    let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    let told =
        Told { offset, ..refused(Operation::Write, ErrorKind::FileTooLarge, Errno::EFBIG, 4096) };
    let write = bench.engine.pwrite(&file, vec![1; 4096], offset);
    assert_eq!(buffer_after(write.wait(), &path, &told), vec![1; 4096]);
}

#[test]
fn requests_of_no_bytes_succeed_and_move_nothing() {
    let bench = bench();
    let path = bench.filled("data", b"as it was");
    let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    for offset in [0, 4, 9, 4096, i64::MAX as u64] {
        let ticket = bench.engine.pwrite(&file, Vec::new(), offset);
        assert!(ticket.wait().unwrap().is_empty());
        let ticket = bench.engine.pread(&file, bench.engine.alloc(0).unwrap(), offset);
        assert!(ticket.wait().unwrap().is_empty());
        bench.engine.scope(|s| s.pread(&file, &mut [], offset).wait().map(drop)).unwrap().unwrap();
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"as it was");
    let stats = bench.engine.stats();
    assert_eq!((stats.read.requests, stats.write.requests, stats.failed()), (10, 5, 0));
    assert_eq!((stats.read.bytes_moved, stats.write.bytes_moved), (0, 0));
}

#[test]
fn memory_that_cannot_be_had_is_an_error() {
    let bench = bench();
    for len in [usize::MAX, isize::MAX as usize, 1 << 60] {
        let error = bench.engine.alloc(len).unwrap_err();
        assert_eq!(error.operation(), Operation::Alloc);
        assert_eq!(error.kind(), ErrorKind::OutOfMemory);
        assert_eq!(error.wanted(), len);
        assert!(error.to_string().contains(&len.to_string()), "{error}");
    }
}
