//! What becomes of a store whose writes and syncs fail.

use std::{
    fs,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Waker},
};

use super::{Bench, bytes, state_of};
use crate::{
    config::EngineSettings,
    engine::Engine,
    error::ErrorKind,
    store::{OffloadStore, StoreBatch, StoreBuilder, StoreErrorKind, builder::Spread},
    sys::{
        Direction,
        choice::Because,
        sim::{Fault, Sim},
    },
};

#[test]
fn a_failed_sync_of_data_poisons_the_store_until_it_is_opened_again() {
    let bench = Bench::new();
    let store = bench.open().unwrap();
    store.put("a", bytes(1, 3000)).wait().unwrap();
    store.commit().unwrap();
    let committed = state_of(&store).unwrap();
    store.put("a", bytes(2, 3000)).wait().unwrap();
    bench.journal.fail_syncs(true);
    let error = store.commit().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Io);
    assert_eq!(error.engine_error().unwrap().errno(), Some(nix::errno::Errno::EIO as i32));
    // Never again, although the device might say yes.
    bench.journal.fail_syncs(false);
    for error in [
        store.commit().unwrap_err(),
        store.put("a", bytes(3, 3000)).wait().unwrap_err().into_parts().0,
        store.put_range("a", 0, bytes(3, 30)).wait().unwrap_err().into_parts().0,
        store.remove("a").unwrap_err(),
    ] {
        assert_eq!(error.kind(), StoreErrorKind::Poisoned, "{error}");
        assert!(error.engine_error().is_some(), "the cause: {error}");
    }
    assert_eq!(store.get("a").wait().unwrap()[..], bytes(2, 3000));
    store.close().unwrap();
    let store = bench.open().unwrap();
    assert_eq!(state_of(&store).unwrap(), committed);
    store.put("a", bytes(4, 3000)).wait().unwrap();
    assert_eq!(store.commit().unwrap().number, 2);
}

#[test]
fn a_put_that_fails_elsewhere_leaves_the_tensor_as_it_was() {
    let bench = Bench::new();
    let store = bench.open().unwrap();
    store.put("a", bytes(1, 20_000)).wait().unwrap();
    store.commit().unwrap();
    bench.journal.fail_writes(true);
    let failed = store.put("a", bytes(2, 20_000)).wait().unwrap_err();
    assert_eq!(failed.error().kind(), StoreErrorKind::Io);
    assert_eq!(failed.error().engine_error().unwrap().kind(), ErrorKind::NoSpace);
    assert_eq!(failed.into_parts().1.unwrap(), bytes(2, 20_000));
    assert_eq!(store.get("a").wait().unwrap()[..], bytes(1, 20_000));
    // Whoever asks for what is on its way gets what there is in the end.
    let (put, range) = (store.put("a", bytes(3, 500)), store.put_range("a", 400, bytes(4, 100)));
    let get = store.get("a");
    let first = store.put("new", bytes(5, 9000));
    let new = store.get("new");
    for failed in [put.wait().unwrap_err(), range.wait().unwrap_err(), first.wait().unwrap_err()] {
        assert_eq!(failed.error().kind(), StoreErrorKind::Io, "{failed}");
    }
    assert_eq!(get.wait().unwrap()[..], bytes(1, 20_000));
    assert_eq!(new.wait().unwrap_err().error().kind(), StoreErrorKind::NotFound);
    assert_eq!(store.len(), 1);

    // What nobody waited for, the commit tells of, once, and commits nothing.
    drop(store.put("a", bytes(6, 20_000)));
    drop(store.put("new", bytes(6, 20_000)));
    let error = store.commit().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unreported);
    let names: Vec<_> = error.failures().iter().map(|error| error.tensor().unwrap()).collect();
    assert_eq!(names, ["a", "new"]);
    // A full device keeps the commit before.
    let error = store.commit().unwrap_err();
    assert_eq!(error.engine_error().unwrap().kind(), ErrorKind::NoSpace);
    bench.journal.fail_writes(false);
    assert_eq!(store.commit().unwrap().number, 2);
    store.close().unwrap();
    let store = bench.open().unwrap();
    assert_eq!(state_of(&store).unwrap(), [("a".to_owned(), bytes(1, 20_000))].into());
}

#[test]
fn a_put_that_fails_in_place_loses_the_tensor_until_the_next() {
    let bench = Bench::new();
    let path = bench.root.path().join("ephemeral");
    let store = OffloadStore::builder(path).block_size(4096).open(&bench.engine).unwrap();
    for change in [
        |store: &OffloadStore| store.put("a", bytes(2, 20_000)),
        |store: &OffloadStore| store.put_range("a", 5, bytes(2, 100)),
    ] {
        store.put("a", bytes(1, 20_000)).wait().unwrap();
        bench.journal.fail_writes(true);
        let failed = change(&store).wait().unwrap_err();
        assert_eq!(failed.error().kind(), StoreErrorKind::Io);
        bench.journal.fail_writes(false);
        for failed in [store.get("a").wait().map(drop), store.get_range("a", 1..2).wait().map(drop)]
        {
            assert_eq!(failed.unwrap_err().error().kind(), StoreErrorKind::Lost);
        }
        let failed = store.put_range("a", 5, bytes(2, 100)).wait().unwrap_err();
        assert_eq!(failed.error().kind(), StoreErrorKind::Lost);
        assert!(store.contains("a"));
    }
    store.put("a", bytes(3, 20_000)).wait().unwrap();
    assert_eq!(store.get("a").wait().unwrap()[..], bytes(3, 20_000));
    store.close().unwrap();
}

