//! Cancelling what waits: at once, once, and whoever else is at it.

use std::{sync::mpsc::channel, thread};

use super::*;

fn kind<B>(result: Result<B, Failed<B>>) -> Option<ErrorKind> {
    result.err().map(|failed| failed.error().kind())
}

#[test]
fn what_waits_ends_at_once_while_all_workers_are_busy() {
    for overlap_events in [true, false] {
        for sim in layouts(2, 2) {
            let settings = EngineSettings { overlap_events, ..settings(2, 2) };
            let bench = Bench::new(sim, settings);
            bench.warm_up();
            bench.sim.hold();
            let busy = bench.write(4, 0);
            bench.sim.wait_for_pushes(4);
            let file = bench.file.with_priority(Priority::Background);
            // Small ones, large ones, and those of the background.
            let waiting: Vec<_> = (0..100)
                .map(|number| {
                    let blocks = 1 + number % 7;
                    let file = if number % 3 == 0 { &file } else { &bench.file };
                    let bytes = pattern(blocks * BLOCK, number);
                    (blocks, bench.engine.pwrite(file, bytes, offset(100 + 10 * number)))
                })
                .collect();
            let (first, second) = waiting.split_at(50);
            for (_, ticket) in second.iter().chain(first.iter().rev()) {
                ticket.cancel();
                assert!(ticket.is_done());
                ticket.cancel();
            }
            for (blocks, ticket) in waiting {
                let (error, buffer) = ticket.wait().unwrap_err().into_parts();
                assert_eq!((error.kind(), error.done()), (ErrorKind::Cancelled, 0));
                assert_eq!(error.wanted(), blocks * BLOCK);
                assert_eq!(buffer.map(|buffer| buffer.len()), Some(blocks * BLOCK));
            }
            let after = bench.write(9, 50);
            bench.sim.release_all();
            busy.wait().unwrap();
            after.wait().unwrap();
            assert!(bench.sim.pushed().iter().all(|call| call.offset < offset(100)));
        }
    }
}

#[test]
fn a_request_cancelled_in_its_course_says_how_far_it_got() {
    for overlap_events in [true, false] {
        for (groups, depth) in [(1, 1), (1, 2), (2, 1)] {
            for sim in layouts(groups, depth) {
                let settings = EngineSettings { overlap_events, ..settings(groups, depth) };
                let bench = Bench::new(sim, settings);
                let at_once = groups * depth;
                bench.warm_up();
                bench.sim.hold();
                let bytes: Arc<[u8]> = pattern(10 * BLOCK, 0).into();
                let ticket = bench.engine.pwrite(&bench.file, Arc::clone(&bytes), 0);
                for block in 0..3 {
                    bench.sim.wait_for_pushes(block + 1);
                    bench.sim.release(offset(block));
                }
                let is_complete = |event: &&Event| matches!(event, Event::Complete(..));
                bench.sim.wait_until(|events| events.iter().filter(is_complete).count() >= 3);
                ticket.cancel();
                let begun_by_then = bench.sim.pushed().len();
                bench.sim.release_all();
                let (error, buffer) = ticket.wait().unwrap_err().into_parts();
                assert_eq!(error.kind(), ErrorKind::Cancelled);
                assert!(buffer.is_some_and(|buffer| Arc::ptr_eq(&buffer, &bytes)));
                assert_eq!(Arc::strong_count(&bytes), 1, "once");
                let begun = bench.sim.pushed();
                assert!(begun.len() >= begun_by_then);
                assert!(begun.iter().all(|call| call.offset < offset(3 + at_once)), "{begun:?}");
                assert_eq!(error.done(), begun.len() * BLOCK, "all that was begun is done");
                let on_disk = std::fs::read(&bench.path).unwrap();
                assert!(on_disk[..error.done()] == bytes[..error.done()]);
            }
        }
    }
}

