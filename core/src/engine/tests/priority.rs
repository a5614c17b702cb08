//! Who goes first: normal requests and those of the background, and the cap on the latter.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::*;

/// A rate at which a block takes longer than any test.
const NEVER: u64 = 1;

/// Writes so many blocks with background priority.
fn background(bench: &Bench, blocks: usize, first: usize) -> Ticket<Vec<u8>> {
    let file = bench.file.with_priority(Priority::Background);
    assert_eq!((file.priority(), bench.file.priority()), (Priority::Background, Priority::Normal));
    bench.engine.pwrite(&file, pattern(blocks * BLOCK, first), offset(first))
}

fn capped(sim: Sim, background_rate: u64, overlap_events: bool) -> Bench {
    let shape = sim.shape();
    let settings = settings(shape.groups, shape.group_depth);
    Bench::new(sim, EngineSettings { background_rate, overlap_events, ..settings })
}

/// The rate at which a block takes so long.
fn a_block_in(time: Duration) -> u64 {
    (BLOCK as u128 * 1_000_000_000 / time.as_nanos()) as u64
}

/// Waits until a block at that number or beyond has been pushed.
fn wait_for_push_of(bench: &Bench, block: usize) {
    let is_it =
        |event: &Event| matches!(event, Event::Push(_, call) if call.offset == offset(block));
    bench.sim.wait_until(|events| events.iter().any(is_it));
}

fn order(bench: &Bench) -> Vec<usize> {
    bench.sim.pushed().iter().map(|call| call.offset as usize / BLOCK).collect()
}

#[test]
fn the_background_gets_one_block_in_sixteen_while_others_wait_and_all_afterwards() {
    for overlap_events in [true, false] {
        let settings = EngineSettings { overlap_events, ..settings(1, 1) };
        let bench = Bench::new(Sim::lanes(1, 1), settings);
        bench.sim.hold();
        let first = bench.write(1, 0);
        bench.sim.wait_for_pushes(1);
        let rest = [background(&bench, 6, 100), bench.write(46, 1)];
        bench.sim.release_all();
        first.wait().unwrap();
        for ticket in rest {
            ticket.wait().unwrap();
        }
        let mut expected = Vec::new();
        let (mut normal, mut late) = (0..47, 100..106);
        for _ in 0..3 {
            expected.extend(normal.by_ref().take(15));
            expected.extend(late.next());
        }
        expected.extend(normal.chain(late));
        assert_eq!(order(&bench), expected);
    }
}

#[test]
fn a_background_request_alone_is_as_fast_as_any() {
    for sim in layouts(2, 2) {
        let bench = Bench::new(sim, settings(2, 2));
        bench.sim.hold();
        let ticket = background(&bench, 20, 0);
        bench.sim.wait_for_pushes(4);
        bench.sim.release_all();
        ticket.wait().unwrap();
        assert_eq!(peaks(&bench.sim.events(), 2).0, 4);
    }
}

#[test]
fn each_priority_serves_its_small_and_large_requests_in_turn_and_in_order() {
    for priority in [Priority::Normal, Priority::Background] {
        let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
        let file = bench.file.with_priority(priority);
        let write = |blocks: usize, first: usize| {
            bench.engine.pwrite(&file, pattern(blocks * BLOCK, first), offset(first))
        };
        bench.sim.hold();
        let mut tickets = vec![write(1, 0)];
        bench.sim.wait_for_pushes(1);
        tickets.extend([write(4, 100), write(3, 200)]);
        tickets.extend((1..=5).map(|block| write(1, block)));
        bench.sim.release_all();
        for ticket in tickets {
            ticket.wait().unwrap();
        }
        let order = order(&bench);
        let of = |range: std::ops::Range<usize>| {
            let of: Vec<_> = order.iter().copied().filter(|block| range.contains(block)).collect();
            of
        };
        assert_eq!(of(0..100), [0, 1, 2, 3, 4, 5], "small ones come in order");
        assert_eq!(of(100..300), [100, 101, 102, 103, 200, 201, 202], "and so do large ones");
        let in_turn = order[1..9].iter().map(|block| *block < 100);
        assert!(in_turn.clone().zip(in_turn.skip(1)).all(|(one, other)| one != other), "{order:?}");
    }
}

#[test]
fn a_small_read_passes_a_huge_write_in_every_mode() {
    for overlap_events in [true, false] {
        for single_submit in [true, false] {
            for (groups, depth) in [(1, 1), (1, 4), (2, 2)] {
                for sim in layouts(groups, depth) {
                    let settings =
                        EngineSettings { overlap_events, single_submit, ..settings(groups, depth) };
                    let bench = Bench::new(sim, settings);
                    let at_once = groups * depth;
                    bench.warm_up();
                    bench.sim.hold();
                    let huge = bench.write(60 * at_once, 0);
                    bench.sim.wait_for_pushes(at_once);
                    let small = bench.engine.pread(&bench.file, vec![0; BLOCK], 0);
                    bench.sim.release_all();
                    small.wait().unwrap();
                    huge.wait().unwrap();
                    let is_read = |call: &Call| call.direction == Direction::Read;
                    let before = bench.sim.pushed().iter().position(is_read).unwrap();
                    // Those in flight, one whose turn it was, and what others took before the
                    // small one's block was recorded.
                    assert!(before <= 3 * at_once + 1, "{before} blocks before it");
                }
            }
        }
    }
}

