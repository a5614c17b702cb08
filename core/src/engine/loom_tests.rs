//! Every interleaving of the shipped ticket, queue, parker and file counters, explored by loom.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test --release -p ds-aio --lib loom`.

use std::{collections::HashMap, path::Path, sync::Arc};

use loom::{future::block_on, model::Builder, thread};

mod races;

use super::{
    plan::{Plan, Ways},
    queue::{Claim, Dispatch, Exited, Finished, Queue, Step, Waits},
    request::{Asked, Delivery, Host, Request, Unclaimed},
    stats::Counters,
    ticket::TicketState,
    *,
};
use crate::{
    buf::Memory,
    config::DirectMode,
    sync::atomic::{AtomicUsize, Ordering},
    sys::{Direction, LaneId, LaneKind, Parker, Shape},
};

/// Explores with at most so many preemptions, which bounds the time and finds nearly everything.
fn explore(preemptions: usize, test: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(test);
}

fn ledger() -> Arc<Ledger> {
    Arc::new(Ledger::new(EngineId::next(), Arc::new(ForkMark::new())))
}

/// A file that no test touches.
fn file(ledger: &Ledger) -> FileState {
    let policy = Policy { mode: DirectMode::Never, block_size: 512 };
    let open = OpenFile::open(Path::new("/dev/null"), &OpenOptions::new(), policy).unwrap();
    FileState::new(ledger.engine(), open)
}

/// As most requests are, in blocks of 512 bytes.
fn asked(direction: Direction, memory: Memory) -> Asked {
    let plan = Plan::new(false, 0, memory.len(), 512, Ways::Buffered);
    let priority = Priority::Normal;
    let (to_end, copied, direct) = (false, false, true);
    Asked { direction, memory, offset: 0, plan, priority, to_end, copied, direct }
}

/// A request of so many blocks, and its ticket.
fn request_on(
    file: &FileState,
    ledger: &Arc<Ledger>,
    host: Arc<dyn Host>,
    direction: Direction,
    blocks: usize,
) -> (Ticket<Vec<u8>>, Arc<Request>) {
    let buffer = vec![7; 512 * blocks];
    let (state, memory) = TicketState::new(buffer, Arc::clone(ledger), FILE, Memory::of_mut, None);
    let asked = asked(direction, memory);
    let delivery: Arc<dyn Delivery> = Arc::clone(&state) as _;
    let FileState { open, flights, .. } = file;
    let request = Request::accept(asked, open, Arc::clone(flights), host, None, delivery);
    (Ticket::new(state, Arc::clone(&request)), request)
}

fn request(ledger: &Arc<Ledger>, blocks: usize) -> (Ticket<Vec<u8>>, Arc<Request>) {
    let host = Arc::new(Nobody(Counters::default()));
    request_on(&file(ledger), ledger, host, Direction::Read, blocks)
}

/// The engine of requests that are in no queue.
struct Nobody(Counters);

impl Host for Nobody {
    fn is_forked(&self) -> bool {
        false
    }

    fn counters(&self) -> &Counters {
        &self.0
    }

    fn submit_held(self: Arc<Self>, request: &Arc<Request>) -> Result<(), ErrorKind> {
        request.complete(1);
        Ok(())
    }

    fn drop_held(self: Arc<Self>) {}

    fn stop(self: Arc<Self>, _request: &Request) {}

    fn withdraw(self: Arc<Self>, _request: &Request) -> Option<Unclaimed> {
        None
    }
}

const FILE: u64 = 0;

#[test]
fn loom_a_waiting_ticket_gets_its_buffer() {
    explore(3, || {
        let ledger = ledger();
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
        let ledger = ledger();
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
        let ledger = ledger();
        let (ticket, request) = request(&ledger, 1);
        let engine = thread::spawn(move || request.refuse(ErrorKind::NoSpace));
        drop(ticket);
        engine.join().unwrap();
        assert_eq!(ledger.take_abandoned(FILE, None).unwrap_err().errors().len(), 1);
        ledger.take_all(None).unwrap();
    });
}

