//! What the kernel must have for the ring backend, and the making of rings.

use std::io;

use io_uring::{IoUring, Probe, opcode};
use nix::errno::Errno;

use crate::error::RingUnavailable;

/// Whether rings work here, with all that the backend uses.
pub(super) fn check() -> Result<(), RingUnavailable> {
    let mut ring = IoUring::new(2).map_err(unavailable)?;
    let params = ring.params();
    let features = [
        (params.is_feature_nodrop(), "completions that are never dropped (Linux 5.5)"),
        (params.is_feature_ext_arg(), "waiting with a timeout (Linux 5.11)"),
        (params.is_feature_resource_tagging(), "polls that fire again and again (Linux 5.13)"),
    ];
    if let Some((_, missing)) = features.into_iter().find(|(has, _)| !has) {
        return Err(RingUnavailable::Lacks { missing });
    }
    let mut probe = Probe::new();
    ring.submitter().register_probe(&mut probe).map_err(unavailable)?;
    let operations = [
        (opcode::Read::CODE, "IORING_OP_READ"),
        (opcode::Write::CODE, "IORING_OP_WRITE"),
        (opcode::Readv::CODE, "IORING_OP_READV"),
        (opcode::Writev::CODE, "IORING_OP_WRITEV"),
        (opcode::Fsync::CODE, "IORING_OP_FSYNC"),
        (opcode::Fallocate::CODE, "IORING_OP_FALLOCATE"),
        (opcode::PollAdd::CODE, "IORING_OP_POLL_ADD"),
        (opcode::AsyncCancel::CODE, "IORING_OP_ASYNC_CANCEL"),
    ];
    if let Some((_, missing)) = operations.into_iter().find(|&(code, _)| !probe.is_supported(code))
    {
        return Err(RingUnavailable::Lacks { missing });
    }
    // A sandbox may let a ring be made and not be entered.
    let nothing = opcode::Nop::new().build();
    // SAFETY: the operation uses no memory.
    let pushed = unsafe { ring.submission().push(&nothing) };
    if pushed.is_err() {
        return Err(RingUnavailable::from_errno(Errno::EBUSY));
    }
    ring.submit_and_wait(1).map_err(unavailable)?;
    Ok(())
}

/// A ring for so many transfers in flight, whose completion queue is twice as long. Without flags:
/// `SINGLE_ISSUER`, `COOP_TASKRUN` and `DEFER_TASKRUN` were measured and made no difference. A forked
/// child does not see it, and so cannot take what its parent waits for.
pub(super) fn ring(depth: usize) -> Result<IoUring, RingUnavailable> {
    // Besides the transfers, the poll for wakes and a cancel at a time.
    let entries = u32::try_from(depth + 2).unwrap_or(u32::MAX);
    IoUring::builder().dontfork().build(entries).map_err(unavailable)
}

fn unavailable(error: io::Error) -> RingUnavailable {
    RingUnavailable::from_errno(error.raw_os_error().map_or(Errno::EIO, Errno::from_raw))
}
