//! Scopes: requests on borrowed memory have ended when the scope does, however it does.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ds_aio::{Engine, Error, ErrorKind, OpenOptions, Operation};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::{MODES, SHAPES, settings},
};

use super::support::Bench;

/// Blocks this small make a request of a few hundred kilobytes long enough to be caught under way.
const SMALL_BLOCKS: usize = 4096;
const LEN: usize = 300_000;

fn bench() -> Bench {
    Bench::new(settings(SMALL_BLOCKS, (2, 4), (false, true)))
}

#[test]
fn waiting_gives_the_borrowed_slice_back() {
    let bench = bench();
    let data = pattern(1, LEN);
    let path = bench.filled("data", &data);
    let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    let mut read = vec![0; LEN];
    bench
        .engine
        .scope(|s| {
            let written = s.pwrite(&file, &data, 0).wait().unwrap();
            assert!(std::ptr::eq(written, data.as_slice()));
            let filled = s.pread(&file, &mut read, 0).wait().unwrap();
            assert_same(filled, &data, &"the slice that wait gives back");
            // It is the caller's again, while the scope still runs.
            filled[0] ^= 1;
            let again = s.pread(&file, filled, 0).wait().unwrap();
            assert_same(again, &data, &"the slice used a second time");
        })
        .unwrap();
}

#[test]
fn dropped_and_forgotten_handles_have_ended_with_the_scope() {
    for mode in MODES {
        for shape in SHAPES {
            let bench = Bench::new(settings(SMALL_BLOCKS, shape, mode));
            let data = pattern(2, LEN);
            let path = bench.filled("data", &data);
            let file = bench.engine.open(&path).unwrap();
            let (mut dropped, mut forgotten) = (vec![0; LEN], vec![0; LEN]);
            bench
                .engine
                .scope(|s| {
                    drop(s.pread(&file, &mut dropped, 0));
                    std::mem::forget(s.pread(&file, &mut forgotten, 0));
                })
                .unwrap();
            assert_same(&dropped, &data, &"the dropped handle's slice");
            assert_same(&forgotten, &data, &"the forgotten handle's slice");
        }
    }
}

#[test]
fn a_panic_in_the_closure_waits_for_what_it_began() {
    let bench = bench();
    let data = pattern(3, LEN);
    let path = bench.filled("data", &data);
    let file = bench.engine.open(&path).unwrap();
    for _ in 0..20 {
        let mut read = vec![0; LEN];
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            bench.engine.scope(|s| {
                std::mem::forget(s.pread(&file, &mut read, 0));
                // Without the hook, which would print to the terminal.
                std::panic::resume_unwind(Box::new("the closure's own panic"));
            })
        }));
        let panic = unwound.map(drop).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"the closure's own panic"));
        assert_same(&read, &data, &"the slice after the unwind");
        assert_eq!(bench.engine.stats().in_flight, 0);
    }
}

#[test]
fn errors_nobody_waited_for_come_from_the_scope_and_only_there() {
    let bench = bench();
    let path = bench.filled("short", &pattern(4, 10_000));
    let file = bench.engine.open(&path).unwrap();
    let (mut waited, mut dropped, mut forgotten) = (vec![0; 5000], vec![0; 6000], vec![0; 7000]);
    let failures = bench
        .engine
        .scope(|s| {
            let failed = s.pread(&file, &mut waited, 9000).wait().unwrap_err();
            assert_eq!(failed.error().done(), 1000);
            let (error, slice) = failed.into_parts();
            assert_eq!((error.wanted(), slice.unwrap().len()), (5000, 5000));
            drop(s.pread(&file, &mut dropped, 9500));
            std::mem::forget(s.pread(&file, &mut forgotten, 20_000));
        })
        .unwrap_err();
    let mut told: Vec<_> = failures.errors().iter().map(described).collect();
    told.sort_unstable();
    assert_eq!(told, [(9500, 6000, 500), (20_000, 7000, 0)]);
    assert_eq!(failures.omitted(), 0);
    bench.engine.sync(&file).unwrap();
    bench.engine.close().unwrap();
}

fn described(error: &Error) -> (u64, usize, usize) {
    assert_eq!(error.operation(), Operation::Read);
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    (error.offset(), error.wanted(), error.done())
}

#[test]
fn the_closure_decides_what_the_scope_returns() {
    let bench = bench();
    assert_eq!(bench.engine.scope(|_| 7).unwrap(), 7);
    let inner: Result<(), &str> = bench.engine.scope(|_| Err("its own error")).unwrap();
    assert_eq!(inner, Err("its own error"));
}

#[test]
fn scopes_nest_and_are_shared_by_threads() {
    let bench = bench();
    let data = pattern(5, LEN);
    let path = bench.filled("data", &data);
    let file = bench.engine.open(&path).unwrap();
    let mut outer = vec![0; LEN];
    let mut quarters = vec![0; LEN];
    bench
        .engine
        .scope(|s| {
            let under_way = s.pread(&file, &mut outer, 0);
            let mut inner = vec![0; 1000];
            bench.engine.scope(|nested| drop(nested.pread(&file, &mut inner, 77))).unwrap();
            assert_same(&inner, &data[77..1077], &"the nested scope's slice");
            std::thread::scope(|threads| {
                for (number, quarter) in quarters.chunks_mut(LEN / 4).enumerate() {
                    let file = &file;
                    threads.spawn(move || {
                        let offset = (number * (LEN / 4)) as u64;
                        s.pread(file, quarter, offset).wait().map(drop).unwrap();
                    });
                }
            });
            under_way.wait().unwrap();
        })
        .unwrap();
    assert_same(&outer, &data, &"the outer scope's slice");
    assert_same(&quarters, &data, &"the threads' slices");
}

#[test]
fn a_scope_of_one_engine_refuses_a_file_of_another() {
    let (bench, other) = (bench(), Engine::new(&settings(4096, (1, 1), (false, true))).unwrap());
    let path = bench.filled("data", &[1; 100]);
    let file = other.open(&path).unwrap();
    let mut slice = [0; 100];
    let failures = bench.engine.scope(|s| drop(s.pread(&file, &mut slice, 0))).unwrap_err();
    assert_eq!(failures.errors()[0].kind(), ErrorKind::ForeignFile);
}

#[test]
fn handles_tell_when_they_are_done() {
    let bench = bench();
    let path = bench.filled("data", &[1; 100]);
    let file = bench.engine.open(&path).unwrap();
    let mut slice = [0; 100];
    bench
        .engine
        .scope(|s| {
            let handle = s.pread(&file, &mut slice, 0);
            while !handle.is_done() {
                std::thread::yield_now();
            }
            handle.wait().map(drop).unwrap();
        })
        .unwrap();
}
