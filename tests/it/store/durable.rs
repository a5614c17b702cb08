//! What a commit keeps.

use ds_aio::StoreErrorKind;
use ds_aio_tests::bytes::{assert_same, pattern};

use super::support::Place;

#[test]
fn a_commit_is_what_there_is_when_the_store_is_opened_again() {
    let place = Place::new();
    let store = place.open_durable();
    assert!(store.is_durable());
    for (name, len) in [("a", 0), ("b", 10_000), ("c", 1_000_000)] {
        drop(store.put(name, pattern(1, len)));
    }
    let commit = store.commit().unwrap();
    assert_eq!((commit.number, commit.tensors, commit.bytes), (1, 3, 1_010_000));
    store.put("b", pattern(2, 10_000)).wait().unwrap();
    store.put_range("c", 5000, pattern(2, 10)).wait().unwrap();
    store.remove("a").unwrap();
    store.put("d", pattern(2, 500_000)).wait().unwrap();
    store.close().unwrap();

    let store = place.open_durable();
    assert!(store.tensors().map(|tensor| tensor.name.to_string()).eq(["a", "b", "c"]));
    for (name, len) in [("a", 0), ("b", 10_000), ("c", 1_000_000)] {
        assert_same(&store.get(name).wait().unwrap(), &pattern(1, len), &name);
    }
    // What is left is what the commit refers to.
    assert_eq!(place.data_files().len(), 2, "{:?}", place.files());
    assert_eq!(store.commit().unwrap().number, 2);
}

#[test]
fn places_are_used_again_after_the_next_commit() {
    let place = Place::new();
    let store = place.open_durable();
    let mut most = 0;
    for round in 0..12 {
        for name in ["a", "b", "c", "d"] {
            store.put(name, pattern(round, 400_000)).wait().unwrap();
            store.put(&format!("small {name}"), pattern(round, 20_000)).wait().unwrap();
        }
        store.commit().unwrap();
        let len = |path: &std::path::PathBuf| path.metadata().unwrap().len();
        most = most.max(place.data_files().iter().map(len).sum());
    }
    // Two of each, and a slab.
    assert!(most <= 2 * 4 * 401_408 + (1 << 20), "{most}");
    let store = {
        store.close().unwrap();
        place.open_durable()
    };
    for name in ["a", "b", "c", "d"] {
        assert_same(&store.get(name).wait().unwrap(), &pattern(11, 400_000), &name);
    }
}

#[test]
fn an_owner_that_was_replaced_commits_nothing() {
    let place = Place::new();
    let store = place.open_durable();
    store.put("tensor", vec![1; 10]).wait().unwrap();
    store.commit().unwrap();
    std::fs::remove_file(place.path().join("owner.dsaio")).unwrap();
    store.put("tensor", vec![2; 10]).wait().unwrap();
    assert_eq!(store.commit().unwrap_err().kind(), StoreErrorKind::OwnerChanged);
    store.close().unwrap();
    let store = place.open_durable();
    assert_same(&store.get("tensor").wait().unwrap(), &[1; 10], &"the commit before");
}

#[test]
fn gets_of_what_is_replaced_meanwhile_get_what_they_asked_for() {
    let place = Place::new();
    let store = place.open_durable();
    store.put("tensor", pattern(0, 1_000_000)).wait().unwrap();
    for round in 1..10 {
        let gets: Vec<_> = (0..4).map(|_| store.get("tensor")).collect();
        let put = store.put("tensor", pattern(round, 1_000_000));
        if round % 2 == 0 {
            store.commit().unwrap();
        }
        for get in gets {
            assert_same(&get.wait().unwrap(), &pattern(round - 1, 1_000_000), &round);
        }
        put.wait().unwrap();
    }
}
