//! Syncs and flushes: after everything that was asked of their file before, and of nothing else.

use std::ops::Bound;

use nix::errno::Errno;

use super::*;

type Barrier = fn(&Engine, &AioFile) -> Ticket<()>;

const BARRIERS: [(Barrier, Direction); 3] = [
    (Engine::fdatasync, Direction::Sync),
    (Engine::fsync, Direction::SyncAll),
    (|engine, file| engine.flush(file, ..), Direction::Flush(u64::MAX)),
];

fn directions(bench: &Bench) -> Vec<Direction> {
    bench.sim.pushed().iter().map(|call| call.direction).collect()
}

/// Waits until the call at that offset is complete.
fn wait_for_completion(bench: &Bench, direction: Direction, at: u64) {
    bench.sim.wait_until(|events| {
        events.iter().any(|event| {
            matches!(event, Event::Complete(_, call, _)
                if (call.direction, call.offset) == (direction, at))
        })
    });
}

#[test]
fn a_barrier_waits_for_all_that_was_made_before_it_and_for_nothing_later() {
    for (barrier, direction) in BARRIERS {
        let bench = Bench::new(Sim::lanes(1, 4), settings(1, 4));
        bench.sim.hold();
        // Offset 0 is the barrier's own.
        let before = [bench.write(1, 1), bench.write(1, 2)];
        bench.sim.wait_for_pushes(2);
        let ticket = barrier(&bench.engine, &bench.file);
        let later = bench.write(1, 9);
        bench.sim.wait_for_pushes(3);
        bench.sim.release(offset(9));
        later.wait().unwrap();
        bench.sim.release(offset(2));
        wait_for_completion(&bench, Direction::Write, offset(2));
        // It would go first: it was made before this one.
        let later = bench.write(1, 10);
        bench.sim.wait_for_pushes(4);
        assert_eq!(directions(&bench), [Direction::Write; 4]);
        assert!(!ticket.is_done());
        bench.sim.release(offset(1));
        bench.sim.wait_for_pushes(5);
        assert_eq!(directions(&bench)[4], direction);
        bench.sim.release(0);
        ticket.wait().unwrap();
        assert!(!later.is_done());
        bench.sim.release_all();
        later.wait().unwrap();
        for ticket in before {
            ticket.wait().unwrap();
        }
    }
}

#[test]
fn a_barrier_does_not_wait_for_other_files() {
    for (barrier, direction) in BARRIERS {
        let bench = Bench::new(Sim::lanes(1, 2), settings(1, 2));
        let other = bench.engine.create(bench.path.with_file_name("other")).unwrap();
        bench.sim.hold();
        let write = bench.write(1, 1);
        bench.sim.wait_for_pushes(1);
        let ticket = barrier(&bench.engine, &other);
        bench.sim.wait_for_pushes(2);
        assert_eq!(directions(&bench), [Direction::Write, direction]);
        bench.sim.release(0);
        ticket.wait().unwrap();
        assert!(!write.is_done());
        bench.sim.release_all();
        write.wait().unwrap();
    }
}

#[test]
fn barriers_wait_for_each_other_in_the_order_they_were_made_in() {
    let bench = Bench::new(Sim::lanes(1, 8), settings(1, 8));
    bench.sim.hold();
    let (one, first) = (bench.write(1, 1), bench.engine.flush(&bench.file, offset(50)..));
    let (two, second) = (bench.write(1, 2), bench.engine.flush(&bench.file, offset(51)..));
    let third = bench.engine.flush(&bench.file, offset(52)..);
    bench.sim.wait_for_pushes(2);
    bench.sim.release(offset(1));
    bench.sim.wait_for_pushes(3);
    // The second one waits for the first and for the write after it, whichever is later.
    bench.sim.release(offset(2));
    two.wait().unwrap();
    let flushes = |bench: &Bench| -> Vec<u64> {
        let flushes = bench.sim.pushed().into_iter();
        let flushes = flushes.filter(|call| call.direction != Direction::Write);
        flushes.map(|call| call.offset).collect()
    };
    assert_eq!(flushes(&bench), [offset(50)]);
    bench.sim.release(offset(50));
    bench.sim.wait_for_pushes(4);
    assert_eq!(flushes(&bench), [offset(50), offset(51)]);
    assert!(first.wait().is_ok() && !second.is_done() && !third.is_done());
    bench.sim.release_all();
    for ticket in [second, third] {
        ticket.wait().unwrap();
    }
    one.wait().unwrap();
    assert_eq!(flushes(&bench), [offset(50), offset(51), offset(52)]);
}

