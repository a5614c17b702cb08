//! Models saved in several files.

use std::{
    borrow::Cow,
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use ds_aio::{
    ErrorKind, WriterOptions,
    safetensors::{Dtype, Model, ModelError, ModelErrorKind, TensorView, View, save_sharded},
};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::settings,
};

use crate::engine::support::Bench;

const INDEX: &str = "model.safetensors.index.json";

fn bench() -> Bench {
    Bench::new(settings(64 << 10, (1, 4), (false, true)))
}

/// Tensors of so many bytes each, in this order.
struct Tensors(Vec<(String, Vec<u8>)>);

impl Tensors {
    fn of(seed: u64, lens: &[usize]) -> Self {
        let tensor = |(number, &len)| {
            let bytes = pattern(seed + number as u64, len);
            // The order in which they come is not that of their names.
            (format!("layers.{}", lens.len() - number), bytes)
        };
        Self(lens.iter().enumerate().map(tensor).collect())
    }

    fn views(&self) -> impl Iterator<Item = (&String, TensorView<'_>)> {
        self.0.iter().map(|(name, bytes)| {
            (name, TensorView::new(Dtype::U8, vec![bytes.len()], bytes).unwrap())
        })
    }

    /// Whether the directory has these and no others.
    #[track_caller]
    fn are_in(&self, bench: &Bench, directory: &Path) {
        let model = Model::open(&bench.engine, directory).unwrap();
        let loaded = model.load().unwrap();
        assert_eq!(loaded.len(), self.0.len());
        for (name, bytes) in &self.0 {
            assert_same(loaded[name].data(), bytes, name);
        }
        assert_eq!(model.metadata().get("format").map(String::as_str), Some("pt"));
    }

    fn save(
        &self,
        bench: &Bench,
        directory: &Path,
        most: u64,
        options: &WriterOptions,
    ) -> Result<PathBuf, ModelError> {
        save_sharded(&bench.engine, directory, self.views(), &metadata(), most, options)
    }
}

fn metadata() -> BTreeMap<String, String> {
    BTreeMap::from([("format".to_owned(), "pt".to_owned())])
}

fn files(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().copied().map(str::to_owned).collect()
}

#[test]
fn shards_have_as_much_as_fits_in_order_and_the_index_tells_what_is_where() {
    let bench = bench();
    let directory = bench.dir.path();
    let tensors = Tensors::of(1, &[100_000, 40_000, 200_000, 1, 0, 60_000, 39_999]);
    let path = tensors.save(&bench, directory, 140_000, &WriterOptions::new()).unwrap();
    assert_eq!(path, directory.join(INDEX));
    let shard = |number| format!("model-{number:05}-of-00003.safetensors");
    let expected = [(shard(1), vec![7, 6]), (shard(2), vec![5]), (shard(3), vec![4, 3, 2, 1])];
    for (file, numbers) in &expected {
        let model = Model::open(&bench.engine, directory.join(file)).unwrap();
        let found: BTreeSet<_> = model.tensors().iter().map(|tensor| tensor.name()).collect();
        let names: Vec<_> = numbers.iter().map(|number| format!("layers.{number}")).collect();
        assert_eq!(found, names.iter().map(String::as_str).collect(), "{file}");
    }
    let index: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(index["metadata"]["total_size"], 440_000);
    assert_eq!(index["weight_map"].as_object().unwrap().len(), 7);
    assert_eq!(index["weight_map"]["layers.5"], shard(2));
    tensors.are_in(&bench, directory);
}

#[test]
fn what_fits_is_one_file_without_an_index() {
    let bench = bench();
    let directory = bench.dir.path();
    for lens in [&[1000, 2000][..], &[3000], &[]] {
        let tensors = Tensors::of(1, lens);
        let path = tensors.save(&bench, directory, 3000, &WriterOptions::new()).unwrap();
        assert_eq!(path, directory.join("model.safetensors"));
        assert_eq!(files(directory), set(&["model.safetensors"]));
        tensors.are_in(&bench, directory);
    }
}

