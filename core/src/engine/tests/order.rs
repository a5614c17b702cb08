//! Which block goes next when several requests wait, and what shutdown leaves undone.

use super::*;

#[test]
fn a_small_request_does_not_wait_behind_a_huge_one() {
    for sim in layouts(1, 2) {
        let bench = Bench::new(sim, settings(1, 2));
        bench.sim.hold();
        let huge = bench.write(200, 0);
        bench.sim.wait_for_pushes(2);
        let small = bench.write(1, 500);
        bench.sim.release(offset(0));
        bench.sim.wait_for_pushes(3);
        bench.sim.release(offset(1));
        bench.sim.wait_for_pushes(4);
        let pushed: Vec<_> = bench.sim.pushed().iter().map(|call| call.offset).collect();
        assert!(pushed.contains(&offset(500)), "within two blocks: {pushed:?}");
        bench.sim.release_all();
        small.wait().unwrap();
        huge.wait().unwrap();
    }
}

#[test]
fn large_requests_are_served_first_in_first_out() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    bench.sim.hold();
    let tickets = [bench.write(5, 0), bench.write(5, 100)];
    bench.sim.release_all();
    for ticket in tickets {
        ticket.wait().unwrap();
    }
    let pushed: Vec<_> = bench.sim.pushed().iter().map(|call| call.offset).collect();
    assert_eq!(pushed, [0, 1, 2, 3, 4, 100, 101, 102, 103, 104].map(offset));
}

#[test]
fn dropping_the_engine_runs_what_it_accepted() {
    for overlap_events in [true, false] {
        for sim in layouts(2, 2) {
            let settings = EngineSettings { overlap_events, ..settings(2, 2) };
            let bench = Bench::new(sim, settings);
            bench.sim.hold();
            let tickets: Vec<_> = (0..20).map(|number| bench.write(3, 3 * number)).collect();
            bench.sim.wait_for_pushes(2);
            let Bench { sim, engine, path, .. } = bench;
            std::thread::scope(|scope| {
                scope.spawn(|| drop(engine));
                sim.release_all();
            });
            for ticket in tickets {
                assert!(ticket.is_done());
                ticket.wait().unwrap();
            }
            let expected: Vec<u8> =
                (0..20).flat_map(|number| pattern(3 * BLOCK, 3 * number)).collect();
            assert!(std::fs::read(path).unwrap() == expected);
        }
    }
}

#[test]
fn a_sync_comes_after_the_writes_before_it_and_does_not_wait_for_later_ones() {
    let bench = Bench::new(Sim::lanes(1, 4), settings(1, 4));
    bench.sim.hold();
    let before = bench.write(2, 0);
    bench.sim.wait_for_pushes(2);
    std::thread::scope(|scope| {
        let sync = scope.spawn(|| bench.engine.sync(&bench.file));
        bench.sim.release(offset(1));
        bench.sim.release(offset(0));
        let is_sync = |call: &Call| call.direction == Direction::Sync;
        bench.sim.wait_until(|events| {
            events.iter().any(|event| matches!(event, Event::Push(_, call) if is_sync(call)))
        });
        let later = bench.write(1, 9);
        bench.sim.wait_until(|events| {
            let is_later = |call: &Call| call.offset == offset(9);
            events.iter().any(|event| matches!(event, Event::Push(_, call) if is_later(call)))
        });
        // The sync is at offset 0, as the first write was.
        bench.sim.release(0);
        sync.join().unwrap().unwrap();
        assert!(!later.is_done());
        bench.sim.release_all();
        later.wait().unwrap();
    });
    before.wait().unwrap();
    let completed: Vec<_> = bench
        .sim
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Complete(_, call, _) => Some(call.direction),
            _ => None,
        })
        .collect();
    assert_eq!(completed[..3], [Direction::Write, Direction::Write, Direction::Sync]);
}

#[test]
fn closing_leaves_the_depth_to_what_is_still_queued() {
    let settings = EngineSettings { overlap_events: false, ..settings(1, 4) };
    let bench = Bench::new(Sim::lanes(1, 4), settings);
    bench.warm_up();
    bench.sim.hold();
    let ticket = bench.write(12, 0);
    bench.sim.wait_for_pushes(4);
    let crew = &bench.engine.crew;
    crew.dispatch(crew.queue().close());
    for block in 0..3 {
        bench.sim.release(offset(block));
    }
    bench.sim.wait_for_parks(3);
    bench.sim.release(offset(3));
    bench.sim.wait_for_pushes(8);
    bench.sim.release_all();
    ticket.wait().unwrap();
}
