//! Ending an engine with a deadline, and a worker's panic: what becomes of requests that wait, of
//! those in flight, of their buffers, and of whoever waits for room.

mod races;

use std::{
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use super::*;

/// Longer than anything takes that does not hang.
const HUNG: Duration = Duration::from_secs(30);

/// Runs `act` on a thread of its own, so that a hang is a failure.
#[track_caller]
fn without_a_hang<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, outcome) = channel();
    thread::spawn(move || drop(done.send(act())));
    outcome.recv_timeout(HUNG).expect("it ends")
}

fn kind<B>(result: Result<B, Failed<B>>) -> Option<ErrorKind> {
    result.err().map(|failed| failed.error().kind())
}

fn kinds(result: Result<(), Failures>) -> Vec<ErrorKind> {
    let Err(failures) = result else {
        return Vec::new();
    };
    failures.errors().iter().map(Error::kind).collect()
}

/// Writes a buffer whose owners can be counted.
fn write_shared(bench: &Bench, blocks: usize, first: usize) -> (Arc<[u8]>, Ticket<Arc<[u8]>>) {
    let bytes: Arc<[u8]> = pattern(blocks * BLOCK, first).into();
    let ticket = bench.engine.pwrite(&bench.file, Arc::clone(&bytes), offset(first));
    (bytes, ticket)
}

fn wait_for_completions(sim: &Sim, count: usize) {
    let is_complete = |event: &&Event| matches!(event, Event::Complete(..));
    sim.wait_until(|events| events.iter().filter(is_complete).count() >= count);
}

/// Waits until nobody but the test owns the bytes.
fn wait_until_freed(bytes: &Arc<[u8]>) {
    while Arc::strong_count(bytes) > 1 {
        thread::yield_now();
    }
}

#[test]
fn in_time_everything_is_done() {
    for overlap_events in [true, false] {
        for sim in layouts(2, 2) {
            let settings = EngineSettings { overlap_events, ..settings(2, 2) };
            let bench = Bench::new(sim, settings);
            let tickets: Vec<_> = (0..20).map(|number| bench.write(5, 5 * number)).collect();
            let sync = bench.engine.fdatasync(&bench.file);
            bench.engine.shutdown(HUNG).unwrap();
            for ticket in tickets {
                assert!(ticket.is_done());
                ticket.wait().unwrap();
            }
            sync.wait().unwrap();
            bench.engine.shutdown(Duration::ZERO).unwrap();
            assert_eq!(kind(bench.write(1, 0).wait()), Some(ErrorKind::Closed));
            bench.engine.shutdown(Duration::MAX).unwrap();
            bench.engine.close().unwrap();
        }
    }
}

#[test]
fn an_engine_without_requests_is_shut_down_at_once() {
    for sim in layouts(2, 2) {
        let bench = Bench::new(sim, settings(2, 2));
        bench.engine.shutdown(HUNG).unwrap();
        assert_eq!(kind(bench.write(1, 0).wait()), Some(ErrorKind::Closed));
        drop(bench);
    }
}

