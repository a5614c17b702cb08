//! Open data files, so many at a time.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::{
    engine::{AioFile, Engine},
    error::Error,
    store::space::FileId,
    sync::{Mutex, lock},
};

/// The most that are kept open; each has up to two descriptors.
const KEPT_OPEN: usize = 128;

/// A data file that is open, and the engine of its device.
#[derive(Clone)]
pub(super) struct DataFile {
    pub(super) id: FileId,
    pub(super) engine: Arc<Engine>,
    pub(super) file: AioFile,
}

#[derive(Default)]
pub(super) struct Handles(Mutex<Open>);

#[derive(Default)]
struct Open {
    /// Each with the time of its last use.
    files: HashMap<FileId, (DataFile, u64)>,
    by_use: BTreeMap<u64, FileId>,
    now: u64,
}

impl Handles {
    /// The file, opened if it is not.
    pub(super) fn get(
        &self,
        id: FileId,
        open: impl FnOnce() -> Result<DataFile, Error>,
    ) -> Result<DataFile, Error> {
        if let Some(file) = lock(&self.0).used(id) {
            return Ok(file);
        }
        Ok(self.add(open()?))
    }

    /// Keeps a file that was opened; the one that was kept before, if there is one.
    pub(super) fn add(&self, file: DataFile) -> DataFile {
        let mut open = lock(&self.0);
        if let Some(file) = open.used(file.id) {
            return file;
        }
        let mut closed = None;
        if open.files.len() >= KEPT_OPEN {
            closed = open.by_use.pop_first().and_then(|(_, id)| open.files.remove(&id));
        }
        open.now += 1;
        let now = open.now;
        open.by_use.insert(now, file.id);
        open.files.insert(file.id, (file.clone(), now));
        drop(open);
        drop(closed);
        file
    }

    pub(super) fn forget(&self, id: FileId) {
        let mut open = lock(&self.0);
        let closed = open.files.remove(&id);
        if let Some((_, used)) = &closed {
            open.by_use.remove(used);
        }
        drop(open);
        drop(closed);
    }

    pub(super) fn forget_all(&self) {
        let closed = std::mem::take(&mut *lock(&self.0));
        drop(closed);
    }
}

impl Open {
    fn used(&mut self, id: FileId) -> Option<DataFile> {
        self.now += 1;
        let (file, used) = self.files.get_mut(&id)?;
        let before = std::mem::replace(used, self.now);
        self.by_use.remove(&before);
        self.by_use.insert(self.now, id);
        Some(file.clone())
    }
}
