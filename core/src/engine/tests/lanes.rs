//! Which lanes the queue calls: it is asked step by step, with no worker.

use std::sync::Arc;

use super::{BLOCK, Bench, settings};
use crate::{
    buf::Memory,
    engine::{
        file::FileState,
        queue::{Dispatch, Finished, Queue, Refill, Step, Waits},
        request::Request,
        ticket::TicketState,
    },
    sys::{Direction, LaneId, Shape, sim::Sim},
};

struct Called {
    bench: Bench,
    queue: Queue,
}

impl Called {
    fn new(groups: usize, lanes_per_group: usize, copiers: usize) -> Self {
        Self::with(Shape { copiers, ..Shape::of_threads(groups, lanes_per_group) })
    }

    fn with(shape: Shape) -> Self {
        let queue = Queue::new(shape, Refill::AsBlocksComplete, 0);
        queue.first_lanes();
        Self { bench: Bench::new(Sim::lanes(1, 1), settings(1, 1)), queue }
    }

    fn submit(&self, blocks: usize, copied: bool) -> Dispatch {
        let engine = &self.bench.engine;
        let (state, memory) = TicketState::new(
            vec![0; blocks * BLOCK],
            Arc::clone(&engine.ledger),
            0,
            Memory::of_mut,
            None,
        );
        let mut asked = engine.ask(&self.bench.file, Direction::Read, memory, 0, false);
        asked.copied = copied;
        let host = Arc::clone(&engine.crew) as _;
        let FileState { open, flights, .. } = &*self.bench.file.state;
        let request = Request::accept(asked, open, Arc::clone(flights), host, None, state);
        self.queue.submit(&request).unwrap_or_default()
    }

    /// The lane comes. Whether its block is copied, and the lanes that are called besides.
    fn arrives(&self, lane: LaneId) -> (bool, Vec<LaneId>) {
        self.asks(lane, Finished::default(), true).unwrap()
    }

    /// The lane is done with such a block; none if it parks.
    fn is_done(&self, lane: LaneId, copied: bool) -> Option<bool> {
        let finished = Finished { blocks: 1, copied: copied.into() };
        self.asks(lane, finished, false).map(|(copied, _)| copied)
    }

    fn asks(
        &self,
        lane: LaneId,
        finished: Finished,
        arriving: bool,
    ) -> Option<(bool, Vec<LaneId>)> {
        let (step, Dispatch { wake, start, .. }) =
            self.queue.next(lane, finished, Waits::Idle, arriving);
        match step {
            Step::Run(claim) => Some((claim.request.asked().copied, [wake, start].concat())),
            Step::Wait(_) | Step::Park(_) | Step::Exit => None,
        }
    }
}

fn lane(group: usize, index: usize) -> LaneId {
    LaneId { group, index }
}

#[test]
fn a_lane_that_does_not_start_is_replaced_by_an_idle_one() {
    let called = Called::new(2, 2, usize::MAX);
    let [busy, idle] = [lane(0, 0), lane(1, 0)];
    assert_eq!(called.submit(1, false).wake, [busy]);
    assert_eq!(called.arrives(busy), (false, vec![]));
    assert_eq!(called.submit(1, false).wake, [idle]);
    assert_eq!(called.arrives(idle), (false, vec![]));
    assert_eq!(called.is_done(idle, false), None);
    let dispatch = called.submit(1, false);
    assert_eq!(dispatch.start, [lane(0, 1)]);
    assert_eq!(called.queue.not_started(dispatch.start[0]).wake, [idle]);
}

#[test]
fn what_is_copied_calls_as_many_lanes_as_there_are_processors() {
    let called = Called::new(1, 8, 2);
    let Dispatch { wake, start, .. } = called.submit(6, true);
    assert_eq!((wake, start), (vec![lane(0, 0)], vec![lane(0, 1)]));
    let more = called.submit(2, true);
    assert!(more.wake.is_empty() && more.start.is_empty(), "two are coming");
    for index in [0, 1] {
        assert_eq!(called.arrives(lane(0, index)), (true, vec![]));
    }
    let more = called.submit(2, true);
    assert!(more.wake.is_empty() && more.start.is_empty(), "two are at it");

    // What waits for a device has lanes besides, all at once or one calling the next.
    let device = called.submit(2, false);
    assert_eq!(device.start, [lane(0, 2), lane(0, 3)]);
    assert!(called.submit(1, false).start.is_empty());
    assert_eq!(called.arrives(lane(0, 2)), (true, vec![]));
    assert_eq!(called.arrives(lane(0, 3)), (true, vec![lane(0, 4)]));
    assert_eq!(called.arrives(lane(0, 4)).1, [lane(0, 5)]);
}

#[test]
fn lanes_that_copy_see_to_all_there_is_to_copy() {
    let called = Called::new(1, 8, 2);
    called.submit(5, true);
    called.arrives(lane(0, 0));
    called.arrives(lane(0, 1));
    assert_eq!(called.is_done(lane(0, 0), true), Some(true));
    assert_eq!(called.is_done(lane(0, 1), true), Some(true));
    assert_eq!(called.is_done(lane(0, 0), true), Some(true));
    assert_eq!(called.is_done(lane(0, 0), true), None);
    // One still copies, so that one more is of use.
    assert_eq!(called.submit(3, true).wake, [lane(0, 0)]);
}

#[test]
fn a_lane_that_copies_calls_another_before_it_turns_to_something_else() {
    let called = Called::new(1, 8, 1);
    assert_eq!(called.submit(3, true).wake, [lane(0, 0)]);
    assert_eq!(called.arrives(lane(0, 0)), (true, vec![]));
    assert_eq!(called.queue.copier_leaves(lane(0, 0)).start, [lane(0, 1)]);
    assert_eq!(called.arrives(lane(0, 1)), (true, vec![]));
    assert_eq!(called.is_done(lane(0, 0), false), Some(true));
    assert!(called.queue.copier_leaves(lane(0, 0)).start.is_empty(), "nothing is left to copy");
    assert!(called.submit(1, true).start.is_empty(), "one still copies");
    assert_eq!(called.queue.copier_leaves(lane(0, 0)).start, [lane(0, 2)]);
}

#[test]
fn what_a_ring_drew_for_a_lane_that_turns_to_something_else_is_anothers() {
    let called = Called::with(Shape { copiers: 1, ..Shape::of_rings(1, 4, 4) });
    let [ring, first, second] = [0, 1, 2].map(|index| lane(0, index));
    let by_thread = |yes| called.bench.file.state.open.by_thread().set(false, yes);
    by_thread(true);
    assert_eq!(called.submit(1, true).start, [first]);
    assert_eq!(called.arrives(first), (true, vec![]));
    // The one that copies comes to this when the ring has drawn it.
    let more = called.submit(1, true);
    assert!(more.wake.is_empty() && more.start.is_empty(), "one is at it");
    assert!(called.asks(ring, Finished::default(), true).is_none());
    assert_eq!(called.queue.copier_leaves(first).start, [second]);
    assert_eq!(called.arrives(second), (true, vec![]));
}
