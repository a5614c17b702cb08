//! Callbacks that fork.

use std::{fs, path::Path, sync::mpsc::channel, thread};

use ds_aio::{Engine, OpenOptions};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::settings,
};
use nix::{
    sys::wait::{WaitStatus, waitpid},
    unistd::{ForkResult, fork},
};

use super::{BLOCK, LEN, held::Held};

/// A callback forks, and returns in the child as well.
pub(crate) fn returns(dir: &Path) {
    let path = dir.join("data");
    let old = pattern(1, LEN);
    fs::write(&path, &old).unwrap();
    let mut held = Held::new(&path, 100);
    let (done, outcome) = channel();
    let its_path = path.clone();
    held.engine.pread(&held.file, vec![0; BLOCK], 0).on_completion(move |_| {
        // SAFETY: the child does nothing but return, to the engine, which takes no lock there.
        if let ForkResult::Parent { child } = unsafe { fork() }.unwrap() {
            let status = waitpid(child, None).unwrap();
            drop(done.send((status == WaitStatus::Exited(child, 0), fs::read(&its_path))));
        }
    });
    let new = pattern(2, LEN);
    let ticket = held.engine.pwrite(&held.file, new.clone(), 0);
    held.release();
    let (child_ended, meanwhile) = outcome.recv().unwrap();
    assert!(child_ended, "the copy of the worker ends, and the child with it");
    assert_same(&meanwhile.unwrap(), &old, &"the child has begun none of the parent's requests");
    ticket.wait().unwrap();
    assert_same(&fs::read(&path).unwrap(), &new, &"written by the parent");
    held.engine.close().unwrap();
}

/// As above, with nothing that waits to be begun: the child's copy of the worker must neither go to
/// sleep nor take what the parent's is to be told.
pub(crate) fn returns_idle(dir: &Path) {
    let path = dir.join("data");
    let data = pattern(1, LEN);
    fs::write(&path, &data).unwrap();
    let engine = Engine::new(&settings(BLOCK, (1, 4), (false, true))).unwrap();
    let file = engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    // From aligned memory and from any.
    for skew in [0, 1] {
        for blocks in [1, 4, 9] {
            let caller = thread::current().id();
            // A read that ends before its callback is there calls it here.
            let ended_well = loop {
                let buffer = engine.alloc(blocks * BLOCK + skew).unwrap();
                let buffer = ds_aio::Slice::new(buffer, skew..).unwrap();
                let (done, outcome) = channel();
                engine.pread(&file, buffer, 0).on_completion(move |_| {
                    if thread::current().id() == caller {
                        return;
                    }
                    // SAFETY: as in `returns`.
                    if let ForkResult::Parent { child } = unsafe { fork() }.unwrap() {
                        let status = waitpid(child, None).unwrap();
                        let _ = done.send(status == WaitStatus::Exited(child, 0));
                    }
                });
                if let Ok(ended_well) = outcome.recv() {
                    break ended_well;
                }
            };
            assert!(ended_well, "the copy of the worker ends, and the child with it");
            for _ in 0..3 {
                let buffer = engine.pread(&file, engine.alloc(LEN).unwrap(), 0).wait().unwrap();
                assert_same(&buffer, &data, &"read by the parent");
                engine.pwrite(&file, buffer, 0).wait().unwrap();
            }
        }
    }
    engine.close().unwrap();
}
