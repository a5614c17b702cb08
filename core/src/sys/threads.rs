//! The portable backend: each lane is a thread that makes one blocking pread or pwrite at a time.

#[cfg(not(target_os = "linux"))]
use std::{
    io::{IoSlice, IoSliceMut},
    os::fd::BorrowedFd,
};
use std::{num::NonZero, thread::available_parallelism, time::Instant};

use nix::{errno::Errno, libc::off_t, sys::uio};

use crate::{
    buf::Segment,
    config::{AIO_QUEUE_DEPTH, AIO_THREAD_COUNT},
    engine::settings::Difference,
    sys::{
        Backend, Completion, Direction, Lane, LaneId, Parker, Shape, Transfer, flush,
        reserve::reserve,
    },
};

/// As many such lanes, or rings, as one engine has at most; beyond it `queue_depth` is reduced.
pub(super) const MAX_LANES: usize = 128;

pub(crate) struct Threads {
    shape: Shape,
    differences: Vec<Difference>,
    /// One for each lane that may exist, group by group.
    parkers: Vec<std::sync::Arc<Parker>>,
}

impl Threads {
    pub(crate) fn new(thread_count: usize, queue_depth: usize) -> Self {
        let (shape, differences) = Self::layout(thread_count, queue_depth);
        let parkers = shape.all_lanes().map(|_| Default::default());
        Self { shape, differences, parkers: parkers.collect() }
    }

    /// `thread_count` groups of `queue_depth` lanes, within [`MAX_LANES`].
    fn layout(thread_count: usize, queue_depth: usize) -> (Shape, Vec<Difference>) {
        let groups = thread_count.clamp(1, MAX_LANES);
        let lanes_per_group = queue_depth.clamp(1, MAX_LANES / groups);
        let most = format!("an engine starts at most {MAX_LANES} workers");
        let mut differences = Vec::new();
        if groups != thread_count {
            differences.push(Difference::new(AIO_THREAD_COUNT, thread_count, groups, &most));
        }
        if lanes_per_group != queue_depth {
            let reason = format!("{most}, so {lanes_per_group} for each of {groups} groups");
            let lanes = lanes_per_group;
            differences.push(Difference::new(AIO_QUEUE_DEPTH, queue_depth, lanes, reason));
        }
        // At least one; more of them than processors take each other's time.
        let copiers = available_parallelism().map_or(1, NonZero::get);
        let (group_depth, threads) = (lanes_per_group, lanes_per_group);
        (Shape { groups, group_depth, rings: false, threads, copiers }, differences)
    }

    fn parker(&self, lane: LaneId) -> Option<&std::sync::Arc<Parker>> {
        self.parkers.get(lane.group * self.shape.threads + lane.index)
    }
}

impl Backend for Threads {
    fn name(&self) -> &'static str {
        "threads"
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn differences(&self) -> Vec<Difference> {
        self.differences.clone()
    }

    fn lane(&self, id: LaneId) -> Box<dyn Lane> {
        let parker = self.parker(id).cloned().unwrap_or_default();
        Box::new(ThreadLane::new(parker))
    }

    fn wake(&self, lanes: &[LaneId]) {
        for &lane in lanes {
            if let Some(parker) = self.parker(lane) {
                parker.wake();
            }
        }
    }
}

pub(super) struct ThreadLane {
    parker: std::sync::Arc<Parker>,
    pushed: Option<Transfer>,
}

impl ThreadLane {
    pub(super) fn new(parker: std::sync::Arc<Parker>) -> Self {
        Self { parker, pushed: None }
    }
}

impl Lane for ThreadLane {
    fn push(&mut self, transfer: Transfer) {
        self.pushed = Some(transfer);
    }

    fn submit(&mut self) {}

    fn wait(
        &mut self,
        _at_least: usize,
        _until: Option<Instant>,
        completions: &mut Vec<Completion>,
    ) {
        if let Some(mut transfer) = self.pushed.take() {
            let result = perform(&mut transfer);
            completions.push(Completion { token: transfer.token, result });
        }
    }

    fn park(&mut self, until: Option<Instant>) {
        self.parker.park(until);
    }

    /// Nobody can: it runs while this thread waits.
    fn cancel(&mut self, _token: usize) {}
}

/// Makes the transfer's system call, again for as long as signals interrupt it.
pub(crate) fn perform(transfer: &mut Transfer) -> Result<usize, Errno> {
    let descriptor = transfer.file.descriptor(transfer.direct);
    let offset = off_t::try_from(transfer.offset).map_err(|_| Errno::EOVERFLOW)?;
    loop {
        let result = match transfer.direction {
            Direction::Read => match &mut transfer.segment {
                Segment::One(span) => uio::pread(descriptor, span.bytes_mut(), offset),
                several => preadv(descriptor, &mut several.slices_mut(), offset),
            },
            Direction::Write => match &transfer.segment {
                Segment::One(span) => uio::pwrite(descriptor, span.bytes(), offset),
                several => pwritev(descriptor, &several.slices(), offset),
            },
            Direction::Sync => flush::sync_data(descriptor).map(|()| 0),
            Direction::SyncAll => flush::sync_all(descriptor).map(|()| 0),
            Direction::Flush(len) => flush::flush(descriptor, offset, len).map(|()| 0),
            Direction::Allocate(len) => reserve(descriptor, transfer.offset, len).map(|()| 0),
        };
        if result != Err(Errno::EINTR) {
            return result;
        }
    }
}

#[cfg(target_os = "linux")]
use uio::{preadv, pwritev};

/// Where there is no vectored call of this kind, the first buffer is a short count.
#[cfg(not(target_os = "linux"))]
fn preadv(
    descriptor: BorrowedFd<'_>,
    slices: &mut [IoSliceMut<'_>],
    offset: off_t,
) -> Result<usize, Errno> {
    slices.first_mut().map_or(Ok(0), |first| uio::pread(descriptor, first, offset))
}

/// As for `preadv`.
#[cfg(not(target_os = "linux"))]
fn pwritev(
    descriptor: BorrowedFd<'_>,
    slices: &[IoSlice<'_>],
    offset: off_t,
) -> Result<usize, Errno> {
    slices.first().map_or(Ok(0), |first| uio::pwrite(descriptor, first, offset))
}
