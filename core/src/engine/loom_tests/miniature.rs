//! The queue and its workers.

use super::*;

/// The queue with workers that run no I/O: what a crew does, without its threads and backend.
pub(super) struct Miniature {
    pub(super) shape: Shape,
    pub(super) queue: Queue,
    pub(super) parkers: HashMap<LaneId, Parker>,
    pub(super) ran: AtomicUsize,
    pub(super) counters: Counters,
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
    pub(super) fn new(shape: Shape, refill: Refill) -> Arc<Self> {
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

    pub(super) fn dispatch(self: &Arc<Self>, dispatch: Dispatch) {
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

    pub(super) fn work(self: &Arc<Self>, lane: LaneId) {
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

    pub(super) fn submit(self: &Arc<Self>, ledger: &Arc<Ledger>, blocks: usize) -> Ticket<Vec<u8>> {
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