#[test]
fn loom_a_dropped_tickets_buffer_is_freed_once_or_called_back() {
    explore(3, || {
        let ledger = ledger();
        let (ticket, request) = request(&ledger, 1);
        let called = Arc::new(AtomicUsize::new(0));
        let engine = thread::spawn(move || request.complete(1));
        let count = Arc::clone(&called);
        ticket.on_completion(move |result| {
            assert_eq!(result.unwrap(), [7; 512]);
            count.fetch_add(1, Ordering::Relaxed);
        });
        engine.join().unwrap();
        assert_eq!(called.load(Ordering::Relaxed), 1);
        ledger.take_all(None).unwrap();
    });
}

#[test]
fn loom_a_lost_request_tells_its_ticket_once_and_keeps_the_buffer() {
    explore(3, || {
        let ledger = ledger();
        let (ticket, request) = request(&ledger, 1);
        let late = Arc::clone(&request);
        let block_in_flight = thread::spawn(move || late.complete(1));
        let deadline = thread::spawn(move || request.lose());
        match ticket.wait() {
            Ok(buffer) => assert_eq!(buffer, [7; 512]),
            Err(failed) => {
                assert_eq!(failed.error().kind(), ErrorKind::ShutDown);
                // The block may have ended before the ticket was waited for.
                let buffer = failed.into_parts().1;
                assert!(buffer.is_none_or(|buffer| buffer == [7; 512]));
            }
        }
        block_in_flight.join().unwrap();
        deadline.join().unwrap();
        ledger.take_all(None).unwrap();
    });
}

#[test]
fn loom_a_sync_comes_after_what_began_before_it() {
    explore(3, || {
        let ledger = ledger();
        let file = file(&ledger);
        let host: Arc<dyn Host> = Arc::new(Nobody(Counters::default()));
        let read = |direction| request_on(&file, &ledger, Arc::clone(&host), direction, 1);
        let (first, first_request) = read(Direction::Read);
        let (sync, sync_request) = read(Direction::Sync);
        let engine = thread::spawn(move || first_request.complete(1));
        if !sync_request.hold_back() {
            assert!(first.is_done());
            Arc::clone(&host).submit_held(&sync_request).unwrap();
        }
        sync.wait().unwrap();
        assert!(first.is_done());
        first.wait().unwrap();
        engine.join().unwrap();
    });
}

#[test]
fn loom_a_wake_is_never_lost() {
    explore(3, || {
        let parker = Arc::new(Parker::default());
        let waker = Arc::clone(&parker);
        let waking = thread::spawn(move || waker.wake());
        parker.park(None);
        waking.join().unwrap();
    });
}

/// The queue with workers that run no I/O: what a crew does, without its threads and backend.
struct Miniature {
    shape: Shape,
    queue: Queue,
    parkers: HashMap<LaneId, Parker>,
    ran: AtomicUsize,
    counters: Counters,
}

impl Host for Miniature {
    fn stop(self: Arc<Self>, _request: &Request) {}

    fn is_forked(&self) -> bool {
        false
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }

    fn submit_held(self: Arc<Self>, request: &Arc<Request>) -> Result<(), ErrorKind> {
        self.queue.submit_held(request).map(|dispatch| self.dispatch(dispatch))
    }

    fn drop_held(self: Arc<Self>) {
        self.dispatch(self.queue.drop_held());
    }

    fn withdraw(self: Arc<Self>, request: &Request) -> Option<Unclaimed> {
        let (unclaimed, dispatch) = self.queue.withdraw(request);
        self.dispatch(dispatch);
        unclaimed
    }
}

