//! Reserving space for a file on its device.

use std::{fs::File, io};

use nix::{
    errno::Errno,
    sys::resource::{RLIM_INFINITY, Resource, getrlimit},
};

/// Reserves the file's first `len` bytes, and makes it at least that long.
pub(crate) fn reserve(file: &File, len: u64) -> io::Result<()> {
    let extends = file.metadata()?.len() < len;
    // Extending beyond this limit would raise SIGXFSZ, which ends the process.
    let (limit, _) = getrlimit(Resource::RLIMIT_FSIZE)?;
    if extends && limit != RLIM_INFINITY && i128::from(len) > i128::from(limit) {
        return Err(Errno::EFBIG.into());
    }
    match allocate(file, len) {
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EINVAL) if extends => file.set_len(len),
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EINVAL) => Ok(()),
        reserved => reserved.map_err(io::Error::from),
    }
}

#[cfg(target_os = "linux")]
fn allocate(file: &File, len: u64) -> Result<(), Errno> {
    use nix::{
        fcntl::{FallocateFlags, fallocate},
        libc,
    };

    let len = libc::off_t::try_from(len).map_err(|_| Errno::EFBIG)?;
    loop {
        match fallocate(file, FallocateFlags::empty(), 0, len) {
            Err(Errno::EINTR) => {}
            reserved => return reserved,
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn allocate(_file: &File, _len: u64) -> Result<(), Errno> {
    Err(Errno::EOPNOTSUPP)
}
