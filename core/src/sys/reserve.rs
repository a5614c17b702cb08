//! Reserving space for a file on its device.

use std::os::fd::BorrowedFd;

use nix::{
    errno::Errno,
    libc::off_t,
    sys::{
        resource::{RLIM_INFINITY, Resource, getrlimit},
        stat::{SFlag, fstat},
        uio::pwrite,
    },
};

/// Reserves `len` bytes of the file from `offset` on, and makes it long enough to hold them. A
/// file system that cannot reserve gets a sparse file of that length. A device has all its space.
pub(crate) fn reserve(file: BorrowedFd<'_>, offset: u64, len: u64) -> Result<(), Errno> {
    if len == 0 {
        return Ok(());
    }
    let end =
        offset.checked_add(len).and_then(|end| i64::try_from(end).ok()).ok_or(Errno::EFBIG)?;
    let found = fstat(file)?;
    let is_of = |kind: SFlag| found.st_mode & SFlag::S_IFMT.bits() == kind.bits();
    if is_of(SFlag::S_IFBLK) {
        return Ok(());
    }
    let extends = is_of(SFlag::S_IFREG) && i128::from(found.st_size) < i128::from(end);
    // Extending beyond this limit would raise SIGXFSZ, which ends the process.
    let (limit, _) = getrlimit(Resource::RLIMIT_FSIZE)?;
    if extends && limit != RLIM_INFINITY && i128::from(end) > i128::from(limit) {
        return Err(Errno::EFBIG);
    }
    match allocate(file, offset, len) {
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EINVAL) if extends => {
            extend_to(file, end - 1)
        }
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EINVAL) => Ok(()),
        reserved => reserved,
    }
}

/// Makes the range's last byte the file's, as a zero. Setting the length instead could cut off what
/// others write beyond the range at the same time.
fn extend_to(file: BorrowedFd<'_>, last: i64) -> Result<(), Errno> {
    let last = off_t::try_from(last).map_err(|_| Errno::EFBIG)?;
    loop {
        match pwrite(file, &[0], last) {
            Err(Errno::EINTR) => {}
            Ok(0) => return Err(Errno::EIO),
            written => return written.map(drop),
        }
    }
}

#[cfg(target_os = "linux")]
fn allocate(file: BorrowedFd<'_>, offset: u64, len: u64) -> Result<(), Errno> {
    use nix::fcntl::{FallocateFlags, fallocate};

    let offset = off_t::try_from(offset).map_err(|_| Errno::EFBIG)?;
    let len = off_t::try_from(len).map_err(|_| Errno::EFBIG)?;
    loop {
        match fallocate(file, FallocateFlags::empty(), offset, len) {
            Err(Errno::EINTR) => {}
            reserved => return reserved,
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn allocate(_file: BorrowedFd<'_>, _offset: u64, _len: u64) -> Result<(), Errno> {
    Err(Errno::EOPNOTSUPP)
}
