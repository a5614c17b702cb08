//! What a store is made of, and what its operations have in common.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    engine::{AioFile, Engine},
    error::{Error, ErrorKind},
    store::{
        Mode, StoreError, StoreErrorKind, StoreOperation, StoreTicket, TensorInfo,
        catalog::{Catalog, Evicted},
        change::Target,
        commit::Committed,
        files,
        handles::Handles,
        helpers::Helpers,
        lives::{Flights, Ledger, Process},
        memory::Memory,
        names::Names,
        owner::Owner,
        space::{FileId, Layout, NewFile, Space},
        tensor::{Calls, Found, GivesWay, Record, Version},
        ticket::{Promise, promise},
    },
    sync::{Mutex, MutexGuard, lock},
};

pub(super) type OnEvict = Arc<dyn Fn(&TensorInfo) + Send + Sync>;

/// How a store was set up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    pub(super) mode: Mode,
    pub(super) keep: bool,
    /// Bytes per checksum.
    pub(super) block: u64,
    /// Bytes per request: so many whole blocks.
    pub(super) part: usize,
    pub(super) layout: Layout,
}

pub(super) struct Inner {
    pub(super) engine: Arc<Engine>,
    pub(super) directory: Arc<Path>,
    pub(super) names: Arc<dyn Names>,
    pub(super) options: Options,
    /// The store's own number, which its checksums are bound to.
    pub(super) store: u64,
    pub(super) process: Process,
    pub(super) state: Mutex<State>,
    pub(super) space: Mutex<Space>,
    pub(super) handles: Handles,
    pub(super) helpers: Helpers,
    pub(super) flights: Arc<Flights>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) committed: Mutex<Committed>,
    /// None once the store has let the directory go.
    pub(super) owner: Mutex<Option<Owner>>,
    pub(super) memory: Arc<Memory>,
    /// Who is told of tensors that had to make room.
    pub(super) on_evict: Option<OnEvict>,
    /// The directories that were made for it, outermost first.
    pub(super) made: Vec<PathBuf>,
}

/// What every operation looks at first. No file is touched and nobody's code runs under its lock.
#[derive(Default)]
pub(super) struct State {
    pub(super) tensors: Catalog,
    /// Of the last change.
    pub(super) generation: u64,
    pub(super) is_closed: bool,
    /// Whether the store has let its directory go.
    pub(super) has_ended: bool,
    /// The failure after which nothing may be changed.
    pub(super) poison: Option<StoreError>,
    /// Files that have been written to since their last sync.
    pub(super) unsynced: BTreeMap<FileId, AioFile>,
    /// Whether there are files whose names are not durable.
    pub(super) has_new_names: bool,
}

impl State {
    pub(super) fn next_generation(&mut self) -> u64 {
        self.generation += 1;
        self.generation
    }
}

impl Inner {
    /// An error of the store.
    pub(super) fn error(&self, kind: StoreErrorKind) -> StoreError {
        StoreError::new(StoreOperation::Wait, kind, &self.directory)
    }

    pub(super) fn engine_error(&self, error: Error) -> StoreError {
        self.error(StoreErrorKind::Io).because_of(error)
    }

    pub(super) fn system_error(&self, path: &Path, error: io::Error) -> StoreError {
        self.error(StoreErrorKind::Io).in_file(path.to_owned()).because_of_system(error)
    }

    pub(super) fn path_of(&self, file: FileId) -> PathBuf {
        self.directory.join(files::data_name(file))
    }

    /// A ticket of an operation, and its promise.
    pub(super) fn promise<B>(
        &self,
        operation: StoreOperation,
        tensor: Option<&Arc<str>>,
    ) -> (StoreTicket<B>, Promise<B>) {
        let mut template = StoreError::new(operation, StoreErrorKind::Io, &self.directory);
        if let Some(tensor) = tensor {
            template = template.for_tensor(tensor);
        }
        let changes = matches!(operation, StoreOperation::Put | StoreOperation::PutRange);
        let ledger = changes.then_some(&self.ledger);
        promise(template, self.process, &self.engine, ledger)
    }

    /// The state, if the store is open.
    pub(super) fn readable(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        if self.process.is_child() {
            return Err(self.error(StoreErrorKind::Forked));
        }
        let state = lock(&self.state);
        if state.is_closed {
            return Err(self.error(StoreErrorKind::Closed));
        }
        Ok(state)
    }

    /// The state, if the store takes changes.
    pub(super) fn changeable(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.readable()?;
        match &state.poison {
            Some(error) => Err(error.clone().of_kind(StoreErrorKind::Poisoned)),
            None => Ok(state),
        }
    }

    /// Nobody knows any more what is durable.
    pub(super) fn poison(&self, error: &StoreError) {
        lock(&self.state).poison.get_or_insert_with(|| error.clone());
    }

    /// The file of the tensor's place, should a put be able to take that over.
    pub(super) fn open_place_to_take_over(
        &self,
        name: &Arc<str>,
        len: u64,
    ) -> Result<Option<(FileId, AioFile)>, StoreError> {
        let state = self.changeable()?;
        let id = state.tensors.get(name).and_then(|version| version.place_to_take_over(len));
        drop(state);
        id.map(|id| Ok((id, self.file(id)?))).transpose()
    }

