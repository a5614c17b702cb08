//! Several things that end an engine at once: shutdowns, callbacks, panics, and whoever submits.

use super::*;
use crate::engine::file::FileState;

#[test]
fn a_second_shutdown_with_less_time_ends_the_first() {
    let bench = Bench::new(Sim::lanes(1, 2), settings(1, 2));
    bench.sim.hold();
    let tickets: Vec<_> = (0..4).map(|block| bench.write(1, block)).collect();
    bench.sim.wait_for_pushes(2);
    let (sim, engine) = (bench.sim.clone(), Arc::new(bench.engine));
    let patient = {
        let engine = Arc::clone(&engine);
        let (done, outcome) = channel();
        thread::spawn(move || drop(done.send(engine.shutdown(Duration::MAX))));
        outcome
    };
    // Until the first one has closed the queue.
    loop {
        let ticket = engine.pwrite(&bench.file, vec![1], 0);
        ticket.cancel();
        if kind(ticket.wait()) == Some(ErrorKind::Closed) {
            break;
        }
    }
    let impatient = {
        let engine = Arc::clone(&engine);
        without_a_hang(move || engine.shutdown(Duration::ZERO))
    };
    let first: Result<_, _> = patient.recv_timeout(HUNG).expect("the first one ends");
    // Each failure is told by one of them.
    assert_eq!(kinds(first).len() + kinds(impatient).len(), 4);
    without_a_hang(move || {
        for ticket in tickets {
            assert_eq!(kind(ticket.wait()), Some(ErrorKind::ShutDown));
        }
        drop(engine);
    });
    sim.release_all();
}

#[test]
fn shutdowns_at_once_leave_nobody_waiting() {
    for _ in 0..50 {
        let bench = Bench::new(Sim::lanes(2, 2), settings(2, 2));
        bench.sim.hold();
        let tickets: Vec<_> = (0..8).map(|block| bench.write(1, block)).collect();
        bench.sim.wait_for_pushes(4);
        let (sim, engine) = (bench.sim.clone(), Arc::new(bench.engine));
        let calls = [Duration::ZERO, Duration::ZERO, Duration::MAX, Duration::ZERO];
        let calls = calls.map(|timeout| {
            let engine = Arc::clone(&engine);
            let (done, outcome): (_, Receiver<()>) = channel();
            thread::spawn(move || {
                let _ = engine.shutdown(timeout);
                drop(done);
            });
            outcome
        });
        for call in calls {
            let ended = call.recv_timeout(HUNG);
            assert_eq!(ended, Err(std::sync::mpsc::RecvTimeoutError::Disconnected));
        }
        without_a_hang(move || {
            for ticket in tickets {
                assert_eq!(kind(ticket.wait()), Some(ErrorKind::ShutDown));
            }
            drop(engine);
        });
        sim.release_all();
    }
}

#[test]
fn a_panic_after_the_deadline_does_not_make_the_drop_wait() {
    for sim in layouts(2, 1) {
        let bench = Bench::new(sim, settings(2, 1));
        bench.sim.hold();
        bench.sim.inject(|call| (call.offset == 0).then_some(Fault::Panic));
        let tickets = [bench.write(1, 0), bench.write(1, 1)];
        bench.sim.wait_for_pushes(2);
        let _ = bench.engine.shutdown(Duration::ZERO);
        let crew = Arc::clone(&bench.engine.crew);
        let workers = Arc::strong_count(&crew);
        bench.sim.release(0);
        // The worker that panicked has gone.
        while Arc::strong_count(&crew) == workers {
            thread::yield_now();
        }
        for ticket in tickets {
            assert_eq!(kind(ticket.wait()), Some(ErrorKind::ShutDown));
        }
        let (sim, engine) = (bench.sim.clone(), bench.engine);
        without_a_hang(move || drop(engine));
        sim.release_all();
    }
}

