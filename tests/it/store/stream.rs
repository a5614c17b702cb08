//! Tensors that are streamed: in order, read ahead, and no further than they may be.

use std::sync::Arc;

use ds_aio::{BufferPool, Engine, ErrorKind, StoreErrorKind};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::{MODES, SHAPES, settings},
};

use super::support::Place;

const LEN: usize = 100_000;
const PAGES: u64 = 102_400;

fn names() -> Vec<String> {
    (0..20).map(|number| format!("layers/{number}")).collect()
}

fn filled(place: &Place) -> ds_aio::OffloadStore {
    let store = place.open();
    let tensors = (0..).zip(names()).map(|(seed, name)| (name, pattern(seed, LEN)));
    store.put_many(tensors).wait().into_iter().for_each(|put| drop(put.unwrap()));
    store
}

#[test]
fn tensors_come_in_their_order_and_no_more_are_read_than_is_said() {
    let place = Place::new();
    let store = filled(&place);
    for ahead in [0, 1, 3, 100] {
        let mut stream = store.stream(names(), ahead);
        assert_eq!(stream.memory_in_use(), 0, "nothing is read before it is asked for");
        assert_eq!(stream.size_hint(), (20, Some(20)));
        let most = PAGES * (1 + ahead as u64);
        for (seed, name) in (0..).zip(names()) {
            let tensor = stream.next().unwrap().unwrap();
            assert_eq!(tensor.name(), name);
            assert_same(&tensor, &pattern(seed, LEN), &name);
            let left = 20 - seed;
            assert_eq!(stream.memory_in_use(), most.min(PAGES * left), "{ahead} after {name}");
        }
        assert_eq!(stream.size_hint(), (0, Some(0)));
        assert!(stream.next().is_none() && stream.next().is_none());
        assert_eq!(stream.memory_in_use(), 0);
    }
}

#[test]
fn memory_bounds_what_is_read_ahead_and_what_the_caller_keeps() {
    let place = Place::new();
    let store = filled(&place);
    let mut stream = store.stream(names(), 100).memory(3 * PAGES + 1);
    for _ in 0..5 {
        let tensor = stream.next().unwrap().unwrap();
        assert_eq!(stream.memory_in_use(), 3 * PAGES);
        drop(tensor);
    }
    // Kept ones leave no room, and are no deadlock.
    let kept: Vec<_> = stream.by_ref().map(Result::unwrap).collect();
    assert_eq!((kept.len(), stream.memory_in_use()), (15, 15 * PAGES));
    assert_same(&kept[14], &pattern(19, LEN), &"the last");
    let buffers: Vec<_> = kept.into_iter().map(ds_aio::StreamedTensor::into_buffer).collect();
    assert_eq!(stream.memory_in_use(), 0, "they are the caller's");
    assert_same(&buffers[0], &pattern(5, LEN), &"the sixth");
}

#[test]
fn each_tensor_has_a_result_of_its_own() {
    let place = Place::new();
    let store = filled(&place);
    store.put("large", vec![1; 3 * LEN]).wait().unwrap();
    store.put("empty", Vec::new()).wait().unwrap();
    let names = ["layers/1", "missing", "large", "empty", "missing", "layers/2"];
    let results: Vec<_> = store.stream(names, 2).memory(2 * PAGES).collect();
    let kinds: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map(|tensor| tensor.len()).map_err(|error| error.kind()))
        .collect();
    assert_eq!(
        kinds,
        [
            Ok(LEN),
            Err(StoreErrorKind::NotFound),
            Err(StoreErrorKind::Full),
            Ok(0),
            Err(StoreErrorKind::NotFound),
            Ok(LEN)
        ]
    );
    let error = results[2].as_ref().unwrap_err().to_string();
    assert!(error.contains("large") && error.contains("303104"), "{error}");
    let mut stream = store.stream(names, 1);
    drop(stream.next());
    store.close().unwrap();
    let closed = stream.last().unwrap().unwrap_err();
    assert_eq!(closed.kind(), StoreErrorKind::Closed);
}

#[test]
fn a_pool_that_is_full_holds_reading_ahead_back() {
    let pool = BufferPool::builder().limit(2 << 20).build();
    let mut place = Place::new();
    let engine = Engine::with_pool(&settings(64 << 10, SHAPES[2], MODES[0]), pool.clone()).unwrap();
    place.engine = Arc::new(engine);
    let store = place.open();
    let names: Vec<_> = (0..8).map(|number| number.to_string()).collect();
    for name in &names {
        store.put(name, vec![1; 900_000]).wait().unwrap();
    }
    for tensor in store.stream(&names, 7) {
        assert_eq!(tensor.unwrap().len(), 900_000);
        assert!(pool.stats().in_use <= 2 << 20);
    }
    let _taken = pool.alloc(2 << 20).unwrap();
    let error = store.stream(&names, 7).next().unwrap().unwrap_err();
    assert_eq!(error.engine_error().unwrap().kind(), ErrorKind::PoolExhausted);
    assert_eq!(error.tensor(), Some("0"));
}

#[test]
fn awaited_and_as_a_stream_of_another_crate() {
    use smol::stream::StreamExt;

    let place = Place::new();
    let store = filled(&place);
    pollster::block_on(async {
        let mut stream = store.stream(names(), 3);
        let first = stream.next_async().await.unwrap().unwrap();
        assert_same(&first, &pattern(0, LEN), &"the first");
        drop(first);
        let lens: Vec<_> = StreamExt::map(stream, |tensor| tensor.unwrap().len()).collect().await;
        assert_eq!(lens, [LEN; 19]);
        let mut given_up = store.stream(names(), 3);
        drop(Box::pin(given_up.next_async()));
        let first = given_up.next_async().await.unwrap().unwrap();
        assert_eq!(first.name(), names()[0]);
    });
    store.close().unwrap();
}