#[test]
fn a_capped_background_leaves_the_workers_to_others() {
    for overlap_events in [true, false] {
        for (groups, depth) in [(1, 1), (1, 4), (2, 2)] {
            for sim in layouts(groups, depth) {
                let bench = capped(sim, NEVER, overlap_events);
                let late = background(&bench, 50, 1000);
                wait_for_push_of(&bench, 1000);
                for round in 0..5 {
                    bench.write(40, 40 * round).wait().unwrap();
                }
                let late_ones = order(&bench).iter().filter(|&&block| block >= 1000).count();
                assert_eq!(late_ones, 1, "only the first block may begin at once");
                // It is no request that waits for its turn alone.
                late.cancel();
                let (error, buffer) = late.wait().unwrap_err().into_parts();
                assert_eq!((error.kind(), error.done()), (ErrorKind::Cancelled, BLOCK));
                assert_eq!(buffer.map(|buffer| buffer.len()), Some(50 * BLOCK));
                bench.engine.close().unwrap();
            }
        }
    }
}

#[test]
fn closing_lifts_the_cap() {
    for overlap_events in [true, false] {
        for (groups, depth) in [(1, 1), (1, 4), (2, 2)] {
            for sim in layouts(groups, depth) {
                let bench = capped(sim, NEVER, overlap_events);
                let first = background(&bench, 20, 0);
                wait_for_push_of(&bench, 0);
                let late = [first, background(&bench, 1, 100)];
                bench.write(3, 200).wait().unwrap();
                bench.engine.close().unwrap();
                for ticket in late {
                    assert!(ticket.is_done());
                    ticket.wait().unwrap();
                }
            }
        }
    }
}

#[test]
fn the_cap_spreads_blocks_over_time_and_idle_workers_sleep_meanwhile() {
    let block_time = Duration::from_millis(10);
    for overlap_events in [true, false] {
        for (groups, depth) in [(1, 1), (2, 4)] {
            for sim in layouts(groups, depth) {
                let bench = capped(sim, a_block_in(block_time), overlap_events);
                let began = Instant::now();
                background(&bench, 8, 0).wait().unwrap();
                assert!(began.elapsed() >= 7 * block_time);
                let is_park = |event: &&Event| matches!(event, Event::Park(..));
                let parks = bench.sim.events().iter().filter(is_park).count();
                // A few each time one of them comes back; thousands if they looked at the clock.
                assert!(parks <= 300, "{parks} parks for 8 blocks");
            }
        }
    }
}

#[test]
fn requests_share_one_cap() {
    let block_time = Duration::from_millis(10);
    let bench = capped(Sim::lanes(2, 2), a_block_in(block_time), true);
    let began = Instant::now();
    let tickets: Vec<_> = (0..6).map(|block| background(&bench, 1, block)).collect();
    for ticket in tickets {
        ticket.wait().unwrap();
    }
    assert!(began.elapsed() >= 5 * block_time);
}

#[test]
fn somebody_comes_back_for_capped_blocks_though_the_first_is_stuck() {
    let soon = a_block_in(Duration::from_millis(10));
    for overlap_events in [true, false] {
        // A group that waits for its batch takes nothing meanwhile; the other one has to.
        for (groups, depth) in [(2, 1), (2, 2), (3, 2)] {
            for first_group in 0..=groups {
                let bench = capped(Sim::lanes(groups, depth), soon, overlap_events);
                // With all lanes started or with one a group.
                if first_group > 0 {
                    bench.warm_up();
                }
                for _ in 1..first_group {
                    bench.write(1, 50).wait().unwrap();
                }
                bench.sim.hold();
                let ticket = background(&bench, groups, 0);
                for block in 0..groups {
                    wait_for_push_of(&bench, block);
                }
                bench.sim.release_all();
                ticket.wait().unwrap();
            }
        }
    }
}

#[test]
fn somebody_else_keeps_the_time_when_the_one_who_did_has_work() {
    let soon = a_block_in(Duration::from_millis(10));
    for overlap_events in [true, false] {
        for (groups, depth) in [(3, 1), (3, 2)] {
            let bench = capped(Sim::lanes(groups, depth), soon, overlap_events);
            bench.warm_up();
            bench.sim.hold();
            let late = background(&bench, 2, 0);
            wait_for_push_of(&bench, 0);
            // Everybody who can be is busy but for one group's worker at most.
            let stuck = bench.write(1, 100);
            wait_for_push_of(&bench, 100);
            wait_for_push_of(&bench, 1);
            bench.sim.release_all();
            late.wait().unwrap();
            stuck.wait().unwrap();
        }
    }
}

#[test]
fn cancelling_capped_requests_lets_an_engine_end() {
    for overlap_events in [true, false] {
        let bench = capped(Sim::lanes(2, 2), NEVER, overlap_events);
        background(&bench, 1, 0).wait().unwrap();
        let waiting: Vec<_> = (0..100).map(|number| background(&bench, 2, 10 + number)).collect();
        let (front, back) = waiting.split_at(50);
        for ticket in back.iter().chain(front) {
            ticket.cancel();
            assert!(ticket.is_done(), "at once, since it waits");
        }
        for ticket in waiting {
            assert_eq!(ticket.wait().unwrap_err().error().done(), 0);
        }
        assert_eq!(order(&bench), [0]);
        bench.engine.close().unwrap();
    }
}

#[test]
fn a_sync_of_the_background_comes_after_its_capped_writes() {
    let bench = capped(Sim::lanes(1, 2), a_block_in(Duration::from_millis(5)), true);
    let file = bench.file.with_priority(Priority::Background);
    let write = background(&bench, 4, 0);
    thread::scope(|scope| {
        scope.spawn(|| bench.engine.sync(&file).unwrap()).join().unwrap();
    });
    assert!(write.is_done());
    write.wait().unwrap();
}