impl Miniature {
    fn new(shape: Shape, refill: Refill) -> Arc<Self> {
        let this = Self {
            shape,
            queue: Queue::new(shape, refill, 0),
            parkers: shape.all_lanes().map(|lane| (lane, Parker::default())).collect(),
            ran: AtomicUsize::new(0),
            counters: Counters::default(),
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
        let mut finished = Finished::default();
        let mut arriving = true;
        let mut in_flight = Vec::new();
        loop {
            let waits = if in_flight.is_empty() { Waits::Idle } else { Waits::WithBlocks };
            let (step, dispatch) =
                self.queue.next(lane, std::mem::take(&mut finished), waits, arriving);
            arriving = false;
            self.dispatch(dispatch);
            match step {
                // Some are for the other kind of lane, as a worker finds out when it looks.
                Step::Run(claim)
                    if self.shape.kind(lane) == LaneKind::Ring
                        && !claim.stays
                        && claim.block % 2 == 1 =>
                {
                    let claim = claim.for_any();
                    match self.queue.hand_over(lane, LaneKind::Thread, claim) {
                        Ok(dispatch) => self.dispatch(dispatch),
                        Err(claim) => in_flight.push(claim),
                    }
                }
                Step::Run(claim) => {
                    in_flight.push(claim);
                    if in_flight.len() == self.shape.depth_of(lane) {
                        finished = self.run(&mut in_flight);
                    }
                }
                Step::Wait(_) => {
                    finished = self.run(&mut in_flight);
                    arriving = true;
                }
                Step::Park(until) => {
                    self.parkers[&lane].park(until);
                    arriving = true;
                }
                Step::Exit => return,
            }
        }
    }

    fn run(&self, claims: &mut Vec<Claim>) -> Finished {
        let blocks = claims.len();
        for claim in claims.drain(..) {
            self.ran.fetch_add(1, Ordering::Relaxed);
            claim.request.complete(1);
        }
        Finished { blocks, copied: 0 }
    }

    fn submit(self: &Arc<Self>, ledger: &Arc<Ledger>, blocks: usize) -> Ticket<Vec<u8>> {
        let host = Arc::clone(self) as _;
        let (ticket, request) = request_on(&file(ledger), ledger, host, Direction::Read, blocks);
        match self.queue.submit(&request) {
            Ok(dispatch) => self.dispatch(dispatch),
            Err(reason) => request.refuse(reason),
        }
        ticket
    }
}

/// Lanes of that shape run three blocks and exit.
fn a_whole_life(shape: Shape) {
    for refill in [Refill::AsBlocksComplete, Refill::AfterBatch] {
        explore(2, move || {
            let ledger = ledger();
            let crew = Miniature::new(shape, refill);
            let first = {
                let crew = Arc::clone(&crew);
                thread::spawn(move || {
                    let lane = LaneId { group: 0, index: 0 };
                    crew.parkers[&lane].park(None);
                    crew.work(lane);
                })
            };
            let ticket = crew.submit(&ledger, 3);
            crew.dispatch(crew.queue.close());
            assert_eq!(ticket.wait().map(|buffer| buffer.len()).ok(), Some(3 * 512));
            assert_eq!(crew.queue.wait_for_exit(None), Exited::All);
            first.join().unwrap();
            assert_eq!(crew.ran.load(Ordering::Relaxed), 3);
        });
    }
}

#[test]
fn loom_the_queue_runs_each_block_once_and_lets_its_workers_go() {
    a_whole_life(Shape::of_threads(1, 2));
}

#[test]
fn loom_a_ring_and_a_thread_share_the_blocks_and_both_go() {
    a_whole_life(Shape::of_rings(1, 2, 1));
}

#[test]
fn loom_a_poisoned_queue_leaves_no_request_waiting() {
    explore(2, || {
        let ledger = ledger();
        let crew = Miniature::new(Shape::of_threads(1, 1), Refill::AsBlocksComplete);
        let panicking = {
            let crew = Arc::clone(&crew);
            thread::spawn(move || {
                let lane = LaneId { group: 0, index: 0 };
                let (given_up, dispatch) = crew.queue.poison(lane);
                for (request, Unclaimed { count, .. }) in given_up {
                    request.fail(0, ErrorKind::Poisoned.into());
                    request.complete(count);
                }
                crew.dispatch(dispatch);
            })
        };
        let failed = crew.submit(&ledger, 2).wait().unwrap_err();
        assert_eq!(failed.error().kind(), ErrorKind::Poisoned);
        assert_eq!(crew.queue.wait_for_exit(None), Exited::All);
        panicking.join().unwrap();
    });
}

#[test]
fn loom_a_cancelled_request_ends_once_with_what_was_done() {
    explore(2, || {
        let ledger = ledger();
        let crew = Miniature::new(Shape::of_threads(1, 1), Refill::AsBlocksComplete);
        let working = {
            let crew = Arc::clone(&crew);
            thread::spawn(move || {
                let lane = LaneId { group: 0, index: 0 };
                crew.parkers[&lane].park(None);
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
        assert_eq!(crew.queue.wait_for_exit(None), Exited::All);
        working.join().unwrap();
        ledger.take_all(None).unwrap();
    });
}
