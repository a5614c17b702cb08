//! Open data files, so many at a time; those that were written to and not synced among them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use nix::sys::resource::{Resource, getrlimit};

use crate::{
    engine::{AioFile, Engine, Ticket},
    error::Error,
    store::space::FileId,
    sync::{Mutex, lock},
};

/// A data file that is open, and the engine of its device.
#[derive(Clone)]
pub(super) struct DataFile {
    pub(super) id: FileId,
    pub(super) engine: Arc<Engine>,
    pub(super) file: AioFile,
}

pub(super) struct Handles {
    /// As many are kept open.
    most: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    files: HashMap<FileId, Handle>,
    by_use: BTreeMap<u64, FileId>,
    now: u64,
    /// Syncs of files that were closed.
    syncs: Vec<Ticket<()>>,
    /// What became of one of them that has ended.
    failed: Option<Error>,
}

/// What there is to be synced, or was.
pub(super) struct Unsynced {
    pub(super) files: Vec<DataFile>,
    /// Of files that were closed.
    pub(super) syncs: Vec<Ticket<()>>,
    /// One of those has failed.
    pub(super) failed: Option<Error>,
}

struct Handle {
    file: DataFile,
    /// The time of its last use.
    used: u64,
    /// Whether it was written to since its last sync.
    is_unsynced: bool,
}

/// From so many on those that have ended are looked for.
const MANY_SYNCS: usize = 64;

/// How many files are kept open unless it is said: 128, or an eighth of what the process may have, for
/// each has up to two descriptors.
pub(super) fn default_most() -> usize {
    let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft);
    usize::try_from(limit / 8).unwrap_or(usize::MAX).clamp(4, 128)
}

impl Handles {
    pub(super) fn new(most: usize) -> Self {
        Self { most, open: Mutex::default() }
    }

    /// The file, opened if it is not.
    pub(super) fn get(
        &self,
        id: FileId,
        open: impl FnOnce() -> Result<DataFile, Error>,
    ) -> Result<DataFile, Error> {
        if let Some(handle) = lock(&self.open).used(id) {
            return Ok(handle.file.clone());
        }
        Ok(self.add(open()?))
    }

    /// Keeps a file that was opened; the one that was kept before, if there is one.
    pub(super) fn add(&self, file: DataFile) -> DataFile {
        let mut open = lock(&self.open);
        let file = open.entry(file).file.clone();
        let closed = open.close_all_but(self.most);
        drop(open);
        drop(closed);
        file
    }

    /// Notes that a file was written to.
    pub(super) fn has_changed(&self, file: &DataFile) {
        let mut open = lock(&self.open);
        open.entry(file.clone()).is_unsynced = true;
        let closed = open.close_all_but(self.most);
        drop(open);
        drop(closed);
    }

    /// What was written to since this was asked last.
    pub(super) fn take_unsynced(&self) -> Unsynced {
        let mut open = lock(&self.open);
        let unsynced = open.files.values_mut().filter(|handle| handle.is_unsynced);
        let files = unsynced.map(|handle| {
            handle.is_unsynced = false;
            handle.file.clone()
        });
        let files = files.collect();
        Unsynced { files, syncs: std::mem::take(&mut open.syncs), failed: open.failed.take() }
    }

    pub(super) fn forget(&self, id: FileId) {
        let closed = lock(&self.open).remove(id);
        drop(closed);
    }

    pub(super) fn forget_all(&self) {
        let closed = std::mem::take(&mut *lock(&self.open));
        drop(closed);
    }
}

impl Open {
    fn used(&mut self, id: FileId) -> Option<&mut Handle> {
        self.now += 1;
        let handle = self.files.get_mut(&id)?;
        self.by_use.remove(&handle.used);
        handle.used = self.now;
        self.by_use.insert(self.now, id);
        Some(handle)
    }

    /// The file's handle, made if there is none.
    fn entry(&mut self, file: DataFile) -> &mut Handle {
        let id = file.id;
        self.now += 1;
        let now = self.now;
        let handle = self.files.entry(id).or_insert(Handle { file, used: 0, is_unsynced: false });
        self.by_use.remove(&handle.used);
        handle.used = now;
        self.by_use.insert(now, id);
        handle
    }

    fn remove(&mut self, id: FileId) -> Option<Handle> {
        let handle = self.files.remove(&id)?;
        self.by_use.remove(&handle.used);
        Some(handle)
    }

    /// Forgets the syncs that have ended, if there are many.
    fn settle_syncs(&mut self) {
        if self.syncs.len() < MANY_SYNCS {
            return;
        }
        let (ended, rest) = std::mem::take(&mut self.syncs).into_iter().partition(Ticket::is_done);
        self.syncs = rest;
        for sync in ended {
            if let Err(failed) = sync.wait() {
                self.failed.get_or_insert(failed.into());
            }
        }
    }

    /// Takes out those that were used least recently, as far as there are more. What was written to one
    /// is synced first: a system that fails to write it later tells those who have the file open.
    fn close_all_but(&mut self, most: usize) -> Vec<Handle> {
        let mut closed = Vec::new();
        while self.files.len() > most {
            let Some((_, &id)) = self.by_use.first_key_value() else { break };
            let Some(handle) = self.remove(id) else { break };
            if handle.is_unsynced {
                let DataFile { engine, file, .. } = &handle.file;
                match engine.try_fdatasync(file) {
                    Ok(sync) => {
                        self.settle_syncs();
                        self.syncs.push(sync);
                    }
                    Err(_) => {
                        // The engine has too much to do: it stays for now, as the one used last.
                        self.entry(handle.file).is_unsynced = true;
                        break;
                    }
                }
            }
            closed.push(handle);
        }
        closed
    }
}
