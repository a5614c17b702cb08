//! The second descriptor of a file, which bypasses the page cache.

use std::{
    fs::File,
    io,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::FileTypeExt,
    },
};

use nix::{
    errno::Errno,
    fcntl::{OFlag, PosixFadviseAdvice, posix_fadvise},
    libc,
    sys::statfs::{FsType, fstatfs},
};

use crate::{
    config::DirectMode,
    engine::plan::{Alignment, Ways},
    error::NotDirect,
    sys::{
        alignment::{alignment, page_size},
        file::{Access, Policy},
        reopen::reopen,
        residency::Residency,
    },
};

#[derive(Debug)]
pub(crate) struct Direct {
    file: File,
    alignment: Alignment,
    only: bool,
    residency: Residency,
}

/// Why a descriptor is not there.
enum NotOpened {
    Never(NotDirect),
    Now(io::Error),
}

impl From<NotDirect> for NotOpened {
    fn from(reason: NotDirect) -> Self {
        Self::Never(reason)
    }
}

impl Direct {
    /// Opens the inode of `buffered` again with O_DIRECT, or takes `given`, which has it already; or
    /// tells why that cannot be. An error is none of the file's: what is scarce for a moment is not to
    /// decide how it is used for good.
    pub(crate) fn of(
        buffered: &File,
        given: Option<&File>,
        access: Access,
        policy: Policy,
    ) -> io::Result<Result<Self, NotDirect>> {
        match Self::opened(buffered, given, access, policy) {
            Ok(direct) => Ok(Ok(direct)),
            Err(NotOpened::Never(reason)) => Ok(Err(reason)),
            Err(NotOpened::Now(error)) => Err(error),
        }
    }

    fn opened(
        buffered: &File,
        given: Option<&File>,
        access: Access,
        policy: Policy,
    ) -> Result<Self, NotOpened> {
        let only = match policy.mode {
            DirectMode::Never => return Err(NotDirect::Never.into()),
            DirectMode::Always => true,
            DirectMode::Auto => false,
        };
        let metadata = buffered.metadata().map_err(NotOpened::Now)?;
        let file_type = metadata.file_type();
        if !file_type.is_file() && !file_type.is_block_device() {
            return Err(NotDirect::FileType.into());
        }
        if file_type.is_file() && is_in_memory(buffered) {
            return Err(NotDirect::InMemory.into());
        }
        let alignment = alignment(buffered)?;
        // For one of the directions, or if there is no other way for all of them.
        let suits = |writes| policy.block_size.is_multiple_of(alignment.of_blocks(writes, !only));
        let directions = access.directions();
        let unsuited = directions.clone().find(|&writes| !suits(writes));
        if let Some(writes) = unsuited
            && (only || !directions.clone().any(suits))
        {
            let multiple_of = alignment.of_blocks(writes, !only);
            return Err(NotDirect::BlockSize { multiple_of }.into());
        }
        let file = match given {
            Some(given) => given.try_clone(),
            None => reopen(buffered, &metadata, access, OFlag::O_DIRECT),
        };
        let file = file.map_err(|error| match error.raw_os_error().map(Errno::from_raw) {
            None | Some(Errno::ENOENT | Errno::ENOTDIR | Errno::EACCES | Errno::EPERM) => {
                NotDirect::NotReopened.into()
            }
            Some(Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM) => NotOpened::Now(error),
            Some(errno) => NotDirect::Refused { errno: errno as i32 }.into(),
        })?;
        if access.reads && suits(false) {
            // The buffered descriptor now reads little but heads and tails: reading ahead of
            // them would put into the page cache what others move past it. Refused advice costs
            // memory.
            let random = PosixFadviseAdvice::POSIX_FADV_RANDOM;
            let _ = posix_fadvise(buffered, 0, 0, random);
        }
        Ok(Self { file, alignment, only, residency: Residency::new() })
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    pub(crate) fn alignment(&self) -> Alignment {
        self.alignment
    }

    pub(crate) fn ways(&self) -> Ways {
        if self.only { Ways::Direct(self.alignment) } else { Ways::Mixed(self.alignment) }
    }

    /// Whether a block to be read is better read through the page cache, which has all of it.
    pub(crate) fn is_resident(&self, buffered: &File, offset: u64, len: usize) -> bool {
        !self.only && self.residency.is_resident(buffered, offset, len)
    }
}

/// Whether the page cache is all there is of a regular file. (Of a block device it is the directory
/// entry that lives there.)
fn is_in_memory(file: &File) -> bool {
    let in_memory = [libc::TMPFS_MAGIC as u64, libc::HUGETLBFS_MAGIC as u64, RAMFS_MAGIC];
    fstatfs(file).is_ok_and(|found| {
        let FsType(kind) = found.filesystem_type();
        in_memory.contains(&(kind as u64 & 0xffff_ffff))
    })
}

/// What every file with O_DIRECT asks for at least.
pub(crate) fn least_alignment() -> Option<Alignment> {
    Some(Alignment { memory: 1, read: 1, write: 1, page: page_size() })
}

/// Not among libc's.
const RAMFS_MAGIC: u64 = 0x8584_58f6;
