//! A block on its way: which way that is, and whether it goes on after a transfer.

use std::{sync::Arc, time::Instant};

use nix::errno::Errno;

use crate::{
    engine::{
        plan::{Block, Needs, Route, Ways},
        queue::Claim,
        request::{Asked, Request},
    },
    error::{Cause, ErrorKind, NotDirect},
    sys::{Direction, LaneKind, file::OpenFile},
};

/// A block on its way.
pub(super) struct Run {
    pub(super) claim: Claim,
    /// Let go before the block is completed.
    pub(super) file: Arc<OpenFile>,
    pub(super) block: Block,
    /// Bytes of it that have been moved.
    pub(super) done: usize,
    /// How the transfer in flight goes; a direct block may have to turn to the page cache.
    pub(super) route: Route,
    /// When the transfer in flight was given to the lane.
    pub(super) pushed: Instant,
}

impl Run {
    /// Whether there is more of the block to move; if not it has succeeded or its failure is noted.
    pub(super) fn goes_on_after(&mut self, result: Result<usize, Errno>) -> bool {
        let request = &self.claim.request;
        let left = self.block.len - self.done;
        let direct = self.route.is_direct();
        let cause: Cause = match result {
            Ok(_) if left == 0 => return false,
            Ok(0) if request.asked().direction == Direction::Read => {
                ErrorKind::UnexpectedEof.into()
            }
            // A write that takes nothing and names no reason would do so for ever.
            Ok(0) => Errno::EIO.into(),
            Ok(_) => {
                if !direct || self.is_aligned() {
                    return true;
                }
                match self.detour() {
                    Some(route) => {
                        self.route = route;
                        return true;
                    }
                    None => self.odd_stop(),
                }
            }
            Err(Errno::EINTR) => return true,
            Err(Errno::ECANCELED) if request.is_cancelled() => ErrorKind::Cancelled.into(),
            // The file system takes O_DIRECT for opening and not for this transfer.
            Err(Errno::EINVAL) if direct => match self.detour() {
                Some(route) => {
                    self.route = route;
                    return true;
                }
                None => NotDirect::Refused { errno: Errno::EINVAL as i32 }.into(),
            },
            Err(errno) => errno.into(),
        };
        request.fail(self.block.start + self.done, cause);
        false
    }

    /// The way of a direct block that cannot go on as it is; none if the file has no other.
    pub(super) fn detour(&self) -> Option<Route> {
        (!matches!(self.file.ways(), Ways::Direct(_))).then_some(Route::Buffered)
    }

    /// Why a direct transfer stopped where the next one cannot begin.
    fn odd_stop(&self) -> Cause {
        let asked = self.claim.request.asked();
        let position = asked.offset + (self.block.start + self.done) as u64;
        let writes = asked.direction == Direction::Write;
        match (self.file.alignment(), self.file.len()) {
            (_, Ok(len)) if !writes && len <= position => ErrorKind::UnexpectedEof.into(),
            (Some(alignment), _) => {
                NotDirect::Unaligned { multiple_of: alignment.unit(writes) }.into()
            }
            (None, _) => ErrorKind::Io.into(),
        }
    }

    /// Whether what is left of a direct block still begins where O_DIRECT may.
    fn is_aligned(&self) -> bool {
        let Asked { plan, memory, .. } = self.claim.request.asked();
        plan.needs().is_some_and(|Needs { memory: address, unit }| {
            let (start, left) = (self.block.start + self.done, self.block.len - self.done);
            self.done.is_multiple_of(unit)
                && (self.route == Route::Bounced || memory.is_aligned(start, left, address, unit))
        })
    }
}

/// The way of a block, with what the page cache has of it.
pub(super) fn route_of(request: &Request, block: &Block, file: &OpenFile) -> Route {
    let asked = request.asked();
    let resident = asked.direction == Direction::Read
        && block.route.is_direct()
        && file.is_resident(asked.offset + block.start as u64, block.len);
    if resident { Route::Resident } else { block.route }
}

/// The kind of lane for a block that goes this way.
pub(super) fn suited_for(
    request: &Request,
    block: &Block,
    route: Route,
    file: &OpenFile,
) -> LaneKind {
    let asked = request.asked();
    let writes = match asked.direction {
        Direction::Read => false,
        Direction::Write => true,
        _ => return request.suited(),
    };
    // A ring would hand a write that makes the file longer to threads of the kernel's.
    let end = asked.offset + (block.start + block.len) as u64;
    let by_thread = route != Route::Direct || (writes && file.ends_before(end));
    if block.route == Route::Direct {
        file.by_thread().set(writes, by_thread);
    }
    if by_thread { LaneKind::Thread } else { LaneKind::Ring }
}
