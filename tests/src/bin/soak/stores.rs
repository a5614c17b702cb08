//! Stores of both modes against a model in memory, with what else there is to them.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use ds_aio::{Engine, OffloadStore, StoreErrorKind};
use ds_aio_tests::{
    bytes::Rng,
    store_model::{Model, begin, verify},
};

use crate::round::Round;

const BATCHES: usize = 10;

pub(crate) fn run(round: &Round<'_>, rng: &mut Rng) {
    let dir = round.directory();
    let engine = round.engine(rng);
    let is_durable = rng.below(2) == 0;
    let open = || open(round, &engine, dir.path(), is_durable);
    let mut store = open();
    let (mut model, mut committed) = (Model::new(), Model::new());
    for _ in 0..BATCHES {
        let mut under_way = Vec::new();
        for _ in 0..1 + rng.below(40) {
            let operation = begin(&store, &mut model, rng);
            round.tally.operation(operation.what, operation.bytes);
            under_way.push(operation);
        }
        rng.shuffle(&mut under_way);
        if is_durable && rng.below(3) == 0 {
            round.tally.operation("store: commit", 0);
            store.commit().unwrap();
            committed.clone_from(&model);
        }
        for operation in under_way {
            let bytes = operation.bytes;
            operation.finish();
            round.tally.verified(bytes);
        }
        prefetch(round, &store, &model, rng);
        if is_durable && rng.below(3) == 0 {
            round.tally.operation("store: close and reopen", 0);
            store.close().unwrap();
            store = open();
            model.clone_from(&committed);
        }
        verify(&store, &model);
        round.tally.verified(model.values().map(Vec::len).sum());
    }
    store.close().unwrap();
    if is_durable {
        let store = open();
        verify(&store, &committed);
        round.tally.verified(committed.values().map(Vec::len).sum());
        store.close().unwrap();
    }
    let left = std::fs::read_dir(dir.path()).unwrap().count();
    assert!(is_durable || left == 0, "{left} files are left of an ephemeral store");
}

/// Tensors that are read into memory; gets find them there.
fn prefetch(round: &Round<'_>, store: &OffloadStore, model: &Model, rng: &mut Rng) {
    for name in model.keys().filter(|_| rng.below(2) == 0) {
        round.tally.operation("store: prefetch", 0);
        // Others may have the memory.
        if let Err(failed) = store.prefetch(name).wait() {
            assert_eq!(failed.error().kind(), StoreErrorKind::Full, "{}", failed.error());
            round.tally.error(failed.error().kind());
        }
    }
}

fn open(
    round: &Round<'_>,
    engine: &Arc<Engine>,
    directory: &std::path::Path,
    is_durable: bool,
) -> OffloadStore {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let builder = OffloadStore::builder(directory).memory(600_000);
        let builder = builder.block_size(4096).slab_limit(128 << 10).slab_size(1 << 20);
        // What the soak is for is not how much the file system promises.
        let builder = if is_durable { builder.durable().any_file_system() } else { builder };
        match builder.open(engine) {
            Ok(store) => return store,
            Err(error) => {
                // A child that was forked meanwhile keeps the directory until it ends.
                assert_eq!(error.kind(), StoreErrorKind::InUse, "{error}");
                assert!(Instant::now() < deadline, "{error}");
                round.tally.error(error.kind());
                thread::yield_now();
            }
        }
    }
}
