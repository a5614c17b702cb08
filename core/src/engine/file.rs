//! Files of an engine, and the count of requests in flight on each.

use std::{
    collections::BTreeMap,
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    engine::ledger::EngineId,
    error::Error,
    sync::{Condvar, Mutex, lock, wait},
    sys::file::OpenFile,
};

/// A file that an [`Engine`](crate::Engine) opened; clones share it.
///
/// The descriptors close when the last clone is gone and the last request on the file has ended:
/// before its ticket resolves, or when the clone is dropped after that.
#[derive(Clone)]
pub struct AioFile {
    pub(crate) state: Arc<FileState>,
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