    /// The file of the tensor's place, if that is known.
    pub(super) fn open_place_of(
        &self,
        name: &Arc<str>,
    ) -> Result<Option<(FileId, AioFile)>, StoreError> {
        let state = self.changeable()?;
        let record = state.tensors.get(name).and_then(|version| version.record());
        let id = record.and_then(|record| Some(record.extent.as_ref()?.file));
        drop(state);
        id.map(|id| Ok((id, self.file(id)?))).transpose()
    }

    /// Notes that a file was written to, before anybody is told of the record.
    pub(super) fn has_changed(&self, record: &Record, file: &AioFile) {
        if let (Mode::Durable, Some(extent)) = (self.options.mode, &record.extent) {
            lock(&self.state).unsynced.entry(extent.file).or_insert_with(|| file.clone());
        }
    }

    /// A data file, opened if need be.
    pub(super) fn file(&self, id: FileId) -> Result<AioFile, StoreError> {
        self.handles.get(&self.engine, id, || self.path_of(id)).map_err(|error| {
            let kind = match error.kind() {
                ErrorKind::NotFound => StoreErrorKind::Corrupt,
                _ => StoreErrorKind::Io,
            };
            self.error(kind).in_file(self.path_of(id)).because_of(error)
        })
    }

    /// A place of `len` bytes, which are whole pages, in a new file if need be.
    pub(super) fn allocate(&self, len: u64) -> Result<Target, StoreError> {
        let mut space = lock(&self.space);
        let extent = match space.take(len, self.options.layout) {
            Some(extent) => extent,
            None => {
                self.make_file(&mut space, len)?;
                space
                    .take(len, self.options.layout)
                    .ok_or_else(|| self.error(StoreErrorKind::Io).telling("no place"))?
            }
        };
        drop(space);
        let file = self.file(extent.file)?;
        Ok(Target { extent, file, in_place: false })
    }

    fn make_file(&self, space: &mut Space, len: u64) -> Result<(), StoreError> {
        let mut generously = true;
        loop {
            let new @ NewFile { id, len: reserved, .. } =
                space.new_file(len, self.options.layout, generously);
            let path = self.path_of(id);
            match self.names.create(&self.engine, &path, reserved) {
                Ok(file) => {
                    self.handles.add(id, file);
                    space.add(new);
                    lock(&self.state).has_new_names = true;
                    return Ok(());
                }
                Err(error) => {
                    if error.kind() != ErrorKind::AlreadyExists {
                        // It may have been made, without the space.
                        let _ = self.names.remove(&path);
                    }
                    let is_full =
                        matches!(error.kind(), ErrorKind::NoSpace | ErrorKind::QuotaExceeded);
                    if !is_full || !generously || reserved == len {
                        return Err(self.engine_error(error).in_file(path));
                    }
                    generously = false;
                }
            }
        }
    }

    /// Removes files that hold nothing and are more than enough.
    pub(super) fn trim(&self) {
        let surplus = lock(&self.space).surplus(self.options.layout);
        self.remove_files(surplus);
    }

    /// Removes data files that hold nothing.
    pub(super) fn remove_files(&self, ids: Vec<FileId>) {
        for id in ids {
            self.handles.forget(id);
            let unsynced = lock(&self.state).unsynced.remove(&id);
            drop(unsynced);
            // What cannot be removed now is when the store is opened next.
            let _ = self.names.remove(&self.path_of(id));
        }
    }

    /// Has `then` called with the tensor as it is, or will be once what was accepted before has ended.
    pub(super) fn find(&self, name: &Arc<str>, then: impl FnOnce(Found) + Send + 'static) {
        let mut calls = Calls::new();
        match self.readable() {
            Err(error) => return then(Found::Missing(error.kind())),
            Ok(mut state) => match state.tensors.used(name) {
                Some(version) => version.find(Box::new(then), &mut calls),
                None => {
                    drop(state);
                    return then(Found::Missing(StoreErrorKind::NotFound));
                }
            },
        }
        calls.into_iter().for_each(|call| call());
    }

    /// Tells of tensors that had to make room, with no lock held.
    pub(super) fn tell_evicted(&self, evicted: Vec<Evicted>) {
        let told: Vec<_> = evicted.into_iter().map(|evicted| evicted.info).collect();
        if let Some(on_evict) = &self.on_evict {
            told.iter().for_each(|info| on_evict(info));
        }
    }

    /// A version's bytes are stored.
    pub(super) fn succeed(&self, version: &Version, record: Record) {
        let mut calls = Calls::new();
        version.succeed(record, &mut calls);
        calls.into_iter().for_each(|call| call());
    }

    /// A version's bytes are not stored; `lost` if they were to overwrite those before.
    pub(super) fn fail(&self, version: &Arc<Version>, lost: bool) {
        let mut calls = Calls::new();
        let mut state = lock(&self.state);
        let gives_way = version.fail(lost, &mut calls);
        let mut removed = None;
        if let GivesWay::To(before) = gives_way
            && state.tensors.get(&version.name).is_some_and(|now| Arc::ptr_eq(now, version))
        {
            removed = match before {
                Some(before) => state.tensors.insert(before),
                None => state.tensors.remove(&version.name),
            };
        }
        drop(state);
        drop(removed);
        calls.into_iter().for_each(|call| call());
    }

    /// The engine has given up a request that may yet write to a file of the directory: nobody else
    /// may have it before this process ends.
    pub(super) fn keep_owner_for_ever(&self) {
        std::mem::forget(lock(&self.owner).take());
    }
}
