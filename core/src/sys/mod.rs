//! The backends: how blocks reach the kernel.
//!
//! # The contract
//!
//! A backend has *lanes*. One worker thread drives one lane and is the only one to call it:
//!
//! 1. [`Lane::push`] accepts a [`Transfer`]. The lane may start it at once or hold it until
//!    `submit` or `wait`. The worker never has more than [`Shape::depth_of`] transfers in flight.
//! 2. [`Lane::submit`] ends a batch: everything pushed so far is on its way, as it is by the next
//!    `wait`.
//! 3. [`Lane::wait`] submits, and returns when at least so many transfers have completed, with one
//!    [`Completion`] for each: the count the system call gave (short counts included, the worker
//!    continues them) or its error. A transfer completes exactly once. A lane of several transfers
//!    returns earlier when somebody wakes it or a time has come.
//! 4. [`Lane::park`] blocks an idle worker until somebody wakes its lane or a time has come. A wake
//!    that comes before the park or the wait is not lost; one that returns too early does no harm.
//!
//! [`Lane::cancel`] asks the kernel to let go of a transfer that was pushed and has not completed, which
//! it does as ever: with ECANCELED if it did nothing of it.
//!
//! [`Backend::wake`] may be called from any thread: it is one notification for all the lanes it
//! names, and does not panic. Its name, its shape and where that differs from the settings are
//! asked for when the engine starts; all else is called by workers alone.
//!
//! **Memory.** From `push` until its completion is returned, a transfer's segment and descriptor
//! are the lane's: the worker keeps the claim they belong to. After the completion the lane must not
//! touch them again, and dropping a lane (which a panic leads to) ends what it has in flight.

#![allow(unsafe_code, reason = "system calls on raw memory and descriptors live here")]

mod adopt;
#[cfg(target_os = "linux")]
mod alignment;
pub(crate) mod choice;
#[cfg(target_os = "linux")]
pub(crate) mod direct;
#[cfg(not(target_os = "linux"))]
#[path = "no_direct.rs"]
pub(crate) mod direct;
pub(crate) mod file;
mod flush;
pub(crate) mod fork;
mod parker;
#[cfg(target_os = "linux")]
mod reopen;
mod reserve;
#[cfg(target_os = "linux")]
mod residency;
#[cfg_attr(
    not(all(
        feature = "io-uring",
        target_os = "linux",
        any(
            target_arch = "aarch64",
            target_arch = "loongarch64",
            target_arch = "powerpc64",
            target_arch = "riscv64",
            target_arch = "x86_64"
        )
    )),
    path = "no_ring.rs"
)]
mod ring;
pub(crate) mod signals;
#[cfg(all(test, not(loom)))]
pub(crate) mod sim;
pub(crate) mod threads;

use std::{ops::Range, sync::Arc, time::Instant};

use nix::errno::Errno;

use crate::{buf::Segment, engine::settings::Difference, sys::file::OpenFile};
pub(crate) use parker::Parker;

/// Which lane: the worker group and the place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LaneId {
    pub(crate) group: usize,
    pub(crate) index: usize,
}

/// How a lane moves bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum LaneKind {
    /// Any number at once, which the kernel works on while the lane waits: for what a device moves.
    Ring,
    /// One at a time, which its thread sees to: for what a processor copies as well.
    Thread,
}

impl LaneKind {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Ring => Self::Thread,
            Self::Thread => Self::Ring,
        }
    }
}

/// How a backend arranges the settings: `thread_count` groups of lanes, each with so many blocks in
/// flight. With rings the first lane of each group is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) groups: usize,
    /// Blocks in flight per group at most, and so on a ring.
    pub(crate) group_depth: usize,
    pub(crate) rings: bool,
    /// Lanes that are threads, per group.
    pub(crate) threads: usize,
    /// As many lanes are of use to blocks that wait for no device and are copied by the processor.
    pub(crate) copiers: usize,
}