#[test]
fn a_callback_of_a_shutdown_neither_waits_for_others_nor_for_room() {
    let settings = EngineSettings { queue_capacity: 4, ..settings(1, 1) };
    let bench = Bench::new(Sim::lanes(1, 1), settings);
    bench.sim.hold();
    let stuck = bench.write(1, 0);
    bench.sim.wait_for_pushes(1);
    let (sim, file, engine) = (bench.sim.clone(), bench.file.clone(), Arc::new(bench.engine));
    let write = |block: usize| engine.pwrite(&file, pattern(BLOCK, block), offset(block));
    let (first, second, third) = (write(1), write(2), write(3));
    let (tell, told) = channel();
    let (used, inside) = (file.clone(), Arc::clone(&engine));
    first.on_completion(move |result| {
        // The thread that runs this is the one that will end those.
        let (second, third) = (kind(second.wait()), kind(pwait(third)));
        let more: Vec<_> = (0..10).map(|_| kind(inside.pwrite(&used, vec![1], 0).wait())).collect();
        let _ = tell.send((kind(result), second, third, more));
    });
    let shut = without_a_hang({
        let engine = Arc::clone(&engine);
        move || kinds(engine.shutdown(Duration::ZERO))
    });
    assert!(shut.iter().all(|&kind| kind == ErrorKind::ShutDown));
    let (first, second, third, more) = told.recv().unwrap();
    assert_eq!(first, Some(ErrorKind::ShutDown));
    let either = [Some(ErrorKind::ShutDown), Some(ErrorKind::WouldDeadlock)];
    assert!(either.contains(&second) && either.contains(&third), "{second:?} {third:?}");
    assert_eq!(more, [Some(ErrorKind::ShutDown); 10]);
    assert_eq!(kind(stuck.wait()), Some(ErrorKind::ShutDown));
    sim.release_all();
}

fn pwait<B>(ticket: Ticket<B>) -> Result<B, Failed<B>> {
    Ticket::wait_any(&mut vec![ticket]).unwrap().1
}

#[test]
fn however_many_barriers_are_held_back_they_all_end() {
    const BARRIERS: usize = 20_000;
    for poisoned in [true, false] {
        let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
        bench.sim.hold();
        let write = bench.write(1, 0);
        bench.sim.wait_for_pushes(1);
        let barriers: Vec<_> = (0..BARRIERS).map(|_| bench.engine.fdatasync(&bench.file)).collect();
        let reason = if poisoned {
            bench.sim.inject(|_| Some(Fault::Panic));
            bench.sim.release_all();
            ErrorKind::Poisoned
        } else {
            let _ = bench.engine.shutdown(Duration::ZERO);
            ErrorKind::ShutDown
        };
        assert_eq!(kind(write.wait()), Some(reason));
        for barrier in barriers {
            assert_eq!(kind(barrier.wait()), Some(reason));
        }
        bench.sim.release_all();
    }
}

#[test]
fn a_shutdown_in_a_callback_lets_the_engine_end_without_waiting() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    bench.sim.hold();
    let first = bench.write(1, 0);
    let rest: Vec<_> = (1..10).map(|block| bench.write(3, 3 * block)).collect();
    let (sim, file, engine) = (bench.sim.clone(), bench.file.clone(), Arc::new(bench.engine));
    let (tell, told) = channel();
    let inside = Arc::clone(&engine);
    first.on_completion(move |_| drop(tell.send(inside.shutdown(HUNG))));
    sim.release_all();
    assert_eq!(kinds(told.recv_timeout(HUNG).unwrap()), [ErrorKind::WouldDeadlock]);
    for ticket in rest {
        ticket.wait().unwrap();
    }
    assert_eq!(kind(engine.pwrite(&file, vec![1], 0).wait()), Some(ErrorKind::Closed));
    without_a_hang(move || drop(engine));
}

#[test]
fn submissions_that_race_a_shutdown_all_end() {
    for round in 0..60 {
        let settings = EngineSettings { queue_capacity: 5, ..settings(2, 2) };
        let sim = layouts(2, 2)[round % 2].clone();
        let bench = Bench::new(sim, settings);
        let timeout = if round % 3 == 0 { HUNG } else { Duration::ZERO };
        let (sim, file, engine) = (bench.sim.clone(), bench.file.clone(), Arc::new(bench.engine));
        let submitting: Vec<_> = (0..4)
            .map(|number| {
                let (engine, file) = (Arc::clone(&engine), file.clone());
                let (done, outcome) = channel();
                thread::spawn(move || {
                    let mut ended = Vec::new();
                    for block in 0..30 {
                        let first = 100 * number + block;
                        let ticket = engine.pwrite(&file, pattern(BLOCK, first), offset(first));
                        ended.push(kind(ticket.wait()));
                        if block % 7 == 0 {
                            ended.push(kind(engine.fdatasync(&file).wait()));
                        }
                    }
                    drop(done.send(ended));
                });
                outcome
            })
            .collect();
        if round % 2 == 0 {
            sim.wait_for_pushes(10);
        }
        let _ = engine.shutdown(timeout);
        let allowed = [None, Some(ErrorKind::Closed), Some(ErrorKind::ShutDown)];
        for outcome in submitting {
            let ended = outcome.recv_timeout(HUNG).expect("nobody is left waiting");
            assert!(ended.iter().all(|kind| allowed.contains(kind)), "{ended:?}");
        }
        without_a_hang(move || drop(engine));
    }
}

