//! What the tests of stores share.

use std::{path::PathBuf, sync::Arc};

use ds_aio::{Engine, OffloadStore, StoreBuilder, StoreError};
use ds_aio_tests::settings::{MODES, SHAPES, settings};
use tempfile::TempDir;

/// An engine and a directory, which goes with it.
pub(super) struct Place {
    pub(super) engine: Arc<Engine>,
    pub(super) dir: TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
        Self::with_block_size(64 << 10)
    }

    pub(super) fn with_block_size(block_size: usize) -> Self {
        let engine = Engine::new(&settings(block_size, SHAPES[2], MODES[0])).unwrap();
        Self { engine: Arc::new(engine), dir: tempfile::tempdir().unwrap() }
    }

    /// The store's directory, in one that may hold other things.
    pub(super) fn path(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    /// Small blocks, and files of their own for what is not so small.
    pub(super) fn builder(&self) -> StoreBuilder {
        OffloadStore::builder(self.path()).block_size(4096).slab_limit(128 << 10).slab_size(1 << 20)
    }

    pub(super) fn open(&self) -> OffloadStore {
        self.builder().open(&self.engine).unwrap()
    }

    pub(super) fn open_durable(&self) -> OffloadStore {
        self.try_open_durable().unwrap()
    }

    pub(super) fn try_open_durable(&self) -> Result<OffloadStore, StoreError> {
        self.builder().durable().open(&self.engine)
    }

    /// The names in the store's directory.
    pub(super) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).unwrap();
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.unwrap().file_name().into_string().unwrap()
        };
        let mut names: Vec<_> = entries.map(name).collect();
        names.sort();
        names
    }

    /// The paths of the data files.
    pub(super) fn data_files(&self) -> Vec<PathBuf> {
        let files = self.files().into_iter().filter(|name| name.starts_with("tensors-"));
        files.map(|name| self.path().join(name)).collect()
    }
}
