//! How a store is to be opened: its settings.

use std::{path::PathBuf, sync::Arc};

#[cfg(doc)]
use crate::store::StoreErrorKind;
use crate::{
    config::{EnvSource, StoreConfig},
    engine::Engine,
    store::{
        Mode, OffloadStore, StoreError, TensorInfo,
        inner::OnEvict,
        names::{Names, SystemNames},
        opening::Opening,
        ranks,
    },
};

/// What becomes of the files of a store that had the directory before and is gone, by
/// [`OffloadStore::close`] or by the death of its process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stale {
    /// The store goes on where the earlier one was: a durable one at its last commit, an ephemeral one
    /// as it was kept ([`StoreBuilder::keep`]). What belongs to neither is removed.
    #[default]
    Recover,
    /// All of it is removed, whichever mode it had, and the store begins empty.
    Remove,
    /// [`StoreErrorKind::Exists`], and nothing is touched.
    Refuse,
}

/// How an [`OffloadStore`] is opened.
#[derive(Clone)]
pub struct StoreBuilder {
    pub(super) directories: Vec<PathBuf>,
    pub(super) spread: Spread,
    pub(super) device_engines: Vec<(usize, Arc<Engine>)>,
    pub(super) mode: Mode,
    pub(super) keep: bool,
    pub(super) stale: Stale,
    pub(super) block_size: u64,
    pub(super) slab_limit: u64,
    pub(super) slab_size: u64,
    pub(super) any_file_system: bool,
    pub(super) open_files: Option<usize>,
    pub(super) capacity: Option<u64>,
    pub(super) memory: u64,
    pub(super) on_evict: Option<OnEvict>,
    pub(super) names: Arc<dyn Names>,
}

/// How tensors go over the directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spread {
    /// Each is in one, which its name chooses.
    Hashed,
    /// Chunks of so many bytes go round.
    Striped { chunk: u64 },
}

impl StoreBuilder {
    pub(super) fn new(directories: Vec<PathBuf>, spread: Spread) -> Self {
        Self {
            directories,
            spread,
            device_engines: Vec::new(),
            mode: Mode::Ephemeral,
            keep: false,
            stale: Stale::default(),
            block_size: 256 << 10,
            slab_limit: 8 << 20,
            slab_size: 256 << 20,
            any_file_system: false,
            open_files: None,
            capacity: None,
            memory: 0,
            on_evict: None,
            names: Arc::new(SystemNames),
        }
    }

    /// That of a configuration; see [`OffloadStore::configured`].
    pub(super) fn configured(
        config: &StoreConfig,
        environment: &(impl EnvSource + ?Sized),
    ) -> Result<Self, StoreError> {
        let (directories, spread) = ranks::directories(config, environment)?;
        Ok(Self::new(directories, spread))
    }

    /// Has requests on the directory of that number, from 0, go to this engine.
    ///
    /// Otherwise those on the first directory, and on others of its device (the same `st_dev`), go to the
    /// engine that the store is opened with, and for each further device the store makes one with the
    /// same settings. Either way a slow device fills no queue but its own.
    #[must_use]
    pub fn device_engine(mut self, directory: usize, engine: &Arc<Engine>) -> Self {
        self.device_engines.push((directory, Arc::clone(engine)));
        self
    }

    /// Keeps each commit ([`OffloadStore::commit`]) whatever happens later, a loss of power too.
    ///
    /// Otherwise the store is ephemeral: nothing is synced, tensors are overwritten in place, and the
    /// files are removed when it is closed or dropped.
    #[must_use]
    pub fn durable(mut self) -> Self {
        self.mode = Mode::Durable;
        self
    }

    /// Whether [`OffloadStore::close`] keeps the tensors of an ephemeral store for the next one in the
    /// directory. Nothing is synced: they outlive the process, and not a loss of power. By default it
    /// does not.
    #[must_use]
    pub fn keep(mut self, keep: bool) -> Self {
        self.keep = keep;
        self
    }

    /// What becomes of what an earlier store left in the directory; [`Stale::Recover`] by default.
    #[must_use]
    pub fn stale(mut self, stale: Stale) -> Self {
        self.stale = stale;
        self
    }

