//! Tensors that are read, computed with and written back: in order, within their memory, whatever fails.

use std::{
    error::Error,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Waker},
    thread,
};

use ds_aio::{
    BufferPool, Engine, ErrorKind, OffloadStore, StoreErrorKind, TensorGroup, TensorInfo,
    UpdateCause, UpdateGroup, UpdateOutcome,
};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::{MODES, SHAPES, settings},
};

use super::support::Place;

const GROUPS: usize = 12;
const LEN: usize = 50_000;
/// Of a group of three.
const GROUP: u64 = 3 * 53_248;

fn name(kind: &str, group: usize) -> String {
    format!("{kind}/{group}")
}

fn group(number: usize) -> UpdateGroup {
    UpdateGroup::new([name("a", number), name("b", number)]).reading([name("c", number)])
}

fn filled(place: &Place) -> OffloadStore {
    let store = place.open();
    for number in 0..GROUPS {
        for kind in ["a", "b", "c"] {
            let tensor = pattern(number as u64 + u64::from(kind.as_bytes()[0]) * 100, LEN);
            store.put(&name(kind, number), tensor).wait().unwrap();
        }
    }
    store
}

/// Swaps the first two, and adds the third to both.
fn compute(group: &mut TensorGroup) -> Result<(), Box<dyn Error + Send + Sync>> {
    let ([a, b], [c]) = group.arrays()?;
    a.swap_with_slice(b);
    for (at, byte) in c.iter().enumerate() {
        a[at] = a[at].wrapping_add(*byte);
        b[at] = b[at].wrapping_add(*byte);
    }
    Ok(())
}

/// The three tensors of a group as they were, and the two as they are to be.
fn expected(number: usize) -> ([Vec<u8>; 3], [Vec<u8>; 2]) {
    let before = ["a", "b", "c"]
        .map(|kind| pattern(number as u64 + u64::from(kind.as_bytes()[0]) * 100, LEN));
    let plus = |x: &[u8]| x.iter().zip(&before[2]).map(|(x, c)| x.wrapping_add(*c)).collect();
    let after = [plus(&before[1]), plus(&before[0])];
    (before, after)
}

fn verify(store: &OffloadStore, number: usize, is_updated: bool) {
    let (before, after) = expected(number);
    let [a, b, c] = ["a", "b", "c"].map(|kind| store.get(&name(kind, number)).wait().unwrap());
    let [expected_a, expected_b] =
        if is_updated { &after } else { &[before[0].clone(), before[1].clone()] };
    assert_same(&a, expected_a, &format_args!("a of {number}"));
    assert_same(&b, expected_b, &format_args!("b of {number}"));
    assert_same(&c, &before[2], &format_args!("c of {number}"));
}

#[test]
fn every_group_is_updated_whatever_the_memory() {
    for memory in [GROUP, GROUP + 1, 2 * GROUP - 1, 3 * GROUP, 100 * GROUP] {
        let place = Place::new();
        let store = filled(&place);
        let mut numbers = Vec::new();
        let peak_before = place.engine.pool().stats().in_use as u64;
        let updated = store
            .update((0..GROUPS).map(group), memory)
            .run(|group| {
                numbers.push(group.number());
                assert!(
                    group
                        .names()
                        .updated()
                        .eq([name("a", group.number()), name("b", group.number())])
                );
                compute(group)
            })
            .unwrap();
        assert_eq!(numbers, (0..GROUPS).collect::<Vec<_>>());
        assert_eq!(updated.groups, GROUPS);
        assert_eq!(updated.bytes_read, (3 * LEN * GROUPS) as u64);
        assert_eq!(updated.bytes_written, (2 * LEN * GROUPS) as u64);
        let stats = place.engine.pool().stats();
        assert_eq!(stats.in_use, 0);
        assert!(
            stats.peak_in_use as u64 <= peak_before + memory,
            "{} of {memory}",
            stats.peak_in_use
        );
        (0..GROUPS).for_each(|number| verify(&store, number, true));
        store.close().unwrap();
    }
}

#[test]
fn groups_with_tensors_in_common_are_updated_one_after_the_other() {
    let place = Place::new();
    let store = place.open();
    store.put("sum", vec![0; 40_000]).wait().unwrap();
    store.put("copy", vec![0; 40_000]).wait().unwrap();
    let groups = (0..20).map(|number| match number % 2 {
        0 => UpdateGroup::new(["sum"]),
        _ => UpdateGroup::new(["copy"]).reading(["sum"]),
    });
    let mut seen = Vec::new();
    let updated = store.update(groups, 1 << 20).run(|group| {
        let (mut updated, read) = group.parts();
        match read.first() {
            None => updated[0].iter_mut().for_each(|byte| *byte += 1),
            Some(sum) => {
                seen.push(sum[39_999]);
                assert_eq!(updated[0][7] + 1, sum[7]);
                updated[0].copy_from_slice(sum);
            }
        }
        Ok(())
    });
    assert_eq!(updated.unwrap().groups, 20);
    assert_eq!(seen, (1..=10).collect::<Vec<_>>());
    assert_eq!(store.get("copy").wait().unwrap()[..], [10; 40_000]);
}

