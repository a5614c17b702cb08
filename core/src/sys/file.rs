//! Open files: a descriptor through the page cache and, where the file system has it, a second one
//! with O_DIRECT on the same inode.

use std::{
    fs::{self, File},
    io,
    os::fd::{AsFd, BorrowedFd},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use nix::{
    errno::Errno,
    fcntl::{FcntlArg, OFlag, fcntl},
    libc,
    sys::resource::{Resource, getrlimit},
};

use crate::{
    engine::plan::Alignment,
    error::{Cause, Error, ErrorKind, Operation},
};

/// How [`Engine::open_with`](crate::Engine::open_with) opens a file.
///
/// Starts as "an existing file, to read"; every method turns on one more thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOptions {
    write: bool,
    create: bool,
    create_new: bool,
    truncate: bool,
    preallocate: Option<u64>,
    mode: u32,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl OpenOptions {
    /// An existing file, to read.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            write: false,
            create: false,
            create_new: false,
            truncate: false,
            preallocate: None,
            mode: 0o666,
        }
    }

    /// To write as well as read. Every other option implies it.
    #[must_use]
    pub const fn write(mut self) -> Self {
        self.write = true;
        self
    }

    /// Makes the file if it does not exist; one that does keeps its contents, so that a swap file
    /// is overwritten in place.
    #[must_use]
    pub const fn create(mut self) -> Self {
        self.create = true;
        self
    }

    /// Makes the file, and fails with [`ErrorKind::AlreadyExists`] if there is one.
    #[must_use]
    pub const fn create_new(mut self) -> Self {
        self.create_new = true;
        self
    }

    /// Empties the file first.
    #[must_use]
    pub const fn truncate(mut self) -> Self {
        self.truncate = true;
        self
    }

    /// Reserves the first `len` bytes on the device, which then read as zeros and count in the
    /// file's length; writing into reserved space is faster than extending a file.
    ///
    /// A longer file keeps its length. A file system that cannot reserve gets a sparse file of
    /// that length instead.
    #[must_use]
    pub const fn preallocate(mut self, len: u64) -> Self {
        self.preallocate = Some(len);
        self
    }

    /// The permission bits of a file that is made, less the process's umask; `0o666` by default.
    #[must_use]
    pub const fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    const fn writes(&self) -> bool {
        self.write || self.create || self.create_new || self.truncate || self.preallocate.is_some()
    }
}

/// A file open for one engine.
#[derive(Debug)]
pub(crate) struct OpenFile {
    path: Arc<Path>,
    buffered: File,
    direct: Option<Direct>,
}

#[derive(Debug)]
struct Direct {
    file: File,
    alignment: Alignment,
}

impl OpenFile {
    pub(crate) fn open(path: &Path, options: &OpenOptions) -> Result<Self, Error> {
        let path: Arc<Path> = Arc::from(path);
        let failed =
            |operation, error: &io::Error| Error::new(operation, cause_of(error)).at_path(&path);
        let buffered = fs::OpenOptions::new()
            .read(true)
            .write(options.writes())
            .create(options.create)
            .create_new(options.create_new)
            .truncate(options.truncate)
            .mode(options.mode)
            // Or opening a pipe would wait for its other end.
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(&path)
            .map_err(|error| failed(Operation::Open, &error))?;
        clear_nonblocking(&buffered)
            .map_err(|errno| Error::new(Operation::Open, errno.into()).at_path(&path))?;
        if let Some(len) = options.preallocate {
            preallocate(&buffered, len).map_err(|error| {
                let wanted = usize::try_from(len).unwrap_or(usize::MAX);
                failed(Operation::Preallocate, &error).for_range(0, wanted, 0)
            })?;
        }
        let direct = Direct::of(&buffered, options.writes());
        Ok(Self {
            path,
            buffered,
            direct,
        })
    }

    pub(crate) fn path(&self) -> &Arc<Path> {
        &self.path
    }

