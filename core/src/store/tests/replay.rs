//! Every state in which a loss of power may leave the disk: the store opens, and the last commit that
//! was promised is there, or the one that had been begun.

use std::{
    collections::{BTreeSet, HashSet},
    ffi::OsString,
    fs,
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use super::{Bench, State, bytes, names::UnsyncedNames, state_of};
use crate::{
    config::{BackendMode, DirectMode, EngineSettings},
    engine::Engine,
    store::{OffloadStore, Stale, StoreErrorKind, checksum},
    sys::sim::{Allowed, Step, make, replay},
};

/// A store's life, and the states that its user made durable.
struct Life {
    bench: Bench,
    state: State,
    states: Vec<State>,
}

impl Life {
    fn put(&mut self, store: &OffloadStore, name: &str, bytes: Vec<u8>) {
        store.put(name, bytes.clone()).wait().unwrap();
        self.state.insert(name.to_owned(), bytes);
    }

    fn put_range(&mut self, store: &OffloadStore, name: &str, at: usize, bytes: Vec<u8>) {
        store.put_range(name, at as u64, bytes.clone()).wait().unwrap();
        self.state.get_mut(name).unwrap()[at..at + bytes.len()].copy_from_slice(&bytes);
    }

    fn begin(&mut self) {
        self.states.push(self.state.clone());
        self.bench.journal.note(Step::Begins(self.states.len() - 1));
    }

    fn promised(&self) {
        self.bench.journal.note(Step::Promised(self.states.len() - 1));
    }

    fn commit(&mut self, store: &OffloadStore) {
        self.begin();
        store.commit().unwrap();
        self.promised();
    }

    /// Whatever there is to do.
    fn live(directories: usize) -> Self {
        let bench = Bench::in_directories(directories);
        let mut life = Self { bench, state: State::new(), states: vec![State::new()] };
        let store = life.bench.open().unwrap();
        if directories > 1 {
            // In the first alone, so that the others have nothing yet but their labels.
            let names = (0..).map(|number: u64| number.to_string());
            let name =
                names.into_iter().find(|name| checksum::of_text(name).is_multiple_of(2)).unwrap();
            life.put(&store, &name, bytes(0, 100));
            life.commit(&store);
        }
        life.put(&store, "a", bytes(1, 3000));
        life.put(&store, "b", bytes(2, 4096));
        life.put(&store, "large", bytes(3, 12_000));
        life.commit(&store);
        life.put(&store, "a", bytes(4, 3000));
        life.put_range(&store, "large", 7000, bytes(5, 3000));
        store.remove("b").unwrap();
        life.state.remove("b");
        life.commit(&store);
        // In the places of what the first commit had.
        life.put(&store, "b", bytes(6, 4000));
        life.put(&store, "a", bytes(7, 2000));
        life.put_range(&store, "a", 100, bytes(8, 50));
        life.put(&store, "large", bytes(9, 12_000));
        life.commit(&store);

        // The next one's index is there, and not for certain.
        life.put(&store, "a", bytes(10, 3000));
        life.begin();
        life.bench.names.fails_syncs.store(true, Ordering::Relaxed);
        store.commit().unwrap_err();
        life.bench.names.fails_syncs.store(false, Ordering::Relaxed);
        let failed = store.put("a", vec![1]).wait().unwrap_err();
        assert_eq!(failed.error().kind(), StoreErrorKind::Poisoned);
        drop(store);
        let store = life.bench.open().unwrap();
        assert_eq!(state_of(&store).unwrap(), life.state);
        life.promised();
        life.put(&store, "a", bytes(11, 3000));
        life.put(&store, "b", bytes(12, 3000));
        life.commit(&store);
        store.close().unwrap();

        life.state.clear();
        life.begin();
        let store = life.bench.builder().stale(Stale::Remove).open(&life.bench.engine).unwrap();
        life.promised();
        life.put(&store, "other", bytes(13, 5000));
        life.commit(&store);
        store.close().unwrap();
        life
    }

    /// Whether the store keeps its promise on a disk in every state that `steps` may leave, from
    /// number `from` on.
    fn holds(&self, steps: &[Step], from: usize, most: usize, seen: &mut HashSet<u64>) -> bool {
        let mut settings = EngineSettings::default();
        // What has just been written is in the page cache, and need not go to a disk to be read.
        (settings.backend, settings.direct) = (BackendMode::Threads, DirectMode::Never);
        let engine = Arc::new(Engine::new(&settings).unwrap());
        replay(steps, from, self.bench.root.path(), most, seen, |state, allowed| {
            // In memory where that can be had: there are thousands.
            let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
            make(state, dir.path());
            let directories = super::directories(dir.path(), self.bench.directories);
            let builder = super::builder(dir.path(), self.bench.directories);
            let builder = builder.names(Arc::new(UnsyncedNames));
            let Ok(store) = builder.open(&engine) else {
                return false;
            };
            let Ok(found) = state_of(&store) else {
                return false;
            };
            let files: Vec<_> = directories.iter().map(|path| list(path)).collect();
            store.close().unwrap();
            let Allowed { promised, begun } = allowed;
            let is_whole = found == self.states[promised] || found == self.states[begun];
            // Nothing is there that is not the index's.
            is_whole && directories.iter().map(|path| list(path)).eq(files)
        })
    }
}

#[test]
fn a_loss_of_power_at_any_moment_leaves_the_last_commit_and_every_sync_is_needed_for_it() {
    keeps_its_promise(&Life::live(1));
}

#[test]
fn a_loss_of_power_leaves_what_is_in_several_directories_as_of_one_commit() {
    keeps_its_promise(&Life::live(2));
}

fn keeps_its_promise(life: &Life) {
    let steps = life.bench.journal.steps();
    let mut seen = HashSet::new();
    assert!(life.holds(&steps, 0, 600, &mut seen));
    println!("{} steps, {} states", steps.len(), seen.len());
    assert!(seen.len() > 500, "{} states", seen.len());

    let syncs = steps.iter().enumerate().filter(|(_, step)| step.is_sync()).map(|(at, _)| at);
    let needless: Vec<_> = syncs
        .filter(|&at| {
            let mut without = steps.clone();
            without.remove(at);
            life.holds(&without, at, 100, &mut seen.clone())
        })
        .map(|at| (at, &steps[at]))
        .collect();
    assert!(needless.is_empty(), "left out, and nothing was lost: {needless:?}");
}

/// The names in a directory.
fn list(path: &Path) -> BTreeSet<OsString> {
    fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}
