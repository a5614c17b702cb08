//! Stores on a backend that notes what happens, and what a loss of power makes of it.

mod devices;
mod faults;
mod names;
mod replay;
mod updates;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;

use crate::{
    config::EngineSettings,
    engine::Engine,
    store::{OffloadStore, StoreBuilder, StoreError, builder::Spread},
    sys::{
        choice::Because,
        sim::{Journal, Step},
    },
};
use names::NotedNames;

/// The tensors of a store.
type State = BTreeMap<String, Vec<u8>>;

/// An engine whose writes and syncs are noted, together with what stores do to names.
struct Bench {
    journal: Journal<Step>,
    names: Arc<NotedNames>,
    engine: Arc<Engine>,
    root: TempDir,
    /// How many directories its stores have.
    directories: usize,
}

impl Bench {
    fn new() -> Self {
        let journal = Journal::new();
        let names = NotedNames::new(&journal);
        let settings = EngineSettings { block_size: 8192, ..EngineSettings::default() };
        let engine = Engine::with_backend(settings, journal.backend(), Because::Asked).unwrap();
        let (engine, root) = (Arc::new(engine), tempfile::tempdir().unwrap());
        Self { journal, names, engine, root, directories: 1 }
    }

    fn in_directories(count: usize) -> Self {
        Self { directories: count, ..Self::new() }
    }

    fn builder(&self) -> StoreBuilder {
        let builder = builder(self.root.path(), self.directories);
        builder.names(Arc::clone(&self.names) as _)
    }

    fn open(&self) -> Result<OffloadStore, StoreError> {
        self.builder().open(&self.engine)
    }
}

/// The directories of a store.
fn directories(root: &Path, count: usize) -> Vec<PathBuf> {
    (0..count).map(|number| root.join("deep").join(format!("store {number}"))).collect()
}

/// A durable store that is small in everything.
fn builder(root: &Path, count: usize) -> StoreBuilder {
    let spread = if count > 1 { Spread::Striped { chunk: 4096 } } else { Spread::Hashed };
    let builder = StoreBuilder::new(directories(root, count), spread).durable();
    builder.block_size(4096).slab_limit(8192).slab_size(32 << 10)
}

/// All tensors of a store.
fn state_of(store: &OffloadStore) -> Result<State, StoreError> {
    let mut state = State::new();
    for tensor in store.tensors() {
        let bytes = store.get(&tensor.name).wait()?;
        state.insert(tensor.name.to_string(), bytes.to_vec());
    }
    Ok(state)
}

fn bytes(seed: usize, len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * (seed + 7) % 251) as u8).collect()
}
