//! What a store is made of, and what its operations have in common.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    engine::{AioFile, Engine, OpenOptions},
    error::{Error, ErrorKind},
    store::{
        Mode, StoreError, StoreErrorKind, StoreOperation, StoreTicket, TensorInfo,
        builder::Spread,
        catalog::{Catalog, Evicted},
        change::Target,
        checksum,
        commit::Committed,
        directory::{Directory, Engines},
        entry::Entry,
        handles::{DataFile, Handles},
        helpers::Helpers,
        lives::{Flights, Ledger, Process},
        memory::Memory,
        names::Names,
        place::{OpenPlace, Place, Shape},
        space::{Extent, FileId, FileNumber, Layout, NewFile, Space},
        tensor::{Calls, Found, GivesWay, Record, Version, Waiter},
        ticket::{Promise, promise},
    },
    sync::{Condvar, Mutex, MutexGuard, lock},
};

pub(super) type OnEvict = Arc<dyn Fn(&TensorInfo) + Send + Sync>;

/// How a store was set up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    pub(super) mode: Mode,
    pub(super) keep: bool,
    pub(super) spread: Spread,
    /// Bytes per checksum.
    pub(super) block: u64,
    /// Bytes per request: so many whole blocks.
    pub(super) part: usize,
    pub(super) layout: Layout,
}

