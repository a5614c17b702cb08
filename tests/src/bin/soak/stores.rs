//! Stores of both modes against a model in memory, with what else there is to them.

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use ds_aio::{
    Engine, OffloadStore, Placement, StoreBuilder, StoreConfig, StoreErrorKind, UpdateGroup,
};
use ds_aio_tests::{
    bytes::{Rng, pattern},
    store_model::{Model, NAMES, begin, verify},
};

use crate::round::Round;

const BATCHES: usize = 10;

pub(crate) fn run(round: &Round<'_>, rng: &mut Rng) {
    let dir = round.directory();
    let engine = round.engine(rng);
    let is_durable = rng.below(2) == 0;
    let directories = ["a", "b", "c"].map(|name| dir.path().join(name));
    let directories = &directories[..1 + rng.below(3)];
    let placement = rng.pick(&[Placement::Hash, Placement::Stripe { chunk: 16_384 }]);
    let open = || open(round, &engine, directories, placement, is_durable);
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
        match rng.below(4) {
            0 => update(round, &store, &mut model, rng),
            1 => stream(round, &store, &model, rng),
            _ => {}
        }
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
    // It makes its directories, and removes them.
    let left = fs::read_dir(dir.path()).unwrap().count();
    assert!(is_durable || left == 0, "{left} directories are left of an ephemeral store");
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

/// Groups of tensors read, computed with and written back: in each the first gets the sum of all.
fn update(round: &Round<'_>, store: &OffloadStore, model: &mut Model, rng: &mut Rng) {
    let mut groups = Vec::new();
    for _ in 0..rng.below(8) {
        let mut names: Vec<_> = model.keys().copied().collect();
        rng.shuffle(&mut names);
        names.truncate(1 + rng.below(3));
        let Some((updated, read)) = names.split_first() else { break };
        let sum = names.iter().map(|name| checksum(&model[name])).fold(0, u64::wrapping_add);
        let bytes = model.get_mut(updated).unwrap();
        *bytes = pattern(sum, bytes.len());
        round.tally.operation("store: update of a group", bytes.len());
        groups.push(UpdateGroup::new([updated]).reading(read));
    }
    // No group is longer.
    let memory = (2 << 20) + rng.below(4 << 20) as u64;
    let count = groups.len();
    let updated = store.update(groups, memory).run(|group| {
        let (mut updated, read) = group.parts();
        let tensors = read.into_iter().chain([&*updated[0]]);
        let sum = tensors.map(checksum).fold(0, u64::wrapping_add);
        let new = pattern(sum, updated[0].len());
        updated[0].copy_from_slice(&new);
        Ok(())
    });
    assert_eq!(updated.unwrap().groups, count);
}

fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(bytes.len() as u64, |sum, &byte| {
        sum.wrapping_mul(0x0000_0100_0000_01b3).wrapping_add(u64::from(byte))
    })
}

/// Tensors one after the other, read ahead; those that are not there fail alone.
fn stream(round: &Round<'_>, store: &OffloadStore, model: &Model, rng: &mut Rng) {
    let names: Vec<_> = (0..rng.below(20)).map(|_| rng.pick(&NAMES)).collect();
    let mut stream = store.stream(&names, 1 + rng.below(4));
    if rng.below(2) == 0 {
        stream = stream.memory(400_000 + rng.below(1 << 20) as u64);
    }
    let mut names = names.iter();
    for streamed in &mut stream {
        let name = names.next().expect("no more tensors than names");
        match (streamed, model.get(name)) {
            (Ok(found), Some(tensor)) => {
                round.tally.operation("store: stream", tensor.len());
                round.tally.compare(&found, tensor, name);
            }
            (Err(error), None) => {
                assert_eq!(error.kind(), StoreErrorKind::NotFound, "{error}");
                round.tally.error(error.kind());
            }
            (found, _) => panic!("{name}: {:?}", found.map(|found| found.len())),
        }
    }
    assert_eq!(names.next(), None, "the stream ended early");
}

fn builder(directories: &[PathBuf], placement: Placement) -> StoreBuilder {
    if let [directory] = directories {
        return OffloadStore::builder(directory);
    }
    let config = StoreConfig::builder().dirs(directories.to_vec()).placement(placement).build();
    OffloadStore::configured(&config.unwrap(), &[("", ""); 0]).unwrap()
}

fn open(
    round: &Round<'_>,
    engine: &Arc<Engine>,
    directories: &[PathBuf],
    placement: Placement,
    is_durable: bool,
) -> OffloadStore {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let builder = builder(directories, placement).memory(600_000);
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
