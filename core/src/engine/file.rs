//! Files of an engine, and the count of requests in flight on each.

use std::{
    collections::BTreeMap,
    fmt,
    os::fd::{AsFd, BorrowedFd},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    engine::ledger::EngineId,
    error::{Error, NotDirect},
    sync::{Condvar, Mutex, lock, wait},
    sys::file::OpenFile,
};

/// A file that an [`Engine`](crate::Engine) opened or adopted; clones share it.
///
/// The descriptors close when the last clone is gone and the last request on the file has ended:
/// before its ticket resolves, or when the clone is dropped after that.
#[derive(Clone)]
pub struct AioFile {
    pub(crate) state: Arc<FileState>,
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

    /// The file's length now, in bytes.
    ///
    /// # Errors
    ///
    /// What `fstat` answers; see [`Error::errno`].
    pub fn len(&self) -> Result<u64, Error> {
        self.state.open.len()
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

/// Counts requests in flight by epoch, so that a sync can wait for those accepted before it while
/// others keep coming.
#[derive(Default)]
pub(crate) struct Flights {
    epochs: Mutex<Epochs>,
    ended: Condvar,
}

#[derive(Default)]
struct Epochs {
    current: u64,
    /// Requests in flight by the epoch they began in; no zeros.
    in_flight: BTreeMap<u64, usize>,
}

/// The epoch in which a request began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Epoch(u64);

impl Flights {
    pub(crate) fn begin(&self) -> Epoch {
        let mut epochs = lock(&self.epochs);
        let current = epochs.current;
        *epochs.in_flight.entry(current).or_default() += 1;
        Epoch(current)
    }

    pub(crate) fn end(&self, epoch: Epoch) {
        let mut epochs = lock(&self.epochs);
        if let Some(count) = epochs.in_flight.get_mut(&epoch.0) {
            *count -= 1;
            if *count == 0 {
                epochs.in_flight.remove(&epoch.0);
                self.ended.notify_all();
            }
        }
    }

    /// Waits until every request that began before this call has ended.
    pub(crate) fn wait_for_earlier(&self) {
        let mut epochs = lock(&self.epochs);
        let before = epochs.current;
        epochs.current += 1;
        while epochs.in_flight.range(..=before).next().is_some() {
            epochs = wait(&self.ended, epochs);
        }
    }
}
