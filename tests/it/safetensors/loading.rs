//! Loading some of a model, how its bytes go, and what it takes.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use ds_aio::{
    BufferPool, Engine, WriterOptions,
    safetensors::{Dtype, Model, ModelErrorKind, TensorView, save},
};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    cache::evict,
    settings::settings,
};

use crate::{capabilities::require, engine::support::Bench};

const MIB: usize = 1 << 20;

/// Of many lengths, so that most begin anywhere in a page.
const LENS: [usize; 7] = [3 * MIB + 2, 100, 0, 5000, MIB - 2, 4096, 2 * MIB + 4098];

fn bytes(number: usize) -> Vec<u8> {
    pattern(number as u64, LENS[number])
}

fn name(number: usize) -> String {
    format!("layers.{number}")
}

fn model(bench: &Bench) -> PathBuf {
    let path = bench.path("model.safetensors");
    let data: Vec<Vec<u8>> = (0..LENS.len()).map(bytes).collect();
    let view = |(number, data)| {
        let data: &Vec<u8> = data;
        (name(number), TensorView::new(Dtype::BF16, vec![data.len() / 2], data).unwrap())
    };
    let tensors = data.iter().enumerate().map(view);
    let options = WriterOptions::new();
    save(&bench.engine, &path, tensors, &BTreeMap::new(), &options).unwrap();
    path
}

fn bench() -> Bench {
    Bench::new(settings(256 << 10, (1, 8), (false, true)))
}

#[test]
fn all_or_some_are_loaded_by_name_and_predicate() {
    let bench = bench();
    let model = Model::open(&bench.engine, model(&bench)).unwrap();
    let all = model.load().unwrap();
    assert_eq!(all.len(), LENS.len());
    for number in 0..LENS.len() {
        assert_same(all[&name(number)].data(), &bytes(number), &name(number));
    }
    let some = |numbers: &[usize]| numbers.iter().map(|&number| name(number)).collect::<Vec<_>>();
    let named = model.loader().names(some(&[4, 0, 4])).load().unwrap();
    assert_eq!(named.keys().cloned().collect::<Vec<_>>(), some(&[0, 4]));
    let both = model.loader().names(some(&[4, 0])).filter(|tensor| tensor.len() < MIB);
    let both = both.load().unwrap();
    assert_eq!(both.keys().cloned().collect::<Vec<_>>(), some(&[4]));
    let error = model.loader().names(["layers.0", "x", "y"]).load().unwrap_err();
    let ModelErrorKind::Unknown { names } = error.kind() else { panic!("{error}") };
    assert_eq!(*names, ["x", "y"]);
    assert_eq!(model.get("layers.3").unwrap().shape(), [2500]);
    assert!(model.get("layers.9").is_none());
}

#[test]
fn only_edge_pages_are_copied() {
    if !require("direct") {
        return;
    }
    let bench = bench();
    let path = model(&bench);
    evict(&path);
    let model = Model::open(&bench.engine, &path).unwrap();
    let before = bench.engine.stats();
    model.load().unwrap();
    let stats = bench.engine.stats().since(&before);
    let edges = 2 * 4096 * LENS.len() as u64;
    assert_eq!(stats.bounced_bytes, 0);
    assert!(stats.buffered_bytes <= edges, "{}", stats.buffered_bytes);
    assert_eq!(stats.direct_bytes + stats.buffered_bytes, model.data_len());
    // Nothing but a tensor and its neighbours in one page.
    evict(&path);
    let before = bench.engine.stats();
    model.loader().names(["layers.0"]).load().unwrap();
    assert_eq!(bench.engine.stats().since(&before).read.bytes_moved, LENS[0] as u64);
}

