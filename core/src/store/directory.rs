//! The directories of a store, and the engines of their devices.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    engine::Engine,
    store::{files, owner::Owner, space::FileNumber, space::Space},
    sync::Mutex,
};

/// One of a store's directories.
pub(super) struct Directory {
    pub(super) path: Arc<Path>,
    /// That of its device.
    pub(super) engine: Arc<Engine>,
    pub(super) space: Mutex<Space>,
    /// None once the store has let the directory go.
    pub(super) owner: Mutex<Option<Owner>>,
}

impl Directory {
    pub(super) fn path_of(&self, file: FileNumber) -> PathBuf {
        self.path.join(files::data_name(file))
    }
}

/// The engines of a store, each once; that of the first directory first.
pub(super) struct Engines(Vec<Arc<Engine>>);

impl Engines {
    pub(super) fn new(first: &Arc<Engine>) -> Self {
        Self(vec![Arc::clone(first)])
    }

    pub(super) fn add(&mut self, engine: &Arc<Engine>) {
        if !self.0.iter().any(|known| Arc::ptr_eq(known, engine)) {
            self.0.push(Arc::clone(engine));
        }
    }

    pub(super) fn all(&self) -> &[Arc<Engine>] {
        &self.0
    }
}