#[test]
fn too_late_what_waits_comes_back_and_what_is_in_flight_stays() {
    for overlap_events in [true, false] {
        for sim in layouts(1, 2) {
            let settings = EngineSettings { overlap_events, ..settings(1, 2) };
            let bench = Bench::new(sim, settings);
            bench.warm_up();
            bench.sim.hold();
            let (stuck_bytes, stuck) = write_shared(&bench, 5, 0);
            bench.sim.wait_for_pushes(2);
            let (waiting_bytes, waiting) = write_shared(&bench, 1, 100);
            let sync = bench.engine.fdatasync(&bench.file);
            let failed = kinds(bench.engine.shutdown(Duration::ZERO));
            assert_eq!(failed, [ErrorKind::ShutDown; 3]);

            for ticket in [stuck.is_done(), waiting.is_done(), sync.is_done()] {
                assert!(ticket);
            }
            let (error, buffer) = waiting.wait().unwrap_err().into_parts();
            assert_eq!((error.kind(), error.done()), (ErrorKind::ShutDown, 0));
            assert_eq!(error.operation(), Operation::Write);
            assert!(buffer.is_some_and(|buffer| Arc::ptr_eq(&buffer, &waiting_bytes)));
            assert_eq!(kind(sync.wait()), Some(ErrorKind::ShutDown));
            let (error, buffer) = stuck.wait().unwrap_err().into_parts();
            assert_eq!(error.kind(), ErrorKind::ShutDown);
            assert!(buffer.is_none(), "a transfer may use it still");
            assert_eq!(bench.engine.stats().in_flight, 0);
            assert_eq!(kind(bench.write(1, 0).wait()), Some(ErrorKind::ShutDown));
            assert_eq!(kind(bench.engine.fsync(&bench.file).wait()), Some(ErrorKind::ShutDown));

            let Bench { sim, engine, .. } = bench;
            without_a_hang(move || {
                assert_eq!(kinds(engine.shutdown(HUNG)), []);
                drop(engine);
            });
            assert_eq!(Arc::strong_count(&stuck_bytes), 2, "the engine keeps it");
            assert_eq!(sim.pushed().len(), 2);
            sim.release(offset(0));
            wait_for_completions(&sim, 1);
            assert_eq!(Arc::strong_count(&stuck_bytes), 2, "one block is in flight still");
            sim.release_all();
            wait_until_freed(&stuck_bytes);
            assert_eq!(sim.pushed().len(), 2, "nothing begins afterwards");
        }
    }
}

#[test]
fn a_stuck_buffer_is_freed_once_whatever_became_of_its_ticket() {
    for overlap_events in [true, false] {
        let settings = EngineSettings { overlap_events, ..settings(5, 1) };
        let bench = Bench::new(Sim::lanes(5, 1), settings);
        bench.sim.hold();
        let shared: Vec<_> = (0..5).map(|block| write_shared(&bench, 1, block)).collect();
        bench.sim.wait_for_pushes(5);
        let (bytes, tickets): (Vec<_>, Vec<_>) = shared.into_iter().unzip();
        let [dropped, called, waited, late, held] =
            <[Ticket<Arc<[u8]>>; 5]>::try_from(tickets).unwrap();
        drop(dropped);
        let (tell, told) = channel();
        called.on_completion(move |result| drop(tell.send(result)));
        assert_eq!(kinds(bench.engine.shutdown(Duration::ZERO)).len(), 4, "all but the callback's");
        let (error, buffer) = told.recv().unwrap().unwrap_err().into_parts();
        assert_eq!((error.kind(), buffer.is_none()), (ErrorKind::ShutDown, true));
        told.recv().unwrap_err();
        assert!(waited.wait().unwrap_err().into_parts().1.is_none());
        let Bench { sim, engine, .. } = bench;
        without_a_hang(move || drop(engine));
        assert!(bytes.iter().all(|bytes| Arc::strong_count(bytes) == 2));
        sim.release_all();
        for freed in &bytes[..3] {
            wait_until_freed(freed);
        }
        // The engine has done with these before they are asked for, and gives them back.
        wait_for_completions(&sim, 5);
        let (error, buffer) = late.wait().unwrap_err().into_parts();
        assert_eq!(error.kind(), ErrorKind::ShutDown);
        drop(buffer);
        wait_until_freed(&bytes[3]);
        drop(held);
        wait_until_freed(&bytes[4]);
    }
}

#[test]
fn what_was_done_of_a_request_with_nothing_in_flight_is_told() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    bench.sim.hold();
    let large = bench.write(5, 0);
    bench.sim.wait_for_pushes(1);
    let small = [bench.write(1, 100), bench.write(1, 101)];
    bench.sim.release(offset(0));
    // The small one's turn: of the large one a block is done and none in flight.
    bench.sim.wait_for_pushes(2);
    assert_eq!(bench.sim.pushed()[1].offset, offset(100));
    assert_eq!(kinds(bench.engine.shutdown(Duration::ZERO)), [ErrorKind::ShutDown; 3]);
    let (error, buffer) = large.wait().unwrap_err().into_parts();
    assert_eq!((error.kind(), error.done()), (ErrorKind::ShutDown, BLOCK));
    assert!(buffer == Some(pattern(5 * BLOCK, 0)));
    let buffers = small.map(|ticket| ticket.wait().unwrap_err().into_parts().1);
    assert!(buffers[0].is_none() && buffers[1].is_some());
    bench.sim.release_all();
}

