//! The bound on requests under way: who waits for room, who gets it, and who is refused.

use std::{
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll, Wake, Waker},
    thread,
};

use nix::errno::Errno;

use super::*;

/// Counts how often it is woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Wakes {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// A submission that awaits room, polled by hand.
struct Waiting<'engine> {
    future: Pin<Box<dyn Future<Output = Ticket<Vec<u8>>> + 'engine>>,
    wakes: Arc<Wakes>,
}

impl<'engine> Waiting<'engine> {
    fn of(bench: &'engine Bench, block: usize) -> Self {
        let bytes = pattern(BLOCK, block);
        let future = bench.engine.pwrite_async(&bench.file, bytes, offset(block));
        Self { future: Box::pin(future), wakes: Arc::default() }
    }

    fn poll(&mut self) -> Poll<Ticket<Vec<u8>>> {
        let waker = Waker::from(Arc::clone(&self.wakes));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    #[track_caller]
    fn ticket(mut self) -> Ticket<Vec<u8>> {
        let Poll::Ready(ticket) = self.poll() else {
            panic!("there is room for it");
        };
        ticket
    }
}

fn with_capacity(queue_capacity: usize, sim: Sim) -> Bench {
    let shape = sim.shape();
    let settings = settings(shape.groups, shape.group_depth);
    Bench::new(sim, EngineSettings { queue_capacity, ..settings })
}

fn kind<B>(result: Result<B, Failed<B>>) -> Option<ErrorKind> {
    result.err().map(|failed| failed.error().kind())
}

#[test]
fn a_full_queue_gives_the_buffer_back_and_takes_it_when_there_is_room() {
    for queue_capacity in [1, 3] {
        let bench = with_capacity(queue_capacity, Sim::lanes(1, 1));
        bench.sim.hold();
        let mut tickets: Vec<_> = (0..queue_capacity).map(|block| bench.write(1, block)).collect();
        let (engine, file) = (&bench.engine, &bench.file);
        for _ in 0..3 {
            let refused = engine.try_pwrite(file, pattern(BLOCK, 7), offset(7)).unwrap_err();
            let (error, buffer) = refused.into_parts();
            assert_eq!(error.kind(), ErrorKind::QueueFull);
            assert_eq!(error.operation(), Operation::Write);
            assert_eq!((error.offset(), error.wanted(), error.done()), (offset(7), BLOCK, 0));
            assert_eq!(error.path(), Some(bench.path.as_path()));
            assert!(buffer == Some(pattern(BLOCK, 7)));
        }
        let refused = engine.try_pread(file, vec![1; 10], 5).unwrap_err();
        assert_eq!(refused.error().operation(), Operation::Read);
        assert_eq!(refused.into_parts().1, Some(vec![1; 10]));
        let buffers = vec![vec![1; 10], vec![2; 20]];
        let refused = engine.try_pwritev(file, buffers.clone(), 5).unwrap_err();
        assert_eq!(refused.error().wanted(), 30);
        assert_eq!(refused.into_parts().1, Some(buffers.clone()));
        let refused = engine.try_preadv(file, buffers.clone(), 5).unwrap_err();
        assert_eq!(refused.into_parts().1, Some(buffers));

        bench.sim.release_all();
        tickets.remove(0).wait().unwrap();
        engine.try_pwrite(file, pattern(BLOCK, 9), offset(9)).unwrap().wait().unwrap();
        for ticket in tickets {
            ticket.wait().unwrap();
        }
        assert_eq!(bench.engine.stats().failed(), 0, "what was not accepted is not counted");
        assert_eq!(bench.sim.pushed().len(), queue_capacity + 1);
        bench.engine.close().unwrap();
    }
}

#[test]
fn whatever_ends_a_request_makes_room() {
    let bench = with_capacity(1, Sim::lanes(1, 1));
    let elsewhere = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    let room = || bench.engine.try_pwrite(&bench.file, vec![1; 10], 0).unwrap().wait().unwrap();
    for _ in 0..3 {
        room();
        // An error of the system, an end of file, a range that is none.
        bench.sim.inject(|_| Some(Fault::Fail(Errno::EIO)));
        bench.write(3, 0).wait().unwrap_err();
        bench.sim.inject(|_| None);
        room();
        bench.engine.pread(&bench.file, vec![0; 1], 1 << 40).wait().unwrap_err();
        room();
        bench.engine.pread(&bench.file, vec![0; 1], u64::MAX).wait().unwrap_err();
        room();
        bench.engine.pread(&elsewhere.file, vec![0; 1], 0).wait().unwrap_err();
        room();
        // Nothing to move, a barrier, a preallocation.
        bench.engine.pwrite(&bench.file, Vec::new(), 0).wait().unwrap();
        bench.engine.sync(&bench.file).unwrap();
        bench.engine.allocate(&bench.file, 0, 1).wait().unwrap();
        room();
        drop(bench.engine.pwrite(&bench.file, vec![1; 10], 0));
        std::mem::forget(bench.engine.pwrite(&bench.file, vec![1; 10], 0));
        bench.write(1, 0).wait().unwrap();
        // Cancelled with a block in flight.
        bench.sim.clear();
        bench.sim.hold();
        let ticket = bench.write(5, 0);
        bench.sim.wait_for_pushes(1);
        ticket.cancel();
        assert!(bench.engine.try_pwrite(&bench.file, vec![1; 10], 0).is_err());
        bench.sim.release_all();
        assert_eq!(kind(ticket.wait()), Some(ErrorKind::Cancelled));
        room();
    }
}

#[test]
fn room_made_twice_is_room_for_two() {
    for queue_capacity in [2, 3, 8] {
        let bench = with_capacity(queue_capacity, Sim::lanes(1, 8));
        bench.sim.hold();
        let under_way: Vec<_> = (0..queue_capacity).map(|block| bench.write(1, block)).collect();
        let mut waiting: Vec<_> =
            (0..queue_capacity).map(|number| Waiting::of(&bench, 100 + number)).collect();
        for waiting in &mut waiting {
            assert!(waiting.poll().is_pending());
            assert_eq!(waiting.wakes.count(), 0);
        }
        bench.sim.release_all();
        for ticket in under_way {
            ticket.wait().unwrap();
        }
        // None of them has been polled since, and each can go on without the others.
        let woken: Vec<_> = waiting.iter().map(|waiting| waiting.wakes.count()).collect();
        assert_eq!(woken, vec![1; queue_capacity]);
        for waiting in waiting {
            waiting.ticket().wait().unwrap();
        }
    }
}

#[test]
fn room_made_twice_is_room_for_two_threads() {
    for _ in 0..50 {
        let bench = with_capacity(3, Sim::lanes(1, 1));
        bench.sim.hold();
        let busy = bench.write(1, 0);
        bench.sim.wait_for_pushes(1);
        let waiting = [bench.write(1, 1), bench.write(1, 2)];
        thread::scope(|threads| {
            let blocked = [3, 4].map(|block| {
                let bench = &bench;
                threads.spawn(move || bench.write(1, block))
            });
            // Most of the time they wait by then.
            for _ in 0..50 {
                thread::yield_now();
            }
            // Faster than a thread wakes up.
            for ticket in &waiting {
                ticket.cancel();
            }
            // Nothing ends before both are in.
            let tickets = blocked.map(|thread| thread.join().unwrap());
            bench.sim.release_all();
            for ticket in tickets {
                ticket.wait().unwrap();
            }
        });
        busy.wait().unwrap();
        for ticket in waiting {
            assert_eq!(kind(ticket.wait()), Some(ErrorKind::Cancelled));
        }
    }
}

#[test]
fn waiters_are_woken_in_the_order_in_which_they_came() {
    let bench = with_capacity(1, Sim::lanes(1, 1));
    bench.sim.hold();
    let mut under_way = bench.write(1, 0);
    let mut waiting: Vec<_> = (1..6).map(|block| Waiting::of(&bench, block)).collect();
    for waiting in &mut waiting {
        assert!(waiting.poll().is_pending());
    }
    for block in 1..6 {
        bench.sim.release(offset(block - 1));
        under_way.wait().unwrap();
        let woken: Vec<_> = waiting.iter().map(|waiting| waiting.wakes.count()).collect();
        let mut expected = vec![0; waiting.len()];
        expected[0] = 1;
        assert_eq!(woken, expected);
        under_way = waiting.remove(0).ticket();
    }
    bench.sim.release_all();
    under_way.wait().unwrap();
    let written: Vec<_> = bench.sim.pushed().iter().map(|call| call.offset).collect();
    assert_eq!(written, (0..6).map(offset).collect::<Vec<_>>());
}

#[test]
fn a_dropped_waiter_has_made_no_request_and_gives_its_turn_on() {
    let bench = with_capacity(1, Sim::lanes(1, 1));
    bench.sim.hold();
    let under_way = bench.write(1, 0);
    let bytes: Arc<[u8]> = pattern(BLOCK, 1).into();
    let mut dropped = Box::pin(bench.engine.pwrite_async(&bench.file, Arc::clone(&bytes), 9));
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    assert!(dropped.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let (mut unwoken, mut next) = (Waiting::of(&bench, 2), Waiting::of(&bench, 3));
    assert!(unwoken.poll().is_pending());
    assert!(next.poll().is_pending());
    drop(unwoken);
    assert_eq!(bench.engine.stats().in_flight, 1);
    bench.sim.release_all();
    under_way.wait().unwrap();
    assert_eq!((wakes.count(), next.wakes.count()), (1, 0));
    drop(dropped);
    assert_eq!(Arc::strong_count(&bytes), 1, "the buffer goes with the future");
    assert_eq!(next.wakes.count(), 1);
    next.ticket().wait().unwrap();
    assert_eq!(bench.sim.pushed().len(), 2);
}

#[test]
fn a_submission_that_waits_goes_on_when_there_is_room_and_not_before() {
    for groups in [1, 2] {
        let bench = with_capacity(2, Sim::lanes(groups, 2 / groups));
        bench.sim.hold();
        let first = [bench.write(1, 0), bench.write(1, 1)];
        bench.sim.wait_for_pushes(2);
        thread::scope(|scope| {
            let blocked = [2, 3, 4].map(|block| {
                let bench = &bench;
                scope.spawn(move || bench.write(1, block).wait().unwrap())
            });
            assert_eq!(bench.engine.stats().in_flight, 2);
            bench.sim.release(offset(0));
            bench.sim.wait_for_pushes(3);
            assert_eq!(bench.engine.stats().in_flight, 2);
            assert_eq!(blocked.iter().filter(|thread| thread.is_finished()).count(), 0);
            bench.sim.release_all();
            for thread in blocked {
                thread.join().unwrap();
            }
        });
        for ticket in first {
            ticket.wait().unwrap();
        }
        let (peak, _) = peaks(&bench.sim.events(), groups);
        assert_eq!(peak, 2);
    }
}

#[test]
fn a_scope_waits_for_room_too() {
    let bench = with_capacity(1, Sim::lanes(1, 2));
    let bytes = pattern(8 * BLOCK, 0);
    bench
        .engine
        .scope(|scope| {
            for (block, bytes) in bytes.chunks(BLOCK).enumerate() {
                // Not waited for: the next one finds room once this has ended.
                drop(scope.pwrite(&bench.file, bytes, offset(block)));
            }
        })
        .unwrap();
    assert!(std::fs::read(&bench.path).unwrap() == bytes);
    assert_eq!(peaks(&bench.sim.events(), 1).0, 1);
}

#[test]
fn many_small_requests_fill_the_depth_together() {
    for overlap_events in [true, false] {
        for single_submit in [true, false] {
            for (groups, depth) in [(1, 8), (2, 4)] {
                // Of several rings the first may take what another would wait with.
                for sim in layouts(groups, depth).into_iter().take(3 - groups) {
                    let settings =
                        EngineSettings { overlap_events, single_submit, ..settings(groups, depth) };
                    let bench = Bench::new(sim, settings);
                    bench.sim.hold();
                    let tickets: Vec<_> = (0..40).map(|block| bench.write(1, block)).collect();
                    bench.sim.wait_for_pushes(groups);
                    // A ring that waits, and a batch, take no more before these have completed.
                    for block in 0..groups {
                        bench.sim.release(offset(block));
                    }
                    let at_once = groups * depth;
                    bench.sim.wait_until(|events| peaks(events, groups).0 == at_once);
                    bench.sim.release_all();
                    for ticket in tickets {
                        ticket.wait().unwrap();
                    }
                }
            }
        }
    }
}

#[test]
fn a_thread_that_waits_does_not_depend_on_a_task_that_does_not_run() {
    for _ in 0..20 {
        let bench = with_capacity(1, Sim::lanes(1, 1));
        bench.sim.hold();
        let under_way = bench.write(1, 0);
        let mut tasks = [Waiting::of(&bench, 1), Waiting::of(&bench, 2)];
        for task in &mut tasks {
            assert!(task.poll().is_pending());
        }
        // As in a task that makes a blocking call on the only thread of its executor.
        thread::scope(|threads| {
            let blocking = threads.spawn(|| bench.engine.fdatasync(&bench.file).wait());
            thread::yield_now();
            bench.sim.release_all();
            under_way.wait().unwrap();
            blocking.join().unwrap().unwrap();
        });
        for task in tasks {
            task.ticket().wait().unwrap();
        }
    }
}