#[test]
fn a_panic_ends_held_barriers_callbacks_and_whoever_submits() {
    for overlap_events in [true, false] {
        for sim in layouts(2, 2) {
            let settings = EngineSettings { overlap_events, ..settings(2, 2) };
            let bench = Bench::new(sim, settings);
            bench.sim.hold();
            bench.sim.inject(|call| (call.offset == 0).then_some(Fault::Panic));
            let write = bench.write(12, 0);
            bench.sim.wait_for_pushes(1);
            let (sync, flush) =
                (bench.engine.fdatasync(&bench.file), bench.engine.flush(&bench.file, ..));
            let (tell, told) = channel();
            for block in 20..30 {
                let (ticket, tell) = (bench.write(2, 2 * block), tell.clone());
                ticket.on_completion(move |result| drop(tell.send(result.map(drop).err())));
            }
            drop(tell);
            let cancelled = bench.engine.fsync(&bench.file);
            cancelled.cancel();
            assert!(cancelled.is_done());
            bench.sim.release_all();
            assert_eq!(kind(write.wait()), Some(ErrorKind::Poisoned));
            assert_eq!(kind(sync.wait()), Some(ErrorKind::Poisoned));
            assert_eq!(kind(flush.wait()), Some(ErrorKind::Poisoned));
            assert_eq!(kind(cancelled.wait()), Some(ErrorKind::Cancelled));
            let called: Vec<_> = told.iter().collect();
            assert_eq!(called.len(), 10, "each callback once");
            for failed in called.into_iter().flatten() {
                assert_eq!(failed.error().kind(), ErrorKind::Poisoned);
            }
            let engine = bench.engine;
            without_a_hang(move || engine.close().unwrap());
        }
    }
}

#[test]
fn what_a_batch_reserved_and_no_worker_took_is_given_up() {
    use crate::{
        buf::Memory,
        engine::{
            queue::{Finished, Queue, Step, Waits},
            request::{Request, Unclaimed},
            ticket::TicketState,
        },
        sys::{LaneId, Shape},
    };

    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    for poisoned in [true, false] {
        let shape = Shape::of_threads(1, 3);
        let queue = Queue::new(shape, Refill::AfterBatch, 0);
        let [lane, other] = [0, 1].map(|index| LaneId { group: 0, index });
        queue.first_lanes();
        let ledger = Arc::clone(&bench.engine.ledger);
        let buffer = vec![0; 5 * BLOCK];
        let (state, memory) = TicketState::new(buffer, ledger, 0, Memory::of_mut, None);
        let asked = bench.engine.ask(&bench.file, Direction::Read, memory, 0, false);
        let host = Arc::clone(&bench.engine.crew) as _;
        let FileState { open, flights, .. } = &*bench.file.state;
        let request = Request::accept(asked, open, Arc::clone(flights), host, None, state);
        queue.submit(&request).unwrap();
        let Step::Run(claim) = queue.next(lane, Finished::default(), Waits::Idle, true).0 else {
            panic!("a batch of three, of which this lane takes one");
        };
        assert_eq!(claim.block, 0);
        let (given_up, _) = if poisoned { queue.poison(other) } else { queue.shut_down() };
        let blocks = given_up.iter().map(|&(_, Unclaimed { first, count })| first..first + count);
        let mut blocks: Vec<_> = blocks.flatten().collect();
        blocks.sort_unstable();
        assert_eq!(blocks, [1, 2, 3, 4]);
        for (request, Unclaimed { count, .. }) in given_up {
            request.complete(count);
        }
        claim.request.complete(1);
        assert!(!matches!(
            queue.next(lane, Finished { blocks: 1, copied: 0 }, Waits::Idle, false).0,
            Step::Run(_)
        ));
    }
}
