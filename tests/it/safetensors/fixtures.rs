//! Files that the Python package made (`.ci/safetensors/peer.py fixtures`).

use std::{collections::BTreeMap, path::PathBuf};

use ds_aio::{
    Engine, WriterOptions,
    safetensors::{Dtype, Model, Tensor, save},
};
use ds_aio_tests::settings::settings;

fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "fixtures", "safetensors", name].iter().collect()
}

fn engine() -> Engine {
    Engine::new(&settings(4096, (2, 4), (false, true))).unwrap()
}

/// What a tensor of that name is made to hold.
fn pattern(name: &str, len: usize) -> Vec<u8> {
    (0..len).map(|at| ((at * 7 + name.len()) % 251) as u8).collect()
}

#[track_caller]
fn assert_patterns(tensors: &BTreeMap<String, Tensor>) {
    for (name, tensor) in tensors {
        assert_eq!(tensor.data(), pattern(name, tensor.data().len()), "{name}");
    }
}

#[test]
fn every_dtype_of_the_package_is_loaded_and_saved_as_it_was() {
    let engine = engine();
    let model = Model::open(&engine, fixture("every_dtype.safetensors")).unwrap();
    let metadata = [("format", "pt"), ("note", "quotes \" and ümlauts")];
    let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(*model.metadata(), BTreeMap::from(metadata));
    let tensors = model.load().unwrap();
    // All but the two of six bits, which the package does not write, and no scalar of four.
    assert_eq!(tensors.len(), 20 * 3 - 1);
    assert_patterns(&tensors);
    assert_eq!(
        (tensors["BF16.matrix"].dtype(), tensors["BF16.matrix"].data().len()),
        (Dtype::BF16, 12)
    );
    assert_eq!(tensors["U8.empty"].shape(), [0, 3]);
    assert_eq!(tensors["F64.scalar"].shape(), [0; 0]);

    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("copy.safetensors");
    save(&engine, &copy, &tensors, model.metadata(), &WriterOptions::new()).unwrap();
    let copied = Model::open(&engine, &copy).unwrap();
    assert_eq!(copied.metadata(), model.metadata());
    let copied = copied.load().unwrap();
    assert_patterns(&copied);
    for (name, tensor) in &tensors {
        let copy = &copied[name];
        assert_eq!((copy.dtype(), copy.shape()), (tensor.dtype(), tensor.shape()), "{name}");
    }
    engine.close().unwrap();
}

#[test]
fn a_model_in_several_files_is_found_by_its_directory_or_its_index() {
    let engine = engine();
    for path in [fixture(""), fixture("model.safetensors.index.json")] {
        let model = Model::open(&engine, path).unwrap();
        let names: Vec<_> = model.tensors().iter().map(|tensor| tensor.name()).collect();
        assert_eq!(names.len(), 9);
        assert_eq!((names[0], names[8]), ("layers.0.weight", "layers.8.weight"));
        assert_eq!(model.data_len(), 3 * (40 + 80 + 120));
        let tensors = model.load().unwrap();
        assert_eq!(tensors.len(), 9);
        assert_patterns(&tensors);
        assert_eq!(tensors["layers.7.weight"].shape(), [10, 3]);
    }
}

#[test]
fn a_file_without_tensors_is_a_model() {
    let engine = engine();
    let model = Model::open(&engine, fixture("no_tensors.safetensors")).unwrap();
    assert!(model.load().unwrap().is_empty());
    model.loader().stream(|piece| panic!("{piece:?}")).unwrap();
}
