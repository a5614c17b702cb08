//! Opening a store: what becomes of what is in its directories.

mod recovery;

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    engine::Engine,
    store::{
        Mode, OffloadStore, Stale, StoreBuilder, StoreError, StoreErrorKind, StoreOperation,
        builder::Spread,
        catalog::Catalog,
        commit::Committed,
        directory::{Directory, Engines},
        file_system,
        files::{self, INDEX, Kind, LABEL, NEW_INDEX, NEW_LABEL},
        handles::{Handles, default_most},
        helpers::Helpers,
        index::Index,
        inner::{Inner, Options, State},
        label::{self, Label, Wrong},
        lives::Process,
        memory::Memory,
        owner::{NotOwned, Owner},
        space::{Layout, PAGE, Space},
    },
    sync::{Condvar, Mutex},
};

pub(super) struct Opening {
    builder: StoreBuilder,
    /// The builder's, in its order.
    directories: Vec<Arc<Path>>,
}

/// What an opening has made and locked.
#[derive(Default)]
struct Ground {
    /// The directories that were made, outermost first.
    made: Vec<PathBuf>,
    owners: Vec<Owner>,
}

/// What a store is to go on with.
struct Found {
    /// The files of each directory.
    files: Vec<Vec<Kind>>,
    index: Option<Index>,
    /// The store's number, if its directories' labels tell.
    labelled: Option<u64>,
}

impl Opening {
    pub(super) fn new(builder: StoreBuilder) -> Self {
        let directories = builder.directories.iter().map(|path| Arc::from(&**path)).collect();
        Self { builder, directories }
    }

    pub(super) fn open(self, engine: &Arc<Engine>) -> Result<OffloadStore, StoreError> {
        self.check_settings()?;
        let mut ground = Ground::default();
        match self.look(engine, &mut ground).and_then(|found| Ok((found, self.engines(engine)?))) {
            Ok((found, engines)) => self.open_on(engine, ground, found, engines),
            Err(error) => {
                ground.leave();
                Err(error)
            }
        }
    }

    /// Takes the directories, and looks at what is there. What is to be removed is.
    fn look(&self, engine: &Arc<Engine>, ground: &mut Ground) -> Result<Found, StoreError> {
        let mut parents = Vec::new();
        for directory in &self.directories {
            self.make_directory(directory, &mut ground.made, &mut parents)?;
        }
        if self.builder.mode == Mode::Durable {
            parents.iter().try_for_each(|parent| self.sync_directory(parent))?;
        }
        self.check_all_differ()?;
        for directory in &self.directories {
            self.check_file_system(directory)?;
        }
        for directory in &self.directories {
            let owner = Owner::of(directory, self.random()?).map_err(|reason| match reason {
                NotOwned::InUse(owner) => {
                    self.error_in(directory, StoreErrorKind::InUse).telling(owner)
                }
                NotOwned::Failed(error) => self.system_error(directory, error),
            })?;
            ground.owners.push(owner);
        }
        let list =
            |path: &Arc<Path>| files::list(path).map_err(|error| self.system_error(path, error));
        let files = self.directories.iter().map(list).collect::<Result<Vec<_>, _>>()?;
        match self.builder.stale {
            Stale::Recover => {
                let index = self.index(engine, &files)?;
                let labelled = self.check_labels(&files, index.as_ref())?;
                Ok(Found { files, index, labelled })
            }
            Stale::Refuse => match files.iter().position(|files| !files.is_empty()) {
                Some(at) => Err(self.error_in(&self.directories[at], StoreErrorKind::Exists)),
                None => Ok(Found { files, index: None, labelled: None }),
            },
            Stale::Remove => {
                self.remove_indexes_and_labels(&files)?;
                Ok(Found { files, index: None, labelled: None })
            }
        }
    }

    fn open_on(
        &self,
        engine: &Arc<Engine>,
        ground: Ground,
        found: Found,
        (engines, engine_of): (Engines, Vec<Arc<Engine>>),
    ) -> Result<OffloadStore, StoreError> {
        let Found { files, index, labelled } = found;
        let store = match (&index, labelled) {
            (Some(index), _) => index.head.store,
            (None, Some(store)) => store,
            (None, None) => self.random()?,
        };
        let mut spaces: Vec<_> = (0..self.directories.len()).map(Space::of).collect();
        for (space, files) in spaces.iter_mut().zip(&files) {
            let number = |kind: &Kind| match kind {
                Kind::Data(number) => Some(*number),
                _ => None,
            };
            let last = files.iter().filter_map(number).max();
            space.skip_to(last.map_or(0, |number| number.saturating_add(1)));
        }
        let tensors = Catalog::new(self.builder.capacity);
        let mut state = State { tensors, ..State::default() };
        let mut committed = Committed::default();
        if let Some(index) = index {
            self.recover(index, &files, &mut spaces, &mut state, &mut committed)?;
        }
        self.remove_all_but(&files, &spaces)?;
        if (self.builder.mode, self.builder.stale) == (Mode::Ephemeral, Stale::Recover) {
            self.forget_index(&files)?;
            committed = Committed::default();
        } else {
            let is_labelled = |files: &Vec<Kind>| files.contains(&Kind::Label);
            committed.has_labels = labelled.is_some() && files.iter().all(is_labelled);
        }
        let parts = self.directories.iter().zip(engine_of).zip(spaces).zip(ground.owners);
        let directories = parts.map(|(((path, engine), space), owner)| Directory {
            path: Arc::clone(path),
            engine,
            space: Mutex::new(space),
            owner: Mutex::new(Some(owner)),
        });
        let helpers = Helpers::default();
        let inner = Inner {
            engine: Arc::clone(engine),
            engines: Arc::new(engines),
            directory: Arc::clone(&self.directories[0]),
            directories: directories.collect(),
            names: Arc::clone(&self.builder.names),
            options: self.options(engine),
            store,
            process: Process::this(),
            state: Mutex::new(state),
            handles: Handles::new(self.builder.open_files.unwrap_or_else(default_most)),
            flights: Arc::default(),
            ledger: Arc::default(),
            committed: Mutex::new(committed),
            commit_ended: Condvar::new(),
            memory: Memory::new(self.builder.memory, &helpers),
            helpers,
            on_evict: self.builder.on_evict.clone(),
            made: ground.made,
        };
        Ok(OffloadStore { inner: Arc::new(inner) })
    }

