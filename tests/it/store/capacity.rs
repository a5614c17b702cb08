//! Stores as caches: what is used least recently makes room.

use std::sync::{Arc, Mutex};

use ds_aio::{OffloadStore, StoreErrorKind};
use ds_aio_tests::bytes::{Rng, assert_same, pattern, seed};

use super::support::Place;

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
