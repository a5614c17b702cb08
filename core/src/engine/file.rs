//! Files of an engine.

use std::{
    fmt,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

#[cfg(doc)]
use crate::error::ErrorKind;
use crate::{
    config::{DirectMode, EngineSettings},
    engine::{Engine, flights::Flights, ledger::EngineId},
    error::{Error, NotDirect},
    sys::file::{OpenFile, OpenOptions, Policy},
};

/// # Files
impl Engine {
    /// Opens an existing file to read.
    ///
    /// # Errors
    ///
    /// What the system answers: [`ErrorKind::NotFound`], [`ErrorKind::PermissionDenied`] and
    /// others. Directories and pipes open; requests on them fail. [`ErrorKind::NotDirect`] if the
    /// setting `direct` is `always` and the file cannot be direct: of anything but regular files and
    /// block devices, where the file system has no O_DIRECT, and if `block_size` does not suit it.
    pub fn open<P: AsRef<Path>>(&self, path: P) -> Result<AioFile, Error> {
        self.open_with(path, &OpenOptions::new())
    }

    /// Makes an empty file to write and read, emptying one that exists.
    ///
    /// To overwrite a file in place, or to reserve its space, use [`Engine::open_with`].
    ///
    /// # Errors
    ///
    /// As for [`Engine::open`], and [`ErrorKind::IsDirectory`], [`ErrorKind::NoSpace`].
    pub fn create<P: AsRef<Path>>(&self, path: P) -> Result<AioFile, Error> {
        self.open_with(path, &OpenOptions::new().create().truncate())
    }

    /// Opens a file as `options` say.
    ///
    /// # Errors
    ///
    /// As for [`Engine::create`], and [`ErrorKind::AlreadyExists`]. If space could not be reserved, or
    /// the file cannot be direct, one that [`create_new`](OpenOptions::create_new) made is removed
    /// again; any other stays, with none or a part of the space.
    pub fn open_with<P: AsRef<Path>>(
        &self,
        path: P,
        options: &OpenOptions,
    ) -> Result<AioFile, Error> {
        let open = OpenFile::open(path.as_ref(), options, self.policy())?;
        Ok(self.file(open))
    }

    /// Takes over a file that somebody else opened: a [`File`](std::fs::File), a descriptor that
    /// came over a socket, a memfd.
    ///
    /// The directions are those of the descriptor, and its position plays no part. If it has
    /// O_DIRECT, what cannot be direct goes through a second one without it. It stays open, and keeps
    /// its locks, for as long as the [`AioFile`] does; but POSIX record locks of the process
    /// (`F_SETLK`) are lost with the first descriptor of a file that closes, here as
    /// anywhere. On a regular file or block device it is advised of random access, which holds for
    /// its duplicates too.
    ///
    /// ```
    /// use ds_aio::{Engine, EngineSettings};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engine = Engine::new(&EngineSettings::default())?;
    /// let file = engine.adopt(tempfile::tempfile()?)?;
    /// let data = engine.pwrite(&file, vec![1; 10_000], 0).wait()?;
    /// assert_eq!(engine.pread(&file, vec![0; 10_000], 0).wait()?, data);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The descriptor is closed then. [`ErrorKind::AppendOnly`] if it writes with O_APPEND,
    /// [`ErrorKind::WrongAccessMode`] if it neither reads nor writes (O_PATH). If it has O_DIRECT,
    /// what opening it again answers, such as [`ErrorKind::NotFound`] without `/proc`.
    /// [`ErrorKind::NotDirect`] if the setting `direct` is `always`.
    /// Pipes, sockets and directories are adopted; requests on them fail.
    pub fn adopt<F: Into<OwnedFd>>(&self, descriptor: F) -> Result<AioFile, Error> {
        let open = OpenFile::adopt(descriptor.into(), self.policy())?;
        Ok(self.file(open))
    }

    /// Opens a file of the library's own, which may have any length: what cannot be direct goes through the
    /// page cache, whatever the setting says.
    #[cfg(feature = "store")]
    pub(crate) fn open_own(&self, path: &Path, options: &OpenOptions) -> Result<AioFile, Error> {
        let mut policy = self.policy();
        if policy.mode == DirectMode::Always {
            policy.mode = DirectMode::Auto;
        }
        Ok(self.file(OpenFile::open(path, options, policy)?))
    }

    /// Opens a directory to be synced.
    pub(crate) fn open_directory(&self, path: &Path) -> Result<AioFile, Error> {
        let policy = Policy { mode: DirectMode::Never, ..self.policy() };
        Ok(self.file(OpenFile::open(path, &OpenOptions::new(), policy)?))
    }

    pub(super) fn file(&self, open: OpenFile) -> AioFile {
        let state = Arc::new(FileState::new(self.id(), open));
        AioFile { state, priority: Priority::Normal }
    }

    pub(super) fn policy(&self) -> Policy {
        let EngineSettings { direct, block_size, .. } = self.settings.asked;
        Policy { mode: direct, block_size }
    }
}

/// A file that an [`Engine`](crate::Engine) opened or adopted; clones share it.
///
/// The descriptors close when the last clone is gone and the last request on the file has ended:
/// before its ticket resolves, or when the clone is dropped after that.
#[derive(Clone)]
pub struct AioFile {
    pub(crate) state: Arc<FileState>,
    pub(crate) priority: Priority,
}

/// What O_DIRECT asks of a file, in bytes: each is a power of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct DirectAlignment {
    /// What the memory's address has to be a multiple of.
    pub memory: usize,
    /// What the offset and the length of a read have to be multiples of.
    pub read: usize,
    /// The same of a write.
    pub write: usize,
}

