//! The ring backend: each group has an io_uring, which one thread drives with up to `queue_depth`
//! transfers in flight, and threads besides for blocks that the processor copies.

mod entry;
mod lane;
mod setup;

use std::{
    num::NonZero,
    sync::{Arc, Mutex, PoisonError},
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
    /// One a group, until its lane has it.
    rings: Vec<Mutex<Option<IoUring>>>,
    /// What wakes each ring's lane.
    wakers: Vec<Arc<EventFd>>,
    /// One for each thread that may exist, group by group.
    parkers: Vec<Arc<Parker>>,
}

impl Rings {
    /// Makes every ring there will be.
    pub(crate) fn new(thread_count: usize, queue_depth: usize) -> Result<Self, RingUnavailable> {
        let (shape, differences) = layout(thread_count, queue_depth);
        setup::check()?;
        let ring = |_| setup::ring(shape.group_depth).map(|ring| Mutex::new(Some(ring)));
        let rings = (0..shape.groups).map(ring).collect::<Result<_, _>>()?;
        let waker =
            |_| EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK).map(Arc::new);
        let wakers = (0..shape.groups).map(waker).collect::<Result<_, _>>();
        let wakers = wakers.map_err(RingUnavailable::from_errno)?;
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
                let Some(ring) = ring.take() else {
                    unreachable!("a ring's lane is made once");
                };
                let waker = Arc::clone(&self.wakers[id.group]);
                Box::new(RingLane::new(ring, waker, self.shape.group_depth))
            }
        }
    }

    fn wake(&self, lanes: &[LaneId]) {
        for &lane in lanes {
            match self.shape.kind(lane) {
                LaneKind::Ring => {
                    // It fails if 2^64 wakes have not been seen yet, and then there is one to see.
                    let _ = self.wakers[lane.group].write(1);
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
