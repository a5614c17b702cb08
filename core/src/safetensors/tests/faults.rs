//! What becomes of a model whose directory cannot be synced.

use std::{collections::BTreeMap, fs, path::Path};

use nix::errno::Errno;

use super::{super::ModelErrorKind, Model, save_sharded, tensors, views};
use crate::{
    config::{DirectMode, EngineSettings},
    engine::Engine,
    error::Operation,
    stream::WriterOptions,
    sys::{
        Direction,
        choice::Because,
        sim::{Fault, Sim},
    },
};

/// Saves a model over another one, with syncs of the directory that fail from when on `fails` says so of
/// it; what is there then, and the files' names.
fn replaced(fails: fn(&Path) -> bool) -> (BTreeMap<String, Vec<u8>>, Vec<String>) {
    let (sim, dir) = (Sim::lanes(1, 1), tempfile::tempdir().unwrap());
    let settings =
        EngineSettings { block_size: 4096, direct: DirectMode::Never, ..EngineSettings::default() };
    let engine = Engine::with_backend(settings, Box::new(sim.clone()), Because::Asked).unwrap();
    let options = WriterOptions::new().replace();
    let save = |seed| {
        let tensors = tensors(seed, &[3000, 2000, 5000]);
        save_sharded(&engine, dir.path(), views(&tensors), &BTreeMap::new(), 5000, &options)
    };
    save(1).unwrap();
    let directory = dir.path().to_owned();
    sim.inject(move |call| {
        let fails = call.direction == Direction::SyncAll && fails(&directory);
        fails.then_some(Fault::Fail(Errno::EIO))
    });
    let error = save(2).unwrap_err();
    let ModelErrorKind::Io(error) = error.kind() else { panic!("{error}") };
    assert_eq!((error.operation(), error.errno()), (Operation::SyncAll, Some(Errno::EIO as i32)));
    let loaded = Model::open(&engine, dir.path()).unwrap().load().unwrap();
    let found = loaded.into_iter().map(|(name, tensor)| (name, tensor.data().to_vec())).collect();
    let names = fs::read_dir(dir.path()).unwrap();
    let mut names: Vec<_> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    engine.close().unwrap();
    (found, names)
}

const INDEX: &str = "model.safetensors.index.json";
const OLD: [&str; 2] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
const NEW: [&str; 2] = ["model.2-00001-of-00002.safetensors", "model.2-00002-of-00002.safetensors"];

#[test]
fn files_that_the_index_names_stay_though_it_may_not_last() {
    let names_new =
        |directory: &Path| fs::read_to_string(directory.join(INDEX)).unwrap().contains("model.2-");
    let (found, names) = replaced(names_new);
    assert_eq!(found, tensors(2, &[3000, 2000, 5000]));
    // The old one may come back.
    assert_eq!(names, [&OLD[..], &NEW, &[INDEX]].concat());
}

#[test]
fn a_file_that_may_not_last_goes_again_and_the_model_is_the_old_one() {
    let (found, names) = replaced(|directory| directory.join(NEW[1]).exists());
    assert_eq!(found, tensors(1, &[3000, 2000, 5000]));
    assert_eq!(names, [&OLD[..], &[INDEX]].concat());
}
