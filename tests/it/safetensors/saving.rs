//! What a saved file is like, and what cannot be saved.

use std::{borrow::Cow, collections::BTreeMap, fs};

use ds_aio::{
    WriterOptions,
    safetensors::{Dtype, Model, ModelErrorKind, TensorView, View, save},
};
use ds_aio_tests::{bytes::pattern, settings::settings};
use safetensors::SafeTensors;

use crate::engine::support::Bench;

fn bench() -> Bench {
    Bench::new(settings(64 << 10, (1, 4), (false, true)))
}

/// A tensor that says what it is told to.
#[derive(Clone)]
struct Says {
    dtype: Dtype,
    shape: Vec<usize>,
    len: usize,
    data: Vec<u8>,
}

impl View for Says {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.data)
    }

    fn data_len(&self) -> usize {
        self.len
    }
}

#[test]
fn the_crate_reads_what_was_saved_and_data_begins_at_a_page() {
    let bench = bench();
    let path = bench.path("model.safetensors");
    for count in [0, 1, 60, 500] {
        let types = [(Dtype::U8, 1), (Dtype::F64, 8), (Dtype::BF16, 2), (Dtype::F32, 4)];
        let tensors = (0..count).map(|number| {
            let (dtype, size) = types[number % 4];
            let shape = vec![number % 7, 1 + number % 3];
            let data = pattern(number as u64, shape.iter().product::<usize>() * size);
            (format!("tensor.{number}"), Says { dtype, shape, len: data.len(), data })
        });
        let tensors: Vec<_> = tensors.collect();
        let metadata = BTreeMap::from([("count".to_owned(), count.to_string())]);
        let options = WriterOptions::new().replace();
        let len = save(&bench.engine, &path, tensors.clone(), &metadata, &options).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert_eq!(bytes.len() as u64, len);
        let header = u64::from_le_bytes(*bytes.first_chunk().unwrap()) + 8;
        assert_eq!((header % 4096, bytes[8]), (0, b'{'));

        let read = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(read.len(), count);
        for (name, tensor) in &tensors {
            let found = read.tensor(name).unwrap();
            assert_eq!((found.dtype(), found.shape()), (tensor.dtype, &tensor.shape[..]));
            assert_eq!(found.data(), tensor.data);
        }
        let model = Model::open(&bench.engine, &path).unwrap();
        assert_eq!(*model.metadata(), metadata);
        // No element is across two of its size.
        for tensor in model.tensors() {
            assert_eq!(tensor.offset() % (tensor.dtype().bitsize() as u64 / 8), 0);
        }
    }
}

#[test]
fn what_cannot_be_right_is_refused_and_leaves_the_old_file() {
    let bench = bench();
    let path = bench.filled("model.safetensors", b"old");
    let right = Says { dtype: Dtype::U8, shape: vec![4], len: 4, data: vec![1; 4] };
    let refused = |tensors: Vec<(&str, Says)>| {
        let options = WriterOptions::new().replace();
        let error = save(&bench.engine, &path, tensors, &BTreeMap::new(), &options).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(bench.dir.path()).unwrap().count(), 1);
        error
    };
    let error = refused(vec![("a", right.clone()), ("b", right.clone()), ("a", right.clone())]);
    assert!(matches!(error.kind(), ModelErrorKind::Duplicate { name } if name == "a"), "{error}");
    let error = refused(vec![("a", right.clone()), ("__metadata__", right.clone())]);
    assert!(matches!(error.kind(), ModelErrorKind::ReservedName { .. }), "{error}");
    assert!(error.to_string().contains("rename it"), "{error}");
    let error = refused(vec![("a", Says { len: 5, ..right.clone() })]);
    assert!(matches!(error.kind(), ModelErrorKind::Layout(_)), "{error}");
    let error = refused(vec![("b", Says { data: vec![1; 3], ..right })]);
    let ModelErrorKind::TensorLength { name, stated: 4, found: 3 } = error.kind() else {
        panic!("{error}")
    };
    assert_eq!(name, "b");
    bench.engine.close().unwrap();
}

#[test]
fn a_directory_that_is_not_there_is_an_error_of_the_engine() {
    let bench = bench();
    let data = [1; 4];
    let tensor = TensorView::new(Dtype::F32, vec![], &data).unwrap();
    let path = bench.path("missing/model.safetensors");
    let error =
        save(&bench.engine, &path, [("a", tensor)], &BTreeMap::new(), &WriterOptions::new());
    let error = error.unwrap_err();
    let ModelErrorKind::Io(error) = error.kind() else { panic!("{error}") };
    assert_eq!(error.path(), Some(&*path));
}
