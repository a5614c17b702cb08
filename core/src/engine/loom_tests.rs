//! Every interleaving of the shipped ticket, queue, parker and file counters, explored by loom.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test --release -p ds-aio --lib loom`.

use std::{collections::HashMap, path::Path, sync::Arc};

use loom::{future::block_on, model::Builder, thread};

use super::{
    file::Flights,
    queue::{Dispatch, Queue, Step},
    *,
};
use crate::{
    sync::atomic::{AtomicUsize, Ordering},
    sys::{LaneId, Parker, Shape},
};

/// Explores with at most so many preemptions, which bounds the time and finds nearly everything.
fn explore(preemptions: usize, test: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(test);
}

/// A request of so many blocks, and its ticket; the file is one that no test touches.
fn request(ledger: &Arc<Ledger>, blocks: usize) -> (Ticket<Vec<u8>>, Arc<Request>) {
    let open = OpenFile::open(Path::new("/dev/null"), &OpenOptions::new()).unwrap();
    let file = FileState::new(ledger.engine(), open);
    let buffer = vec![7; 512 * blocks];
    let (state, memory) = TicketState::new(
        buffer,
        Arc::clone(ledger),
        FILE,
        Memory::of_mut,
        Some(crate::buf::filled()),
    );
    let plan = Plan::new(false, 0, memory.len(), memory.address(), 512, None);
    let asked = Asked { direction: Direction::Read, memory, offset: 0, plan };
    let request = Request::accept(asked, &file, Arc::default(), Arc::clone(&state) as _);
    (Ticket::new(state, Arc::clone(&request)), request)
}

const FILE: u64 = 0;

#[test]
fn loom_a_waiting_ticket_gets_its_buffer() {
    explore(3, || {
        let ledger = Arc::new(Ledger::new(EngineId::next()));
        let (ticket, request) = request(&ledger, 1);
        let engine = thread::spawn(move || request.complete(1));
        assert_eq!(ticket.wait().unwrap(), [7; 512]);
        engine.join().unwrap();
        ledger.take_all(None).unwrap();
    });
}

#[test]
fn loom_an_awaited_ticket_is_woken() {
    explore(3, || {
        let ledger = Arc::new(Ledger::new(EngineId::next()));
        let (ticket, request) = request(&ledger, 1);
        let engine = thread::spawn(move || request.refuse(ErrorKind::NoSpace));
        let (error, buffer) = block_on(ticket).unwrap_err().into_parts();
        assert_eq!((error.kind(), buffer), (ErrorKind::NoSpace, Some(vec![7; 512])));
        engine.join().unwrap();
        ledger.take_all(None).unwrap();
    });
}

#[test]
fn loom_a_dropped_tickets_failure_is_reported_once() {
    explore(3, || {
        let ledger = Arc::new(Ledger::new(EngineId::next()));
        let (ticket, request) = request(&ledger, 1);
        let engine = thread::spawn(move || request.refuse(ErrorKind::NoSpace));
        drop(ticket);
        engine.join().unwrap();
        assert_eq!(ledger.take_abandoned(FILE, None).unwrap_err().errors().len(), 1);
        ledger.take_all(None).unwrap();
    });
}

#[test]
fn loom_a_sync_waits_for_what_began_before_it() {
    explore(3, || {
        let flights = Arc::new(Flights::default());
        let ended = Arc::new(AtomicUsize::new(0));
        let epoch = flights.begin();
        let engine = {
            let (flights, ended) = (Arc::clone(&flights), Arc::clone(&ended));
            thread::spawn(move || {
                ended.store(1, Ordering::Release);
                flights.end(epoch);
            })
        };
        flights.wait_for_earlier();
        assert_eq!(ended.load(Ordering::Acquire), 1);
        engine.join().unwrap();
    });
}

#[test]
fn loom_a_wake_is_never_lost() {
    explore(3, || {
        let parker = Arc::new(Parker::default());
        let waker = Arc::clone(&parker);
        let waking = thread::spawn(move || waker.wake());
        parker.park();
        waking.join().unwrap();
    });
}

/// The queue with workers that run no I/O: what a crew does, without its threads and backend.
struct Miniature {
    queue: Queue,
    parkers: HashMap<LaneId, Parker>,
    ran: AtomicUsize,
}