#[test]
fn a_barrier_that_waits_is_cancelled_at_once_and_holds_up_nobody() {
    for (barrier, direction) in BARRIERS {
        let bench = Bench::new(Sim::lanes(1, 2), settings(1, 2));
        bench.sim.hold();
        let write = bench.write(1, 1);
        bench.sim.wait_for_pushes(1);
        let cancelled = barrier(&bench.engine, &bench.file);
        let other = barrier(&bench.engine, &bench.file);
        cancelled.cancel();
        cancelled.cancel();
        assert!(cancelled.is_done());
        let error = cancelled.wait().unwrap_err().into_parts().0;
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        assert!(!other.is_done());
        bench.sim.release(offset(1));
        write.wait().unwrap();
        bench.sim.wait_for_pushes(2);
        assert_eq!(directions(&bench), [Direction::Write, direction]);
        bench.sim.release_all();
        other.wait().unwrap();
        bench.engine.close().unwrap();
        assert_eq!(bench.sim.pushed().len(), 2, "what was cancelled was not run");
    }
}

#[test]
fn a_barrier_follows_requests_that_are_cancelled_or_fail() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    bench.sim.inject(|call| (call.offset == offset(1)).then_some(Fault::Fail(Errno::EIO)));
    bench.sim.hold();
    let (fails, waits) = (bench.write(1, 1), bench.write(1, 2));
    bench.sim.wait_for_pushes(1);
    let barrier = bench.engine.fsync(&bench.file);
    waits.cancel();
    assert_eq!(waits.wait().unwrap_err().error().kind(), ErrorKind::Cancelled);
    assert!(!barrier.is_done());
    bench.sim.release_all();
    barrier.wait().unwrap();
    fails.wait().unwrap_err();
    assert_eq!(directions(&bench), [Direction::Write, Direction::SyncAll]);
}

#[test]
fn closing_runs_the_barriers_that_wait() {
    for overlap_events in [true, false] {
        for sim in layouts(2, 2) {
            let settings = EngineSettings { overlap_events, ..settings(2, 2) };
            let bench = Bench::new(sim, settings);
            bench.sim.hold();
            let write = bench.write(6, 1);
            bench.sim.wait_for_pushes(4);
            let barriers = BARRIERS.map(|(barrier, _)| barrier(&bench.engine, &bench.file));
            let cancelled = bench.engine.fdatasync(&bench.file);
            let Bench { sim, engine, .. } = bench;
            std::thread::scope(|scope| {
                let closing = scope.spawn(|| engine.close());
                cancelled.cancel();
                sim.release_all();
                closing.join().unwrap().unwrap_err();
            });
            assert!(write.is_done());
            for barrier in barriers {
                barrier.wait().unwrap();
            }
            cancelled.wait().unwrap_err();
            let pushed = sim.pushed();
            assert_eq!(pushed.len(), 9);
            let directions: Vec<_> = pushed[6..].iter().map(|call| call.direction).collect();
            assert_eq!(directions, BARRIERS.map(|(_, direction)| direction));
        }
    }
}

/// So that a sync finds the failures of the requests before it in the ledger.
#[test]
fn a_barrier_comes_after_earlier_requests_have_been_delivered() {
    use std::sync::mpsc::channel;

    let bench = Bench::new(Sim::lanes(1, 2), settings(1, 2));
    let other = bench.engine.create(bench.path.with_file_name("other")).unwrap();
    bench.sim.hold();
    let (delivers, delivering) = channel();
    let (lets_go, released) = channel::<()>();
    bench.write(1, 1).on_completion(move |_| {
        let _ = delivers.send(());
        let _ = released.recv();
    });
    let barrier = bench.engine.fdatasync(&bench.file);
    bench.sim.release_all();
    delivering.recv().unwrap();
    // It would go first.
    bench.engine.pwrite(&other, vec![1; BLOCK], 0).wait().unwrap();
    assert_eq!(directions(&bench), [Direction::Write; 2]);
    drop(lets_go);
    barrier.wait().unwrap();
}

#[test]
fn a_sync_that_fails_is_its_own_tickets_error() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    bench.sim.inject(|call| match call.direction {
        Direction::Write => None,
        Direction::Flush(_) => Some(Fault::Fail(Errno::ENOSPC)),
        _ => Some(Fault::Fail(Errno::EIO)),
    });
    for (ticket, operation, kind) in [
        (bench.engine.fdatasync(&bench.file), Operation::Sync, ErrorKind::Io),
        (bench.engine.fsync(&bench.file), Operation::SyncAll, ErrorKind::Io),
        (bench.engine.flush(&bench.file, 5..7), Operation::Flush, ErrorKind::NoSpace),
        (bench.engine.allocate(&bench.file, 5, 2), Operation::Preallocate, ErrorKind::Io),
    ] {
        let error = ticket.wait().unwrap_err().into_parts().0;
        assert_eq!((error.operation(), error.kind()), (operation, kind));
        assert_eq!(error.path(), Some(bench.path.as_path()));
        if matches!(operation, Operation::Flush | Operation::Preallocate) {
            assert_eq!((error.offset(), error.wanted(), error.done()), (5, 2, 0));
        }
    }
    bench.write(1, 0).wait().unwrap();
    let failures = bench.engine.sync(&bench.file).unwrap_err();
    assert_eq!(failures.errors().len(), 1, "those that were waited for are not told again");
    drop(bench.engine.fsync(&bench.file));
    let failures = bench.engine.sync(&bench.file).unwrap_err();
    let operations: Vec<_> = failures.errors().iter().map(Error::operation).collect();
    assert_eq!(operations, [Operation::SyncAll, Operation::Sync]);
}