    fn check_settings(&self) -> Result<(), StoreError> {
        let StoreBuilder { block_size, slab_limit, slab_size, spread, .. } = self.builder;
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
        if self.builder.open_files == Some(0) {
            wrong.push("open_files is 0".to_owned());
        }
        if let Spread::Striped { chunk } = spread
            && (chunk == 0 || chunk > 1 << 40 || chunk.checked_rem(block_size) != Some(0))
        {
            let told = format!("the chunk of {chunk} bytes is no multiple of block_size");
            wrong.push(format!("{told} {block_size} up to 1 TiB"));
        }
        if wrong.is_empty() {
            return Ok(());
        }
        Err(self.error(StoreErrorKind::InvalidSetting).telling(wrong.join("; ")))
    }

    fn options(&self, engine: &Engine) -> Options {
        let StoreBuilder { mode, keep, spread, block_size, slab_limit, slab_size, .. } =
            self.builder;
        // A request is a block of the engine's, or a few checksums if these are larger.
        let blocks = (engine.settings().asked.block_size as u64 / block_size).max(1);
        Options {
            mode,
            keep,
            spread,
            block: block_size,
            part: usize::try_from(blocks * block_size).unwrap_or(usize::MAX),
            layout: Layout { slab_limit, slab_size },
        }
    }

    /// An engine for each directory: the same for those on one device, each once among the first.
    fn engines(&self, engine: &Arc<Engine>) -> Result<(Engines, Vec<Arc<Engine>>), StoreError> {
        let mut engines = Engines::new(engine);
        let mut of_devices: Vec<(u64, Arc<Engine>)> = Vec::new();
        let mut engine_of = Vec::new();
        for (number, directory) in self.directories.iter().enumerate() {
            let given = &self.builder.device_engines;
            let given = given.iter().rev().find(|(of, _)| *of == number).map(|(_, given)| given);
            let metadata = fs::metadata(directory);
            let device = metadata.map_err(|error| self.system_error(directory, error))?.dev();
            let known = of_devices.iter().find(|(of, _)| *of == device).map(|(_, known)| known);
            let chosen = match given.or(known) {
                Some(chosen) => Arc::clone(chosen),
                None => {
                    let new = if of_devices.is_empty() {
                        Arc::clone(engine)
                    } else {
                        let pool = engine.pool().clone();
                        let new = Engine::with_pool(&engine.settings().asked, pool);
                        Arc::new(new.map_err(|error| {
                            let error_here = self.error_in(directory, StoreErrorKind::Io);
                            error_here.telling(format!("no engine for its device: {error}"))
                        })?)
                    };
                    of_devices.push((device, Arc::clone(&new)));
                    new
                }
            };
            engines.add(&chosen);
            engine_of.push(chosen);
        }
        Ok((engines, engine_of))
    }

