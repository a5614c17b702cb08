//! Tensors that are prefetched: in memory, within the budget, and never as they were before.

use ds_aio::StoreErrorKind;
use ds_aio_tests::bytes::{assert_same, pattern};

use super::support::Place;

#[test]
fn what_was_prefetched_is_read_no_more_and_the_budget_holds() {
    let place = Place::new();
    let store = place.builder().memory(2 * 303_104).open(&place.engine).unwrap();
    let reads = || place.engine.stats().read.requests;
    for (seed, name) in (0..).zip(["a", "b", "c"]) {
        store.put(name, pattern(seed, 300_000)).wait().unwrap();
    }
    store.prefetch("a").wait().unwrap();
    store.prefetch("b").wait().unwrap();
    assert_eq!(store.memory_in_use(), 2 * 303_104);
    let before = reads();
    store.prefetch("a").wait().unwrap();
    assert_same(&store.get("a").wait().unwrap(), &pattern(0, 300_000), &"a");
    let range = store.get_range("b", 5000..250_001).wait().unwrap();
    assert_same(&range, &pattern(1, 300_000)[5000..250_001], &"a range of b");
    let range = store.get_range_into("a", 299_999, vec![0]).wait().unwrap();
    assert_same(&range, &pattern(0, 300_000)[299_999..], &"the last byte of a");
    assert_eq!(reads(), before, "in memory");
    // b was used less recently.
    store.prefetch("c").wait().unwrap();
    assert_eq!(store.memory_in_use(), 2 * 303_104);
    let before = reads();
    assert_same(&store.get("a").wait().unwrap(), &pattern(0, 300_000), &"a");
    assert_same(&store.get("c").wait().unwrap(), &pattern(2, 300_000), &"c");
    assert_eq!(reads(), before, "in memory");
    assert_same(&store.get("b").wait().unwrap(), &pattern(1, 300_000), &"b");
    assert!(reads() > before, "it made room");

    // A change is seen, and what it replaced takes no memory.
    store.put_range("a", 7, vec![1; 5]).wait().unwrap();
    let mut changed = pattern(0, 300_000);
    changed[7..12].fill(1);
    assert_same(&store.get("a").wait().unwrap(), &changed, &"a changed");
    store.put("c", pattern(9, 1000)).wait().unwrap();
    assert_same(&store.get("c").wait().unwrap(), &pattern(9, 1000), &"c anew");
    assert_eq!(store.memory_in_use(), 0);

    store.put("large", vec![1; 700_000]).wait().unwrap();
    for ticket in [store.prefetch("large"), store.try_prefetch("large")] {
        let failed = ticket.wait().unwrap_err();
        assert_eq!(failed.error().kind(), StoreErrorKind::Full);
    }
    assert_eq!(store.prefetch("d").wait().unwrap_err().error().kind(), StoreErrorKind::NotFound);
    store.close().unwrap();
    let store = place.open();
    store.put("a", vec![1]).wait().unwrap();
    let failed = store.prefetch("a").wait().unwrap_err();
    assert_eq!(failed.error().kind(), StoreErrorKind::Full, "there is no memory for it");
}

#[test]
fn prefetches_at_once_share_the_budget_and_are_refused_beyond_it() {
    let place = Place::new();
    let store = place.builder().memory(10 * 40_960).open(&place.engine).unwrap();
    for number in 0..30 {
        store.put(&number.to_string(), pattern(number, 40_000)).wait().unwrap();
    }
    for round in 0..10 {
        let tickets: Vec<_> =
            (0..30).map(|number| store.try_prefetch(&number.to_string())).collect();
        let gets: Vec<_> = (0..30).map(|number| (number, store.get(&number.to_string()))).collect();
        let mut refused = 0;
        for ticket in tickets {
            if let Err(failed) = ticket.wait() {
                assert_eq!(failed.error().kind(), StoreErrorKind::Full, "{failed}");
                refused += 1;
            }
            assert!(store.memory_in_use() <= 10 * 40_960);
        }
        for (number, ticket) in gets {
            assert_same(&ticket.wait().unwrap(), &pattern(number, 40_000), &number);
        }
        assert!(refused < 30, "round {round}");
    }
}

#[test]
fn prefetches_wait_for_their_turn_in_memory_and_all_of_them_get_it() {
    let place = Place::new();
    let store = place.builder().memory(3 * 40_960 + 1).open(&place.engine).unwrap();
    let name = |number: u64| number.to_string();
    for number in 0..40 {
        store.put(&name(number), pattern(number, 1 + number as usize * 1000)).wait().unwrap();
    }
    for round in 0..10 {
        let prefetches: Vec<_> = (0..40).map(|number| store.prefetch(&name(number))).collect();
        // Others copy from the memory, have it made room of, and replace what is in it.
        let gets: Vec<_> = (0..40).map(|number| (number, store.get(&name(number)))).collect();
        let tries: Vec<_> = (0..5).map(|number| store.try_prefetch(&name(number))).collect();
        let puts = (0..40).filter(|number| number % 5 == round % 5);
        let puts: Vec<_> = puts
            .map(|number| store.put(&name(number), pattern(number, 1 + number as usize * 1000)))
            .collect();
        for (number, ticket) in prefetches.into_iter().enumerate() {
            ticket.wait().unwrap_or_else(|failed| panic!("{number} in round {round}: {failed}"));
            assert!(store.memory_in_use() <= 3 * 40_960 + 1);
        }
        for (number, ticket) in gets {
            let tensor = pattern(number, 1 + number as usize * 1000);
            assert_same(&ticket.wait().unwrap(), &tensor, &number);
        }
        puts.into_iter().for_each(|ticket| drop(ticket.wait().unwrap()));
        tries.into_iter().for_each(|ticket| drop(ticket.wait()));
    }
    // The end of the store waits for those that wait.
    (0..40).for_each(|number| drop(store.prefetch(&name(number))));
    store.close().unwrap();
}
