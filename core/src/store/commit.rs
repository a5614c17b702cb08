//! Making a durable store's tensors durable, in the one order that survives a loss of power at any
//! instant: data, names of new files, new index, its name. With several directories, data and names of
//! all of them come before the index, which is in the first.

use std::{
    sync::{
        Arc,
        mpsc::{self, Receiver, SendError},
    },
    thread,
};

use crate::{
    engine::{Engine, Ticket},
    error::Error,
    store::{
        Mode, StoreError, StoreErrorKind, StoreOperation, StoreTicket,
        directory::Directory,
        entry::Entry,
        files::{INDEX, NEW_INDEX},
        handles::{DataFile, Unsynced},
        helpers,
        index::{self, Head},
        inner::Inner,
        label,
        lives::may_wait,
        tensor::{Calls, Found, Record, Waiter},
        ticket::Promise,
    },
    sync::{MutexGuard, lock, wait},
    sys::signals,
};

/// What a commit made durable; see [`OffloadStore::commit`](crate::OffloadStore::commit).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Commit {
    /// The commit's number: one more than that of the one before.
    pub number: u64,
    /// Tensors in it.
    pub tensors: usize,
    /// Bytes of all of them.
    pub bytes: u64,
}

/// What the index on the device refers to.
#[derive(Default)]
pub(super) struct Committed {
    pub(super) number: u64,
    /// Keeps their places from being written to.
    pub(super) records: Vec<Arc<Record>>,
    /// Of a commit of which nobody knows whether it is durable.
    pub(super) uncertain: Vec<Arc<Record>>,
    /// How many commits have ended, one way or the other.
    ended: u64,
    /// Whether the directories have their labels.
    pub(super) has_labels: bool,
}

/// Commits on the calling thread.
pub(super) fn commit(inner: &Inner) -> Result<Commit, StoreError> {
    may_commit(inner)?;
    may_wait(&inner.engines).map_err(|kind| inner.error(kind))?;
    Snapshot::take(inner)?.commit(inner, |_| ())
}

/// Commits on a thread of its own.
pub(super) fn begin(inner: &Arc<Inner>) -> StoreTicket<Commit> {
    let (ticket, promise) = inner.promise(StoreOperation::Commit, None);
    if let Err(error) = may_commit(inner) {
        promise.fail(error, None);
        return ticket;
    }
    // The thread first, for a snapshot that is taken has to be seen to.
    let (sender, receiver) = mpsc::channel::<(Snapshot, Promise<Commit>)>();
    let (of, flight) = (Arc::clone(inner), inner.flights.begin());
    let started = thread::Builder::new().name("ds-aio commit".to_owned()).spawn(move || {
        signals::leave_to_others();
        // Whoever is told on it must not wait for what it has begun.
        helpers::become_one();
        if let Ok((snapshot, promise)) = receiver.recv() {
            snapshot.keep(&of, promise);
        }
        drop(flight);
    });
    if let Err(error) = started {
        let directory = Arc::clone(&inner.directory);
        promise.fail(inner.system_error(&directory, error), None);
        return ticket;
    }
    match Snapshot::take(inner) {
        Ok(snapshot) => {
            if let Err(SendError((snapshot, promise))) = sender.send((snapshot, promise)) {
                snapshot.keep(inner, promise);
            }
        }
        Err(error) => promise.fail(error, None),
    }
    ticket
}

fn may_commit(inner: &Inner) -> Result<(), StoreError> {
    if inner.process.is_child() {
        return Err(inner.error(StoreErrorKind::Forked));
    }
    if inner.options.mode != Mode::Durable {
        return Err(inner.error(StoreErrorKind::NotDurable));
    }
    Ok(())
}

/// What is to be committed: the tensors as they are once every change accepted before has ended.
struct Snapshot {
    /// After how many other commits.
    turn: u64,
    records: Vec<Arc<Record>>,
    /// Those that had not settled.
    pending: Receiver<(Arc<str>, Found)>,
    /// Of the last change.
    generation: u64,
}