pub(super) struct Inner {
    /// That of the first directory, which makes buffers for all.
    pub(super) engine: Arc<Engine>,
    pub(super) engines: Arc<Engines>,
    /// The first directory, where the index is.
    pub(super) directory: Arc<Path>,
    pub(super) directories: Vec<Directory>,
    pub(super) names: Arc<dyn Names>,
    pub(super) options: Options,
    /// The store's own number, which its checksums are bound to.
    pub(super) store: u64,
    pub(super) process: Process,
    pub(super) state: Mutex<State>,
    pub(super) handles: Handles,
    pub(super) helpers: Helpers,
    pub(super) flights: Arc<Flights>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) committed: Mutex<Committed>,
    pub(super) commit_ended: Condvar,
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
    /// How many commits have begun.
    pub(super) commits: u64,
    pub(super) is_closed: bool,
    /// Whether the store has let its directories go.
    pub(super) has_ended: bool,
    /// The failure after which nothing may be changed.
    pub(super) poison: Option<StoreError>,
    /// Directories, by their numbers, with files whose names are not durable.
    pub(super) new_names: BTreeSet<usize>,
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

    /// An error in one of the directories.
    pub(super) fn error_in(&self, directory: &Directory, kind: StoreErrorKind) -> StoreError {
        StoreError::new(StoreOperation::Wait, kind, &directory.path)
    }

    pub(super) fn engine_error(&self, error: Error) -> StoreError {
        self.error(StoreErrorKind::Io).because_of(error)
    }

    pub(super) fn system_error(&self, path: &Path, error: io::Error) -> StoreError {
        self.error(StoreErrorKind::Io).in_file(path.to_owned()).because_of_system(error)
    }

    pub(super) fn path_of(&self, file: FileId) -> PathBuf {
        self.directories[file.directory].path_of(file.number)
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
        let is_told_of = matches!(
            operation,
            StoreOperation::Put | StoreOperation::PutRange | StoreOperation::Commit
        );
        let ledger = is_told_of.then_some(&self.ledger);
        promise(template, self.process, &self.engines, ledger)
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
        unless_poisoned(self.readable()?)
    }

    /// The state, if changes can become durable; once the store is closed, too.
    pub(super) fn unpoisoned(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        unless_poisoned(lock(&self.state))
    }

    /// Nobody knows any more what is durable.
    pub(super) fn poison(&self, error: &StoreError) {
        lock(&self.state).poison.get_or_insert_with(|| error.clone());
    }

    /// How a tensor of `len` bytes and that name is laid out.
    pub(super) fn shape(&self, name: &str, len: u64) -> Shape {
        let count = self.directories.len();
        if count == 1 {
            return Shape::whole(len, 0);
        }
        let first = (checksum::of_text(name) % count as u64) as usize;
        match self.options.spread {
            Spread::Hashed => Shape::whole(len, first),
            Spread::Striped { chunk } => Shape::striped(len, chunk, first, count),
        }
    }

    /// The tensor's place, should a put be able to take that over: not one whose files cannot be opened, so
    /// that a put repairs what lost them.
    pub(super) fn open_place_to_take_over(
        &self,
        name: &Arc<str>,
        shape: &Shape,
    ) -> Result<Option<OpenPlace>, StoreError> {
        let state = self.changeable()?;
        let record = state.tensors.get(name).and_then(|version| version.record_to_take_over(shape));
        drop(state);
        Ok(self.open_place_of_record(record).unwrap_or_default())
    }

    /// The tensor's place, if that is known.
    pub(super) fn open_place_of(&self, name: &Arc<str>) -> Result<Option<OpenPlace>, StoreError> {
        let state = self.changeable()?;
        let record = state.tensors.get(name).and_then(|version| version.record());
        drop(state);
        self.open_place_of_record(record)
    }

    fn open_place_of_record(
        &self,
        record: Option<Arc<Record>>,
    ) -> Result<Option<OpenPlace>, StoreError> {
        let place = record.as_ref().and_then(|record| record.place.as_ref());
        place.map(|place| self.open_place(place)).transpose()
    }

    /// A place with its files, opened if need be.
    pub(super) fn open_place(&self, place: &Place) -> Result<OpenPlace, StoreError> {
        OpenPlace::new(place, |extent| self.file(extent.file))
    }

    /// Notes that a place was written to, before anybody is told of its record.
    pub(super) fn has_changed(&self, place: &OpenPlace) {
        if self.options.mode == Mode::Durable {
            place.files().for_each(|file| self.handles.has_changed(file));
        }
    }

    /// A data file, opened if need be.
    pub(super) fn file(&self, id: FileId) -> Result<DataFile, StoreError> {
        let open = || {
            let engine = &self.directories[id.directory].engine;
            let file = engine.open_with(self.path_of(id), &OpenOptions::new().write())?;
            Ok(self.data_file(id, file))
        };
        self.handles.get(id, open).map_err(|error: Error| {
            let kind = match error.kind() {
                ErrorKind::NotFound => StoreErrorKind::Corrupt,
                _ => StoreErrorKind::Io,
            };
            self.error(kind).in_file(self.path_of(id)).because_of(error)
        })
    }

    fn data_file(&self, id: FileId, file: AioFile) -> DataFile {
        DataFile { id, engine: Arc::clone(&self.directories[id.directory].engine), file }
    }

    /// A place of that shape, in new files if need be.
    pub(super) fn allocate(&self, shape: &Shape) -> Result<Target, StoreError> {
        let part = |&(directory, len): &(usize, u64)| self.allocate_part(directory, len);
        let parts = shape.parts().iter().map(part).collect::<Result<_, _>>()?;
        let place = Place::new(shape.chunk(), parts);
        Ok(Target { open: self.open_place(&place)?, place, before: None })
    }

    /// An extent of `len` bytes, which are whole pages, in that directory.
    fn allocate_part(&self, directory: usize, len: u64) -> Result<Extent, StoreError> {
        let mut space = lock(&self.directories[directory].space);
        if let Some(extent) = space.take(len, self.options.layout) {
            return Ok(extent);
        }
        self.make_file(directory, &mut space, len)?;
        space
            .take(len, self.options.layout)
            .ok_or_else(|| self.error(StoreErrorKind::Io).telling("no place"))
    }

    fn make_file(&self, directory: usize, space: &mut Space, len: u64) -> Result<(), StoreError> {
        let mut generously = true;
        loop {
            let new @ NewFile { number, len: reserved, .. } =
                space.new_file(len, self.options.layout, generously);
            let id = FileId { directory, number };
            let path = self.path_of(id);
            let engine = &self.directories[directory].engine;
            let open = |engine: &Engine, path: &Path, options: &_| engine.open_with(path, options);
            match self.names.create(engine, &path, reserved, open) {
                Ok(file) => {
                    self.handles.add(self.data_file(id, file));
                    space.add(new);
                    lock(&self.state).new_names.insert(directory);
                    return Ok(());
                }
                Err(error) => {
                    if error.kind() != ErrorKind::AlreadyExists {
                        // It may have been made, without the space.
                        let _ = self.names.remove(&path);
                    }
                    let is_full =
                        matches!(error.kind(), ErrorKind::NoSpace | ErrorKind::QuotaExceeded);
                    let can_be_less = generously && reserved > len;
                    // Files that were kept to be used again are room, too.
                    if is_full && (can_be_less || self.remove_files(directory, space.empty())) {
                        generously = false;
                        continue;
                    }
                    return Err(self.engine_error(error).in_file(path));
                }
            }
        }
    }

    /// Removes files that hold nothing and are more than enough.
    pub(super) fn trim(&self) {
        self.remove_files_that(|space| space.surplus(self.options.layout));
    }

    /// Removes those data files of each directory that `chosen` takes out of its space.
    pub(super) fn remove_files_that(&self, chosen: impl Fn(&mut Space) -> Vec<FileNumber>) {
        for (number, directory) in self.directories.iter().enumerate() {
            let files = chosen(&mut lock(&directory.space));
            self.remove_files(number, files);
        }
    }

    /// Removes data files that are in the space no more, and tells whether there were any.
    fn remove_files(&self, directory: usize, files: Vec<FileNumber>) -> bool {
        for &number in &files {
            let id = FileId { directory, number };
            self.handles.forget(id);
            // What cannot be removed now is when the store is opened next.
            let _ = self.names.remove(&self.path_of(id));
        }
        !files.is_empty()
    }

    /// Has `then` called with the tensor as it is, or will be once what was accepted before has ended.
    pub(super) fn find(
        &self,
        name: &Arc<str>,
        entry: Entry,
        then: impl FnOnce(Found, Entry) + Send + 'static,
    ) {
        let mut calls = Calls::new();
        match self.readable() {
            Err(error) => return then(Found::Missing(error.kind()), entry),
            Ok(mut state) => match state.tensors.used(name) {
                Some(version) => version.find(Waiter::new(entry, then), &mut calls),
                None => {
                    drop(state);
                    return then(Found::Missing(StoreErrorKind::NotFound), entry);
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

    /// A version's bytes are not stored; `lost` if they had begun to overwrite those before.
    pub(super) fn fail(&self, version: &Arc<Version>, lost: bool) {
        self.give_way(version, |calls| version.fail(lost, calls));
    }

    /// A version's bytes are not stored, and `before`, which they were to overwrite, is as it was.
    pub(super) fn undo(&self, version: &Arc<Version>, before: Record) {
        self.give_way(version, |calls| version.undo(before, calls));
    }

    fn give_way(&self, version: &Arc<Version>, fail: impl FnOnce(&mut Calls) -> GivesWay) {
        let mut calls = Calls::new();
        let mut state = lock(&self.state);
        let gives_way = fail(&mut calls);
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

    /// The engine has given up a request that may yet write to a file of the store: nobody else may have
    /// its directories before this process ends.
    pub(super) fn keep_owners_for_ever(&self) {
        for directory in &self.directories {
            std::mem::forget(lock(&directory.owner).take());
        }
    }
}

fn unless_poisoned(state: MutexGuard<'_, State>) -> Result<MutexGuard<'_, State>, StoreError> {
    match &state.poison {
        Some(error) => Err(error.clone().of_kind(StoreErrorKind::Poisoned)),
        None => Ok(state),
    }
}
