//! Each setting's effect on the calls that reach the backend.

use super::*;

#[test]
fn block_size_cuts_requests_and_no_block_is_issued_twice() {
    for block_size in [4096, 8192, 12288] {
        let settings = EngineSettings { block_size, ..settings(1, 1) };
        let bench = Bench::new(Sim::lanes(1, 1), settings);
        let len = 5 * block_size;
        bench.engine.pwrite(&bench.file, vec![1; len], 0).wait().unwrap();
        let calls: Vec<_> = bench.sim.pushed().iter().map(|call| (call.offset, call.len)).collect();
        let expected: Vec<_> =
            (0..5).map(|block| ((block * block_size) as u64, block_size)).collect();
        assert_eq!(calls, expected, "one lane issues whole blocks in file order");
    }
}

#[test]
fn queue_depth_and_thread_count_bound_the_blocks_in_flight() {
    for (groups, depth) in [(1, 1), (1, 8), (2, 4), (3, 5)] {
        for sim in layouts(groups, depth) {
            let bench = Bench::new(sim, settings(groups, depth));
            bench.sim.hold();
            let blocks = 3 * groups * depth + 1;
            let ticket = bench.write(blocks, 0);
            bench.sim.wait_for_pushes(groups * depth);
            bench.sim.release_all();
            ticket.wait().unwrap();
            let (peak, by_group) = peaks(&bench.sim.events(), groups);
            assert_eq!(peak, groups * depth, "T x Q blocks are in flight at the peak");
            assert_eq!(by_group, vec![depth; groups], "each group fills its own depth");
            assert_eq!(bench.sim.pushed().len(), blocks);
        }
    }
}

#[test]
fn a_request_uses_no_more_lanes_than_it_has_blocks() {
    let bench = Bench::new(Sim::lanes(2, 8), settings(2, 8));
    bench.sim.hold();
    let ticket = bench.write(3, 0);
    bench.sim.wait_for_pushes(3);
    bench.sim.release_all();
    ticket.wait().unwrap();
    assert_eq!(bench.engine.stats().workers, 3, "one worker started a group, and one on demand");
}

#[test]
fn overlap_events_refills_as_each_block_completes() {
    for sim in layouts(1, 4) {
        let bench = Bench::new(sim, settings(1, 4));
        bench.sim.hold();
        let ticket = bench.write(6, 0);
        bench.sim.wait_for_pushes(4);
        bench.sim.release(offset(2));
        bench.sim.wait_for_pushes(5);
        let pushed: Vec<_> = bench.sim.pushed().iter().map(|call| call.offset).collect();
        assert_eq!(pushed[4], offset(4), "the next block goes out while three are in flight");
        bench.sim.release_all();
        ticket.wait().unwrap();
    }
}

#[test]
fn without_overlap_events_a_batch_completes_before_the_next_begins() {
    for sim in layouts(1, 4) {
        let settings = EngineSettings { overlap_events: false, ..settings(1, 4) };
        let bench = Bench::new(sim, settings);
        bench.warm_up();
        bench.sim.hold();
        let ticket = bench.write(10, 0);
        bench.sim.wait_for_pushes(4);
        for block in 0..3 {
            bench.sim.release(offset(block));
        }
        let is_complete = |event: &&Event| matches!(event, Event::Complete(..));
        bench.sim.wait_until(|events| events.iter().filter(is_complete).count() == 3);
        if !bench.sim.shape().rings {
            bench.sim.wait_for_parks(3);
        }
        assert_eq!(bench.sim.pushed().len(), 4, "nothing is issued while one is in flight");
        bench.sim.release(offset(3));
        bench.sim.wait_for_pushes(8);
        for block in 4..8 {
            bench.sim.release(offset(block));
        }
        // Held until all of it is there, or one of its blocks may be over before the next begins.
        bench.sim.wait_for_pushes(10);
        bench.sim.release_all();
        ticket.wait().unwrap();
        assert_eq!(batches(&bench.sim.events()), [4, 4, 2]);
    }
}

