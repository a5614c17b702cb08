//! What a loss of power makes of models that are replaced.

mod faults;

use std::collections::BTreeMap;

use super::{Dtype, Model, TensorView, save, save_sharded};
use crate::{
    config::{BackendMode, DirectMode, EngineSettings},
    engine::Engine,
    stream::{
        WriterOptions,
        tests::{Found, Life},
    },
    sys::sim::{Step, make},
};

/// The tensors of a model; none where there is no model.
type State = Option<BTreeMap<String, Vec<u8>>>;

/// Tensors of so many bytes.
fn tensors(seed: usize, lens: &[usize]) -> BTreeMap<String, Vec<u8>> {
    let bytes = |len| (0..len).map(|at| (at * (seed + 7) % 251) as u8).collect();
    lens.iter().enumerate().map(|(number, &len)| (format!("layers.{number}"), bytes(len))).collect()
}

fn views(tensors: &BTreeMap<String, Vec<u8>>) -> impl Iterator<Item = (&String, TensorView<'_>)> {
    tensors
        .iter()
        .map(|(name, bytes)| (name, TensorView::new(Dtype::U8, vec![bytes.len()], bytes).unwrap()))
}

fn reader() -> Engine {
    let mut settings = EngineSettings::default();
    (settings.backend, settings.direct) = (BackendMode::Threads, DirectMode::Never);
    Engine::new(&settings).unwrap()
}

/// The model that a disk has; none if what is there is not one.
fn state_of(engine: &Engine, found: &Found<'_>) -> Option<State> {
    // In memory where that can be had: there are many.
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    make(found, dir.path());
    let is_there = |name: &str| dir.path().join(name).exists();
    if !is_there("model.safetensors") && !is_there("model.safetensors.index.json") {
        return Some(None);
    }
    let loaded = Model::open(engine, dir.path()).and_then(|model| model.load()).ok()?;
    Some(Some(loaded.into_iter().map(|(name, tensor)| (name, tensor.data().to_vec())).collect()))
}

#[test]
fn a_loss_of_power_leaves_the_old_or_the_new_model_and_every_sync_is_needed_for_it() {
    let mut life = Life::<State>::new(None);
    let options = WriterOptions::new().replace().memory(8192);
    for (seed, lens) in [(1, &[3000, 2000][..]), (2, &[3000, 2000]), (3, &[6000])] {
        life.goes_on(|engine, root| {
            let (tensors, path) = (tensors(seed, lens), root.join("model.safetensors"));
            save(engine, path, views(&tensors), &BTreeMap::new(), &options).unwrap();
            Some(tensors)
        });
    }
    let engine = reader();
    let needless = life.needless(&|found| state_of(&engine, found));
    assert!(needless.is_empty(), "left out, and nothing was lost: {needless:?}");
}

#[test]
fn a_loss_of_power_leaves_the_old_or_the_new_model_of_several_files() {
    let mut life = Life::<State>::new(None);
    let options = WriterOptions::new().replace().memory(8192);
    let several = &[3000, 2000, 5000][..];
    for (seed, lens) in [(1, several), (2, several), (3, &[100]), (4, several), (5, several)] {
        life.goes_on(|engine, root| {
            let tensors = tensors(seed, lens);
            save_sharded(engine, root, views(&tensors), &BTreeMap::new(), 5000, &options).unwrap();
            Some(tensors)
        });
    }
    let engine = reader();
    let needless = life.needless(&|found| state_of(&engine, found));
    // One sync of the directory makes the names of all shards durable, and there is one for each.
    let of_names = |step: &Step| matches!(step, Step::SyncDirectory(_));
    assert!(needless.iter().all(of_names), "left out, and nothing was lost: {needless:?}");
    assert_eq!(needless.len(), 4);
}
