//! Sending what was written to the device.

use std::os::fd::BorrowedFd;

use nix::{errno::Errno, libc::off_t};

/// Makes the file's data durable, and what is needed to find it.
#[cfg(not(target_vendor = "apple"))]
pub(crate) fn sync_data(descriptor: BorrowedFd<'_>) -> Result<(), Errno> {
    nix::unistd::fdatasync(descriptor)
}

/// Makes the file's data and all its metadata durable.
#[cfg(not(target_vendor = "apple"))]
pub(crate) fn sync_all(descriptor: BorrowedFd<'_>) -> Result<(), Errno> {
    nix::unistd::fsync(descriptor)
}

#[cfg(target_vendor = "apple")]
pub(crate) use sync_all as sync_data;

/// On Apple's systems only this reaches beyond the device's own cache, on file systems that know it.
#[cfg(target_vendor = "apple")]
pub(crate) fn sync_all(descriptor: BorrowedFd<'_>) -> Result<(), Errno> {
    use nix::fcntl::{FcntlArg, fcntl};

    match fcntl(descriptor, FcntlArg::F_FULLFSYNC) {
        Err(Errno::ENOTSUP | Errno::EINVAL | Errno::ENOTTY) => nix::unistd::fsync(descriptor),
        synced => synced.map(drop),
    }
}

/// Writes the page cache's dirty pages of the range out and waits for it; `u64::MAX` bytes are all
/// to the end of the file. That is no promise of durability: neither metadata nor the device's own
/// cache is written.
#[cfg(target_os = "linux")]
pub(crate) fn flush(descriptor: BorrowedFd<'_>, offset: off_t, len: u64) -> Result<(), Errno> {
    use std::os::fd::AsRawFd;

    use nix::libc;

    // A length of zero means "to the end" to the system, and nothing to the caller.
    let len = match len {
        0 => return Ok(()),
        u64::MAX => 0,
        len => libc::off64_t::try_from(len).map_err(|_| Errno::EOVERFLOW)?,
    };
    let flags = libc::SYNC_FILE_RANGE_WAIT_BEFORE
        | libc::SYNC_FILE_RANGE_WRITE
        | libc::SYNC_FILE_RANGE_WAIT_AFTER;
    // SAFETY: the call takes no memory, and the descriptor is open for as long as it is borrowed.
    let status = unsafe {
        libc::sync_file_range(descriptor.as_raw_fd(), libc::off64_t::from(offset), len, flags)
    };
    Errno::result(status).map(drop)
}

/// Where a range cannot be written out by itself, the whole file is.
#[cfg(not(target_os = "linux"))]
pub(crate) fn flush(descriptor: BorrowedFd<'_>, _offset: off_t, len: u64) -> Result<(), Errno> {
    if len == 0 { Ok(()) } else { sync_data(descriptor) }
}
