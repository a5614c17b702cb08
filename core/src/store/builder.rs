//! Opening a store: its settings, and what becomes of what is there.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    engine::Engine,
    error::Error,
    store::{
        Mode, OffloadStore, StoreError, StoreErrorKind, StoreOperation, TensorInfo,
        catalog::Catalog,
        commit::Committed,
        file_system,
        files::{self, INDEX, Kind, NEW_INDEX},
        handles::Handles,
        helpers::Helpers,
        index::{self, Entry, Index, NotAnIndex},
        inner::{Inner, OnEvict, Options, State},
        lives::Process,
        memory::Memory,
        names::{Names, SystemNames},
        owner::{NotOwned, Owner},
        space::{Layout, PAGE, Space, pages},
        tensor::{Record, Version},
    },
    sync::Mutex,
};

/// A petabyte: no file is that long, and the sum of many does not overflow.
const MOST_OF_A_FILE: u64 = 1 << 50;

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
    directory: PathBuf,
    mode: Mode,
    keep: bool,
    stale: Stale,
    block_size: u64,
    slab_limit: u64,
    slab_size: u64,
    any_file_system: bool,
    capacity: Option<u64>,
    memory: u64,
    on_evict: Option<OnEvict>,
    names: Arc<dyn Names>,
}

impl StoreBuilder {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            mode: Mode::Ephemeral,
            keep: false,
            stale: Stale::default(),
            block_size: 256 << 10,
            slab_limit: 8 << 20,
            slab_size: 256 << 20,
            any_file_system: false,
            capacity: None,
            memory: 0,
            on_evict: None,
            names: Arc::new(SystemNames),
        }
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

    /// Opens the store, and makes its directory if there is none.
    ///
    /// # Errors
    ///
    /// - [`StoreErrorKind::InvalidSetting`], with all that are outside their ranges.
    /// - [`StoreErrorKind::InUse`] if another store has the directory: what it says of itself is in the
    ///   text. A child that its process forked keeps it, too.
    /// - [`StoreErrorKind::Exists`] with [`Stale::Refuse`].
    /// - [`StoreErrorKind::WrongMode`], [`StoreErrorKind::CorruptIndex`] and
    ///   [`StoreErrorKind::UnknownVersion`] if what is there cannot be recovered; it is left as it is.
    /// - [`StoreErrorKind::UnsureFileSystem`] for a durable store on a network or overlay file system.
    /// - [`StoreErrorKind::Io`] for what the system or the engine answers.
    pub fn open(self, engine: &Arc<Engine>) -> Result<OffloadStore, StoreError> {
        let opening = Opening { directory: Arc::from(&*self.directory), builder: self };
        opening.open(engine)
    }
}

impl std::fmt::Debug for StoreBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreBuilder")
            .field("directory", &self.directory)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

struct Opening {
    directory: Arc<Path>,
    builder: StoreBuilder,
}

impl Opening {
    fn open(self, engine: &Arc<Engine>) -> Result<OffloadStore, StoreError> {
        self.check_settings()?;
        let made = self.make_directory()?;
        self.check_file_system()?;
        let owner = Owner::of(&self.directory, self.random()?).map_err(|reason| match reason {
            NotOwned::InUse(owner) => self.error(StoreErrorKind::InUse).telling(owner),
            NotOwned::Failed(error) => self.system_error(&self.directory, error),
        })?;
        let found =
            files::list(&self.directory).map_err(|e| self.system_error(&self.directory, e))?;
        let index = self.what_is_there(engine, &found)?;
        let helpers = Helpers::default();
        let mut inner = Inner {
            engine: Arc::clone(engine),
            directory: Arc::clone(&self.directory),
            names: Arc::clone(&self.builder.names),
            options: self.options(engine),
            store: 0,
            process: Process::this(),
            state: Mutex::new(State {
                tensors: Catalog::new(self.builder.capacity),
                ..State::default()
            }),
            space: Mutex::default(),
            handles: Handles::default(),
            flights: Arc::default(),
            ledger: Arc::default(),
            committed: Mutex::default(),
            owner: Mutex::new(Some(owner)),
            memory: Memory::new(self.builder.memory, &helpers),
            helpers,
            on_evict: self.builder.on_evict.clone(),
            made,
        };
        inner.store = match &index {
            Some(index) => index.store,
            None => self.random()?,
        };
        let last = found.iter().filter_map(|kind| match kind {
            Kind::Data(id) => Some(*id),
            _ => None,
        });
        let mut space = Space::default();
        space.skip_to(last.max().map_or(0, |id| id.saturating_add(1)));
        if let Some(index) = index {
            let (state, committed) = self.recovered(index, &found, &mut space)?;
            inner.state = Mutex::new(state);
            if self.builder.mode == Mode::Durable {
                inner.committed = Mutex::new(committed);
            }
        }
        self.remove_all_but(&found, &space)?;
        inner.space = Mutex::new(space);
        Ok(OffloadStore { inner: Arc::new(inner) })
    }

