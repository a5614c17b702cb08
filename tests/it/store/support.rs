//! What the tests of stores share.

use std::{path::PathBuf, sync::Arc};

use ds_aio::{Engine, OffloadStore, Placement, StoreBuilder, StoreConfig, StoreError};
use ds_aio_tests::settings::{MODES, SHAPES, settings};
use tempfile::TempDir;

/// An engine and a directory, or several, which go with it.
pub(super) struct Place {
    pub(super) engine: Arc<Engine>,
    pub(super) dir: TempDir,
    /// The directories' names, if there are several, and which of them a tensor is in.
    pub(super) several: Option<(&'static [&'static str], Placement)>,
}

/// No launcher's.
pub(super) const NO_VARIABLES: [(&str, &str); 0] = [];

impl Place {
    pub(super) fn new() -> Self {
        Self::with_block_size(64 << 10)
    }

    pub(super) fn with_block_size(block_size: usize) -> Self {
        let engine = Engine::new(&settings(block_size, SHAPES[2], MODES[0])).unwrap();
        let dir = tempfile::tempdir().unwrap();
        Self { engine: Arc::new(engine), dir, several: None }
    }

    /// The store's directory, in one that may hold other things; the first of several.
    pub(super) fn path(&self) -> PathBuf {
        self.several.map_or(self.dir.path().join("store"), |(names, _)| self.named(names[0]))
    }

    /// A directory by its name.
    pub(super) fn named(&self, name: &str) -> PathBuf {
        self.dir.path().join("several").join(name)
    }

    /// Small blocks, and files of their own for what is not so small.
    pub(super) fn builder(&self) -> StoreBuilder {
        let builder = match self.several {
            None => OffloadStore::builder(self.path()),
            Some((names, placement)) => self.builder_in(names, placement),
        };
        builder.block_size(4096).slab_limit(128 << 10).slab_size(1 << 20)
    }

    pub(super) fn builder_in(&self, names: &[&str], placement: Placement) -> StoreBuilder {
        let dirs: Vec<_> = names.iter().map(|name| self.named(name)).collect();
        let config = StoreConfig::builder().dirs(dirs).placement(placement).build().unwrap();
        OffloadStore::configured(&config, &NO_VARIABLES).unwrap()
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

    /// The names in the store's directory, the first of several.
    pub(super) fn files(&self) -> Vec<String> {
        Self::files_of(&self.path())
    }

    pub(super) fn files_of(directory: &std::path::Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).unwrap();
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
