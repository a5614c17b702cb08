//! Rings with threads besides: which lane gets which block, and that a ring takes more while it waits.

use std::sync::Arc;

use super::*;
use crate::{
    buf::{AioBuf, Memory},
    engine::{
        file::FileState,
        plan::Alignment,
        queue::{Dispatch, Finished, Queue, Step, Waits},
        request::Request,
        ticket::TicketState,
    },
    sys::{LaneId, LaneKind, Shape, file::OpenFile},
};

/// Blocks in each file.
const FILE: usize = 64;

/// A file whose blocks go direct where memory and range are aligned, whatever the file system has.
fn bench(groups: usize, depth: usize) -> Bench {
    bench_with(settings(groups, depth))
}

fn bench_with(settings: EngineSettings) -> Bench {
    let sim = Sim::rings_and_threads(settings.thread_count, settings.queue_depth);
    let mut bench = Bench::new(sim, settings);
    std::fs::write(&bench.path, pattern(FILE * BLOCK, 0)).unwrap();
    let alignment = Alignment { memory: 512, read: 512, write: 512, page: 4096 };
    let options = OpenOptions::new().write();
    let open = OpenFile::open(&bench.path, &options, bench.engine.policy()).unwrap();
    bench.file = bench.engine.file(open.pretending(Some(alignment)));
    bench
}

fn aligned(blocks: usize) -> AioBuf {
    AioBuf::zeroed(blocks * BLOCK).unwrap()
}

/// Memory that O_DIRECT takes none of.
fn skewed(blocks: usize) -> crate::Slice<AioBuf> {
    crate::Slice::new(AioBuf::zeroed(blocks * BLOCK + 1).unwrap(), 1..).unwrap()
}

/// The kind of lane that each block went to, by its offset.
fn lanes_of(bench: &Bench) -> Vec<(u64, LaneKind)> {
    let shape = bench.sim.shape();
    let pushed = |event| match event {
        Event::Push(lane, call) => Some((call.offset, shape.kind(lane))),
        _ => None,
    };
    let mut pushed: Vec<_> = bench.sim.events().into_iter().filter_map(pushed).collect();
    pushed.sort_unstable();
    pushed
}

#[test]
fn what_a_device_moves_is_the_rings_and_what_is_copied_the_threads() {
    use LaneKind::{Ring, Thread};

    for overlap_events in [true, false] {
        let bench = bench_with(EngineSettings { overlap_events, ..settings(1, 4) });
        let kinds = |expected: &[(u64, LaneKind)]| {
            assert_eq!(lanes_of(&bench), expected);
            bench.sim.clear();
        };
        bench.engine.pread(&bench.file, aligned(3), offset(2)).wait().unwrap();
        kinds(&[(offset(2), Ring), (offset(3), Ring), (offset(4), Ring)]);
        bench.engine.pread(&bench.file, skewed(2), offset(2)).wait().unwrap();
        kinds(&[(offset(2), Thread), (offset(3), Thread)]);
        // Head and tail share no page with what is direct.
        let memory = AioBuf::zeroed(2 * BLOCK + 512).unwrap();
        bench.engine.pwrite(&bench.file, memory, 512).wait().unwrap();
        kinds(&[(512, Thread), (offset(1), Ring), (offset(2), Thread)]);
        bench.engine.fdatasync(&bench.file).wait().unwrap();
        kinds(&[(0, Ring)]);
        bench.engine.flush(&bench.file, 0..1).wait().unwrap();
        kinds(&[(0, Thread)]);
        // What makes the file longer waits for locks that a ring would wait for.
        bench.engine.pwrite(&bench.file, aligned(2), offset(FILE - 1)).wait().unwrap();
        kinds(&[(offset(FILE - 1), Ring), (offset(FILE), Thread)]);
        bench.engine.pwrite(&bench.file, aligned(2), offset(FILE - 1)).wait().unwrap();
        kinds(&[(offset(FILE - 1), Ring), (offset(FILE), Ring)]);
    }
}

