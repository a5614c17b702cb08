//! The second descriptor of a file, which bypasses the page cache, and what it asks for.

use std::{
    fs::{self, File},
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd},
        unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt},
    },
    path::PathBuf,
};

use nix::{
    fcntl::{OFlag, PosixFadviseAdvice, posix_fadvise},
    libc,
};

use crate::engine::plan::Alignment;

#[derive(Debug)]
pub(crate) struct Direct {
    file: File,
    alignment: Alignment,
}

impl Direct {
    /// Opens the inode again with O_DIRECT, and checks that it is the same one. None where the
    /// file is not a regular one or a block device, or will not have it.
    pub(crate) fn of(buffered: &File, writes: bool) -> Option<Self> {
        let metadata = buffered.metadata().ok()?;
        if !metadata.is_file() && !metadata.file_type().is_block_device() {
            return None;
        }
        let alignment = alignment(buffered)?;
        let by_descriptor = PathBuf::from(format!("/proc/self/fd/{}", buffered.as_raw_fd()));
        let file = fs::OpenOptions::new()
            .read(true)
            .write(writes)
            .custom_flags(OFlag::O_DIRECT.bits())
            .open(by_descriptor)
            .ok()?;
        let reopened = file.metadata().ok()?;
        if (reopened.dev(), reopened.ino()) != (metadata.dev(), metadata.ino()) {
            return None;
        }
        // The buffered descriptor now serves little but heads and tails: reading ahead of them
        // would put into the page cache what others move past it. Refused advice costs memory.
        let random = PosixFadviseAdvice::POSIX_FADV_RANDOM;
        let _ = posix_fadvise(buffered, 0, 0, random);
        Some(Self { file, alignment })
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    pub(crate) fn alignment(&self) -> Alignment {
        self.alignment
    }
}

/// What the kernel says O_DIRECT needs for this file (`STATX_DIOALIGN`, Linux 6.1); a page for
/// both where it does not say, which every device takes; none where it says that there is none.
fn alignment(file: &File) -> Option<Alignment> {
    const STATX_DIOALIGN: u32 = 0x2000;
    let page = page_size();
    let mut statx = std::mem::MaybeUninit::<libc::statx>::zeroed();
    // SAFETY: the path is an empty C string, which with AT_EMPTY_PATH means the open descriptor,
    // and the kernel fills in a struct of the size it is given.
    let status = unsafe {
        libc::syscall(
            libc::SYS_statx,
            file.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH,
            STATX_DIOALIGN,
            statx.as_mut_ptr(),
        )
    };
    // SAFETY: the struct is plain integers, for which zeros are a value, and the kernel wrote
    // nothing else.
    let statx = unsafe { statx.assume_init() };
    if status != 0 || statx.stx_mask & STATX_DIOALIGN == 0 {
        return Some(Alignment { memory: page, offset: page, border: page });
    }
    let memory = statx.stx_dio_mem_align as usize;
    let offset = statx.stx_dio_offset_align as usize;
    let sound = memory.is_power_of_two() && offset.is_power_of_two();
    sound.then(|| Alignment { memory, offset, border: page.max(offset) })
}

/// What every file with O_DIRECT asks for at least.
pub(crate) fn least_alignment() -> Option<Alignment> {
    Some(Alignment { memory: 1, offset: 1, border: page_size() })
}

fn page_size() -> usize {
    // SAFETY: sysconf reads a constant of the system.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).ok().filter(|size| size.is_power_of_two()).unwrap_or(4096)
}
