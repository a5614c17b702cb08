//! Syncs, flushes and preallocation on real files: what they do to them, and what they refuse.

use std::{os::unix::fs::MetadataExt, path::Path};

use ds_aio::{AioFile, Engine, ErrorKind, OpenOptions, Operation, Ticket};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::{MODES, SHAPES, settings},
};
use nix::{errno::Errno, sys::stat::Mode, unistd::mkfifo};

use super::{
    support::Bench,
    told::{Told, buffer_after, refused},
};

const BLOCK: usize = 16 << 10;

fn bench() -> Bench {
    Bench::new(settings(BLOCK, (2, 4), (false, true)))
}

type Request = fn(&Engine, &AioFile) -> Ticket<()>;

const SYNCS: [(Request, Operation); 3] = [
    (Engine::fdatasync, Operation::Sync),
    (Engine::fsync, Operation::SyncAll),
    (|engine, file| engine.flush(file, ..), Operation::Flush),
];

#[test]
fn syncs_succeed_on_files_of_all_lengths_whatever_they_were_opened_for() {
    for (mode, shape) in MODES.into_iter().zip(SHAPES) {
        let bench = Bench::new(settings(BLOCK, shape, mode));
        for len in [0, 1, 3 * BLOCK + 5] {
            let path = bench.filled("data", &pattern(1, len));
            let read_only = bench.engine.open(&path).unwrap();
            let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
            for file in [read_only, file] {
                for (sync, _) in SYNCS {
                    sync(&bench.engine, &file).wait().unwrap();
                }
                let far = 1 << 40;
                let flushes = [
                    bench.engine.flush(&file, ..5),
                    bench.engine.flush(&file, 5..=5),
                    bench.engine.flush(&file, 1..1),
                    bench.engine.flush(&file, far..),
                    bench.engine.flush(&file, 100..far),
                ];
                for ticket in flushes {
                    ticket.wait().unwrap();
                }
            }
            assert_same(&std::fs::read(&path).unwrap(), &pattern(1, len), &"as it was");
        }
        let stats = bench.engine.stats();
        assert_eq!((stats.sync.requests, stats.failed(), stats.in_flight), (3 * 2 * 8, 0, 0));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn syncs_ask_the_system_which_knows_what_has_none() {
    let bench = bench();
    let path = bench.path("pipe");
    mkfifo(&path, Mode::S_IRWXU).unwrap();
    let pipe = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    for (sync, operation) in SYNCS {
        let (kind, errno, wanted) = if operation == Operation::Flush {
            (ErrorKind::NotSeekable, Errno::ESPIPE, usize::MAX)
        } else {
            (ErrorKind::InvalidInput, Errno::EINVAL, 0)
        };
        let told = refused(operation, kind, errno, wanted);
        buffer_after(sync(&bench.engine, &pipe).wait(), &path, &told);
    }
    let told = refused(Operation::Preallocate, ErrorKind::NotSeekable, Errno::ESPIPE, 10);
    buffer_after(bench.engine.allocate(&pipe, 0, 10).wait(), &path, &told);

    // A directory is synced as a file is, which is how a name becomes durable.
    let directory = bench.engine.open(bench.dir.path()).unwrap();
    bench.engine.fsync(&directory).wait().unwrap();
    bench.engine.fdatasync(&directory).wait().unwrap();
}

#[test]
fn syncs_of_another_engines_file_are_refused() {
    let (bench, other) = (bench(), Engine::new(&settings(BLOCK, (1, 1), MODES[0])).unwrap());
    let path = bench.filled("data", b"as it was");
    let file = other.open_with(&path, &OpenOptions::new().write()).unwrap();
    let mut tickets =
        Vec::from(SYNCS.map(|(sync, operation)| (sync(&bench.engine, &file), operation)));
    tickets.push((bench.engine.allocate(&file, 0, 100), Operation::Preallocate));
    for (ticket, operation) in tickets {
        let error = ticket.wait().unwrap_err().into_parts().0;
        assert_eq!((error.operation(), error.kind()), (operation, ErrorKind::ForeignFile));
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"as it was");
    other.fsync(&file).wait().unwrap();
}

/// Pages that are not on the device stay in the page cache when it is asked to let all go.
#[cfg(target_os = "linux")]
#[test]
fn what_was_synced_or_flushed_is_on_the_device() {
    use super::page_cache::{page_size, resident};

    let let_go = |path: &Path| {
        let file = std::fs::File::open(path).unwrap();
        let advice = nix::fcntl::PosixFadviseAdvice::POSIX_FADV_DONTNEED;
        nix::fcntl::posix_fadvise(&file, 0, 0, advice).unwrap();
    };
    if !crate::capabilities::require("direct") {
        return;
    }
    let bench = bench();
    let half = 64 * page_size();
    for (name, sync) in [
        ("fdatasync", (|engine, file| engine.fdatasync(file)) as Request),
        ("fsync", |engine, file| engine.fsync(file)),
        ("flush", |engine, file| engine.flush(file, ..)),
        ("half", |engine, file| engine.flush(file, ..64 * page_size() as u64)),
    ] {
        let path = bench.filled(name, &pattern(1, 2 * half));
        let file = bench.engine.open(&path).unwrap();
        sync(&bench.engine, &file).wait().unwrap();
        let_go(&path);
        let pages = resident(&path);
        assert!(!pages[..64].contains(&true), "dirty after {name}: {pages:?}");
        assert!(name == "half" || !pages.contains(&true), "dirty after {name}: {pages:?}");
    }
}

#[test]
fn allocated_space_is_there_and_zero_and_what_was_written_stays() {
    for (mode, shape) in MODES.into_iter().zip(SHAPES) {
        let bench = Bench::new(settings(BLOCK, shape, mode));
        let path = bench.path("data");
        let file = bench.engine.create(&path).unwrap();
        let data = pattern(1, 10_000);
        let allocate = |offset, len| bench.engine.allocate(&file, offset, len).wait().unwrap();
        bench.engine.pwrite(&file, data.clone(), 0).wait().unwrap();
        // Within, across the end, beyond it, all of it again, and nothing.
        for (offset, len, expected) in [
            (100, 5_000, 10_000),
            (9_999, 2, 10_001),
            (9_000, 5_000, 14_000),
            (100_001, 77, 100_078),
            (0, 100_078, 100_078),
            (200_000, 0, 100_078),
            (1 << 20, 1 << 20, 2 << 20),
        ] {
            allocate(offset, len);
            assert_eq!(file.len().unwrap(), expected, "{len} bytes at {offset}");
            let found = std::fs::read(&path).unwrap();
            assert_same(&found[..data.len()], &data, &"written before");
            assert!(found[data.len()..].iter().all(|&byte| byte == 0));
        }
        assert!(std::fs::metadata(&path).unwrap().blocks() * 512 >= 1 << 20);
        assert_eq!(bench.engine.stats().allocation.requests, 7);
        // While writes to the same range are under way.
        let tickets: Vec<_> = (0..40_u64)
            .map(|number| {
                drop(bench.engine.allocate(&file, number * 5_000, 20_000));
                bench.engine.pwrite(&file, pattern(number, 5_000), number * 5_000)
            })
            .collect();
        let written: Vec<u8> =
            tickets.into_iter().flat_map(|ticket| ticket.wait().unwrap()).collect();
        bench.engine.sync(&file).unwrap();
        assert_same(&std::fs::read(&path).unwrap()[..200_000], &written, &"written meanwhile");
    }
}

#[test]
fn allocation_needs_a_file_to_write_and_a_range_that_fits() {
    let bench = bench();
    let path = bench.filled("data", b"as it was");
    let read_only = bench.engine.open(&path).unwrap();
    for (offset, len) in [(0, 5), (0, 50), (100, 5)] {
        let told = Told {
            offset,
            ..refused(Operation::Preallocate, ErrorKind::WrongAccessMode, Errno::EBADF, len)
        };
        let ticket = bench.engine.allocate(&read_only, offset, len as u64);
        buffer_after(ticket.wait(), &path, &told);
    }
    let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    let largest = i64::MAX as u64;
    for (offset, len) in
        [(0, largest + 1), (largest, 1), (1, largest), (u64::MAX, 1), (1, u64::MAX)]
    {
        let told = Told {
            operation: Operation::Preallocate,
            kind: ErrorKind::InvalidRange,
            errno: None,
            offset,
            wanted: usize::try_from(len).unwrap(),
            done: 0,
        };
        buffer_after(bench.engine.allocate(&file, offset, len).wait(), &path, &told);
    }
    // It fits an offset, and no file system.
    let error = bench.engine.allocate(&file, largest - 1, 1).wait().unwrap_err().into_parts().0;
    assert!(matches!(error.kind(), ErrorKind::FileTooLarge | ErrorKind::NoSpace), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"as it was");
}