#[test]
fn groups_that_cannot_be_are_told_at_once_and_all_of_them() {
    let place = Place::new();
    let store = filled(&place);
    let groups = [
        group(0),
        UpdateGroup::new(["nowhere"]).reading(["neither"]),
        UpdateGroup::new([name("a", 1), name("b", 1), name("a", 1)]),
        UpdateGroup::new(["a/0"; 0]),
        group(2).reading([name("c", 3)]),
    ];
    let error = store.update(groups, GROUP).run(|_| panic!("nothing is computed")).unwrap_err();
    let kinds: Vec<_> = error
        .causes()
        .map(|cause| match cause {
            UpdateCause::Store(error) => (error.kind(), error.tensor()),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            (StoreErrorKind::NotFound, Some("nowhere")),
            (StoreErrorKind::NotFound, Some("neither")),
            (StoreErrorKind::WrongGroup, Some("a/1")),
            (StoreErrorKind::WrongGroup, None),
            (StoreErrorKind::Full, None),
        ]
    );
    let text = error.to_string();
    assert!(text.contains("group 4 needs 212992 bytes, and there are to be 159744"), "{text}");
    assert!(text.starts_with("update: 0 of 8 tensors were written back, 0 are lost; "), "{text}");
    assert_eq!(error.names_of(UpdateOutcome::NotWritten).count(), 8);
    assert_eq!(place.engine.stats().read.requests, 0);
    assert_eq!(store.update([], 0).run(|_| Ok(())).unwrap().groups, 0);
}

#[test]
fn a_computation_that_fails_stops_it_and_what_was_computed_is_written() {
    let place = Place::new();
    let store = filled(&place);
    let error = store
        .update((0..GROUPS).map(group), 4 * GROUP)
        .run(|group| match group.number() {
            5 => Err("not a number".into()),
            _ => compute(group),
        })
        .unwrap_err();
    assert!(matches!(error.cause(), UpdateCause::Compute { group: 5, .. }));
    assert_eq!(error.causes().count(), 1);
    assert!(error.to_string().contains("computing group 5: not a number"), "{error}");
    assert_eq!(error.source().unwrap().to_string(), "not a number");
    for tensor in error.tensors() {
        let written = tensor.group < 5;
        assert_eq!(tensor.outcome == UpdateOutcome::Written, written, "{tensor:?}");
    }
    assert_eq!(error.tensors().len(), 2 * GROUPS);
    (0..GROUPS).for_each(|number| verify(&store, number, number < 5));
    // An arity that is none of the group's.
    let too_many = store.update([group(7)], GROUP).run(|group| {
        group.arrays::<3, 1>()?;
        Ok(())
    });
    let error = too_many.unwrap_err();
    assert!(error.to_string().contains("2 to be updated and 1 to be read, not 3 and 1"), "{error}");
    store.close().unwrap();
}

#[test]
fn numbers_are_seen_as_such() {
    let place = Place::new();
    let store = place.open();
    let bytes =
        |values: &[f32]| values.iter().flat_map(|value| value.to_ne_bytes()).collect::<Vec<_>>();
    store.put("x", bytes(&[1.0, 2.0])).wait().unwrap();
    store.put("y", bytes(&[0.5, 0.25])).wait().unwrap();
    let groups = || [UpdateGroup::new(["x"]).reading(["y"])];
    let add = |group: &mut TensorGroup| {
        let ([x], [y]) = group.arrays_of::<f32, 1, 1>()?;
        x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
        Ok(())
    };
    store.update(groups(), 8192).run(add).unwrap();
    assert_eq!(store.get("x").wait().unwrap()[..], bytes(&[1.5, 2.25]));
    store.put("y", vec![0; 7]).wait().unwrap();
    let error = store.update(groups(), 8192).run(add).unwrap_err();
    assert!(error.to_string().contains("`y`"), "{error}");
}

#[test]
fn a_panic_of_the_computation_passes_and_the_store_goes_on() {
    let place = Place::new();
    let store = filled(&place);
    let run = || {
        store.update((0..GROUPS).map(group), 3 * GROUP).run(|group| match group.number() {
            3 => panic!("as told"),
            _ => compute(group),
        })
    };
    let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"as told"));
    (0..GROUPS).for_each(|number| verify(&store, number, number < 3));
    store.close().unwrap();
}

