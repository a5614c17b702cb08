//! Forks on other threads, and children with engines of their own.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, mpsc::channel},
    thread,
};

use ds_aio::{Engine, OpenOptions};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    fork::in_child,
};

use super::{BLOCK, LEN, busy_settings, calls::every_call, held::Held};

pub(crate) fn elsewhere(dir: &Path) {
    let path = dir.join("data");
    let data = pattern(1, LEN);
    fs::write(&path, &data).unwrap();
    let mut held = Held::new(&path, 100);
    let ticket = held.engine.pread(&held.file, vec![0; LEN], 0);
    let release = held.release.take();
    thread::scope(|threads| {
        let (engine, file) = (&held.engine, &held.file);
        threads.spawn(move || {
            in_child(dir, |steps| every_call(engine, file, steps));
            drop(release);
        });
        // In the child this thread is gone, with whatever locks it holds here.
        assert_same(&ticket.wait().unwrap(), &data, &"read across a fork");
    });
    held.release();

    let engine = Arc::new(held.engine);
    let file = held.file;
    let (done, outcome) = channel();
    let (on_worker, its_file, its_dir) = (Arc::clone(&engine), file.clone(), dir.to_path_buf());
    engine.pread(&file, vec![0; LEN], 0).on_completion(move |result| {
        let forks = catch_unwind(AssertUnwindSafe(|| {
            in_child(&its_dir, |steps| every_call(&on_worker, &its_file, steps));
        }));
        drop(on_worker);
        drop(done.send((result, forks)));
    });
    let (result, forks) = outcome.recv().unwrap();
    forks.unwrap();
    assert_same(&result.unwrap(), &data, &"read by the request whose callback forked");
    Arc::into_inner(engine).unwrap().close().unwrap();
}

pub(crate) fn own(dir: &Path) {
    let path = dir.join("data");
    let data = pattern(1, LEN);
    fs::write(&path, &data).unwrap();
    let mut held = Held::new(&path, 100);
    let unborn = held.engine.pwrite(&held.file, pattern(3, BLOCK), 0);
    in_child(dir, |steps| {
        steps.at("an engine of the child's");
        let engine = Engine::new(&busy_settings()).unwrap();
        let file = engine.open_with(&path, &OpenOptions::new().write()).unwrap();
        let back = engine.pread(&file, vec![0; LEN], 0).wait().unwrap();
        assert_same(&back, &data, &"read by the child");
        engine.write_file(&file, pattern(2, LEN)).wait().unwrap();
        engine.sync(&file).unwrap();
        steps.at("a child of the child");
        let grandchild = path.with_file_name("grandchild");
        fs::create_dir(&grandchild).unwrap();
        in_child(&grandchild, |steps| {
            every_call(&engine, &file, steps);
            every_call(&held.engine, &held.file, steps);
        });
        engine.close().unwrap();
    });
    assert_same(&fs::read(&path).unwrap(), &pattern(2, LEN), &"written by the child");
    held.release();
    unborn.wait().unwrap();
    let mut expected = pattern(2, LEN);
    expected[..BLOCK].copy_from_slice(&pattern(3, BLOCK));
    assert_same(&fs::read(&path).unwrap(), &expected, &"written by the parent");
    held.engine.close().unwrap();
}