#[test]
fn a_barrier_holds_across_requests_and_for_its_group_alone() {
    for sim in layouts(2, 2) {
        let settings = EngineSettings { overlap_events: false, ..settings(2, 2) };
        let bench = Bench::new(sim, settings);
        bench.warm_up();
        bench.sim.hold();
        // The first fills both groups; the others wait for whichever group is free first.
        let tickets = [bench.write(4, 0), bench.write(1, 4), bench.write(1, 5)];
        bench.sim.wait_for_pushes(4);
        let group_of = |at: u64| {
            bench.sim.events().iter().find_map(|event| match event {
                Event::Push(lane, call) if call.offset == at => Some(lane.group),
                _ => None,
            })
        };
        let free = group_of(offset(0));
        let mates: Vec<_> = (0..4).filter(|&block| group_of(offset(block)) == free).collect();
        assert_eq!(mates.len(), 2, "each group takes a batch of its own");
        bench.sim.release(offset(mates[0]));
        bench.sim.release(offset(mates[1]));
        bench.sim.wait_for_pushes(6);
        assert_eq!((group_of(offset(4)), group_of(offset(5))), (free, free));
        bench.sim.release_all();
        for ticket in tickets {
            ticket.wait().unwrap();
        }
    }
}

#[test]
fn single_submit_notifies_once_a_block_and_else_once_a_request() {
    for (single_submit, expected) in [(true, vec![1, 1, 1, 1]), (false, vec![4])] {
        for overlap_events in [true, false] {
            let settings = EngineSettings { single_submit, overlap_events, ..settings(1, 8) };
            let bench = Bench::new(Sim::lanes(1, 8), settings);
            bench.warm_up();
            bench.write(4, 0).wait().unwrap();
            assert_eq!(wakes(&bench.sim.events()), expected);
        }
    }
}

#[test]
fn single_submit_submits_each_block_and_else_each_batch() {
    for (single_submit, expected) in [(true, [1, 1, 1, 1]), (false, [4, 0, 0, 0])] {
        let settings = EngineSettings { single_submit, overlap_events: false, ..settings(1, 4) };
        let bench = Bench::new(Sim::rings(1, 4), settings);
        bench.warm_up();
        bench.write(4, 0).wait().unwrap();
        let mut submitted = [0; 4];
        let (mut since, mut at) = (0, 0);
        for event in bench.sim.events() {
            match event {
                Event::Push(..) => since += 1,
                Event::Submit(_) | Event::Wait { .. } if since > 0 => {
                    submitted[at] = since;
                    (since, at) = (0, at + 1);
                }
                _ => {}
            }
        }
        assert_eq!(submitted, expected, "blocks a submission");
    }
}

#[test]
fn without_overlap_events_a_ring_waits_for_all_and_else_for_one() {
    for (overlap_events, expected) in [(true, 1), (false, 4)] {
        let settings = EngineSettings { overlap_events, ..settings(1, 4) };
        let bench = Bench::new(Sim::rings(1, 4), settings);
        bench.warm_up();
        bench.write(4, 0).wait().unwrap();
        let first_wait = bench.sim.events().into_iter().find_map(|event| match event {
            Event::Wait { at_least, .. } => Some(at_least),
            _ => None,
        });
        assert_eq!(first_wait, Some(expected));
    }
}

/// How many blocks were pushed between the moments when none was in flight.
fn batches(events: &[Event]) -> Vec<usize> {
    let (mut batches, mut pushed, mut in_flight) = (Vec::new(), 0, 0);
    for event in events {
        match event {
            Event::Push(..) => (pushed, in_flight) = (pushed + 1, in_flight + 1),
            Event::Complete(..) => {
                in_flight -= 1;
                if in_flight == 0 {
                    batches.push(std::mem::take(&mut pushed));
                }
            }
            _ => {}
        }
    }
    batches
}