    /// The descriptor to use; the buffered one where there is no direct one.
    pub(crate) fn descriptor(&self, direct: bool) -> BorrowedFd<'_> {
        match &self.direct {
            Some(opened) if direct => opened.file.as_fd(),
            _ => self.buffered.as_fd(),
        }
    }

    /// What O_DIRECT asks of this file; none where it cannot be used.
    pub(crate) fn alignment(&self) -> Option<Alignment> {
        self.direct.as_ref().map(|direct| direct.alignment)
    }

    pub(crate) fn len(&self) -> Result<u64, Error> {
        match self.buffered.metadata() {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) => {
                Err(Error::new(Operation::Metadata, cause_of(&error)).at_path(&self.path))
            }
        }
    }
}

fn cause_of(error: &io::Error) -> Cause {
    match error.raw_os_error() {
        Some(errno) => Cause::Errno(Errno::from_raw(errno)),
        None if error.kind() == io::ErrorKind::InvalidInput => ErrorKind::InvalidInput.into(),
        None => ErrorKind::Io.into(),
    }
}

fn clear_nonblocking(file: &File) -> Result<(), Errno> {
    let flags = OFlag::from_bits_retain(fcntl(file, FcntlArg::F_GETFL)?);
    fcntl(file, FcntlArg::F_SETFL(flags - OFlag::O_NONBLOCK)).map(drop)
}

fn preallocate(file: &File, len: u64) -> io::Result<()> {
    if file.metadata()?.len() >= len {
        return Ok(());
    }
    // Beyond this limit the calls below would raise SIGXFSZ, which ends the process.
    let (limit, _) = getrlimit(Resource::RLIMIT_FSIZE)?;
    if len > limit {
        return Err(Errno::EFBIG.into());
    }
    match reserve(file, len) {
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EINVAL) => file.set_len(len),
        reserved => reserved.map_err(io::Error::from),
    }
}

#[cfg(target_os = "linux")]
fn reserve(file: &File, len: u64) -> Result<(), Errno> {
    let len = libc::off_t::try_from(len).map_err(|_| Errno::EFBIG)?;
    loop {
        match nix::fcntl::fallocate(file, nix::fcntl::FallocateFlags::empty(), 0, len) {
            Err(Errno::EINTR) => {}
            reserved => return reserved,
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn reserve(_file: &File, _len: u64) -> Result<(), Errno> {
    Err(Errno::EOPNOTSUPP)
}

#[cfg(not(target_os = "linux"))]
impl Direct {
    fn of(_buffered: &File, _writes: bool) -> Option<Self> {
        None
    }
}

#[cfg(target_os = "linux")]
impl Direct {
    /// Opens the inode again with O_DIRECT, and checks that it is the same one. None where the
    /// file is not a regular one or a block device, or will not have it.
    fn of(buffered: &File, writes: bool) -> Option<Self> {
        use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
        use std::os::{
            fd::AsRawFd,
            unix::fs::{FileTypeExt, MetadataExt},
        };

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
        // The buffered descriptor now serves heads and tails alone: reading ahead of them would
        // put into the page cache what others move past it. Refused advice costs memory only.
        let random = PosixFadviseAdvice::POSIX_FADV_RANDOM;
        let _ = posix_fadvise(buffered, 0, 0, random);
        Some(Self { file, alignment })
    }
}

/// What the kernel says O_DIRECT needs for this file (`STATX_DIOALIGN`, Linux 6.1); a page for
/// both where it does not say, which every device takes; none where it says that there is none.
#[cfg(target_os = "linux")]
fn alignment(file: &File) -> Option<Alignment> {
    use std::os::fd::AsRawFd;

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
        return Some(Alignment {
            memory: page,
            offset: page,
            border: page,
        });
    }
    let memory = statx.stx_dio_mem_align as usize;
    let offset = statx.stx_dio_offset_align as usize;
    let sound = memory.is_power_of_two() && offset.is_power_of_two();
    sound.then(|| Alignment {
        memory,
        offset,
        border: page.max(offset),
    })
}

#[cfg(target_os = "linux")]
fn page_size() -> usize {
    // SAFETY: sysconf reads a constant of the system.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size)
        .ok()
        .filter(|size| size.is_power_of_two())
        .unwrap_or(4096)
}
