//! Nobody swallows an error: what a ticket's holder does not learn, `sync` or `close` tells, once.

use std::{io, sync::mpsc::channel, thread, time::Duration};

use ds_aio::{AioFile, Engine, Error, ErrorKind, Failures};
use ds_aio_tests::{
    bytes::pattern,
    settings::{MODES, SHAPES, settings},
};

use super::support::{Bench, HeldWorker};

const BLOCK: usize = 4096;
/// As many failures as are kept whole.
const KEPT: usize = 1024;

fn bench() -> Bench {
    Bench::new(settings(BLOCK, (2, 4), (false, true)))
}

/// A write that fails, since the file is open to read alone; told apart by its offset.
fn fail(engine: &Engine, file: &AioFile, offset: u64) -> ds_aio::Ticket<Vec<u8>> {
    engine.pwrite(file, vec![1; 10], offset)
}

const NONE: [u64; 0] = [];

fn offsets(result: Result<(), Failures>) -> Vec<u64> {
    let mut offsets: Vec<u64> = match result {
        Ok(()) => Vec::new(),
        Err(failures) => failures.errors().iter().map(Error::offset).collect(),
    };
    offsets.sort_unstable();
    offsets
}

#[test]
fn a_dropped_tickets_failure_comes_once_with_its_files_next_sync() {
    let bench = bench();
    let file = bench.engine.open(bench.filled("one", b"")).unwrap();
    let other = bench.engine.open(bench.filled("other", b"")).unwrap();
    drop(fail(&bench.engine, &file, 1));
    let late = fail(&bench.engine, &file, 2);
    drop(fail(&bench.engine, &other, 3));
    while !late.is_done() {
        thread::yield_now();
    }
    drop(late);

    let failures = bench.engine.sync(&file).unwrap_err();
    assert!(failures.to_string().starts_with("2 failed requests\n"), "{failures}");
    assert!(failures.to_string().contains("offset 2"), "{failures}");
    let first = failures.errors()[0].clone();
    assert_eq!(first.kind(), ErrorKind::WrongAccessMode);
    let told = io::Error::from(failures.clone());
    assert_eq!(told.kind(), io::Error::from(first).kind());
    assert_eq!(told.downcast::<Failures>().unwrap(), failures);
    assert_eq!(failures.clone().into_iter().count(), 2);
    assert_eq!(offsets(Err(failures)), [1, 2]);
    assert_eq!(offsets(bench.engine.sync(&file)), NONE);
    assert_eq!(offsets(bench.engine.sync(&other)), [3]);
    assert_eq!(offsets(bench.engine.close()), NONE);
}

#[test]
fn two_handles_of_a_path_are_two_files() {
    let bench = bench();
    let path = bench.filled("one", b"");
    let (file, again) = (bench.engine.open(&path).unwrap(), bench.engine.open(&path).unwrap());
    drop(fail(&bench.engine, &file, 1));
    drop(fail(&bench.engine, &file.clone(), 2));
    assert_eq!(offsets(bench.engine.sync(&again)), NONE);
    assert_eq!(offsets(bench.engine.sync(&file.clone())), [1, 2]);
}

#[test]
fn forgotten_and_held_tickets_fail_in_close() {
    let bench = bench();
    let file = bench.engine.open(bench.filled("one", b"")).unwrap();
    std::mem::forget(fail(&bench.engine, &file, 1));
    let held = fail(&bench.engine, &file, 2);
    drop(fail(&bench.engine, &file, 3));
    fail(&bench.engine, &file, 4).wait().unwrap_err();
    pollster::block_on(fail(&bench.engine, &file, 5)).unwrap_err();
    assert_eq!(offsets(bench.engine.sync(&file)), [3]);
    drop(fail(&bench.engine, &file, 6));
    assert_eq!(offsets(bench.engine.close()), [1, 2, 6]);
    let (error, buffer) = held.wait().unwrap_err().into_parts();
    assert_eq!((error.offset(), buffer.unwrap().len()), (2, 10));
}

#[test]
fn a_tickets_holder_who_learns_late_is_the_only_one_told() {
    let bench = bench();
    let file = bench.engine.open(bench.filled("one", b"")).unwrap();
    let held = fail(&bench.engine, &file, 1);
    assert_eq!(offsets(bench.engine.sync(&file)), NONE);
    assert_eq!(held.wait().unwrap_err().error().offset(), 1);
    assert_eq!(offsets(bench.engine.sync(&file)), NONE);
    assert_eq!(offsets(bench.engine.close()), NONE);
}