    fn check_settings(&self) -> Result<(), StoreError> {
        let StoreBuilder { block_size, slab_limit, slab_size, .. } = self.builder;
        let mut wrong = Vec::new();
        if !block_size.is_multiple_of(PAGE) || block_size == 0 || block_size > 1 << 30 {
            wrong.push(format!("block_size {block_size} is no multiple of 4096 up to 1 GiB"));
        }
        if !slab_size.is_multiple_of(PAGE) || slab_size == 0 || slab_size > 1 << 40 {
            wrong.push(format!("slab_size {slab_size} is no multiple of 4096 up to 1 TiB"));
        }
        if slab_limit > slab_size {
            wrong.push(format!("slab_limit {slab_limit} is more than slab_size {slab_size}"));
        }
        if wrong.is_empty() {
            return Ok(());
        }
        Err(self.error(StoreErrorKind::InvalidSetting).telling(wrong.join("; ")))
    }

    fn options(&self, engine: &Engine) -> Options {
        let StoreBuilder { mode, keep, block_size, slab_limit, slab_size, .. } = self.builder;
        // A request is a block of the engine's, or a few checksums if these are larger.
        let blocks = (engine.settings().asked.block_size as u64 / block_size).max(1);
        Options {
            mode,
            keep,
            block: block_size,
            part: usize::try_from(blocks * block_size).unwrap_or(usize::MAX),
            layout: Layout { slab_limit, slab_size },
        }
    }

    /// The directories that were made, outermost first.
    fn make_directory(&self) -> Result<Vec<PathBuf>, StoreError> {
        let missing: Vec<_> = self
            .directory
            .ancestors()
            .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
            .map(Path::to_owned)
            .collect();
        let mut made = Vec::new();
        for path in missing.into_iter().rev() {
            match self.builder.names.create_directory(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(self.system_error(&path, error)),
            }
            if self.builder.mode == Mode::Durable {
                let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
                self.sync_directory(parent.unwrap_or(Path::new(".")))?;
            }
            made.push(path);
        }
        Ok(made)
    }

    fn check_file_system(&self) -> Result<(), StoreError> {
        if self.builder.mode != Mode::Durable || self.builder.any_file_system {
            return Ok(());
        }
        match file_system::unsure(&self.directory) {
            Ok(None) => Ok(()),
            Ok(Some(name)) => Err(self.error(StoreErrorKind::UnsureFileSystem).telling(name)),
            Err(error) => Err(self.system_error(&self.directory, error)),
        }
    }

    /// The index of what is to be recovered, if anything is. What is to be removed is.
    fn what_is_there(&self, engine: &Engine, found: &[Kind]) -> Result<Option<Index>, StoreError> {
        match self.builder.stale {
            Stale::Recover => {}
            Stale::Refuse if found.is_empty() => return Ok(None),
            Stale::Refuse => return Err(self.error(StoreErrorKind::Exists)),
            Stale::Remove => {
                if found.contains(&Kind::Index) {
                    self.remove_index()?;
                }
                return Ok(None);
            }
        }
        if !found.contains(&Kind::Index) {
            return Ok(None);
        }
        let path = self.directory.join(INDEX);
        let bytes = self.read(engine, &path).map_err(|error| {
            self.error(StoreErrorKind::Io).in_file(path.clone()).because_of(error)
        })?;
        let index = index::decode(bytes).map_err(|reason| match reason {
            NotAnIndex::Corrupt(what) => self.corrupt_index(what),
            NotAnIndex::UnknownVersion(version) => self
                .error(StoreErrorKind::UnknownVersion)
                .in_file(path.clone())
                .telling(format!("version {version}")),
        })?;
        if index.mode != self.builder.mode {
            let mode = if index.mode == Mode::Durable { "durable" } else { "ephemeral" };
            return Err(self.error(StoreErrorKind::WrongMode).telling(format!("it is {mode}")));
        }
        Ok(Some(index))
    }