#[test]
fn a_ring_that_waits_takes_more_without_waiting_for_what_it_has() {
    for sim in [Sim::rings(1, 4), Sim::rings_and_threads(1, 4)] {
        let bench = Bench::new(sim, settings(1, 4));
        bench.engine.allocate(&bench.file, 0, offset(FILE)).wait().unwrap();
        bench.sim.clear();
        bench.sim.hold();
        let tickets: Vec<_> = (0..4)
            .map(|number| {
                let ticket = bench.engine.pwrite(&bench.file, aligned(1), offset(number));
                bench.sim.wait_for_pushes(number + 1);
                ticket
            })
            .collect();
        assert!(tickets.iter().all(|ticket| !ticket.is_done()));
        bench.sim.release_all();
        Ticket::wait_all(tickets).into_iter().for_each(|written| drop(written.unwrap()));
    }
}

#[test]
fn a_group_has_its_depth_in_flight_on_ring_and_threads_together() {
    for groups in [1, 2] {
        let bench = bench(groups, 3);
        bench.sim.hold();
        let reads: Vec<_> = (0..4 * groups)
            .map(|at| bench.engine.pread(&bench.file, aligned(1), offset(at)))
            .collect();
        let copies: Vec<_> = (0..4 * groups)
            .map(|at| bench.engine.pread(&bench.file, skewed(1), offset(at)))
            .collect();
        bench.sim.wait_for_pushes(3 * groups);
        bench.sim.release_all();
        Ticket::wait_all(reads).into_iter().for_each(|read| drop(read.unwrap()));
        Ticket::wait_all(copies).into_iter().for_each(|read| drop(read.unwrap()));
        let (_, by_group) = peaks(&bench.sim.events(), groups);
        assert_eq!(by_group, vec![3; groups]);
        let kinds = lanes_of(&bench).into_iter().map(|(_, kind)| kind);
        assert_eq!(kinds.filter(|&kind| kind == LaneKind::Ring).count(), 4 * groups);
    }
}

#[test]
fn cancelling_asks_the_kernel_to_let_go_of_what_a_ring_has() {
    let bench = bench(1, 4);
    bench.sim.hold();
    bench.sim.let_go_of_cancelled();
    let other = bench.engine.pread(&bench.file, aligned(1), offset(20));
    bench.sim.wait_for_pushes(1);
    let ticket = bench.engine.pread(&bench.file, aligned(3), 0);
    bench.sim.wait_for_pushes(4);
    ticket.cancel();
    let (error, buffer) = ticket.wait().unwrap_err().into_parts();
    assert_eq!((error.kind(), error.done()), (ErrorKind::Cancelled, 0));
    assert_eq!(buffer.map(|buffer| buffer.len()), Some(3 * BLOCK));
    let cancels = bench.sim.events().into_iter().filter_map(|event| match event {
        Event::Cancel(_, call) => Some(call.offset),
        _ => None,
    });
    let mut cancels: Vec<_> = cancels.collect();
    cancels.sort_unstable();
    assert_eq!(cancels, [offset(0), offset(1), offset(2)]);
    assert!(!other.is_done());
    bench.sim.release_all();
    other.wait().unwrap();
}

/// The ring that runs user code is not taken for one that waits.
#[test]
fn another_ring_is_called_while_one_runs_user_code() {
    let bench = bench(2, 2);
    // Both lanes are there, and one has room while it waits.
    bench.sim.hold();
    let first = bench.engine.pread(&bench.file, aligned(1), offset(0));
    bench.sim.wait_for_pushes(1);
    let (entered, is_in) = std::sync::mpsc::channel();
    let (leave, left) = std::sync::mpsc::channel::<()>();
    first.on_completion(move |read| {
        read.unwrap();
        entered.send(()).unwrap();
        // An error: the other end is gone, and that is what it waits for.
        let _ = left.recv();
    });
    bench.sim.release_all();
    is_in.recv().unwrap();
    for block in 1..5 {
        bench.engine.pread(&bench.file, aligned(1), offset(block)).wait().unwrap();
    }
    drop(leave);
}