#[test]
fn a_put_in_place_that_cannot_read_the_blocks_at_its_ends_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let sim = Sim::lanes(1, 1);
    let settings = EngineSettings::default();
    let engine = Engine::with_backend(settings, Box::new(sim.clone()), Because::Asked).unwrap();
    let builder = OffloadStore::builder(dir.path().join("store")).block_size(4096);
    let store = builder.open(&Arc::new(engine)).unwrap();
    store.put("a", bytes(1, 30_000)).wait().unwrap();
    // The first block is read, the last one is not.
    let last = |offset: u64| offset % 32_768 >= 24_576;
    sim.inject(move |call| {
        let fails = call.direction == Direction::Read && last(call.offset);
        fails.then_some(Fault::Fail(nix::errno::Errno::EIO))
    });
    let put = store.put_range("a", 5, bytes(2, 28_000));
    let (get, range) = (store.get_range("a", 100..20_000), store.put_range("a", 7, vec![9; 3]));
    let failed = put.wait().unwrap_err();
    assert_eq!(failed.error().kind(), StoreErrorKind::Io);
    assert_eq!(failed.into_parts().1.unwrap(), bytes(2, 28_000));
    assert_eq!(get.wait().unwrap()[..], bytes(1, 30_000)[100..20_000]);
    sim.inject(|_| None);
    let mut expected = bytes(1, 30_000);
    // Copying the tensor may have met the same block.
    if range.wait().is_ok() {
        expected[7..10].fill(9);
    }
    assert_eq!(store.get("a").wait().unwrap()[..], expected);
    let writes = sim.pushed();
    store.put_range("a", 5, bytes(2, 28_000)).wait().unwrap();
    assert!(sim.pushed().len() > writes.len());
    expected[5..28_005].copy_from_slice(&bytes(2, 28_000));
    assert_eq!(store.get("a").wait().unwrap()[..], expected);
    store.close().unwrap();
}

#[test]
fn a_batch_that_is_given_up_half_way_leaves_its_failures_to_the_store() {
    let give_up: [fn(StoreBatch<Vec<u8>>); 2] = [drop, |batch| drop(batch.into_tickets())];
    for give_up in give_up {
        let dir = tempfile::tempdir().unwrap();
        let sim = Sim::lanes(1, 1);
        let settings = EngineSettings::default();
        let engine = Engine::with_backend(settings, Box::new(sim.clone()), Because::Asked).unwrap();
        let builder = OffloadStore::builder(dir.path().join("store")).capacity(8192);
        let store = builder.open(&Arc::new(engine)).unwrap();
        sim.hold();
        // The first fails at once, the second is under way.
        let mut batch = store.put_many([("a", bytes(1, 10_000)), ("b", bytes(1, 100))]);
        let mut context = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut batch).poll(&mut context).is_pending());
        assert_eq!((batch.len(), batch.is_done()), (2, false));
        give_up(batch);
        sim.release_all();
        let error = store.close().unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unreported);
        let [failed] = error.failures() else { panic!("{error}") };
        assert_eq!((failed.kind(), failed.tensor()), (StoreErrorKind::Full, Some("a")));
    }
}

#[test]
fn a_kept_store_that_cannot_be_opened_is_there_the_next_time() {
    let bench = Bench::new();
    let path = |number: usize| bench.root.path().join(format!("kept {number}"));
    let builder = |count: usize| {
        let builder = StoreBuilder::new((0..count).map(path).collect(), Spread::Hashed);
        builder.block_size(4096).keep(true).names(Arc::clone(&bench.names) as _)
    };
    for count in [1, 2] {
        let store = builder(count).open(&bench.engine).unwrap();
        store.put("a", bytes(1, 20_000)).wait().unwrap();
        store.close().unwrap();
        let orphan = path(count - 1).join("tensors-00000000000000aa.dsaio");
        fs::write(&orphan, b"left").unwrap();
        for kept in ["tensors-00000000000000aa", "index"] {
            *bench.names.keeps.lock().unwrap() = Some(kept);
            let error = builder(count).open(&bench.engine).unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Io, "{error}");
        }
        // A label that stays does no harm.
        *bench.names.keeps.lock().unwrap() = Some("directory");
        let store = builder(count).open(&bench.engine).unwrap();
        assert!(!orphan.exists());
        assert_eq!(store.get("a").wait().unwrap()[..], bytes(1, 20_000));
        *bench.names.keeps.lock().unwrap() = None;
        store.close().unwrap();
        let store = builder(count).keep(false).open(&bench.engine).unwrap();
        assert_eq!(store.get("a").wait().unwrap()[..], bytes(1, 20_000));
        store.close().unwrap();
    }
}