impl Snapshot {
    fn take(inner: &Inner) -> Result<Self, StoreError> {
        let (mut records, mut calls) = (Vec::new(), Calls::new());
        let (sender, pending) = mpsc::channel();
        let mut state = inner.changeable()?;
        let (turn, generation) = (state.commits, state.generation);
        state.commits += 1;
        for version in state.tensors.versions() {
            match version.record() {
                Some(record) => records.push(record),
                None => {
                    let (sender, name) = (sender.clone(), Arc::clone(&version.name));
                    let waiter = move |found, _| drop(sender.send((name, found)));
                    version.find(Waiter::new(Entry::Bounded, waiter), &mut calls);
                }
            }
        }
        drop(state);
        calls.into_iter().for_each(|call| call());
        Ok(Self { turn, records, pending, generation })
    }

    /// Commits, and tells whoever has the ticket.
    fn keep(self, inner: &Inner, promise: Promise<Commit>) {
        match self.commit(inner, |error| promise.note(error)) {
            Ok(commit) => promise.keep(Ok(commit)),
            Err(error) => promise.fail(error, None),
        }
    }

    /// `note` is told of an error before the next commit has its turn.
    fn commit(
        mut self,
        inner: &Inner,
        note: impl FnOnce(&StoreError),
    ) -> Result<Commit, StoreError> {
        let settled = self.settle(inner);
        let mut turn = Turn::wait_for(self.turn, inner);
        let write = || write(inner, &mut turn.committed, self.records, self.generation);
        let told = settled.and_then(|()| write()).inspect_err(note)?;
        drop(turn);
        inner.trim();
        Ok(told)
    }

    fn settle(&mut self, inner: &Inner) -> Result<(), StoreError> {
        for (name, found) in &self.pending {
            match found {
                Found::Record(record) => self.records.push(record),
                // Its first put failed, and its ticket or the ledger says so.
                Found::Missing(StoreErrorKind::NotFound) => {}
                Found::Missing(kind) => return Err(inner.error(kind).for_tensor(&name)),
            }
        }
        Ok(())
    }
}

/// One commit's time to write, which ends when it is dropped. One comes after the other, in the order of
/// their snapshots.
struct Turn<'a> {
    committed: MutexGuard<'a, Committed>,
    inner: &'a Inner,
}

impl<'a> Turn<'a> {
    fn wait_for(turn: u64, inner: &'a Inner) -> Self {
        let mut committed = lock(&inner.committed);
        while committed.ended < turn {
            committed = wait(&inner.commit_ended, committed);
        }
        Self { committed, inner }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.committed.ended += 1;
        self.inner.commit_ended.notify_all();
    }
}

fn write(
    inner: &Inner,
    committed: &mut Committed,
    records: Vec<Arc<Record>>,
    generation: u64,
) -> Result<Commit, StoreError> {
    inner.report_failures()?;
    drop(inner.unpoisoned()?);
    if !committed.has_labels {
        label::write(inner)?;
        committed.has_labels = true;
    }
    sync_data(inner)?;
    check_owners(inner)?;
    let number = committed.number + 1;
    write_index(inner, number, generation, &records)?;
    let (new, old) = (inner.directory.join(NEW_INDEX), inner.directory.join(INDEX));
    let renamed = inner.names.rename(&new, &old).map_err(|error| inner.system_error(&old, error));
    let durable = renamed.and_then(|()| sync_names(inner, 0));
    if let Err(error) = durable {
        // Either index may be the one on the device.
        committed.uncertain.extend(records);
        inner.poison(&error);
        return Err(error);
    }
    let told = Commit {
        number,
        tensors: records.len(),
        bytes: records.iter().map(|record| record.len).sum(),
    };
    committed.number = number;
    committed.records = records;
    Ok(told)
}

