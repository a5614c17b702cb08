//! Open data files, so many at a time.

use std::{collections::HashMap, path::PathBuf};

use crate::{
    engine::{AioFile, Engine, OpenOptions},
    error::Error,
    store::space::FileId,
    sync::{Mutex, lock},
};

/// The most that are kept open; each has up to two descriptors.
const KEPT_OPEN: usize = 128;

#[derive(Default)]
pub(super) struct Handles(Mutex<Open>);

#[derive(Default)]
struct Open {
    /// Each with the time of its last use.
    files: HashMap<FileId, (AioFile, u64)>,
    now: u64,
}

impl Handles {
    /// The file, opened if it is not.
    pub(super) fn get(
        &self,
        engine: &Engine,
        id: FileId,
        path: impl FnOnce() -> PathBuf,
    ) -> Result<AioFile, Error> {
        if let Some(file) = lock(&self.0).used(id) {
            return Ok(file);
        }
        let file = engine.open_with(path(), &OpenOptions::new().write())?;
        Ok(self.add(id, file))
    }

    /// Keeps a file that was opened; the one that was kept before, if there is one.
    pub(super) fn add(&self, id: FileId, file: AioFile) -> AioFile {
        let mut open = lock(&self.0);
        if let Some(file) = open.used(id) {
            return file;
        }
        let mut closed = None;
        if open.files.len() >= KEPT_OPEN {
            let oldest = open.files.iter().min_by_key(|(_, (_, used))| *used).map(|(&id, _)| id);
            closed = oldest.and_then(|id| open.files.remove(&id));
        }
        open.now += 1;
        let now = open.now;
        open.files.insert(id, (file.clone(), now));
        drop(open);
        drop(closed);
        file
    }

    pub(super) fn forget(&self, id: FileId) {
        let closed = lock(&self.0).files.remove(&id);
        drop(closed);
    }

    pub(super) fn forget_all(&self) {
        let closed = std::mem::take(&mut lock(&self.0).files);
        drop(closed);
    }
}

impl Open {
    fn used(&mut self, id: FileId) -> Option<AioFile> {
        self.now += 1;
        let (file, used) = self.files.get_mut(&id)?;
        *used = self.now;
        Some(file.clone())
    }
}
