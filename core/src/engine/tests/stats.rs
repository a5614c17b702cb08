//! The statistics, checked against the record of what reached the backend.

use std::time::{Duration, Instant};

use nix::errno::Errno;

use super::*;

/// What the record says of one operation.
#[derive(Debug, Default, PartialEq, Eq)]
struct Recorded {
    transfers: u64,
    moved: u64,
}

fn recorded(events: &[Event], direction: Direction) -> Recorded {
    let mut recorded = Recorded::default();
    for event in events {
        if let Event::Complete(_, call, result) = event
            && call.direction == direction
        {
            recorded.transfers += 1;
            recorded.moved += result.unwrap_or(0) as u64;
        }
    }
    recorded
}

/// Bytes that went direct, and those that went through the page cache.
fn routes(events: &[Event]) -> (u64, u64) {
    let (mut direct, mut buffered) = (0, 0);
    for event in events {
        if let Event::Complete(_, call, result) = event {
            *if call.direct { &mut direct } else { &mut buffered } += result.unwrap_or(0) as u64;
        }
    }
    (direct, buffered)
}

fn assert_agrees(stats: &Stats, events: &[Event]) {
    let operations = [
        (Direction::Read, &stats.read),
        (Direction::Write, &stats.write),
        (Direction::Sync, &stats.sync),
    ];
    let mut transfers = 0;
    for (direction, operation) in operations {
        let told =
            Recorded { transfers: operation.transfer_time.count(), moved: operation.bytes_moved };
        assert_eq!(told, recorded(events, direction), "{direction:?}");
        assert_eq!(operation.latency.count(), operation.requests, "{direction:?}");
        transfers += told.transfers;
    }
    assert_eq!(stats.transfers, transfers);
    let told = (stats.direct_bytes + stats.bounced_bytes, stats.buffered_bytes);
    assert_eq!(told, routes(events));
    assert_eq!(stats.notifications, wakes(events).len() as u64);
    assert_eq!((stats.in_flight, stats.blocks_in_flight), (0, 0), "all is over");
}

#[test]
fn they_agree_with_the_record() {
    for (single_submit, overlap_events) in
        [(false, true), (false, false), (true, true), (true, false)]
    {
        for (groups, depth) in [(1, 1), (2, 3)] {
            for sim in layouts(groups, depth) {
                let settings =
                    EngineSettings { single_submit, overlap_events, ..settings(groups, depth) };
                let bench = Bench::new(sim, settings);
                let buffer = crate::AioBuf::zeroed(20 * BLOCK).unwrap();
                let buffer = bench.engine.pwrite(&bench.file, buffer, 0).wait().unwrap();
                bench.engine.pread(&bench.file, buffer, 0).wait().unwrap();
                bench.engine.pwrite(&bench.file, vec![3; 3 * BLOCK], 100).wait().unwrap();
                let past_the_end = bench.engine.pread(&bench.file, vec![3; BLOCK], offset(30));
                past_the_end.wait().unwrap_err();
                bench.engine.sync(&bench.file).unwrap();

                let stats = bench.engine.stats();
                assert_agrees(&stats, &bench.sim.events());
                let requests = [&stats.read, &stats.write, &stats.sync];
                assert_eq!(
                    requests.map(|told| (told.requests, told.failed)),
                    [(2, 1), (2, 0), (1, 0)]
                );
                assert_eq!(
                    requests.map(|told| told.bytes_asked),
                    [21 * BLOCK as u64, 23 * BLOCK as u64, 0]
                );
                assert_eq!((stats.requests(), stats.failed()), (5, 1));
            }
        }
    }
}

#[test]
fn faults_and_what_they_moved_are_counted() {
    for sim in layouts(2, 2) {
        let bench = Bench::new(sim, settings(2, 2));
        let mut turn = 0;
        bench.sim.inject(move |call| {
            turn += 1;
            match (call.direction, turn % 4) {
                (Direction::Sync, _) => Some(Fault::Fail(Errno::EIO)),
                (_, 0) => Some(Fault::Fail(Errno::EINTR)),
                (_, 1) if call.len > 1000 => Some(Fault::Short(1000)),
                (Direction::Write, 2) if call.offset > offset(30) => {
                    Some(Fault::Fail(Errno::ENOSPC))
                }
                _ => None,
            }
        });
        bench.write(30, 0).wait().unwrap();
        bench.write(30, 30).wait().unwrap_err();
        bench.engine.pread(&bench.file, vec![0; 20 * BLOCK + 1], 7).wait().unwrap();
        bench.engine.sync(&bench.file).unwrap_err();

        let stats = bench.engine.stats();
        assert_agrees(&stats, &bench.sim.events());
        assert_eq!((stats.read.failed, stats.write.failed, stats.sync.failed), (0, 1, 1));
        assert_eq!(stats.write.bytes_asked, 60 * BLOCK as u64);
        assert!(stats.write.bytes_moved < stats.write.bytes_asked);
        assert_eq!(stats.read.bytes_moved, 20 * BLOCK as u64 + 1);
    }
}