    /// Bytes of a tensor per checksum, a multiple of 4096 up to 1 GiB; 256 KiB by default. A part of a
    /// tensor is read and written in whole blocks of it.
    #[must_use]
    pub fn block_size(mut self, bytes: u64) -> Self {
        self.block_size = bytes;
        self
    }

    /// The largest tensor, in bytes, that shares files with others; larger ones have a file each.
    /// 8 MiB by default.
    #[must_use]
    pub fn slab_limit(mut self, bytes: u64) -> Self {
        self.slab_limit = bytes;
        self
    }

    /// Bytes that a shared file reserves at most, a multiple of 4096 and no less than
    /// [`StoreBuilder::slab_limit`]; 256 MiB by default. A store that has little reserves less.
    #[must_use]
    pub fn slab_size(mut self, bytes: u64) -> Self {
        self.slab_size = bytes;
        self
    }

    /// Lets a durable store lie on a network or an overlay file system, whose syncs may mean less.
    #[must_use]
    pub fn any_file_system(mut self) -> Self {
        self.any_file_system = true;
        self
    }

    /// As many data files stay open, those used last; each takes up to two descriptors. By default 128, or
    /// an eighth of what the process may have open (`RLIMIT_NOFILE`) if that is less.
    ///
    /// Requests under way keep theirs open besides. A durable store syncs a file that it closes.
    #[must_use]
    pub fn open_files(mut self, files: usize) -> Self {
        self.open_files = Some(files);
        self
    }

    /// Makes the store a cache: its tensors take no more than so many bytes, each counted in whole pages
    /// of 4096, and one that is put takes the place of those that were put or read least recently.
    ///
    /// Those that are pinned ([`OffloadStore::pin`](crate::OffloadStore::pin)) stay. A durable store
    /// needs more on the device: what a commit refers to stays until the next.
    ///
    /// A store that is recovered may have more until the next put. By default there is no such limit.
    #[must_use]
    pub fn capacity(mut self, bytes: u64) -> Self {
        self.capacity = Some(bytes);
        self
    }

    /// Bytes of memory for tensors that are prefetched
    /// ([`OffloadStore::prefetch`](crate::OffloadStore::prefetch)), each counted in whole pages of 4096;
    /// none by default.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Is called with each tensor that had to make room for another, on the thread that puts that, once
    /// it is no longer there. It may use the store; a panic in it is that of the put.
    #[must_use]
    pub fn on_evict(mut self, then: impl Fn(&TensorInfo) + Send + Sync + 'static) -> Self {
        self.on_evict = Some(Arc::new(then));
        self
    }

    #[cfg(all(test, not(loom)))]
    pub(super) fn names(mut self, names: Arc<dyn Names>) -> Self {
        self.names = names;
        self
    }

    /// Opens the store, and makes its directories if there are none.
    ///
    /// # Errors
    ///
    /// - [`StoreErrorKind::InvalidSetting`], with all that are outside their ranges.
    /// - [`StoreErrorKind::InUse`] if another store has a directory: what it says of itself is in the
    ///   text. A child that its process forked keeps it, too.
    /// - [`StoreErrorKind::Exists`] with [`Stale::Refuse`].
    /// - [`StoreErrorKind::WrongMode`], [`StoreErrorKind::CorruptIndex`] and
    ///   [`StoreErrorKind::UnknownVersion`] if what is there cannot be recovered; it is left as it is.
    /// - [`StoreErrorKind::MissingDirectory`], [`StoreErrorKind::ExchangedDirectory`],
    ///   [`StoreErrorKind::DuplicateDirectory`] and [`StoreErrorKind::ForeignDirectory`] if the
    ///   directories are not those of the store that is there; everything is left as it is.
    /// - [`StoreErrorKind::UnsureFileSystem`] for a durable store on a network or overlay file system.
    /// - [`StoreErrorKind::Io`] for what the system or the engine answers.
    pub fn open(self, engine: &Arc<Engine>) -> Result<OffloadStore, StoreError> {
        Opening::new(self).open(engine)
    }
}

impl std::fmt::Debug for StoreBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreBuilder")
            .field("directories", &self.directories)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
