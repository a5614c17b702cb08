//! A transfer as the kernel's rings take it.

use std::os::fd::AsRawFd;

use io_uring::{opcode, squeue, types::Fd, types::FsyncFlags};
use nix::libc;

use crate::{
    buf::Segment,
    sys::{Direction, Transfer},
};

/// The vector that a transfer of several buffers refers to; empty for one buffer.
pub(super) fn vector_of(segment: &Segment) -> Box<[libc::iovec]> {
    match segment {
        Segment::One(_) => Box::default(),
        Segment::Several(_) => segment
            .ranges()
            .map(|(start, len)| libc::iovec { iov_base: start.cast(), iov_len: len })
            .collect(),
    }
}

/// The entry for a transfer, whose vector is `vector`; none if the kernel's rings have no such
/// operation.
pub(super) fn entry_of(transfer: &Transfer, vector: &[libc::iovec]) -> Option<squeue::Entry> {
    // Other positions mean something else to the kernel.
    let offset = u64::try_from(libc::off_t::try_from(transfer.offset).ok()?).ok()?;
    let fd = Fd(transfer.file.descriptor(transfer.direct).as_raw_fd());
    let buffers = u32::try_from(vector.len()).ok()?;
    let several = vector.len() > 1;
    let one = || {
        let (start, len) = transfer.segment.ranges().next()?;
        Some((start, u32::try_from(len).ok()?))
    };
    Some(match transfer.direction {
        Direction::Read if several => {
            opcode::Readv::new(fd, vector.as_ptr(), buffers).offset(offset).build()
        }
        Direction::Write if several => {
            opcode::Writev::new(fd, vector.as_ptr(), buffers).offset(offset).build()
        }
        Direction::Read => {
            let (start, len) = one()?;
            opcode::Read::new(fd, start, len).offset(offset).build()
        }
        Direction::Write => {
            let (start, len) = one()?;
            opcode::Write::new(fd, start, len).offset(offset).build()
        }
        Direction::Sync => opcode::Fsync::new(fd).flags(FsyncFlags::DATASYNC).build(),
        Direction::SyncAll => opcode::Fsync::new(fd).build(),
        Direction::Allocate(len) => opcode::Fallocate::new(fd, len).offset(offset).build(),
        // Its length has 32 bits there.
        Direction::Flush(_) => return None,
    })
}