#[test]
fn each_route_is_counted_apart() {
    let bench = Bench::new(Sim::lanes(1, 2), settings(1, 2));
    let memory = crate::AioBuf::zeroed(8 * BLOCK + 1).unwrap();
    let step = |shift: usize, at: u64| {
        bench.sim.clear();
        let before = bench.engine.stats();
        let slice = &memory[shift..][..8 * BLOCK];
        let write = bench.engine.scope(|s| s.pwrite(&bench.file, slice, at).wait().map(drop));
        write.unwrap().unwrap();
        let stats = bench.engine.stats().since(&before);
        let (direct, buffered) = routes(&bench.sim.events());
        assert_eq!(stats.buffered_bytes, buffered);
        (stats, direct)
    };
    let (aligned, direct) = step(0, 0);
    assert_eq!((aligned.direct_bytes, aligned.bounced_bytes), (direct, 0));
    let (odd_memory, direct) = step(1, 0);
    assert_eq!((odd_memory.direct_bytes, odd_memory.bounced_bytes), (0, direct));
    let (odd_both, direct) = step(1, 1);
    assert_eq!(odd_both.direct_bytes + odd_both.bounced_bytes, direct);
    if bench.file.is_direct() {
        assert_eq!((aligned.direct_bytes, odd_memory.bounced_bytes), (offset(8), offset(8)));
        assert_eq!(odd_both.buffered_bytes, offset(1));
    }
}

#[test]
fn what_is_in_flight_is_told_and_its_peak_stays() {
    for (groups, depth) in [(1, 1), (1, 4), (3, 2)] {
        for sim in layouts(groups, depth) {
            let bench = Bench::new(sim, settings(groups, depth));
            let most = groups * depth;
            bench.sim.hold();
            let tickets: Vec<_> = (0..5).map(|number| bench.write(most, number * most)).collect();
            bench.sim.wait_for_pushes(most);
            let stats = bench.engine.stats();
            assert_eq!((stats.in_flight, stats.blocks_in_flight), (5, most as u64));
            bench.sim.release_all();
            for ticket in tickets {
                ticket.wait().unwrap();
            }
            bench.write(1, 0).wait().unwrap();

            let stats = bench.engine.stats();
            let (peak, _) = peaks(&bench.sim.events(), groups);
            assert_eq!(stats.peak_blocks_in_flight, peak as u64);
            assert_eq!(stats.peak_in_flight, 5);
            let later = bench.engine.stats().since(&stats);
            assert_eq!((later.in_flight, later.peak_in_flight), (0, 5), "the peak is of all time");
        }
    }
}

#[test]
fn nothing_stays_in_flight_after_a_panic() {
    for sim in layouts(2, 2) {
        let bench = Bench::new(sim, settings(2, 2));
        bench.sim.hold();
        bench.sim.inject(|call| (call.offset == 0).then_some(Fault::Panic));
        let tickets: Vec<_> = (0..4).map(|number| bench.write(4, 4 * number)).collect();
        bench.sim.wait_for_pushes(4);
        bench.sim.release_all();
        let failed = tickets.into_iter().filter_map(|ticket| ticket.wait().err()).count();
        let stats = bench.engine.stats();
        assert_eq!((stats.write.requests, stats.failed()), (4, failed as u64));
        assert_eq!((stats.in_flight, stats.blocks_in_flight), (0, 0));
        bench.write(1, 0).wait().unwrap_err();
        let refused = bench.engine.stats().since(&stats);
        assert_eq!((refused.write.requests, refused.failed(), refused.transfers), (1, 1, 0));
    }
}

#[test]
fn latency_spans_the_queue_and_the_transfer_and_transfer_time_the_latter_alone() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    bench.write(1, 0).wait().unwrap();
    let before = bench.engine.stats();
    bench.sim.clear();
    bench.sim.hold();
    let held = bench.engine.pread(&bench.file, vec![0; BLOCK], 0);
    bench.sim.wait_for_pushes(1);
    let queued = bench.write(1, 0);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(20) {
        std::thread::yield_now();
    }
    let waited = begun.elapsed();
    bench.sim.release_all();
    held.wait().unwrap();
    queued.wait().unwrap();

    let stats = bench.engine.stats().since(&before);
    let at_least = |told: Option<Duration>| told.is_some_and(|told| told >= waited);
    for latencies in [&stats.read.latency, &stats.read.transfer_time, &stats.write.latency] {
        assert_eq!(latencies.count(), 1);
        assert!(at_least(latencies.percentile(50.0)), "{latencies:?}, held for {waited:?}");
        assert!(at_least(latencies.mean()) && at_least(latencies.max()), "{latencies:?}");
    }
    // The write's transfer began after the wait: it lies within the latency.
    let (inner, outer) = (stats.write.transfer_time.mean(), stats.write.latency.mean());
    assert!(inner.zip(outer).is_some_and(|(inner, outer)| inner + waited <= outer));
}
