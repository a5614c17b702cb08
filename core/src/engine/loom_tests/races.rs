//! What ends requests from outside, against the workers that run them.

use super::*;
use crate::sync::{Mutex, lock};

/// What a request's owner was told, in order.
#[derive(Default)]
struct Told(Mutex<Vec<&'static str>>);

impl Delivery for Told {
    fn deliver(&self, _result: Result<(), Error>) {
        lock(&self.0).push("delivered");
    }

    fn lose(&self, _error: Error) {
        lock(&self.0).push("lost");
    }

    fn release(&self) {
        lock(&self.0).push("released");
    }
}

/// A worker of the miniature's first lane.
fn first_worker(crew: &Arc<Miniature>) -> thread::JoinHandle<()> {
    let crew = Arc::clone(crew);
    thread::spawn(move || {
        let lane = LaneId { group: 0, index: 0 };
        crew.parkers[&lane].park(None);
        crew.work(lane);
    })
}

fn ran(crew: &Miniature) -> usize {
    crew.ran.load(Ordering::Relaxed)
}

#[test]
fn loom_a_lost_request_is_lost_before_it_is_released() {
    explore(3, || {
        let ledger = ledger();
        let told = Arc::new(Told::default());
        let asked = asked(Direction::Read, Memory::EMPTY);
        let host = Arc::new(Nobody(Counters::default()));
        let delivery: Arc<dyn Delivery> = Arc::clone(&told) as _;
        let FileState { open, flights, .. } = &file(&ledger);
        let request = Request::accept(asked, open, Arc::clone(flights), host, None, delivery);
        let late = Arc::clone(&request);
        let block_in_flight = thread::spawn(move || late.complete(1));
        let again = Arc::clone(&request);
        let second_deadline = thread::spawn(move || again.lose());
        request.lose();
        block_in_flight.join().unwrap();
        second_deadline.join().unwrap();
        let told = lock(&told.0);
        assert!(told.as_slice() == ["delivered"] || told.as_slice() == ["lost", "released"]);
    });
}

#[test]
fn loom_a_barrier_held_back_keeps_a_closing_queue_open() {
    explore(2, || {
        let ledger = ledger();
        let crew = Miniature::new(Shape::of_threads(1, 1), Refill::AsBlocksComplete);
        let working = first_worker(&crew);
        let file = file(&ledger);
        let host: Arc<dyn Host> = Arc::clone(&crew) as _;
        let (read, request) = request_on(&file, &ledger, Arc::clone(&host), Direction::Read, 1);
        crew.dispatch(crew.queue.submit(&request).unwrap());
        let (sync, barrier) = request_on(&file, &ledger, Arc::clone(&host), Direction::Sync, 1);
        crew.queue.hold().unwrap();
        if !barrier.hold_back() {
            host.submit_held(&barrier).unwrap();
        }
        crew.dispatch(crew.queue.close());
        sync.wait().unwrap();
        assert!(read.is_done());
        assert_eq!(crew.queue.wait_for_exit(None), Exited::All);
        working.join().unwrap();
        assert_eq!(ran(&crew), 2);
    });
}

#[test]
fn loom_a_cancelled_barrier_lets_a_closing_queue_go() {
    explore(2, || {
        let ledger = ledger();
        let crew = Miniature::new(Shape::of_threads(1, 1), Refill::AsBlocksComplete);
        let working = first_worker(&crew);
        let file = file(&ledger);
        let host: Arc<dyn Host> = Arc::clone(&crew) as _;
        let (read, request) = request_on(&file, &ledger, Arc::clone(&host), Direction::Read, 1);
        crew.dispatch(crew.queue.submit(&request).unwrap());
        let (sync, barrier) = request_on(&file, &ledger, Arc::clone(&host), Direction::Sync, 1);
        crew.queue.hold().unwrap();
        if !barrier.hold_back() {
            host.submit_held(&barrier).unwrap();
        }
        crew.dispatch(crew.queue.close());
        sync.cancel();
        match sync.wait() {
            Ok(_) => assert!(read.is_done()),
            Err(failed) => assert_eq!(failed.error().kind(), ErrorKind::Cancelled),
        }
        assert_eq!(crew.queue.wait_for_exit(None), Exited::All);
        working.join().unwrap();
        read.wait().unwrap();
    });
}

#[test]
fn loom_two_cancels_and_a_worker_end_a_request_once() {
    explore(2, || {
        let ledger = ledger();
        let crew = Miniature::new(Shape::of_threads(1, 1), Refill::AsBlocksComplete);
        let working = first_worker(&crew);
        let ticket = Arc::new(crew.submit(&ledger, 2));
        let cancelling = {
            let ticket = Arc::clone(&ticket);
            thread::spawn(move || ticket.cancel())
        };
        ticket.cancel();
        crew.dispatch(crew.queue.close());
        cancelling.join().unwrap();
        match Arc::into_inner(ticket).unwrap().wait() {
            Ok(_) => assert_eq!(ran(&crew), 2),
            Err(failed) => {
                assert_eq!(failed.error().done(), 512 * ran(&crew));
                assert!(ran(&crew) < 2);
            }
        }
        assert_eq!(crew.queue.wait_for_exit(None), Exited::All);
        working.join().unwrap();
        ledger.take_all(None).unwrap();
    });
}

#[test]
fn loom_two_who_wait_for_the_end_both_see_it() {
    explore(2, || {
        let ledger = ledger();
        let crew = Miniature::new(Shape::of_threads(1, 1), Refill::AsBlocksComplete);
        let working = first_worker(&crew);
        let ticket = crew.submit(&ledger, 1);
        let waiting = {
            let crew = Arc::clone(&crew);
            thread::spawn(move || {
                crew.dispatch(crew.queue.close());
                assert_eq!(crew.queue.wait_for_exit(None), Exited::All);
            })
        };
        crew.dispatch(crew.queue.close());
        assert_eq!(crew.queue.wait_for_exit(None), Exited::All);
        ticket.wait().unwrap();
        waiting.join().unwrap();
        working.join().unwrap();
    });
}

#[test]
fn loom_a_queue_given_up_leaves_each_block_to_one() {
    for refill in [Refill::AsBlocksComplete, Refill::AfterBatch] {
        explore(2, move || {
            let ledger = ledger();
            let crew = Miniature::new(Shape::of_threads(1, 1), refill);
            let working = first_worker(&crew);
            let ticket = crew.submit(&ledger, 2);
            let (given_up, dispatch) = crew.queue.shut_down();
            for (request, Unclaimed { first, count }) in given_up {
                request.fail_from(first, ErrorKind::ShutDown);
                request.complete(count);
            }
            crew.dispatch(dispatch);
            let refused = crew.submit(&ledger, 1).wait().unwrap_err();
            assert_eq!(refused.error().kind(), ErrorKind::ShutDown);
            // Nothing is stuck here: what was begun ends.
            match ticket.wait() {
                Ok(_) => assert_eq!(ran(&crew), 2),
                Err(failed) => {
                    assert_eq!(failed.error().kind(), ErrorKind::ShutDown);
                    assert_eq!(failed.error().done(), 512 * ran(&crew));
                    assert!(ran(&crew) < 2);
                }
            }
            working.join().unwrap();
            assert_eq!(crew.queue.wait_for_exit(None), Exited::All);
        });
    }
}