#[test]
fn whoever_waits_for_room_is_let_in_and_refused() {
    for (late, queue_capacity) in [(true, 1), (true, 2), (false, 1), (false, 2)] {
        let settings = EngineSettings { queue_capacity, ..settings(1, 1) };
        let bench = Bench::new(Sim::lanes(1, 1), settings);
        bench.sim.hold();
        // The first is in flight, and the second waits.
        let tickets: Vec<_> = (0..queue_capacity).map(|block| bench.write(1, block)).collect();
        bench.sim.wait_for_pushes(1);
        thread::scope(|scope| {
            let waiting: Vec<_> = (0..4)
                .map(|number| {
                    let bench = &bench;
                    scope.spawn(move || kind(bench.write(1, 100 + number).wait()))
                })
                .collect();
            if late {
                let _ = bench.engine.shutdown(Duration::ZERO);
            } else {
                bench.sim.inject(|_| Some(Fault::Panic));
                bench.sim.release_all();
            }
            let reason = if late { ErrorKind::ShutDown } else { ErrorKind::Poisoned };
            for thread in waiting {
                assert_eq!(thread.join().unwrap(), Some(reason));
            }
            for ticket in tickets {
                assert_eq!(kind(ticket.wait()), Some(reason));
            }
        });
        let (sim, engine) = (bench.sim.clone(), bench.engine);
        without_a_hang(move || drop(engine));
        sim.release_all();
    }
}

#[test]
fn a_scope_waits_for_its_own_whatever_the_deadline() {
    for sim in layouts(1, 2) {
        let bench = Bench::new(sim, settings(1, 2));
        bench.sim.hold();
        let bytes = pattern(4 * BLOCK, 0);
        let (tell, told) = channel();
        thread::scope(|threads| {
            let (bench, bytes) = (&bench, &bytes);
            let scope = threads.spawn(move || {
                let told = bench.engine.scope(|scope| {
                    let waited = scope.pwrite(&bench.file, bytes, 0).wait().unwrap_err();
                    tell.send(waited.into_parts().1.is_none()).unwrap();
                });
                let completed = bench.sim.events();
                let is_complete = |event: &&Event| matches!(event, Event::Complete(..));
                (told.is_ok(), completed.iter().filter(is_complete).count())
            });
            bench.sim.wait_for_pushes(2);
            assert_eq!(kinds(bench.engine.shutdown(Duration::ZERO)), []);
            assert!(told.recv().unwrap(), "without the slice, which may be in use");
            bench.sim.release(offset(1));
            wait_for_completions(&bench.sim, 1);
            bench.sim.release_all();
            assert_eq!(scope.join().unwrap(), (true, 2), "no earlier than its last block");
        });
    }
}

#[test]
fn a_shut_down_request_nobody_waited_for_fails_its_scope() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    bench.sim.hold();
    let bytes = pattern(2 * BLOCK, 0);
    thread::scope(|threads| {
        let scope = threads.spawn(|| {
            bench.engine.scope(|scope| {
                drop(scope.pwrite(&bench.file, &bytes[..BLOCK], 0));
                drop(scope.pwrite(&bench.file, &bytes[BLOCK..], offset(1)));
            })
        });
        bench.sim.wait_for_pushes(1);
        while bench.engine.stats().in_flight < 2 {
            thread::yield_now();
        }
        let _ = bench.engine.shutdown(Duration::ZERO);
        bench.sim.release_all();
        assert_eq!(kinds(scope.join().unwrap()), [ErrorKind::ShutDown; 2]);
    });
}