    /// Makes a directory and those above it; notes those that were made, and in which others.
    fn make_directory(
        &self,
        directory: &Path,
        made: &mut Vec<PathBuf>,
        parents: &mut Vec<PathBuf>,
    ) -> Result<(), StoreError> {
        let missing: Vec<_> = directory
            .ancestors()
            .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
            .map(Path::to_owned)
            .collect();
        for path in missing.into_iter().rev() {
            match self.builder.names.create_directory(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(self.system_error(&path, error)),
            }
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new("."));
            if !parents.iter().any(|known| known == parent) {
                parents.push(parent.to_owned());
            }
            made.push(path);
        }
        Ok(())
    }

    /// Whether no directory was given twice, whatever it was called.
    fn check_all_differ(&self) -> Result<(), StoreError> {
        let mut seen = Vec::new();
        for directory in &self.directories {
            let metadata = fs::metadata(directory);
            let metadata = metadata.map_err(|error| self.system_error(directory, error))?;
            let identity = (metadata.dev(), metadata.ino());
            if seen.contains(&identity) {
                return Err(self.error_in(directory, StoreErrorKind::DuplicateDirectory));
            }
            seen.push(identity);
        }
        Ok(())
    }

    fn check_file_system(&self, directory: &Arc<Path>) -> Result<(), StoreError> {
        if self.builder.mode != Mode::Durable || self.builder.any_file_system {
            return Ok(());
        }
        match file_system::unsure(directory) {
            Ok(None) => Ok(()),
            Ok(Some(name)) => {
                Err(self.error_in(directory, StoreErrorKind::UnsureFileSystem).telling(name))
            }
            Err(error) => Err(self.system_error(directory, error)),
        }
    }

    /// Whether the directories are those of one store, in their order; its number, if they tell.
    fn check_labels(
        &self,
        files: &[Vec<Kind>],
        index: Option<&Index>,
    ) -> Result<Option<u64>, StoreError> {
        let mut labels = Vec::new();
        for (directory, files) in self.directories.iter().zip(files) {
            if !files.contains(&Kind::Label) {
                labels.push(None);
                continue;
            }
            let label = Label::of(directory);
            let label = label.map_err(|error| self.system_error(&directory.join(LABEL), error))?;
            if label.is_none() {
                let error = self.error_in(directory, StoreErrorKind::CorruptIndex);
                return Err(error.in_file(directory.join(LABEL)));
            }
            labels.push(label);
        }
        let indexed = index.map(|index| (index.head.store, index.directories.len()));
        let store = label::check(&labels, indexed).map_err(|wrong| {
            let Wrong { directory, kind, told } = wrong;
            // None is asked for that was not given.
            let directory = self.directories.get(directory).unwrap_or(&self.directories[0]);
            self.error_in(directory, kind).telling(told)
        })?;
        // What the labels do not tell: one that was a store of its own.
        let others = self.directories.iter().zip(files).skip(1);
        match others.into_iter().find(|(_, files)| files.contains(&Kind::Index)) {
            Some((directory, _)) => {
                let error = self.error_in(directory, StoreErrorKind::ForeignDirectory);
                Err(error.telling("it has the index of another store"))
            }
            None => Ok(store),
        }
    }

    /// Removes what no store needs any more.
    fn remove_all_but(&self, found: &[Vec<Kind>], spaces: &[Space]) -> Result<(), StoreError> {
        for ((directory, files), space) in self.directories.iter().zip(found).zip(spaces) {
            for kind in files {
                let name = match kind {
                    Kind::Index | Kind::Label => continue,
                    Kind::NewIndex => NEW_INDEX.to_owned(),
                    Kind::NewLabel => NEW_LABEL.to_owned(),
                    Kind::Data(number) if space.has(*number) => continue,
                    Kind::Data(number) => files::data_name(*number),
                };
                self.remove(&directory.join(name))?;
            }
        }
        Ok(())
    }

    /// Removes indexes before anything that they refer to, and labels from the last to the first. The
    /// first may come back: it stands alone then.
    fn remove_indexes_and_labels(&self, found: &[Vec<Kind>]) -> Result<(), StoreError> {
        for (kind, name) in [(Kind::Index, INDEX), (Kind::Label, LABEL)] {
            for (number, files) in found.iter().enumerate().rev() {
                if !files.contains(&kind) {
                    continue;
                }
                let directory = &self.directories[number];
                self.remove(&directory.join(name))?;
                let may_come_back = kind == Kind::Label && number == 0;
                if self.builder.mode == Mode::Durable && !may_come_back {
                    self.sync_directory(directory)?;
                }
            }
        }
        Ok(())
    }

    /// Removes what an ephemeral store was kept by, since its tensors are overwritten from here on. The
    /// index goes last of all that may fail, so that a store that is not opened is still there.
    fn forget_index(&self, found: &[Vec<Kind>]) -> Result<(), StoreError> {
        if found[0].contains(&Kind::Index) {
            self.remove(&self.directories[0].join(INDEX))?;
        }
        for (directory, files) in self.directories.iter().zip(found).rev() {
            // Without an index the first labels may be there, and what is kept is labelled anew.
            if files.contains(&Kind::Label) && self.remove(&directory.join(LABEL)).is_err() {
                break;
            }
        }
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<(), StoreError> {
        match self.builder.names.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(self.system_error(path, error))
            }
            _ => Ok(()),
        }
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
        self.error_in(&self.directories[0], kind)
    }

    fn error_in(&self, directory: &Arc<Path>, kind: StoreErrorKind) -> StoreError {
        StoreError::new(StoreOperation::Open, kind, directory)
    }

    fn system_error(&self, path: &Path, error: io::Error) -> StoreError {
        self.error(StoreErrorKind::Io).in_file(path.to_owned()).because_of_system(error)
    }
}

impl Ground {
    /// Leaves what was there before, and nothing else.
    fn leave(self) {
        for owner in self.owners {
            if self.made.iter().any(|made| owner.is_in(made)) {
                // Without it the directory stays.
                let _ = owner.remove();
            }
        }
        for directory in self.made.iter().rev() {
            let _ = fs::remove_dir(directory);
        }
    }
}