/// Makes durable what was written, and the names of the files that it was written to.
fn sync_data(inner: &Inner) -> Result<(), StoreError> {
    let new_names = inner.unpoisoned()?.new_names.clone();
    let sync = |file: &DataFile| file.engine.fdatasync(&file.file);
    let Unsynced { files, mut syncs, failed } = inner.handles.take_unsynced();
    syncs.extend(files.iter().map(sync));
    let failures = Ticket::wait_all(syncs).into_iter().filter_map(Result::err).map(Error::from);
    let synced = match failed.into_iter().chain(failures).next() {
        Some(failed) => Err(inner.engine_error(failed)),
        None => new_names.into_iter().try_for_each(|directory| sync_names(inner, directory)),
    };
    synced.inspect_err(|error| inner.poison(error))
}

/// Whether every directory is still the store's.
fn check_owners(inner: &Inner) -> Result<(), StoreError> {
    for directory in &inner.directories {
        let is_current = lock(&directory.owner).as_ref().map(|owner| owner.is_current());
        match is_current {
            Some(Ok(true)) => {}
            Some(Err(error)) => return Err(inner.system_error(&directory.path, error)),
            Some(Ok(false)) | None => {
                return Err(inner.error_in(directory, StoreErrorKind::OwnerChanged));
            }
        }
    }
    Ok(())
}

/// Makes durable which files the directory of that number has.
pub(super) fn sync_names(inner: &Inner, directory: usize) -> Result<(), StoreError> {
    // Before, for some may be made meanwhile.
    lock(&inner.state).new_names.remove(&directory);
    let path = &inner.directories[directory].path;
    let synced = inner.names.sync_directory(path);
    synced.map_err(|error| inner.system_error(path, error))
}

/// Writes the new index beside the old one. Unless its sync fails nothing has happened if it fails.
pub(super) fn write_index(
    inner: &Inner,
    number: u64,
    generation: u64,
    records: &[Arc<Record>],
) -> Result<(), StoreError> {
    let head = Head { mode: inner.options.mode, store: inner.store, commit: number, generation };
    let spaces: Vec<_> = inner.directories.iter().map(|of| lock(&of.space)).collect();
    let encoded = index::encode(head, spaces.iter().map(|space| &**space), records);
    drop(spaces);
    let bytes = encoded.map_err(|error| {
        let path = inner.directory.join(NEW_INDEX);
        inner.error(StoreErrorKind::Io).in_file(path).telling(error.to_string())
    })?;
    write_new(inner, &inner.directories[0], NEW_INDEX, bytes)
}

/// Writes a small file, which is to take the name of another once it is there. As for [`write_index`].
pub(super) fn write_new(
    inner: &Inner,
    directory: &Directory,
    name: &str,
    bytes: Vec<u8>,
) -> Result<(), StoreError> {
    let (path, engine) = (directory.path.join(name), &directory.engine);
    let failed = |error: Error| {
        let _ = inner.names.remove(&path);
        inner.engine_error(error).in_file(path.clone())
    };
    if path.exists() {
        // Of one that came no further.
        let removed = inner.names.remove(&path);
        removed.map_err(|error| inner.system_error(&path, error))?;
    }
    let file = inner.names.create(engine, &path, bytes.len() as u64, Engine::open_own);
    let file = file.map_err(failed)?;
    engine.pwrite(&file, bytes, 0).wait().map_err(|error| failed(error.into()))?;
    if inner.options.mode == Mode::Durable {
        engine.fdatasync(&file).wait().map_err(|error| {
            let error = inner.engine_error(error.into()).in_file(path.clone());
            inner.poison(&error);
            error
        })?;
    }
    Ok(())
}

impl Inner {
    /// The failures of changes that nobody was told of, once.
    pub(super) fn report_failures(&self) -> Result<(), StoreError> {
        let (failures, more) = self.ledger.take();
        if failures.is_empty() {
            return Ok(());
        }
        let error = self.error(StoreErrorKind::Unreported).during(StoreOperation::Commit);
        let error = error.with_failures(failures);
        Err(if more > 0 {
            error.telling(format!("and {more} more than are listed"))
        } else {
            error
        })
    }
}