    fn read(&self, engine: &Engine, path: &Path) -> Result<Vec<u8>, Error> {
        let file = engine.open(path)?;
        let len = usize::try_from(file.len()?).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        // What cannot be had is not an index, and `pread` says so of the rest.
        if bytes.try_reserve_exact(len).is_ok() {
            bytes.resize(len, 0);
        }
        Ok(engine.pread(&file, bytes, 0).wait()?)
    }

    /// The tensors of an index, each with its place.
    fn recovered(
        &self,
        index: Index,
        found: &[Kind],
        space: &mut Space,
    ) -> Result<(State, Committed), StoreError> {
        match self.builder.mode {
            // The process that renamed it may have died before it was durable. From here on its
            // predecessor's places are written to.
            Mode::Durable => self.sync_directory(&self.directory)?,
            Mode::Ephemeral => {}
        }
        for &file in &index.files {
            if file.len % PAGE != 0 || file.len > MOST_OF_A_FILE || space.has(file.id) {
                return Err(self.corrupt_index("a file cannot be"));
            }
            space.add(file);
        }
        space.skip_to(index.next_file);
        let tensors = Catalog::new(self.builder.capacity);
        let mut state = State { tensors, generation: index.generation, ..State::default() };
        let mut committed = Committed { number: index.commit, ..Committed::default() };
        for entry in index.entries {
            let Entry { name, generation, sealed, len, block, file, offset, sums } = entry;
            let extent = match pages(len) {
                0 => None,
                place => match space.occupy(file, offset, place) {
                    Some(extent) => Some(extent),
                    None => return Err(self.corrupt_index("a place is none, or that of two")),
                },
            };
            let slot = Arc::default();
            let record = Record { name, generation, sealed, len, block, sums, extent, slot };
            let version = Version::ready(record);
            committed.records.extend(version.record());
            if state.tensors.insert(version).is_some() {
                return Err(self.corrupt_index("there are two tensors of one name"));
            }
        }
        // What is gone takes no new tensors. Those in it are corrupt, each when it is asked for.
        for file in index.files {
            if !found.contains(&Kind::Data(file.id)) {
                space.close(file.id);
            }
        }
        if self.builder.mode == Mode::Ephemeral {
            // It is overwritten from here on.
            self.remove_index()?;
        }
        Ok((state, committed))
    }

    /// Removes what no store needs any more.
    fn remove_all_but(&self, found: &[Kind], space: &Space) -> Result<(), StoreError> {
        for kind in found {
            let name = match kind {
                Kind::Index => continue,
                Kind::NewIndex => NEW_INDEX.to_owned(),
                Kind::Data(id) if space.has(*id) => continue,
                Kind::Data(id) => files::data_name(*id),
            };
            let path = self.directory.join(name);
            self.builder.names.remove(&path).map_err(|error| self.system_error(&path, error))?;
        }
        Ok(())
    }

    /// Removes the index, before anything that it refers to.
    fn remove_index(&self) -> Result<(), StoreError> {
        let path = self.directory.join(INDEX);
        self.builder.names.remove(&path).map_err(|error| self.system_error(&path, error))?;
        if self.builder.mode == Mode::Durable {
            self.sync_directory(&self.directory)?;
        }
        Ok(())
    }

    fn sync_directory(&self, path: &Path) -> Result<(), StoreError> {
        let synced = self.builder.names.sync_directory(path);
        synced.map_err(|error| self.system_error(path, error))
    }

    fn random(&self) -> Result<u64, StoreError> {
        getrandom::u64().map_err(|error| {
            self.error(StoreErrorKind::Io).telling(format!("no random number: {error}"))
        })
    }

    fn error(&self, kind: StoreErrorKind) -> StoreError {
        StoreError::new(StoreOperation::Open, kind, &self.directory)
    }

    fn system_error(&self, path: &Path, error: io::Error) -> StoreError {
        self.error(StoreErrorKind::Io).in_file(path.to_owned()).because_of_system(error)
    }

    fn corrupt_index(&self, what: &str) -> StoreError {
        self.error(StoreErrorKind::CorruptIndex).in_file(self.directory.join(INDEX)).telling(what)
    }
}
