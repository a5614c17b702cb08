//! Files that somebody else opened.

use std::{
    fs::File,
    io,
    os::fd::{AsRawFd, OwnedFd},
    path::{Path, PathBuf},
    sync::Arc,
};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::{
    error::{Cause, Error, ErrorKind, Operation},
    sys::file::{Access, OpenFile, Policy, cause_of},
};

impl OpenFile {
    /// Takes over a descriptor; it closes with the file, and on an error at once.
    pub(crate) fn adopt(descriptor: OwnedFd, policy: Policy) -> Result<Self, Error> {
        let given = File::from(descriptor);
        let path = name_of(&given);
        let failed = |cause: Cause| Error::new(Operation::Open, cause).at_path(&path);
        let flags = fcntl(&given, FcntlArg::F_GETFL).map_err(|errno| failed(errno.into()))?;
        let flags = OFlag::from_bits_retain(flags);
        let access = access(flags).map_err(|kind| failed(kind.into()))?;
        if is_direct(flags) {
            let buffered =
                reopen_buffered(&given, access).map_err(|error| failed(cause_of(&error)))?;
            Self::with(path, buffered, Some(given), access, policy)
        } else {
            Self::with(path, given, None, access, policy)
        }
    }
}

fn access(flags: OFlag) -> Result<Access, ErrorKind> {
    #[cfg(target_os = "linux")]
    if flags.contains(OFlag::O_PATH) {
        return Err(ErrorKind::WrongAccessMode);
    }
    let (reads, writes) = match flags & OFlag::O_ACCMODE {
        OFlag::O_RDONLY => (true, false),
        OFlag::O_WRONLY => (false, true),
        OFlag::O_RDWR => (true, true),
        _ => return Err(ErrorKind::WrongAccessMode),
    };
    if writes && flags.contains(OFlag::O_APPEND) {
        return Err(ErrorKind::AppendOnly);
    }
    Ok(Access { reads, writes })
}

#[cfg(target_os = "linux")]
fn is_direct(flags: OFlag) -> bool {
    flags.contains(OFlag::O_DIRECT)
}

#[cfg(not(target_os = "linux"))]
fn is_direct(_flags: OFlag) -> bool {
    false
}

#[cfg(target_os = "linux")]
fn reopen_buffered(direct: &File, access: Access) -> io::Result<File> {
    crate::sys::reopen::reopen(direct, access, OFlag::empty())
}

#[cfg(not(target_os = "linux"))]
fn reopen_buffered(direct: &File, _access: Access) -> io::Result<File> {
    direct.try_clone()
}

/// What messages call the file: the path it was opened by, or what else the system calls it.
fn name_of(file: &File) -> Arc<Path> {
    let number = file.as_raw_fd();
    let found = std::fs::read_link(format!("/proc/self/fd/{number}"));
    Arc::from(found.unwrap_or_else(|_| PathBuf::from(format!("<fd {number}>"))))
}