#[test]
fn a_barrier_that_is_held_back_ends_at_once() {
    for overlap_events in [true, false] {
        let settings = EngineSettings { overlap_events, ..settings(1, 2) };
        let bench = Bench::new(Sim::lanes(1, 2), settings);
        bench.sim.hold();
        let write = bench.write(4, 0);
        bench.sim.wait_for_pushes(1);
        let barriers = [
            bench.engine.fdatasync(&bench.file),
            bench.engine.fsync(&bench.file),
            bench.engine.flush(&bench.file, 5..9),
        ];
        let last = bench.engine.fdatasync(&bench.file);
        for barrier in [1, 0, 2, 1] {
            barriers[barrier].cancel();
            assert!(barriers[barrier].is_done());
        }
        let [sync, sync_all, flush] = barriers.map(|barrier| barrier.wait().unwrap_err());
        assert_eq!(sync.error().operation(), Operation::Sync);
        assert_eq!(sync_all.error().operation(), Operation::SyncAll);
        assert_eq!((flush.error().offset(), flush.error().wanted()), (5, 4));
        for failed in [sync, sync_all, flush] {
            assert_eq!(failed.error().kind(), ErrorKind::Cancelled);
        }
        assert!(!last.is_done());
        bench.sim.release_all();
        last.wait().unwrap();
        assert!(write.is_done());
        write.wait().unwrap();
        assert_eq!(bench.sim.pushed().len(), 5, "the write's blocks and the sync that was left");
        bench.engine.close().unwrap();
    }
}

#[test]
fn a_held_back_barrier_that_is_cancelled_does_not_hold_an_engine_that_ends() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    bench.sim.hold();
    let write = bench.write(1, 0);
    bench.sim.wait_for_pushes(1);
    let sync = bench.engine.fdatasync(&bench.file);
    let (sim, engine) = (bench.sim.clone(), bench.engine);
    let ending = thread::spawn(move || engine.close());
    sync.cancel();
    assert_eq!(kind(sync.wait()), Some(ErrorKind::Cancelled));
    sim.release_all();
    ending.join().unwrap().unwrap();
    write.wait().unwrap();
}

#[test]
fn cancelling_many_at_once_from_many_threads_ends_each_once() {
    for round in 0..20 {
        for sim in layouts(2, 2) {
            let settings = EngineSettings { overlap_events: round % 2 == 0, ..settings(2, 2) };
            let bench = Bench::new(sim, settings);
            let tickets: Vec<_> = (0..60)
                .map(|number| {
                    let bytes: Arc<[u8]> = pattern((1 + number % 9) * BLOCK, number).into();
                    let at = offset(10 * number);
                    let ticket = bench.engine.pwrite(&bench.file, Arc::clone(&bytes), at);
                    (number, bytes, ticket)
                })
                .collect();
            let sync = bench.engine.fdatasync(&bench.file);
            thread::scope(|threads| {
                for skip in 0..3 {
                    let tickets = &tickets;
                    threads.spawn(move || {
                        for (_, _, ticket) in tickets.iter().skip(skip).step_by(2) {
                            ticket.cancel();
                        }
                    });
                }
                threads.spawn(|| sync.cancel());
            });
            let begun = |at: u64, len: usize| {
                let range = at..at + len as u64;
                let is_of = |call: &&Call| {
                    call.direction == Direction::Write && range.contains(&call.offset)
                };
                bench.sim.pushed().iter().filter(is_of).count()
            };
            for (number, bytes, ticket) in tickets {
                let (at, len) = (offset(10 * number), bytes.len());
                match ticket.wait() {
                    Ok(_) => assert_eq!(begun(at, len) * BLOCK, len),
                    Err(failed) => {
                        let (error, buffer) = failed.into_parts();
                        assert_eq!(error.kind(), ErrorKind::Cancelled);
                        assert_eq!(error.done(), begun(at, len) * BLOCK);
                        assert!(buffer.is_some_and(|buffer| Arc::ptr_eq(&buffer, &bytes)));
                    }
                }
                assert_eq!(Arc::strong_count(&bytes), 1);
            }
            let _ = sync.wait();
            let stats = bench.engine.stats();
            assert_eq!((stats.in_flight, stats.write.requests, stats.sync.requests), (0, 60, 1));
            bench.engine.close().unwrap();
        }
    }
}

#[test]
fn a_dropped_requests_cancel_is_told_once_and_lets_a_barrier_go() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    bench.sim.hold();
    let busy = bench.write(1, 0);
    bench.sim.wait_for_pushes(1);
    let waiting = bench.write(3, 10);
    let dropped = bench.write(3, 20);
    dropped.cancel();
    drop(dropped);
    let sync = bench.engine.fdatasync(&bench.file);
    let (tell, told) = channel();
    sync.on_completion(move |result| {
        let _ = tell.send(result.is_ok());
    });
    waiting.cancel();
    assert_eq!(kind(waiting.wait()), Some(ErrorKind::Cancelled));
    bench.sim.release_all();
    busy.wait().unwrap();
    assert!(told.recv().unwrap());
    let failures = bench.engine.close().unwrap_err();
    assert_eq!(failures.errors().len(), 1);
    assert_eq!(failures.errors()[0].offset(), offset(20));
}
