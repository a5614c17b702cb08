//! Cancelling, waiting for a while, and watching a request on its way.

use std::time::Duration;

use super::*;

#[test]
fn a_cancelled_request_begins_no_more_blocks() {
    for overlap_events in [true, false] {
        for (groups, depth) in [(1, 1), (1, 3), (2, 2)] {
            for sim in layouts(groups, depth) {
                let settings = EngineSettings { overlap_events, ..settings(groups, depth) };
                let bench = Bench::new(sim, settings);
                let in_flight = groups * depth;
                bench.sim.hold();
                let ticket = bench.write(10 * in_flight, 0);
                bench.sim.wait_for_pushes(in_flight);
                ticket.cancel();
                assert!(!ticket.is_done(), "the buffer stays until nothing is in flight");
                bench.sim.release_all();
                let (error, buffer) = ticket.wait().unwrap_err().into_parts();
                assert_eq!(error.kind(), ErrorKind::Cancelled);
                assert_eq!(error.done(), in_flight * BLOCK);
                assert_eq!(buffer.map(|buffer| buffer.len()), Some(10 * in_flight * BLOCK));
                assert_eq!(bench.sim.pushed().len(), in_flight);
                let on_disk = std::fs::read(&bench.path).unwrap();
                assert!(on_disk == pattern(in_flight * BLOCK, 0), "what is done is done");
                // The engine goes on.
                bench.write(2, 0).wait().unwrap();
            }
        }
    }
}

#[test]
fn a_cancelled_request_that_waits_begins_nothing() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    bench.sim.hold();
    let first = bench.write(2, 0);
    bench.sim.wait_for_pushes(1);
    let waiting = bench.write(5, 100);
    waiting.cancel();
    bench.sim.release_all();
    let (error, buffer) = waiting.wait().unwrap_err().into_parts();
    assert_eq!((error.kind(), error.done()), (ErrorKind::Cancelled, 0));
    assert_eq!(buffer.map(|buffer| buffer.len()), Some(5 * BLOCK));
    first.wait().unwrap();
    assert!(bench.sim.pushed().iter().all(|call| call.offset < offset(100)));
}

#[test]
fn cancelling_comes_too_late_once_the_last_block_was_begun() {
    let bench = Bench::new(Sim::lanes(1, 2), settings(1, 2));
    bench.sim.hold();
    let ticket = bench.write(2, 0);
    bench.sim.wait_for_pushes(2);
    ticket.cancel();
    bench.sim.release_all();
    ticket.wait().unwrap();
    let done = bench.write(2, 0);
    while !done.is_done() {
        std::thread::yield_now();
    }
    done.cancel();
    done.wait().unwrap();
}

#[test]
fn an_error_before_the_cancelled_part_is_the_one_reported() {
    let bench = Bench::new(Sim::lanes(1, 2), settings(1, 2));
    bench
        .sim
        .inject(|call| (call.offset == offset(1)).then_some(Fault::Fail(nix::errno::Errno::EIO)));
    bench.sim.hold();
    let ticket = bench.write(10, 0);
    bench.sim.wait_for_pushes(2);
    ticket.cancel();
    bench.sim.release_all();
    let error = ticket.wait().unwrap_err().into_parts().0;
    assert_eq!((error.kind(), error.done()), (ErrorKind::Io, BLOCK));
}

#[test]
fn a_ticket_that_times_out_goes_on() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    bench.sim.hold();
    let ticket = bench.write(2, 0);
    let ticket = ticket.wait_timeout(Duration::ZERO).unwrap_err();
    let ticket = ticket.wait_timeout(Duration::from_millis(1)).unwrap_err();
    bench.sim.release_all();
    let buffer = ticket.wait_timeout(Duration::from_secs(60)).unwrap().unwrap();
    assert!(buffer == pattern(2 * BLOCK, 0));
}

#[test]
fn progress_counts_the_bytes_moved() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    bench.sim.hold();
    let ticket = bench.write(3, 0);
    let told = |ticket: &Ticket<_>| (ticket.progress().done, ticket.progress().wanted);
    assert_eq!(told(&ticket), (0, 3 * BLOCK));
    bench.sim.release(0);
    bench.sim.wait_for_pushes(2);
    assert_eq!(told(&ticket), (BLOCK, 3 * BLOCK));
    bench.sim.release_all();
    while !ticket.is_done() {
        std::thread::yield_now();
    }
    assert_eq!(told(&ticket), (3 * BLOCK, 3 * BLOCK));
    ticket.wait().unwrap();
}
