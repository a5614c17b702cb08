//! Open files: a descriptor through the page cache and, where the file system has it, a second one
//! with O_DIRECT on the same inode.

use std::{
    fs::{self, File},
    io,
    os::fd::{AsFd, BorrowedFd},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use nix::{
    errno::Errno,
    fcntl::{FcntlArg, OFlag, fcntl},
};

use crate::{
    config::DirectMode,
    engine::plan::{Alignment, Ways},
    error::{Cause, Error, ErrorKind, NotDirect, Operation},
    sys::{direct::Direct, reserve::reserve},
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

    /// To write as well as read. Every other option implies it, but for [`mode`](Self::mode).
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

    /// Makes the file, and fails with [`ErrorKind::AlreadyExists`] if there is one. After any other
    /// error there is none.
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
    /// that length instead. On a device it does nothing.
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

/// What the settings say about bypassing the page cache.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    pub(crate) mode: DirectMode,
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "for O_DIRECT"))]
    pub(crate) block_size: usize,
}

/// What a file is open for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) reads: bool,
    pub(crate) writes: bool,
    /// Flags that hold for every transfer, such as O_DSYNC.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "for a second descriptor"))]
    pub(crate) promised: OFlag,
}

impl Access {
    /// Whether it writes, for each direction.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "for O_DIRECT"))]
    pub(crate) fn directions(self) -> impl Iterator<Item = bool> + Clone {
        let reads = self.reads.then_some(false);
        reads.into_iter().chain(self.writes.then_some(true))
    }
}

/// Whether the last block of a file that was looked at was for a thread: one that is in the page
/// cache, or that makes the file longer. The next one is likely to be, too.
#[derive(Debug, Default)]
pub(crate) struct ByThread {
    reads: AtomicBool,
    writes: AtomicBool,
}

impl ByThread {
    pub(crate) fn lately(&self, writes: bool) -> bool {
        self.of(writes).load(Relaxed)
    }

    pub(crate) fn set(&self, writes: bool, by_thread: bool) {
        if self.lately(writes) != by_thread {
            self.of(writes).store(by_thread, Relaxed);
        }
    }

    fn of(&self, writes: bool) -> &AtomicBool {
        if writes { &self.writes } else { &self.reads }
    }
}

/// A file open for one engine.
#[derive(Debug)]
pub(crate) struct OpenFile {
    path: Arc<Path>,
    buffered: File,
    direct: Result<Direct, NotDirect>,
    by_thread: Arc<ByThread>,
    /// A descriptor that is kept for its owner's locks alone.
    _given: Option<File>,
    #[cfg(all(test, not(loom)))]
    pretended: Option<Ways>,
}

impl OpenFile {
    pub(crate) fn open(path: &Path, options: &OpenOptions, policy: Policy) -> Result<Self, Error> {
        let path: Arc<Path> = Arc::from(path);
        let failed =
            |operation, error: &io::Error| Error::new(operation, cause_of(error)).at_path(&path);
        let buffered = open(&path, options).map_err(|error| failed(Operation::Open, &error))?;
        let reserved = options.preallocate.map_or(Ok(()), |len| {
            reserve(buffered.as_fd(), 0, len).map_err(|errno| {
                let wanted = usize::try_from(len).unwrap_or(usize::MAX);
                failed(Operation::Preallocate, &errno.into()).for_range(0, wanted, 0)
            })
        });
        let access = Access { reads: true, writes: options.writes(), promised: OFlag::empty() };
        let opened =
            reserved.and_then(|()| Self::with(Arc::clone(&path), buffered, None, access, policy));
        if opened.is_err() && options.create_new {
            // The caller is told of what went wrong first.
            let _ = fs::remove_file(&path);
        }
        opened
    }

