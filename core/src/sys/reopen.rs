//! A second descriptor of an open file, with flags of its own.

use std::{
    fs::{self, File},
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{MetadataExt, OpenOptionsExt},
    },
    path::PathBuf,
};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::sys::file::Access;

/// Opens the file of a descriptor again, for the same directions and with `flags`.
///
/// An error without a number: what was opened is another file, so `/proc` is none.
pub(crate) fn reopen(file: &File, access: Access, flags: OFlag) -> io::Result<File> {
    // What was promised of every write of the descriptor holds for those of the second one.
    let promised = OFlag::O_SYNC | OFlag::O_DSYNC | OFlag::O_NOATIME;
    let promised = OFlag::from_bits_retain(fcntl(file, FcntlArg::F_GETFL)?) & promised;
    let reopened = fs::OpenOptions::new()
        .read(access.reads)
        .write(access.writes)
        .custom_flags((flags | promised).bits())
        .open(PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd())))?;
    let (one, other) = (file.metadata()?, reopened.metadata()?);
    if (one.dev(), one.ino()) == (other.dev(), other.ino()) {
        Ok(reopened)
    } else {
        Err(io::Error::other("not the file of the descriptor"))
    }
}
