//! Making a durable store's tensors durable, in the one order that survives a loss of power at any
//! instant: data, names of new files, new index, its name. With several directories, data and names of
//! all of them come before the index, which is in the first.

use std::sync::{Arc, mpsc};

use crate::{
    engine::Ticket,
    error::Error,
    store::{
        Mode, StoreError, StoreErrorKind, StoreOperation,
        directory::Directory,
        files::{INDEX, NEW_INDEX},
        handles::DataFile,
        index::{self, Head},
        inner::Inner,
        label,
        lives::may_wait,
        tensor::{Calls, Found, Record},
    },
    sync::lock,
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
    /// Whether the directories have their labels.
    pub(super) has_labels: bool,
}

pub(super) fn commit(inner: &Inner) -> Result<Commit, StoreError> {
    if inner.process.is_child() {
        return Err(inner.error(StoreErrorKind::Forked));
    }
    may_wait(&inner.engines).map_err(|kind| inner.error(kind))?;
    if inner.options.mode != Mode::Durable {
        return Err(inner.error(StoreErrorKind::NotDurable));
    }
    // One commit after the other.
    let mut committed = lock(&inner.committed);
    let (records, generation) = snapshot(inner)?;
    inner.report_failures()?;
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
    let superseded = std::mem::replace(&mut committed.records, records);
    drop(superseded);
    drop(committed);
    inner.trim();
    Ok(told)
}

/// The tensors as they are once every change accepted before has ended, and the last change's number.
fn snapshot(inner: &Inner) -> Result<(Vec<Arc<Record>>, u64), StoreError> {
    let (mut records, mut calls) = (Vec::new(), Calls::new());
    let (sender, receiver) = mpsc::channel();
    let state = inner.changeable()?;
    let generation = state.generation;
    for version in state.tensors.versions() {
        match version.record() {
            Some(record) => records.push(record),
            None => {
                let (sender, name) = (sender.clone(), Arc::clone(&version.name));
                let waiter = move |found| drop(sender.send((name, found)));
                version.find(Box::new(waiter), &mut calls);
            }
        }
    }
    drop(state);
    drop(sender);
    calls.into_iter().for_each(|call| call());
    for (name, found) in receiver {
        match found {
            Found::Record(record) => records.push(record),
            // Its first put failed, and its ticket or the ledger says so.
            Found::Missing(StoreErrorKind::NotFound) => {}
            Found::Missing(kind) => return Err(inner.error(kind).for_tensor(&name)),
        }
    }
    Ok((records, generation))
}

/// Makes durable what was written, and the names of the files that it was written to.
fn sync_data(inner: &Inner) -> Result<(), StoreError> {
    let mut state = inner.changeable()?;
    let unsynced = std::mem::take(&mut state.unsynced);
    let new_names = state.new_names.clone();
    drop(state);
    let sync = |file: &DataFile| file.engine.fdatasync(&file.file);
    let tickets: Vec<_> = unsynced.values().map(sync).collect();
    let failed = Ticket::wait_all(tickets).into_iter().find_map(Result::err);
    let synced = match failed {
        Some(failed) => Err(inner.engine_error(Error::from(failed))),
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
    let file = inner.names.create(engine, &path, bytes.len() as u64).map_err(failed)?;
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
