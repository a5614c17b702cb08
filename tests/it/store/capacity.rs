//! Stores as caches: what is used least recently makes room. And the room that files take.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, mpsc::channel},
};

use ds_aio::{OffloadStore, StoreErrorKind, StoreTicket};
use ds_aio_tests::bytes::{Rng, assert_same, pattern, seed};

use super::support::Place;
use crate::{capabilities::require, process::scenario};

fn names(store: &OffloadStore) -> Vec<String> {
    store.tensors().map(|tensor| tensor.name.to_string()).collect()
}

#[test]
fn the_least_recently_used_makes_room_unless_it_is_pinned() {
    let place = Place::new();
    let evicted: Arc<Mutex<Vec<_>>> = Arc::default();
    let told = Arc::clone(&evicted);
    let store = place
        .builder()
        .capacity(4 * 8192)
        .on_evict(move |tensor| told.lock().unwrap().push((tensor.name.to_string(), tensor.len)))
        .open(&place.engine)
        .unwrap();
    let put = |name: &str, len| store.put(name, vec![1; len]).wait().map(drop);
    for name in ["a", "b", "c", "d"] {
        put(name, 8000).unwrap();
    }
    assert_eq!(names(&store), ["a", "b", "c", "d"]);
    // One that replaces itself needs no more room.
    put("d", 8192).unwrap();
    store.get("a").wait().unwrap();
    put("e", 1).unwrap();
    assert_eq!(names(&store), ["a", "c", "d", "e"]);
    let pin = store.pin("c");
    put("f", 2 * 8192).unwrap();
    assert_eq!(names(&store), ["c", "e", "f"]);
    assert_eq!(
        *evicted.lock().unwrap(),
        [("b".into(), 8000), ("d".into(), 8192), ("a".into(), 8000)]
    );

    // Nothing goes for what cannot be.
    let failed = store.put("g", vec![1; 3 * 8192 + 1]).wait().unwrap_err();
    assert_eq!(failed.error().kind(), StoreErrorKind::Full);
    assert_eq!(failed.into_parts().1.map(|buffer| buffer.len()), Some(3 * 8192 + 1));
    assert_eq!(names(&store), ["c", "e", "f"]);
    drop(pin);
    put("g", 4 * 8192).unwrap();
    assert_eq!(names(&store), ["g"]);
    put("h", 0).unwrap();
    assert_eq!(names(&store), ["g", "h"]);
}

#[test]
fn a_cache_under_load_holds_what_was_put_and_takes_no_more_space() {
    let seed = seed();
    println!("replay with DS_AIO_TEST_SEED={seed}");
    let rng = &mut Rng::new(seed);
    let place = Place::new();
    let store = place.builder().capacity(1 << 20).open(&place.engine).unwrap();
    let len = |number: usize| 1 + number * 37_717 % 200_000;
    let tensor = |number: usize| pattern(number as u64, len(number));
    let mut hits = 0;
    for _ in 0..60 {
        let gets: Vec<_> = (0..8)
            .map(|_| {
                let number = rng.below(40).min(rng.below(40));
                (number, store.get(&number.to_string()))
            })
            .collect();
        for (number, ticket) in gets {
            match ticket.wait() {
                Ok(bytes) => {
                    hits += 1;
                    assert_same(&bytes, &tensor(number), &number);
                }
                Err(failed) => {
                    assert_eq!(failed.error().kind(), StoreErrorKind::NotFound);
                    drop(store.put(&number.to_string(), tensor(number)));
                }
            }
        }
        let held: u64 = store.tensors().map(|tensor| tensor.len.next_multiple_of(4096)).sum();
        assert!(held <= 1 << 20, "{held} bytes");
    }
    assert!(hits > 50, "{hits} hits");
    let len = |path: &std::path::PathBuf| path.metadata().unwrap().len();
    let files: u64 = place.data_files().iter().map(len).sum();
    assert!(files <= 5 << 20, "{files} bytes in files");
    store.close().unwrap();
}

#[test]
fn what_is_kept_to_be_used_again_gives_way_on_a_full_file_system() {
    if require("namespaces") {
        scenario("no_space", &["stored"]);
    }
}

#[test]
fn a_file_is_closed_once_its_last_request_is_told_of() {
    let place = Place::new();
    let store = Arc::new(place.open());
    let (told, tells) = channel();
    // None shares a slab.
    let tensor = pattern(1, 1_500_000);
    type Begin = fn(&OffloadStore, Vec<u8>) -> StoreTicket<Vec<u8>>;
    let begins: [Begin; 3] = [
        |store, tensor| store.get_into("tensor", tensor),
        |store, tensor| store.put("tensor", tensor),
        |store, tensor| store.put_range("tensor", 5000, tensor[..600_000].to_vec()),
    ];
    for begin in begins {
        store.put("tensor", tensor.clone()).wait().unwrap();
        let (of, told, path) = (Arc::clone(&store), told.clone(), place.path());
        begin(&store, tensor.clone()).on_completion(move |result| {
            let removed = of.remove("tensor");
            told.send((result.is_ok(), removed, open_files_of(&path))).unwrap();
        });
        let (done, removed, open) = tells.recv().unwrap();
        assert!(done && removed.unwrap());
        // What the store holds open are slabs.
        assert!(!open.iter().any(|path| path.ends_with(" (deleted)")), "{open:?}");
        assert_eq!(place.data_files().len(), 0);
    }
}

/// The files of a directory that this process has open.
fn open_files_of(directory: &Path) -> Vec<String> {
    let open = fs::read_dir("/proc/self/fd").unwrap();
    let links = open.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    let of = links.filter(|link| link.starts_with(directory));
    of.map(|link| link.to_string_lossy().into_owned()).collect()
}