#[test]
fn pieces_come_in_order_and_make_up_the_tensors() {
    let bench = bench();
    let model = Model::open(&bench.engine, model(&bench)).unwrap();
    let all: Vec<usize> = (0..LENS.len()).collect();
    for (numbers, memory) in [(&all[..], 64 * MIB), (&all, 100_000), (&[0, 2, 3, 6], 1)] {
        let mut found: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut order = Vec::new();
        let names = numbers.iter().map(|&number| name(number));
        model
            .loader()
            .names(names)
            .memory(memory)
            .stream(|piece| {
                let name = piece.tensor.name().to_owned();
                if order.last() != Some(&name) {
                    order.push(name.clone());
                }
                let tensor = found.entry(name).or_default();
                assert_eq!(tensor.len(), piece.offset);
                tensor.extend(piece.bytes);
                Ok(())
            })
            .unwrap();
        assert_eq!(order, numbers.iter().map(|&number| name(number)).collect::<Vec<_>>());
        for &number in numbers {
            assert_same(&found[&name(number)], &bytes(number), &name(number));
        }
    }
}

#[test]
fn a_caller_that_has_enough_ends_the_stream_with_its_own_error() {
    let bench = bench();
    let model = Model::open(&bench.engine, model(&bench)).unwrap();
    let mut pieces = 0;
    let stopped = model.loader().stream(|_| {
        pieces += 1;
        if pieces == 2 { Err("enough".into()) } else { Ok(()) }
    });
    let error = stopped.unwrap_err();
    assert!(matches!(error.kind(), ModelErrorKind::Stopped(_)));
    assert!(error.to_string().ends_with("enough"));
    assert_eq!(pieces, 2);
    bench.engine.close().unwrap();
}

#[test]
fn progress_rises_to_all_of_it() {
    let bench = bench();
    let model = Model::open(&bench.engine, model(&bench)).unwrap();
    let wanted = model.data_len() as usize;
    for streamed in [false, true] {
        let mut told = Vec::new();
        let loader = model.loader().progress(|progress| {
            assert_eq!(progress.wanted, wanted);
            told.push(progress.done);
        });
        if streamed {
            loader.stream(|_| Ok(())).unwrap();
        } else {
            loader.load().unwrap();
        }
        assert!(told.is_sorted() || !streamed, "{told:?}");
        assert_eq!(told.last(), Some(&wanted));
    }
}

#[test]
fn memory_is_that_of_the_tensors_or_that_of_the_stream() {
    let bench = bench();
    let path = model(&bench);
    let load = |limit: usize, load: &dyn Fn(&Model<&Engine>) -> bool| {
        let pool = BufferPool::builder().limit(limit).build();
        let settings = settings(256 << 10, (1, 8), (false, true));
        let engine = Engine::with_pool(&settings, pool.clone()).unwrap();
        let done = load(&Model::open(&engine, &path).unwrap());
        engine.close().unwrap();
        assert_eq!(pool.stats().in_use, 0);
        done
    };
    // Whole pages, and no gap that counts.
    assert!(load(8 * MIB, &|model| model.load().is_ok()));
    assert!(!load(4 * MIB, &|model| model.load().is_ok()));
    assert!(load(4 * MIB, &|model| model.loader().names(["layers.0"]).load().is_ok()));
    let stream = |model: &Model<&Engine>| model.loader().memory(MIB).stream(|_| Ok(())).is_ok();
    assert!(load(2 * MIB, &stream));
}

#[test]
fn a_file_that_is_cut_after_it_was_opened_is_an_error_that_names_it() {
    let bench = bench();
    let path = model(&bench);
    let model = Model::open(&bench.engine, &path).unwrap();
    let cut = |path: &Path| std::fs::File::options().write(true).open(path).unwrap();
    cut(&path).set_len(1_000_000).unwrap();
    for error in [model.load().unwrap_err(), model.loader().stream(|_| Ok(())).unwrap_err()] {
        let ModelErrorKind::Io(error) = error.kind() else { panic!("{error}") };
        assert_eq!(error.kind(), ds_aio::ErrorKind::UnexpectedEof);
        assert_eq!(error.path(), Some(&*path));
    }
    bench.engine.close().unwrap();
}
