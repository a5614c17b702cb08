//! Making a durable store's tensors durable, in the one order that survives a loss of power at any
//! instant: data, names of new files, new index, its name.

use std::sync::{Arc, mpsc};

use crate::{
    engine::Ticket,
    error::Error,
    store::{
        Mode, StoreError, StoreErrorKind, StoreOperation,
        files::{INDEX, NEW_INDEX},
        index,
        inner::Inner,
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
}

pub(super) fn commit(inner: &Inner) -> Result<Commit, StoreError> {
    if inner.process.is_child() {
        return Err(inner.error(StoreErrorKind::Forked));
    }
    may_wait(&inner.engine).map_err(|kind| inner.error(kind))?;
    if inner.options.mode != Mode::Durable {
        return Err(inner.error(StoreErrorKind::NotDurable));
    }
    // One commit after the other.
    let mut committed = lock(&inner.committed);
    let (records, generation) = snapshot(inner)?;
    inner.report_failures()?;
    sync_data(inner)?;
    let is_current = lock(&inner.owner).as_ref().map(|owner| owner.is_current());
    match is_current {
        Some(Ok(true)) => {}
        Some(Err(error)) => return Err(inner.system_error(&inner.directory, error)),
        Some(Ok(false)) | None => return Err(inner.error(StoreErrorKind::OwnerChanged)),
    }
    let number = committed.number + 1;
    write_index(inner, number, generation, &records)?;
    let (new, old) = (inner.directory.join(NEW_INDEX), inner.directory.join(INDEX));
    let renamed = inner.names.rename(&new, &old).map_err(|error| inner.system_error(&old, error));
    let durable = renamed.and_then(|()| sync_names(inner));
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
    let has_new_names = std::mem::take(&mut state.has_new_names);
    drop(state);
    let tickets: Vec<_> = unsynced.values().map(|file| inner.engine.fdatasync(file)).collect();
    let failed = Ticket::wait_all(tickets).into_iter().find_map(Result::err);
    let synced = match failed {
        Some(failed) => Err(inner.engine_error(Error::from(failed))),
        None if has_new_names => sync_names(inner),
        None => Ok(()),
    };
    synced.inspect_err(|error| inner.poison(error))
}

fn sync_names(inner: &Inner) -> Result<(), StoreError> {
    let synced = inner.names.sync_directory(&inner.directory);
    synced.map_err(|error| inner.system_error(&inner.directory, error))
}

/// Writes the new index beside the old one. Unless its sync fails nothing has happened if it fails.
pub(super) fn write_index(
    inner: &Inner,
    number: u64,
    generation: u64,
    records: &[Arc<Record>],
) -> Result<(), StoreError> {
    let path = inner.directory.join(NEW_INDEX);
    let encoded = {
        let space = lock(&inner.space);
        index::encode(inner.options.mode, inner.store, number, generation, &space, records)
    };
    let failed = |error: StoreError| {
        let _ = inner.names.remove(&path);
        error.in_file(path.clone())
    };
    let bytes = encoded
        .map_err(|error| failed(inner.error(StoreErrorKind::Io).telling(error.to_string())))?;
    if path.exists() {
        // Of a commit that came no further.
        let removed = inner.names.remove(&path);
        removed.map_err(|error| inner.system_error(&path, error))?;
    }
    let file = inner.names.create(&inner.engine, &path, bytes.len() as u64);
    let file = file.map_err(|error| failed(inner.engine_error(error)))?;
    let written = inner.engine.pwrite(&file, bytes, 0).wait();
    written.map_err(|error| failed(inner.engine_error(error.into())))?;
    if inner.options.mode == Mode::Durable {
        inner.engine.fdatasync(&file).wait().map_err(|error| {
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