#[test]
fn what_a_ring_was_given_is_submitted_before_a_callback_runs() {
    let bench = Bench::new(Sim::rings(1, 2), settings(1, 2));
    bench.engine.allocate(&bench.file, 0, offset(FILE)).wait().unwrap();
    bench.sim.clear();
    bench.sim.hold();
    let write = |block| bench.engine.pwrite(&bench.file, aligned(1), offset(block));
    let (first, second) = (write(0), write(1));
    bench.sim.wait_for_pushes(2);
    // Begun with the first one's end, before the second one's is seen to.
    let third = write(2);
    let (tell, told) = std::sync::mpsc::channel();
    let sim = bench.sim.clone();
    second.on_completion(move |_| tell.send(sim.events()).unwrap());
    bench.sim.complete_together(2);
    // Woken, as it waits for one.
    bench.engine.crew.backend().wake(&[LaneId { group: 0, index: 0 }]);
    bench.sim.wait_until(|events| {
        let waits = |event: &&Event| matches!(event, Event::Wait { .. });
        events.iter().filter(waits).count() > 1
    });
    bench.sim.release_all();
    let events = told.recv().unwrap();
    let is_third =
        |event: &Event| matches!(event, Event::Push(_, call) if call.offset == offset(2));
    let at = events.iter().position(is_third).expect("the third has been begun");
    assert!(events[at..].iter().any(|event| matches!(event, Event::Submit(_))), "{events:?}");
    first.wait().unwrap();
    third.wait().unwrap();
}

#[test]
fn a_callback_at_the_end_may_cancel_others() {
    for in_time in [true, false] {
        let bench = bench(1, 2);
        bench.sim.hold();
        let (called, calls) = std::sync::mpsc::channel();
        let other = Arc::new(bench.engine.pread(&bench.file, aligned(1), offset(1)));
        let held = bench.engine.pread(&bench.file, aligned(1), 0);
        bench.sim.wait_for_pushes(2);
        let its_other = Arc::clone(&other);
        held.on_completion(move |_| {
            its_other.cancel();
            called.send(()).unwrap();
        });
        if in_time {
            bench.sim.release(offset(0));
            calls.recv().unwrap();
            bench.sim.release_all();
            bench.engine.shutdown(std::time::Duration::from_secs(60)).unwrap_or_default();
        } else {
            let ended = bench.engine.shutdown(std::time::Duration::from_millis(1));
            assert!(ended.is_err());
            calls.recv().unwrap();
            bench.sim.release_all();
        }
        assert!(other.is_done());
    }
}

#[test]
fn blocks_for_threads_that_do_not_start_are_the_rings() {
    let bench = bench(1, 2);
    let queue = Queue::new(Shape::of_rings(1, 2, 2), Refill::AsBlocksComplete, 0);
    let [ring, thread] = [0, 1].map(|index| LaneId { group: 0, index });
    assert_eq!(queue.first_lanes(), [ring]);
    let ledger = Arc::clone(&bench.engine.ledger);
    let (state, memory) = TicketState::new(skewed(1), ledger, 0, Memory::of_mut, None);
    let asked = bench.engine.ask(&bench.file, Direction::Read, memory, 0, false);
    let host = Arc::clone(&bench.engine.crew) as _;
    let FileState { open, flights, .. } = &*bench.file.state;
    let request = Request::accept(asked, open, Arc::clone(flights), host, None, state);
    let Dispatch { wake, start, .. } = queue.submit(&request).unwrap();
    assert_eq!((wake, start), (vec![], vec![thread]));
    // Nobody has drawn the block, so whoever comes instead does.
    assert_eq!(queue.not_started(thread).wake, [ring]);
    let (step, dispatch) = queue.next(ring, Finished::default(), Waits::Idle, true);
    assert!(matches!(step, Step::Park(None)));
    assert_eq!(dispatch.start, [thread]);
    // The ring has drawn it for a thread, and gets it back.
    assert_eq!(queue.not_started(thread).wake, [ring]);
    let Step::Run(claim) = queue.next(ring, Finished::default(), Waits::Idle, true).0 else {
        panic!("nobody else is there");
    };
    assert!(claim.stays);
    claim.request.complete(1);
}