/// Which requests go first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Priority {
    /// Before those of the background.
    #[default]
    Normal,
    /// When no normal request waits, and for one block in sixteen if there is always one; no
    /// faster than the setting `background_rate` allows.
    Background,
}

impl AioFile {
    /// The path, as it was given to the engine.
    ///
    /// Of a file that the engine adopted it is what the system calls the file, for people to read:
    /// the path it was opened by with links resolved, and ` (deleted)` where that is gone,
    /// `/memfd:name (deleted)`, `pipe:[7]`; or `<fd 3>`, with the descriptor's number, without
    /// `/proc`.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.state.open.path()
    }

    /// The file's length now, in bytes; 0 of what has none that the system tells so, such as a device.
    ///
    /// # Errors
    ///
    /// What `fstat` answers; see [`Error::errno`].
    pub fn len(&self) -> Result<u64, Error> {
        self.state.open.len()
    }

    /// The same file for requests of that priority: a checkpoint's, say, which is to leave the
    /// device to others.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let engine = ds_aio::Engine::new(&ds_aio::EngineSettings::default())?;
    /// use ds_aio::Priority;
    ///
    /// let checkpoint = engine.create(dir.path().join("step_1000"))?;
    /// let checkpoint = checkpoint.with_priority(Priority::Background);
    /// engine.pwrite(&checkpoint, vec![7; 1 << 20], 0).wait()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_priority(&self, priority: Priority) -> Self {
        Self { state: Arc::clone(&self.state), priority }
    }

    /// The priority of requests made with this handle.
    #[must_use]
    pub fn priority(&self) -> Priority {
        self.priority
    }

    /// Whether the file is empty now.
    ///
    /// # Errors
    ///
    /// As for [`AioFile::len`].
    pub fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.len()? == 0)
    }

    /// Whether the whole pages of requests may bypass the page cache (O_DIRECT), those of reads at
    /// least; [`AioFile::not_direct`] says why not.
    ///
    /// Those of writes do where the engine's block size is a multiple of the page size.
    /// [`Engine::stats`](crate::Engine::stats) counts what went which way.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.not_direct().is_none()
    }

    /// Why requests on the file go through the page cache; none where they may bypass it.
    ///
    /// ```
    /// use ds_aio::{DirectMode, Engine, EngineSettings, NotDirect};
    ///
    /// # let dir = tempfile::tempdir()?;
    /// let mut settings = EngineSettings::default();
    /// settings.direct = DirectMode::Never;
    /// let file = Engine::new(&settings)?.create(dir.path().join("t0.swp"))?;
    /// assert_eq!(file.not_direct(), Some(NotDirect::Never));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn not_direct(&self) -> Option<NotDirect> {
        self.state.open.not_direct()
    }

    /// What O_DIRECT asks of this file: what the kernel says (`STATX_DIOALIGN`), or a safe guess
    /// where it does not say; none where requests go through the page cache.
    ///
    /// Requests need not be aligned; what is goes without a copy. Unless the setting `direct` is
    /// `always`, requests are cut at whole pages where these are larger.
    #[must_use]
    pub fn direct_alignment(&self) -> Option<DirectAlignment> {
        let alignment = self.state.open.alignment()?;
        Some(DirectAlignment {
            memory: alignment.memory,
            read: alignment.read,
            write: alignment.write,
        })
    }
}

/// The descriptor that goes through the page cache: to look at the file, to lock it, to map it.
///
/// Requests use it too, so its flags are to stay as they are.
impl AsFd for AioFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.state.open.buffered()
    }
}

impl fmt::Debug for AioFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AioFile")
            .field("path", &self.path())
            .field("direct", &self.is_direct())
            .finish_non_exhaustive()
    }
}

/// What the engine keeps of an open file.
pub(crate) struct FileState {
    pub(crate) id: u64,
    /// The engine that opened it, the only one to use it.
    pub(crate) engine: EngineId,
    pub(crate) open: Arc<OpenFile>,
    pub(crate) flights: Arc<Flights>,
}

impl FileState {
    pub(crate) fn new(engine: EngineId, open: OpenFile) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { id, engine, open: Arc::new(open), flights: Arc::default() }
    }
}
