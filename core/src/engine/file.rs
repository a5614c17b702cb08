//! Files of an engine.

use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    engine::{flights::Flights, ledger::EngineId},
    error::Error,
    sys::file::OpenFile,
};

/// A file that an [`Engine`](crate::Engine) opened; clones share it.
///
/// The descriptors close when the last clone is gone and the last request on the file has ended:
/// before its ticket resolves, or when the clone is dropped after that.
#[derive(Clone)]
pub struct AioFile {
    pub(crate) state: Arc<FileState>,
    pub(crate) priority: Priority,
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
    /// The path, as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.state.open.path()
    }

    /// The file's length now, in bytes.
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

    /// Whether the whole pages of requests may bypass the page cache (O_DIRECT).
    ///
    /// They do if the engine's block size suits it: for writes a multiple of the page size, for
    /// reads of what the device asks for (512 or 4096 bytes, as a rule).
    /// [`Engine::stats`](crate::Engine::stats) counts what went which way.
    /// False where the file system has no O_DIRECT, for anything but regular files and block devices,
    /// and on systems other than Linux.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.state.open.alignment().is_some()
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
