//! Operations of several tensors at once, and those that await room in the queue.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, mpsc::channel},
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use ds_aio::{Engine, OffloadStore, StoreErrorKind};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::{MODES, SHAPES, settings},
};

use super::support::Place;

const LEN: usize = 200_001;

#[test]
fn a_ticket_that_is_waited_for_briefly_is_there_until_it_has_ended() {
    let place = Place::new();
    let store = place.open();
    store.put("tensor", pattern(1, LEN)).wait().unwrap();
    let mut get = store.get("tensor");
    let found = loop {
        match get.wait_timeout(Duration::from_micros(20)) {
            Ok(result) => break result.unwrap(),
            Err(still) => get = still,
        }
    };
    assert_same(&found, &pattern(1, LEN), &"the tensor");
    let missing = store.get("nowhere").wait_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(missing.unwrap_err().error().kind(), StoreErrorKind::NotFound);
}

#[test]
fn batches_give_each_tensors_own_result_in_their_order() {
    let place = Place::new();
    let store = place.open();
    let names: Vec<_> = (0..30).map(|number| format!("tensor {number}")).collect();
    let tensors = || (0..).zip(&names).map(|(seed, name)| (name, pattern(seed, LEN)));
    let batch = store.put_many(tensors());
    assert_eq!((batch.len(), batch.is_empty()), (30, false));
    for (result, (_, tensor)) in batch.wait().into_iter().zip(tensors()) {
        assert_same(&result.unwrap(), &tensor, &"given back");
    }
    let gets = store.get_many(names.iter().rev());
    for (result, (name, tensor)) in gets.wait().into_iter().rev().zip(tensors()) {
        assert_same(&result.unwrap(), &tensor, name);
    }
    let into =
        [("tensor 1", vec![0; LEN]), ("nowhere", vec![1; 3]), ("tensor 2", vec![2; LEN - 1])];
    let [first, second, third] = store.get_many_into(into).wait().try_into().unwrap();
    assert_same(&first.unwrap(), &pattern(1, LEN), &"the second tensor");
    let (error, buffer) = second.unwrap_err().into_parts();
    assert_eq!((error.kind(), buffer), (StoreErrorKind::NotFound, Some(vec![1; 3])));
    assert_eq!(third.unwrap_err().error().kind(), StoreErrorKind::WrongLength);

    let results = pollster::block_on(store.get_many(&names));
    assert_eq!(results.len(), 30);
    results.into_iter().for_each(|result| assert_eq!(result.unwrap().len(), LEN));
    assert!(store.get_many([""; 0]).is_done());
    let tickets = store.get_many(["tensor 3", "nowhere"]).into_tickets();
    assert_eq!(tickets.map(|ticket| ticket.wait().is_ok()).collect::<Vec<_>>(), [true, false]);
    // A put's failure is told later, if not to the batch's owner.
    drop(store.put_many([("a", vec![1])]));
    store.close().unwrap();
}

#[test]
fn awaited_operations_are_one_request_each_and_wait_for_room_as_tasks() {
    let mut place = Place::new();
    let mut settings = settings(4096, SHAPES[1], MODES[0]);
    settings.queue_capacity = 1;
    place.engine = Arc::new(Engine::new(&settings).unwrap());
    let store = place.open();
    pollster::block_on(async {
        // More than a hundred blocks, and room for one request.
        let tensor = store.put_async("a", pattern(1, LEN)).await.await.unwrap();
        assert_same(&tensor, &pattern(1, LEN), &"given back");
        store.put_range_async("a", 7, vec![9; 50_000]).await.await.unwrap();
        let mut changed = pattern(1, LEN);
        changed[7..50_007].fill(9);
        assert_same(&store.get_async("a").await.await.unwrap(), &changed, &"all");
        let into = store.get_into_async("a", vec![0; LEN]).await.await.unwrap();
        assert_same(&into, &changed, &"all, into");
        let range = store.get_range_async("a", 5..50_010).await.await.unwrap();
        assert_same(&range, &changed[5..50_010], &"a range");
        let range = store.get_range_into_async("a", 50_000, vec![0; 100]).await.await.unwrap();
        assert_same(&range, &changed[50_000..50_100], &"a range, into");
        let failed = store.prefetch_async("a").await.await.unwrap_err();
        assert_eq!(failed.error().kind(), StoreErrorKind::Full);
    });
    store.close().unwrap();
}

#[test]
fn an_awaited_operation_that_is_given_up_before_there_is_room_was_none() {
    let mut place = Place::new();
    let mut settings = settings(4096, SHAPES[0], MODES[0]);
    settings.queue_capacity = 1;
    place.engine = Arc::new(Engine::new(&settings).unwrap());
    let store: OffloadStore = place.open();
    let mut first = Box::pin(store.put_async("a", vec![1; LEN]));
    let Poll::Ready(ticket) = poll(first.as_mut()) else { panic!("there was room") };
    drop(first);
    // Whether or not there is room by now, what was not polled to a ticket is not there.
    let mut second = Box::pin(store.put_async("b", vec![1; LEN]));
    let is_there = poll(second.as_mut()).is_ready();
    drop(second);
    assert_eq!(store.contains("b"), is_there);
    drop(Box::pin(store.put_async("c", vec![1; LEN])));
    assert!(!store.contains("c"));
    ticket.wait().unwrap();
    store.close().unwrap();
}

#[test]
fn awaited_operations_keep_no_room_from_those_that_they_wait_for() {
    let mut place = Place::new();
    let mut settings = settings(4096, SHAPES[1], MODES[0]);
    settings.queue_capacity = 1;
    place.engine = Arc::new(Engine::new(&settings).unwrap());
    let store = Arc::new(place.builder().memory(LEN as u64 + 4096).open(&place.engine).unwrap());
    for name in ["a", "b"] {
        store.put(name, pattern(0, LEN)).wait().unwrap();
    }
    let (done, ended) = channel();
    let start = |rounds: &'static (dyn Fn(&OffloadStore, u64) + Sync)| {
        let (store, done) = (Arc::clone(&store), done.clone());
        thread::spawn(move || {
            (0..60).for_each(|round| rounds(&store, round));
            done.send(()).unwrap();
        });
    };
    start(&|store, round| drop(store.put("a", pattern(round, LEN))));
    start(&|store, _| drop(store.put_range("a", 5, vec![9; 150_000])));
    start(&|store, _| drop(pollster::block_on(store.get_async("a")).wait().unwrap()));
    start(&|store, _| {
        let put = pollster::block_on(store.put_range_async("a", 70_000, vec![1; 100_000]));
        put.wait().unwrap();
    });
    start(&|store, _| {
        let prefetches = ["a", "b"].map(|name| pollster::block_on(store.prefetch_async(name)));
        prefetches.into_iter().for_each(|prefetch| prefetch.wait().unwrap());
    });
    start(&|store, _| ["b", "a"].into_iter().for_each(|name| store.prefetch(name).wait().unwrap()));
    for _ in 0..6 {
        ended.recv_timeout(Duration::from_secs(100)).expect("they wait for each other");
    }
    Arc::into_inner(store).map(OffloadStore::close);
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