#[test]
fn a_sync_that_signals_interrupt_is_made_again() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    let mut turn = 0;
    bench.sim.inject(move |_| {
        turn += 1;
        (turn % 3 != 0).then_some(Fault::Fail(Errno::EINTR))
    });
    bench.engine.fsync(&bench.file).wait().unwrap();
    bench.engine.allocate(&bench.file, 0, 5).wait().unwrap();
    assert_eq!(bench.sim.pushed().len(), 6);
    assert_eq!(bench.file.len().unwrap(), 5);
}

#[test]
fn a_flush_is_of_its_range_whatever_form_that_has() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    let (engine, file) = (&bench.engine, &bench.file);
    let largest = i64::MAX as u64;
    let all = Direction::Flush(u64::MAX);
    #[allow(clippy::reversed_empty_ranges, reason = "one that is empty")]
    let flushes = [
        (engine.flush(file, ..), 0, all),
        (engine.flush(file, 5..), 5, all),
        (engine.flush(file, ..7), 0, Direction::Flush(7)),
        (engine.flush(file, ..=7), 0, Direction::Flush(8)),
        (engine.flush(file, 5..7), 5, Direction::Flush(2)),
        (engine.flush(file, 5..=7), 5, Direction::Flush(3)),
        (engine.flush(file, (Bound::Excluded(5), Bound::Included(7))), 6, Direction::Flush(2)),
        (engine.flush(file, (Bound::Excluded(5), Bound::Unbounded)), 6, all),
        (engine.flush(file, 5..5), 5, Direction::Flush(0)),
        (engine.flush(file, 7..5), 7, Direction::Flush(0)),
        (engine.flush(file, ..largest), 0, Direction::Flush(largest)),
        (engine.flush(file, largest..), largest, all),
    ];
    let expected: Vec<_> = flushes.iter().map(|&(_, start, range)| (start, range)).collect();
    for (ticket, start, range) in flushes {
        ticket.wait().unwrap_or_else(|failed| panic!("{start} {range:?}: {failed}"));
    }
    let calls: Vec<_> =
        bench.sim.pushed().iter().map(|call| (call.offset, call.direction)).collect();
    assert_eq!(calls, expected);
    for ticket in [
        engine.flush(file, ..=largest),
        engine.flush(file, largest + 1..),
        engine.flush(file, ..u64::MAX),
        engine.flush(file, ..=u64::MAX),
        engine.flush(file, 1..u64::MAX),
        engine.flush(file, 5..=u64::MAX),
        engine.flush(file, (Bound::Excluded(u64::MAX), Bound::Unbounded)),
        engine.allocate(file, 0, largest + 1),
        engine.allocate(file, largest, 1),
        engine.allocate(file, u64::MAX, u64::MAX),
        engine.allocate(file, 0, u64::MAX),
    ] {
        assert_eq!(ticket.wait().unwrap_err().error().kind(), ErrorKind::InvalidRange);
    }
    assert_eq!(bench.sim.pushed().len(), expected.len(), "nothing else reached the system");
}

/// Barriers between writes on two files, from two threads: whatever the record says was pushed, the
/// file's earlier requests were complete by then.
#[test]
fn in_any_mix_a_barrier_comes_after_the_requests_before_it() {
    const EACH: usize = 60;
    for overlap_events in [true, false] {
        for sim in layouts(2, 3) {
            let settings = EngineSettings { overlap_events, ..settings(2, 3) };
            let bench = Bench::new(sim, settings);
            let other = bench.engine.create(bench.path.with_file_name("other")).unwrap();
            let mut tickets = Vec::new();
            let mut syncs = Vec::new();
            for number in 0..2 * EACH {
                // A request's number is the block it begins at; the files take turns.
                let file = if number % 2 == 0 { &bench.file } else { &other };
                if number % 7 < 2 {
                    syncs.push(bench.engine.flush(file, offset(4 * number)..));
                } else {
                    let bytes = vec![1; (1 + number % 4) * BLOCK];
                    tickets.push(bench.engine.pwrite(file, bytes, offset(4 * number)));
                }
            }
            for ticket in tickets {
                ticket.wait().unwrap();
            }
            for ticket in syncs {
                ticket.wait().unwrap();
            }
            let number = |call: &Call| call.offset as usize / BLOCK / 4;
            let mut complete = vec![0; 2 * EACH];
            for event in bench.sim.events() {
                match event {
                    Event::Complete(_, call, _) => complete[number(&call)] += 1,
                    Event::Push(_, call) if call.direction != Direction::Write => {
                        for earlier in (0..number(&call)).filter(|at| at % 2 == number(&call) % 2) {
                            let blocks = if earlier % 7 < 2 { 1 } else { 1 + earlier % 4 };
                            assert_eq!(complete[earlier], blocks, "{earlier} before {call:?}");
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}
