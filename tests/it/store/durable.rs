//! What a commit keeps.

use std::{
    fs,
    path::Path,
    sync::{Arc, mpsc::channel},
    time::{Duration, Instant},
};

use ds_aio::{StoreErrorKind, StoreOperation, StoreTicket};
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

#[test]
fn commits_are_begun_and_take_effect_one_after_the_other() {
    let place = Place::new();
    let store = Arc::new(place.open_durable());
    let mut commits = Vec::new();
    for round in 0..6 {
        drop(store.put("tensor", pattern(round, 300_000)));
        commits.push(store.begin_commit());
        // Not of this commit, whether or not it has been written by then.
        drop(store.put(&format!("after {round}"), pattern(round, 5000)));
    }
    for ((number, tensors), result) in (1..).zip(1..).zip(StoreTicket::wait_all(commits)) {
        let commit = result.unwrap();
        assert_eq!((commit.number, commit.tensors), (number, tensors));
    }
    // In a callback, where nobody may wait, and awaited.
    let (tell, told) = channel();
    let of = Arc::clone(&store);
    store.put("last", vec![1; 10]).on_completion(move |result| {
        result.unwrap();
        let inside = Arc::clone(&of);
        of.begin_commit().on_completion(move |result| {
            let waited = inside.commit().map_err(|error| error.kind());
            tell.send((result.unwrap().number, waited)).unwrap();
        });
    });
    assert_eq!(told.recv().unwrap(), (7, Err(StoreErrorKind::WouldDeadlock)));
    assert_eq!(pollster::block_on(store.begin_commit()).unwrap().number, 8);

    drop(store.put("tensor", pattern(9, 300_000)));
    let last = store.begin_commit();
    Arc::into_inner(store).unwrap().close().unwrap();
    assert_eq!(last.wait().unwrap().number, 9);
    let store = place.open_durable();
    assert_eq!(store.len(), 8);
    assert_same(&store.get("tensor").wait().unwrap(), &pattern(9, 300_000), &"the last one");
    let ephemeral = Place::new().open().begin_commit().wait().unwrap_err();
    assert_eq!(ephemeral.error().kind(), StoreErrorKind::NotDurable);
}

#[test]
fn a_commit_that_failed_and_nobody_waited_for_is_told_of_by_the_next() {
    let place = Place::new();
    let store = place.open_durable();
    store.put("tensor", vec![1; 10]).wait().unwrap();
    // The next index cannot be made.
    let in_its_way = place.path().join("index.new.dsaio");
    fs::create_dir(&in_its_way).unwrap();
    drop(store.begin_commit());
    let failed = store.begin_commit().wait().unwrap_err();
    let [first] = failed.error().failures() else { panic!("{failed}") };
    assert_eq!((first.kind(), first.operation()), (StoreErrorKind::Io, StoreOperation::Commit));
    fs::remove_dir(&in_its_way).unwrap();
    assert_eq!(store.begin_commit().wait().unwrap().number, 1);
}

/// How often files in that directory are open in this process.
#[cfg(target_os = "linux")]
fn open_in(directory: &Path) -> usize {
    let links = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let paths = links.filter_map(|link| fs::read_link(link.path()).ok());
    paths.filter(|path| path.starts_with(directory) && !path.ends_with("owner.dsaio")).count()
}

#[test]
#[cfg(target_os = "linux")]
fn no_more_files_are_open_than_it_is_said_and_what_was_in_them_is_durable() {
    let place = Place::new();
    let open = || place.builder().durable().open_files(3).open(&place.engine).unwrap();
    let store = open();
    let tensor = |number: u64| pattern(number, 200_000);
    for round in 0..2 {
        for number in 0..40 {
            store.put(&number.to_string(), tensor(number + round)).wait().unwrap();
        }
        // Each has two descriptors, and what is being synced will be closed.
        let deadline = Instant::now() + Duration::from_secs(30);
        while open_in(&place.path()) > 6 {
            assert!(Instant::now() < deadline, "{} files", open_in(&place.path()));
            std::thread::yield_now();
        }
        let syncs = place.engine.stats().sync.requests;
        assert!(syncs >= 37 * (round + 1), "{syncs} syncs before the commit");
        store.commit().unwrap();
        assert!(open_in(&place.path()) <= 6);
    }
    for number in 0..40 {
        let found = store.get(&number.to_string()).wait().unwrap();
        assert_same(&found, &tensor(number + 1), &number);
    }
    store.close().unwrap();
    assert_eq!(open_in(&place.path()), 0);
    let store = open();
    assert_eq!(store.len(), 40);
    let error = place.builder().open_files(0).open(&place.engine).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::InvalidSetting);
}
