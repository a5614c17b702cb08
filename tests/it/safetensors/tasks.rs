//! Loading in tasks.

use std::{collections::BTreeMap, rc::Rc, sync::Arc, task::Waker};

use ds_aio::{
    BackendMode, Engine, WriterOptions,
    safetensors::{Dtype, Model, ModelErrorKind, TensorView, save, save_sharded},
};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::settings,
};

use crate::engine::support::{Bench, HeldWorker, poll};

const LENS: [usize; 5] = [300_000, 7, 0, 5000, 1 << 20];

fn name(number: usize) -> String {
    format!("layers.{number}")
}

/// An engine, and a model in one file and in several.
fn saved() -> (Arc<Engine>, tempfile::TempDir) {
    let Bench { engine, dir } = Bench::new(settings(64 << 10, (2, 4), (false, true)));
    let data: Vec<Vec<u8>> =
        LENS.iter().enumerate().map(|(number, &len)| pattern(number as u64, len)).collect();
    let tensors = || {
        data.iter().enumerate().map(|(number, data)| {
            (name(number), TensorView::new(Dtype::U8, vec![data.len()], data).unwrap())
        })
    };
    let (metadata, options) = (BTreeMap::new(), WriterOptions::new());
    save(&engine, dir.path().join("single.safetensors"), tensors(), &metadata, &options).unwrap();
    save_sharded(&engine, dir.path(), tensors(), &metadata, 300_000, &options).unwrap();
    (Arc::new(engine), dir)
}

#[test]
fn tasks_load_from_one_file_and_several() {
    let (engine, dir) = saved();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let tasks = [dir.path().to_owned(), dir.path().join("single.safetensors")].map(|path| {
        let engine = Arc::clone(&engine);
        runtime.spawn(async move {
            let model = Model::open_async(engine, path).await.unwrap();
            let mut told = Vec::new();
            let loader = model.loader().progress(|progress| told.push(progress.done));
            let loaded = loader.load_async().await.unwrap();
            assert_eq!(loaded.len(), LENS.len());
            for (number, &len) in LENS.iter().enumerate() {
                let name = name(number);
                assert_same(loaded[&name].data(), &pattern(number as u64, len), &name);
            }
            assert_eq!((told.len(), told.last()), (LENS.len(), Some(&LENS.iter().sum())));
            let some = model.loader().names([name(3), name(1)]).load_async().await.unwrap();
            assert_eq!(some.into_keys().collect::<Vec<_>>(), [name(1), name(3)]);
            let error = model.loader().names(["x"]).load_async().await.unwrap_err();
            assert!(matches!(error.kind(), ModelErrorKind::Unknown { .. }), "{error}");
        })
    });
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    let missing = smol::block_on(Model::open_async(&*engine, dir.path().join("missing")));
    assert!(matches!(missing.unwrap_err().kind(), ModelErrorKind::Io(_)));
    Arc::into_inner(engine).unwrap().close().unwrap();
}

#[test]
fn a_load_that_is_dropped_gives_its_reads_up() {
    let mut settings = settings(64 << 10, (1, 1), (false, true));
    // One worker for all.
    settings.backend = BackendMode::Threads;
    let bench = Bench::new(settings);
    let data = pattern(1, 1 << 20);
    let tensors = (0..4)
        .map(|number| (name(number), TensorView::new(Dtype::U8, vec![data.len()], &data).unwrap()));
    let path = bench.path("model.safetensors");
    save(&bench.engine, &path, tensors, &BTreeMap::new(), &WriterOptions::new()).unwrap();
    let model = Model::open(&bench.engine, &path).unwrap();
    let held = HeldWorker::of(&bench);
    let mut load = Box::pin(model.loader().load_async());
    assert!(poll(&mut load, Waker::noop()).is_pending());
    assert_eq!(bench.engine.pool().stats().buffers, 4);
    drop(load);
    // None has begun, so all end at once.
    assert_eq!(bench.engine.pool().stats().buffers, 0);
    drop(held);
    bench.engine.close().unwrap();
}

/// That whoever awaits may do so on any thread.
#[test]
fn the_future_may_go_from_thread_to_thread() {
    fn is_send<T: Send>(_: &T) {}

    let (engine, dir) = saved();
    is_send(&Model::open_async(Arc::clone(&engine), dir.path()));
    let model = Model::open(Arc::clone(&engine), dir.path()).unwrap();
    let apart = Rc::new(1);
    let load = model.loader().filter(|tensor| tensor.len() > *apart).load_async();
    is_send(&load);
    drop(load);
}
