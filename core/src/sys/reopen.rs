//! A second descriptor of an open file, with flags of its own.

use std::{
    fs::{self, File, Metadata},
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{MetadataExt, OpenOptionsExt},
    },
    path::PathBuf,
};

use nix::fcntl::OFlag;

use crate::sys::file::Access;

/// Opens the file of a descriptor, whose metadata these are, again for the same access and with
/// `flags`.
///
/// An error without a number: what was opened is another file, so `/proc` is none.
pub(crate) fn reopen(
    file: &File,
    metadata: &Metadata,
    access: Access,
    flags: OFlag,
) -> io::Result<File> {
    let reopened = fs::OpenOptions::new()
        .read(access.reads)
        .write(access.writes)
        .custom_flags((flags | access.promised).bits())
        .open(PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd())))?;
    let other = reopened.metadata()?;
    if (metadata.dev(), metadata.ino()) == (other.dev(), other.ino()) {
        Ok(reopened)
    } else {
        Err(io::Error::other("not the file of the descriptor"))
    }
}
