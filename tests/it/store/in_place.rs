//! Tensors that are overwritten in place: whole, unless something was written.

use std::sync::Arc;

use ds_aio::{BufferPool, DirectMode, Engine, ErrorKind, NotDirect, StoreErrorKind};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::{MODES, SHAPES, settings},
};

use super::support::Place;
use crate::capabilities::require;

#[test]
fn a_put_of_a_part_that_gets_no_memory_leaves_the_tensor() {
    let pool = BufferPool::builder().limit(2 << 20).build();
    let mut place = Place::new();
    let engine = Engine::with_pool(&settings(64 << 10, SHAPES[2], MODES[0]), pool.clone()).unwrap();
    place.engine = Arc::new(engine);
    let store = place.open();
    store.put("tensor", pattern(1, 300_000)).wait().unwrap();
    let taken = pool.alloc(2 << 20).unwrap();
    let failed = store.put_range("tensor", 5, pattern(2, 200_000)).wait().unwrap_err();
    assert_eq!(failed.error().engine_error().unwrap().kind(), ErrorKind::PoolExhausted);
    assert_eq!(failed.into_parts().1.unwrap(), pattern(2, 200_000));
    drop(taken);
    assert_same(&store.get("tensor").wait().unwrap(), &pattern(1, 300_000), &"as it was");
    // There is room for one edge and not for the other.
    let taken = pool.alloc((2 << 20) - 4096).unwrap();
    let failed = store.put_range("tensor", 5, pattern(2, 200_000)).wait();
    drop(taken);
    let mut expected = pattern(1, 300_000);
    if failed.is_ok() {
        expected[5..200_005].copy_from_slice(&pattern(2, 200_000));
    }
    assert_same(&store.get("tensor").wait().unwrap(), &expected, &"as it was");
    store.put_range("tensor", 7, pattern(3, 200_000)).wait().unwrap();
    expected[7..200_007].copy_from_slice(&pattern(3, 200_000));
    assert_same(&store.get("tensor").wait().unwrap(), &expected, &"changed");
    store.close().unwrap();
}

/// With an engine whose setting `direct` is `always`, where there is O_DIRECT.
fn always_direct() -> Option<Place> {
    let mut settings = settings(4096, SHAPES[2], MODES[0]);
    settings.direct = DirectMode::Always;
    let engine = || Arc::new(Engine::new(&settings).unwrap());
    require("direct").then(|| Place { engine: engine(), ..Place::new() })
}

#[test]
fn what_cannot_go_direct_is_refused_before_anything_is_written() {
    let Some(place) = always_direct() else { return };
    let store = place.open();
    store.put("tensor", pattern(1, 40_960)).wait().unwrap();
    // In as many pages, most of which could be written.
    let failed = store.put("tensor", pattern(2, 40_000)).wait().unwrap_err();
    let reason = failed.error().engine_error().unwrap().not_direct();
    assert!(matches!(reason, Some(NotDirect::Unaligned { .. })), "{failed}");
    assert_eq!(failed.into_parts().1.unwrap(), pattern(2, 40_000));
    assert_eq!(store.tensor_len("tensor"), Some(40_960));
    assert_same(&store.get("tensor").wait().unwrap(), &pattern(1, 40_960), &"as it was");
    // A part need not be whole blocks, for these are written whole.
    store.put_range("tensor", 5000, pattern(3, 10_000)).wait().unwrap();
    let mut expected = pattern(1, 40_960);
    expected[5000..15_000].copy_from_slice(&pattern(3, 10_000));
    assert_same(&store.get("tensor").wait().unwrap(), &expected, &"changed");
    assert_same(
        &store.get_range("tensor", 4999..5001).wait().unwrap(),
        &expected[4999..5001],
        &"2",
    );
    let failed = store.put("other", pattern(2, 5000)).wait().unwrap_err();
    assert_eq!(failed.error().kind(), StoreErrorKind::Io);
    assert!(!store.contains("other"));
    store.close().unwrap();
}

#[test]
fn a_durable_store_of_what_goes_direct_is_committed_and_found_again() {
    let Some(place) = always_direct() else { return };
    let store = place.open_durable();
    // The index has a length of its own.
    for number in 0..5 {
        store.put(&format!("tensor {number}"), pattern(number, 40_960)).wait().unwrap();
        store.commit().unwrap();
    }
    store.close().unwrap();
    let store = place.open_durable();
    for number in 0..5 {
        let name = format!("tensor {number}");
        assert_same(&store.get(&name).wait().unwrap(), &pattern(number, 40_960), &name);
    }
    store.close().unwrap();
}