#[test]
fn a_sync_waits_for_what_was_asked_before_it() {
    for mode in MODES {
        for shape in SHAPES {
            let bench = Bench::new(settings(BLOCK, shape, mode));
            let file = bench.engine.open(bench.filled("short", &pattern(1, 10))).unwrap();
            for round in 0..20 {
                // Many blocks before the one that fails, so that a sync could overtake it.
                let count = 1 + round % 4;
                for number in 0..count {
                    drop(bench.engine.pread(&file, vec![0; 100 * BLOCK], number));
                }
                assert_eq!(offsets(bench.engine.sync(&file)), (0..count).collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn a_sync_does_not_wait_for_other_files_nor_for_what_comes_later() {
    let bench = Bench::new(settings(BLOCK, (1, 2), (false, true)));
    let file = bench.engine.create(bench.path("synced")).unwrap();
    // One of the two workers; its file's request does not end before it is let go.
    let held = HeldWorker::of(&bench);
    bench.engine.pwrite(&file, vec![1; 10], 0).wait().unwrap();
    bench.engine.sync(&file).unwrap();
    drop(held);
}

#[test]
fn failures_beyond_those_kept_are_counted() {
    for extra in [0, 1, 500] {
        let bench = bench();
        let file = bench.engine.open(bench.filled("one", b"")).unwrap();
        for offset in 0..(KEPT + extra) as u64 {
            drop(fail(&bench.engine, &file, offset));
        }
        let failures = bench.engine.sync(&file).unwrap_err();
        assert_eq!((failures.errors().len(), failures.omitted()), (KEPT, extra));
        let total = format!("{} failed requests", KEPT + extra);
        assert!(failures.to_string().starts_with(&total));
        // There is room again.
        drop(fail(&bench.engine, &file, 7));
        assert_eq!(offsets(bench.engine.sync(&file)), [7]);
        bench.engine.close().unwrap();
    }
}

#[test]
fn forgotten_failures_beyond_those_kept_are_counted() {
    let bench = bench();
    let file = bench.engine.open(bench.filled("one", b"")).unwrap();
    for offset in 0..(KEPT + 500) as u64 {
        std::mem::forget(fail(&bench.engine, &file, offset));
    }
    let failures = bench.engine.close().unwrap_err();
    assert_eq!((failures.errors().len(), failures.omitted()), (KEPT, 500));
}

#[test]
fn a_scopes_failures_beyond_those_kept_are_counted() {
    let bench = bench();
    let file = bench.engine.open(bench.filled("one", b"")).unwrap();
    let data = [1; 10];
    let failures = bench
        .engine
        .scope(|s| {
            for offset in 0..(KEPT + 500) as u64 {
                std::mem::forget(s.pwrite(&file, &data, offset));
            }
        })
        .unwrap_err();
    assert_eq!((failures.errors().len(), failures.omitted()), (KEPT, 500));
}

#[test]
fn failures_that_were_waited_for_are_not_counted_however_many_they_are() {
    let bench = bench();
    let file = bench.engine.open(bench.filled("one", b"")).unwrap();
    let tickets: Vec<_> =
        (0..3 * KEPT as u64).map(|offset| fail(&bench.engine, &file, offset)).collect();
    for ticket in tickets {
        ticket.wait().unwrap_err();
    }
    bench.engine.sync(&file).unwrap();
    bench.engine.close().unwrap();
}

#[test]
fn a_sync_of_another_engines_file_is_refused_without_waiting_for_it() {
    let owner = Bench::new(settings(BLOCK, (1, 1), (false, true)));
    let other = bench();
    let file = owner.engine.create(owner.path("data")).unwrap();
    let held = HeldWorker::of(&owner);
    let under_way = owner.engine.pwrite(&file, vec![1; 10], 0);
    let (done, outcome) = channel();
    let syncing = thread::spawn(move || {
        let _ = done.send(other.engine.sync(&file));
    });
    // The limit turns a hang into a failure; the sync needs nothing that takes time.
    let outcome = outcome.recv_timeout(Duration::from_secs(30));
    drop(held);
    syncing.join().unwrap();
    under_way.wait().unwrap();
    let failures = outcome.expect("an answer at once").unwrap_err();
    assert_eq!(failures.errors()[0].kind(), ErrorKind::ForeignFile);
}