#[test]
fn an_earlier_model_is_replaced_whatever_it_was_like_and_other_files_stay() {
    let shapes: [&[usize]; 3] = [&[5000, 5000, 5000], &[5000, 5000], &[100]];
    for replace in [false, true] {
        let options = WriterOptions::new();
        let options = if replace { options.replace() } else { options };
        for first in shapes {
            for second in shapes {
                let bench = bench();
                let directory = bench.dir.path();
                fs::write(directory.join("config.json"), "{}").unwrap();
                Tensors::of(1, first).save(&bench, directory, 5000, &options).unwrap();
                let count = files(directory).len();
                let tensors = Tensors::of(9, second);
                let path = tensors.save(&bench, directory, 5000, &options).unwrap();
                tensors.are_in(&bench, directory);
                let expected = if second.len() == 1 { 1 } else { second.len() + 1 };
                assert_eq!(files(directory).len(), 1 + expected, "{first:?} {second:?}");
                // The names of a third are free again.
                Tensors::of(1, first).save(&bench, directory, 5000, &options).unwrap();
                assert_eq!(files(directory).len(), count);
                assert!(path.exists() || first.len() != second.len());
            }
        }
    }
}

#[test]
fn the_old_model_is_there_until_the_new_one_is_and_after_a_failure() {
    /// A tensor that is made as it is written.
    struct Made<'a>(&'a dyn Fn() -> Vec<u8>);

    impl View for &Made<'_> {
        fn dtype(&self) -> Dtype {
            Dtype::U8
        }

        fn shape(&self) -> &[usize] {
            &[5000]
        }

        fn data(&self) -> Cow<'_, [u8]> {
            Cow::Owned((self.0)())
        }

        fn data_len(&self) -> usize {
            5000
        }
    }

    let bench = bench();
    let directory = bench.dir.path();
    let options = WriterOptions::new().replace();
    let old = Tensors::of(1, &[5000, 5000]);
    old.save(&bench, directory, 5000, &options).unwrap();
    let before = files(directory);

    let looked = Cell::new(0);
    let looking = || {
        old.are_in(&bench, directory);
        looked.set(looked.get() + 1);
        vec![1; 5000]
    };
    let (right, wrong) = (Made(&looking), Made(&Vec::new));
    let failing = [("a", &right), ("b", &wrong)];
    let failed = save_sharded(&bench.engine, directory, failing, &metadata(), 5000, &options);
    let error = failed.unwrap_err();
    assert!(matches!(error.kind(), ModelErrorKind::TensorLength { .. }), "{error}");
    assert_eq!(files(directory), before);
    old.are_in(&bench, directory);

    let new = [("a", &right), ("b", &right)];
    save_sharded(&bench.engine, directory, new, &metadata(), 5000, &options).unwrap();
    assert_eq!(looked.get(), 3);
    let model = Model::open(&bench.engine, directory).unwrap();
    assert_eq!(model.tensors().iter().map(|tensor| tensor.name()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(files(directory).len(), 3);
}

#[test]
fn what_cannot_be_right_is_found_out_before_a_file_is_made() {
    let bench = bench();
    let directory = bench.dir.path();
    let view = |shape: &[usize], bytes| TensorView::new(Dtype::U8, shape.to_vec(), bytes).unwrap();
    let twice = [("a", view(&[2], &[1, 2])), ("b", view(&[1], &[3])), ("a", view(&[1], &[4]))];
    let options = WriterOptions::new();
    let error = save_sharded(&bench.engine, directory, twice, &metadata(), 1, &options);
    let error = error.unwrap_err();
    assert!(matches!(error.kind(), ModelErrorKind::Duplicate { name } if name == "a"), "{error}");
    assert_eq!(error.path(), directory);
    let reserved = [("a", view(&[2], &[1, 2])), ("__metadata__", view(&[1], &[3]))];
    let error = save_sharded(&bench.engine, directory, reserved, &metadata(), 1, &options);
    let error = error.unwrap_err();
    assert!(matches!(error.kind(), ModelErrorKind::ReservedName { .. }), "{error}");
    assert!(files(directory).is_empty());

    let missing = bench.path("missing");
    let one = [("a", view(&[2], &[1, 2])), ("b", view(&[1], &[3]))];
    let error = save_sharded(&bench.engine, &missing, one, &metadata(), 1, &options).unwrap_err();
    let ModelErrorKind::Io(error) = error.kind() else { panic!("{error}") };
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