    /// As if O_DIRECT asked for this, or did not exist; what goes direct uses the page cache.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn pretending(mut self, alignment: Option<Alignment>) -> Self {
        self.direct = Err(NotDirect::Never);
        self.pretended = Some(alignment.map_or(Ways::Buffered, Ways::Mixed));
        self
    }

    /// A file of its buffered descriptor and the direct one that was given, if one was.
    pub(super) fn with(
        path: Arc<Path>,
        buffered: File,
        given: Option<File>,
        access: Access,
        policy: Policy,
    ) -> Result<Self, Error> {
        let direct = Direct::of(&buffered, given.as_ref(), access, policy)
            .map_err(|error| Error::new(Operation::Open, cause_of(&error)).at_path(&path))?;
        match direct {
            Err(reason) if policy.mode == DirectMode::Always => {
                Err(Error::new(Operation::Open, reason.into()).at_path(&path))
            }
            direct => Ok(Self {
                path,
                buffered,
                direct,
                by_thread: Arc::default(),
                _given: given,
                #[cfg(all(test, not(loom)))]
                pretended: None,
            }),
        }
    }

    pub(crate) fn path(&self) -> &Arc<Path> {
        &self.path
    }

    pub(crate) fn buffered(&self) -> BorrowedFd<'_> {
        self.buffered.as_fd()
    }

    /// The descriptor to use; the buffered one where there is no direct one.
    pub(crate) fn descriptor(&self, direct: bool) -> BorrowedFd<'_> {
        match &self.direct {
            Ok(opened) if direct => opened.descriptor(),
            _ => self.buffered(),
        }
    }

    pub(crate) fn ways(&self) -> Ways {
        #[cfg(all(test, not(loom)))]
        if let Some(pretended) = self.pretended {
            return pretended;
        }
        self.direct.as_ref().map_or(Ways::Buffered, Direct::ways)
    }

    /// What O_DIRECT asks of this file; none where it cannot be used.
    pub(crate) fn alignment(&self) -> Option<Alignment> {
        self.direct.as_ref().ok().map(Direct::alignment)
    }

    /// Why O_DIRECT cannot be used; none where it can.
    pub(crate) fn not_direct(&self) -> Option<NotDirect> {
        self.direct.as_ref().err().copied()
    }

    /// Whether a block to be read is better read through the page cache, which has all of it.
    pub(crate) fn is_resident(&self, offset: u64, len: usize) -> bool {
        self.direct.as_ref().is_ok_and(|direct| direct.is_resident(&self.buffered, offset, len))
    }

    /// Whether blocks were for threads lately.
    pub(crate) fn by_thread(&self) -> &Arc<ByThread> {
        &self.by_thread
    }

    /// Cuts the file to `len` bytes if it is longer.
    pub(crate) fn cut_to(&self, len: u64) -> Result<(), Errno> {
        let failed = |error: io::Error| error.raw_os_error().map_or(Errno::EIO, Errno::from_raw);
        if self.buffered.metadata().map_err(failed)?.len() > len {
            self.buffered.set_len(len).map_err(failed)?;
        }
        Ok(())
    }

    /// Whether it is a regular file, shorter than that.
    pub(crate) fn ends_before(&self, end: u64) -> bool {
        self.buffered.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() < end)
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

fn open(path: &Path, options: &OpenOptions) -> io::Result<File> {
    let open_with = |flags: OFlag| {
        fs::OpenOptions::new()
            .read(true)
            .write(options.writes())
            .create(options.create)
            .create_new(options.create_new)
            .truncate(options.truncate)
            .mode(options.mode)
            .custom_flags((flags | OFlag::O_NOCTTY).bits())
            .open(path)
    };
    // Without waiting, or opening a pipe would wait for its other end.
    match open_with(OFlag::O_NONBLOCK) {
        // A file under a lease, which waiting ends.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => open_with(OFlag::empty()),
        opened => {
            let file = opened?;
            clear_nonblocking(&file)?;
            Ok(file)
        }
    }
}

pub(crate) fn cause_of(error: &io::Error) -> Cause {
    match error.raw_os_error() {
        Some(errno) => Cause::Errno(Errno::from_raw(errno)),
        None if error.kind() == io::ErrorKind::InvalidInput => ErrorKind::InvalidInput.into(),
        None => ErrorKind::Io.into(),
    }
}

/// Of the flags that can be changed it was opened with no other.
fn clear_nonblocking(file: &File) -> Result<(), Errno> {
    fcntl(file, FcntlArg::F_SETFL(OFlag::empty())).map(drop)
}
