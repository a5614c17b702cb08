//! What becomes of a store whose writes and syncs fail.

use super::{Bench, bytes, state_of};
use crate::{
    error::ErrorKind,
    store::{OffloadStore, StoreErrorKind},
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