#[test]
fn a_panic_of_what_is_told_of_evictions_ends_it() {
    let place = Place::new();
    let panics = Arc::new(AtomicBool::new(false));
    let armed = Arc::clone(&panics);
    let on_evict = move |_: &TensorInfo| assert!(!armed.load(Ordering::SeqCst), "as told");
    let builder = place.builder().capacity(3 * 40_960).on_evict(on_evict);
    let store = builder.open(&place.engine).unwrap();
    for name in ["a", "b", "c"] {
        store.put(name, vec![1; 40_000]).wait().unwrap();
    }
    let run = || {
        let groups = ["a", "b"].map(|name| UpdateGroup::new([name]));
        store.update(groups, 1 << 20).run(|group| {
            if group.number() == 0 {
                // All others go for it, so that it has to go when they come back.
                store.put("d", vec![1; 3 * 40_960]).wait().unwrap();
                panics.store(true, Ordering::SeqCst);
            }
            Ok(())
        })
    };
    let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"as told"));
    panics.store(false, Ordering::SeqCst);
    store.put("e", vec![2; 3 * 40_960]).wait().unwrap();
    assert_eq!(store.len(), 1);
    // Nobody was told what became of it.
    let error = store.close().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unreported);
    assert_eq!(error.failures()[0].tensor(), Some("a"));
}

#[test]
fn a_pool_that_is_full_holds_groups_back_until_it_is_no_longer() {
    let pool = BufferPool::builder().limit(1 << 20).build();
    let mut place = Place::new();
    let engine = Engine::with_pool(&settings(64 << 10, SHAPES[2], MODES[0]), pool.clone()).unwrap();
    place.engine = Arc::new(engine);
    let store = filled(&place);
    let updated = store.update((0..GROUPS).map(group), 100 * GROUP).run(compute).unwrap();
    assert_eq!(updated.groups, GROUPS);
    (0..GROUPS).for_each(|number| verify(&store, number, true));
    let _taken = pool.alloc((1 << 20) - 100_000).unwrap();
    let error = store.update((0..2).map(group), 100 * GROUP).run(compute).unwrap_err();
    let UpdateCause::Store(cause) = error.cause() else { panic!("{error}") };
    assert_eq!(cause.engine_error().unwrap().kind(), ErrorKind::PoolExhausted);
    assert_eq!(error.names_of(UpdateOutcome::NotWritten).count(), 4);
}

#[test]
fn awaited_with_the_computation_on_another_thread() {
    let place = Place::new();
    let store = Arc::new(filled(&place));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let of = Arc::clone(&store);
    let updated = runtime.block_on(async move {
        let update = of.update((0..GROUPS).map(group), 2 * GROUP);
        // As a task, which may go from thread to thread.
        tokio::spawn(update.run_async(|mut group| async {
            tokio::task::spawn_blocking(|| compute(&mut group).map(|()| group)).await?
        }))
        .await
        .unwrap()
        .unwrap()
    });
    assert_eq!(updated.groups, GROUPS);
    (0..GROUPS).for_each(|number| verify(&store, number, true));
    let groups: Arc<Mutex<Vec<TensorGroup>>> = Arc::default();
    let error = runtime.block_on(async {
        let first = store.update([group(0)], GROUP).run_async(|group| {
            groups.lock().unwrap().push(group);
            async { Err("kept".into()) }
        });
        first.await.unwrap_err();
        let second = store.update([group(1)], GROUP).run_async(|_| {
            let other = groups.lock().unwrap().pop();
            async { other.ok_or_else(|| "no other".into()) }
        });
        second.await.unwrap_err()
    });
    let UpdateCause::Store(cause) = error.cause() else { panic!("{error}") };
    assert_eq!(cause.kind(), StoreErrorKind::WrongGroup);
}

#[test]
fn one_that_is_given_up_half_way_begins_nothing_more() {
    let place = Place::new();
    let store = filled(&place);
    let computed = Mutex::new(0);
    let run = store.update((0..GROUPS).map(group), 2 * GROUP).run_async(|mut group| {
        *computed.lock().unwrap() += 1;
        let stays = group.number() == 2;
        let done = compute(&mut group).map(|()| group);
        async move {
            if stays {
                std::future::pending::<()>().await;
            }
            done
        }
    });
    let mut run = Box::pin(run);
    while *computed.lock().unwrap() < 3 {
        assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        thread::yield_now();
    }
    drop(run);
    (0..GROUPS).for_each(|number| verify(&store, number, number < 2));
    // Nothing was left behind.
    store.update((2..GROUPS).map(group), GROUP).run(compute).unwrap();
    (0..GROUPS).for_each(|number| verify(&store, number, true));
    Arc::into_inner(Arc::new(store)).unwrap().close().unwrap();
}

#[test]
fn in_a_callback_it_would_wait_for_itself() {
    let place = Place::new();
    let store = Arc::new(filled(&place));
    // A request that has ended already calls back here, where one may wait.
    let ended = std::iter::repeat_with(|| {
        let (send, receive) = std::sync::mpsc::channel();
        let of = Arc::clone(&store);
        store.get("a/0").on_completion(move |_| {
            let ended = of.update([group(0)], GROUP).run(|_| Ok(()));
            drop(of);
            send.send((thread::current().id(), ended)).unwrap();
        });
        receive.recv().unwrap()
    });
    let here = thread::current().id();
    let (_, ended) = ended.take(1000).find(|(thread, _)| *thread != here).unwrap();
    let error = ended.unwrap_err();
    let UpdateCause::Store(cause) = error.cause() else { panic!("{error}") };
    assert_eq!(cause.kind(), StoreErrorKind::WouldDeadlock);
}
