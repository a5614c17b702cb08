//! Every interleaving of the shipped ticket, queue, parker and file counters, explored by loom.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test --release -p ds-aio --lib loom`.

use std::{collections::HashMap, path::Path, sync::Arc};

use loom::{future::block_on, model::Builder, thread};

mod miniature;
mod races;

use super::{
    file::FileState,
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
    sys::{
        Direction, LaneId, LaneKind, Parker, Shape,
        file::{OpenFile, Policy},
    },
};
use miniature::Miniature;

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