impl Shape {
    /// Lanes of one block each.
    #[cfg(test)]
    pub(crate) fn of_threads(groups: usize, threads: usize) -> Self {
        Self { groups, group_depth: threads, rings: false, threads, copiers: usize::MAX }
    }

    /// Rings of that depth, each with so many threads besides.
    #[cfg(test)]
    pub(crate) fn of_rings(groups: usize, group_depth: usize, threads: usize) -> Self {
        Self { groups, group_depth, rings: true, threads, copiers: usize::MAX }
    }

    pub(crate) fn kind(self, lane: LaneId) -> LaneKind {
        if self.rings && lane.index == 0 { LaneKind::Ring } else { LaneKind::Thread }
    }

    /// How many blocks that lane has in flight at most.
    pub(crate) fn depth_of(self, lane: LaneId) -> usize {
        match self.kind(lane) {
            LaneKind::Ring => self.group_depth,
            LaneKind::Thread => 1,
        }
    }

    /// The numbers of a group's lanes of that kind.
    pub(crate) fn lanes(self, kind: LaneKind) -> Range<usize> {
        let rings = usize::from(self.rings);
        match kind {
            LaneKind::Ring => 0..rings,
            LaneKind::Thread => rings..rings + self.threads,
        }
    }

    /// That kind, or the other if there are no such lanes.
    pub(crate) fn existing(self, kind: LaneKind) -> LaneKind {
        if self.lanes(kind).is_empty() { kind.other() } else { kind }
    }

    /// Every lane there may be.
    pub(crate) fn all_lanes(self) -> impl Iterator<Item = LaneId> {
        let per_group = self.lanes(LaneKind::Thread).end;
        (0..self.groups)
            .flat_map(move |group| (0..per_group).map(move |index| LaneId { group, index }))
    }
}

/// What a transfer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
    /// Makes the file's data durable.
    Sync,
    /// Makes the file's data and metadata durable.
    SyncAll,
    /// Hands so many bytes from the offset on, as far as they are in the page cache, to the device;
    /// to the end of the file if that is `u64::MAX`.
    Flush(u64),
    /// Reserves so many bytes from the offset on.
    Allocate(u64),
}

/// As many buffers one vectored call takes (`IOV_MAX`).
pub(crate) const MAX_BUFFERS: usize = 1024;

/// One system call to make.
#[derive(Debug)]
pub(crate) struct Transfer {
    /// The worker's name for it, unique among the lane's transfers in flight.
    pub(crate) token: usize,
    pub(crate) direction: Direction,
    pub(crate) file: Arc<OpenFile>,
    /// Whether to use the O_DIRECT descriptor, which then exists.
    pub(crate) direct: bool,
    /// Of at most [`MAX_BUFFERS`] buffers.
    pub(crate) segment: Segment,
    /// Where in the file, in bytes.
    pub(crate) offset: u64,
}

/// The outcome of one transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Completion {
    pub(crate) token: usize,
    pub(crate) result: Result<usize, Errno>,
}

/// A way to reach the kernel; see the module's contract.
pub(crate) trait Backend: Send + Sync + 'static {
    /// Its name in settings and reports.
    fn name(&self) -> &'static str;

    /// How it lays out `thread_count` and `queue_depth`.
    fn shape(&self) -> Shape;

    /// Where its layout is not what was asked for, and why.
    fn differences(&self) -> Vec<Difference>;

    /// The lane `id`, to be driven by the calling thread.
    fn lane(&self, id: LaneId) -> Box<dyn Lane>;

    /// Wakes the parked workers of these lanes: one notification.
    fn wake(&self, lanes: &[LaneId]);
}

/// One worker's access to the kernel; see the module's contract.
pub(crate) trait Lane {
    fn push(&mut self, transfer: Transfer);
    fn submit(&mut self);
    fn wait(&mut self, at_least: usize, until: Option<Instant>, completions: &mut Vec<Completion>);
    fn park(&mut self, until: Option<Instant>);
    fn cancel(&mut self, token: usize);
}