impl Miniature {
    fn new(lanes: usize, refill: Refill) -> Arc<Self> {
        let shape = Shape { groups: 1, lanes_per_group: lanes, lane_depth: 1 };
        let all = (0..lanes).map(|index| LaneId { group: 0, index });
        let this = Self {
            queue: Queue::new(shape, refill),
            parkers: all.map(|lane| (lane, Parker::default())).collect(),
            ran: AtomicUsize::new(0),
        };
        let first = this.queue.first_lanes();
        assert_eq!(first.len(), 1);
        Arc::new(this)
    }

    fn dispatch(self: &Arc<Self>, dispatch: Dispatch) {
        for lane in dispatch.wake {
            self.parkers[&lane].wake();
        }
        for lane in dispatch.start {
            let this = Arc::clone(self);
            thread::spawn(move || this.work(lane));
        }
        for (request, blocks) in dispatch.given_up {
            request.complete(blocks);
        }
    }

    fn work(self: &Arc<Self>, lane: LaneId) {
        let mut finished = 0;
        loop {
            let (step, dispatch) = self.queue.next(lane, std::mem::take(&mut finished), false);
            self.dispatch(dispatch);
            match step {
                Step::Run(claim) => {
                    self.ran.fetch_add(1, Ordering::Relaxed);
                    claim.request.complete(1);
                    finished = 1;
                }
                Step::Wait => unreachable!("a lane of depth 1 is never busy when it asks"),
                Step::Park => self.parkers[&lane].park(),
                Step::Exit => return,
            }
        }
    }

    fn submit(self: &Arc<Self>, ledger: &Arc<Ledger>, blocks: usize) -> Ticket<Vec<u8>> {
        let (ticket, request) = request(ledger, blocks);
        match self.queue.submit(&request) {
            Ok(dispatch) => self.dispatch(dispatch),
            Err(reason) => request.refuse(reason),
        }
        ticket
    }
}

#[test]
fn loom_the_queue_runs_each_block_once_and_lets_its_workers_go() {
    for refill in [Refill::AsBlocksComplete, Refill::AfterBatch] {
        explore(2, move || {
            let ledger = Arc::new(Ledger::new(EngineId::next()));
            let crew = Miniature::new(2, refill);
            let first = {
                let crew = Arc::clone(&crew);
                thread::spawn(move || {
                    let lane = LaneId { group: 0, index: 0 };
                    crew.parkers[&lane].park();
                    crew.work(lane);
                })
            };
            let ticket = crew.submit(&ledger, 3);
            crew.dispatch(crew.queue.close());
            assert_eq!(ticket.wait().map(|buffer| buffer.len()).ok(), Some(3 * 512));
            crew.queue.wait_for_exit();
            first.join().unwrap();
            assert_eq!(crew.ran.load(Ordering::Relaxed), 3);
        });
    }
}

#[test]
fn loom_a_poisoned_queue_leaves_no_request_waiting() {
    explore(2, || {
        let ledger = Arc::new(Ledger::new(EngineId::next()));
        let crew = Miniature::new(1, Refill::AsBlocksComplete);
        let panicking = {
            let crew = Arc::clone(&crew);
            thread::spawn(move || {
                let dispatch = crew.queue.poison();
                for (request, _) in &dispatch.given_up {
                    request.fail(0, ErrorKind::Poisoned.into());
                }
                crew.dispatch(dispatch);
            })
        };
        let failed = crew.submit(&ledger, 2).wait().unwrap_err();
        assert_eq!(failed.error().kind(), ErrorKind::Poisoned);
        crew.queue.wait_for_exit();
        panicking.join().unwrap();
    });
}

#[test]
fn loom_a_cancelled_request_ends_once_with_what_was_done() {
    explore(2, || {
        let ledger = Arc::new(Ledger::new(EngineId::next()));
        let crew = Miniature::new(1, Refill::AsBlocksComplete);
        let working = {
            let crew = Arc::clone(&crew);
            thread::spawn(move || {
                let lane = LaneId { group: 0, index: 0 };
                crew.parkers[&lane].park();
                crew.work(lane);
            })
        };
        let ticket = crew.submit(&ledger, 3);
        ticket.cancel();
        crew.dispatch(crew.queue.close());
        let ran = |crew: &Miniature| crew.ran.load(Ordering::Relaxed);
        match ticket.wait() {
            Ok(_) => assert_eq!(ran(&crew), 3),
            Err(failed) => {
                assert_eq!(failed.error().kind(), ErrorKind::Cancelled);
                assert!(failed.error().done() <= 512 * ran(&crew));
            }
        }
        crew.queue.wait_for_exit();
        working.join().unwrap();
        ledger.take_all(None).unwrap();
    });
}
