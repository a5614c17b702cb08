//! The ring backend: each group has an io_uring, which one thread drives with up to `queue_depth`
//! transfers in flight, and threads besides for blocks that the processor copies.

mod entry;
mod lane;
mod setup;

use std::{
    num::NonZero,
    sync::{Arc, Mutex, PoisonError, Weak},
    thread::available_parallelism,
};

use io_uring::IoUring;
use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::{
    config::{AIO_QUEUE_DEPTH, AIO_THREAD_COUNT},
    engine::settings::Difference,
    error::RingUnavailable,
    sys::{
        Backend, Lane, LaneId, LaneKind, Parker, Shape,
        threads::{MAX_LANES, ThreadLane},
    },
};
use lane::RingLane;

/// As many transfers one ring has in flight at most; beyond it `queue_depth` is reduced.
const MAX_DEPTH: usize = 1 << 14;

pub(crate) struct Rings {
    shape: Shape,
    differences: Vec<Difference>,
    /// One a group with what wakes its lane, until the lane has both.
    rings: Vec<Mutex<Option<Ring>>>,
    /// The same wakers: whoever keeps the backend for a ticket's sake keeps no descriptor.
    wakers: Vec<Weak<EventFd>>,
    /// One for each thread that may exist, group by group.
    parkers: Vec<Arc<Parker>>,
}

/// A ring, and what wakes the lane that waits on it.
struct Ring {
    ring: IoUring,
    waker: Arc<EventFd>,
}

impl Rings {
    /// Makes every ring there will be.
    pub(crate) fn new(thread_count: usize, queue_depth: usize) -> Result<Self, RingUnavailable> {
        let (shape, differences) = layout(thread_count, queue_depth);
        setup::check()?;
        let ring = |_| {
            let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
            let waker = EventFd::from_flags(flags).map_err(RingUnavailable::from_errno)?;
            Ok(Ring { ring: setup::ring(shape.group_depth)?, waker: Arc::new(waker) })
        };
        let rings = (0..shape.groups).map(ring).collect::<Result<Vec<_>, _>>()?;
        let wakers = rings.iter().map(|Ring { waker, .. }| Arc::downgrade(waker)).collect();
        let rings = rings.into_iter().map(|ring| Mutex::new(Some(ring))).collect();
        let parkers = (0..shape.groups * shape.threads).map(|_| Arc::default()).collect();
        Ok(Self { shape, differences, rings, wakers, parkers })
    }

    fn parker(&self, lane: LaneId) -> Option<&Arc<Parker>> {
        self.parkers.get(lane.group * self.shape.threads + lane.index - 1)
    }
}

/// `thread_count` groups of a ring each, within [`MAX_LANES`] and [`MAX_DEPTH`].
fn layout(thread_count: usize, queue_depth: usize) -> (Shape, Vec<Difference>) {
    let groups = thread_count.clamp(1, MAX_LANES);
    let group_depth = queue_depth.clamp(1, MAX_DEPTH);
    let mut differences = Vec::new();
    if groups != thread_count {
        let reason = format!("an engine has at most {MAX_LANES} rings");
        differences.push(Difference::new(AIO_THREAD_COUNT, thread_count, groups, reason));
    }
    if group_depth != queue_depth {
        let reason = format!("a ring has at most {MAX_DEPTH} blocks in flight");
        differences.push(Difference::new(AIO_QUEUE_DEPTH, queue_depth, group_depth, reason));
    }
    let threads = group_depth.min(MAX_LANES / groups);
    let copiers = available_parallelism().map_or(1, NonZero::get);
    (Shape { groups, group_depth, rings: true, threads, copiers }, differences)
}

impl Backend for Rings {
    fn name(&self) -> &'static str {
        "io_uring"
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn differences(&self) -> Vec<Difference> {
        self.differences.clone()
    }

    fn lane(&self, id: LaneId) -> Box<dyn Lane> {
        match self.shape.kind(id) {
            LaneKind::Thread => {
                Box::new(ThreadLane::new(self.parker(id).cloned().unwrap_or_default()))
            }
            LaneKind::Ring => {
                let mut ring = self.rings[id.group].lock().unwrap_or_else(PoisonError::into_inner);
                let Some(Ring { ring, waker }) = ring.take() else {
                    unreachable!("a ring's lane is made once");
                };
                Box::new(RingLane::new(ring, waker, self.shape.group_depth))
            }
        }
    }

    fn wake(&self, lanes: &[LaneId]) {
        for &lane in lanes {
            match self.shape.kind(lane) {
                LaneKind::Ring => {
                    if let Some(waker) = self.wakers[lane.group].upgrade() {
                        // It fails if 2^64 wakes have not been seen yet, and then there is one to see.
                        let _ = waker.write(1);
                    }
                }
                LaneKind::Thread => {
                    if let Some(parker) = self.parker(lane) {
                        parker.wake();
                    }
                }
            }
        }
    }
}
