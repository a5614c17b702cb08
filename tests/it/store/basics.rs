//! What is put is what one gets.

use std::{
    ops::Bound,
    sync::{Arc, mpsc::channel},
};

use ds_aio::{StoreErrorKind, StoreOperation, StoreTicket};
use ds_aio_tests::bytes::{assert_same, pattern};

use super::support::Place;

const LENGTHS: [usize; 9] = [0, 1, 4095, 4096, 4097, 10_000, 131_072, 131_073, 1_500_000];

#[test]
fn tensors_of_any_length_and_name_come_back() {
    let place = Place::new();
    let store = place.open();
    let names = ["", "a/b/../c", ".", "…/тензор/张量", "line\nbreak\0", &"long".repeat(5000)];
    let tensors = names.iter().flat_map(|name| LENGTHS.map(|len| (format!("{name}{len}"), len)));
    let tensors: Vec<_> = tensors.collect();
    let puts = tensors.iter().zip(0..).map(|((name, len), seed)| {
        let tensor = pattern(seed, *len);
        let ticket = store.put(name, tensor.clone());
        (ticket, tensor)
    });
    for (ticket, tensor) in puts.collect::<Vec<_>>() {
        assert_same(&ticket.wait().unwrap(), &tensor, &"the buffer comes back");
    }
    for ((name, len), seed) in tensors.iter().zip(0..) {
        let tensor = pattern(seed, *len);
        assert_same(&store.get(name).wait().unwrap(), &tensor, name);
        let back = store.get_into(name, vec![0; *len]).wait().unwrap();
        assert_same(&back, &tensor, name);
        assert_eq!(store.tensor_len(name), Some(*len as u64));
    }
    assert_eq!(store.len(), tensors.len());
    let mut sorted: Vec<_> =
        tensors.iter().map(|(name, len)| (name.clone(), *len as u64)).collect();
    sorted.sort();
    let listed = store.tensors().map(|tensor| (tensor.name.to_string(), tensor.len));
    assert!(listed.eq(sorted));
    // Slabs, and a file for each of the twelve larger ones.
    assert!(place.data_files().len() < 12 + 8, "{:?}", place.files());
}

#[test]
fn ranges_are_read_and_overwritten() {
    let place = Place::new();
    let store = place.open();
    let mut tensor = pattern(1, 300_000);
    store.put("tensor", tensor.clone()).wait().unwrap();
    let ranges =
        [(0, 1), (0, 4096), (1, 4096), (4095, 2), (5000, 100), (8192, 200_000), (299_999, 1)];
    for (seed, (at, len)) in (2..).zip(ranges) {
        let bytes = pattern(seed, len);
        tensor[at..at + len].copy_from_slice(&bytes);
        assert_eq!(store.put_range("tensor", at as u64, bytes.clone()).wait().unwrap(), bytes);
        let (from, to) = (at as u64, (at + len) as u64);
        assert_same(&store.get_range("tensor", from..to).wait().unwrap(), &bytes, &"new");
        let wider = at.saturating_sub(3)..(at + len + 5000).min(tensor.len());
        let back = vec![0; wider.len()];
        let back = store.get_range_into("tensor", wider.start as u64, back).wait().unwrap();
        assert_same(&back, &tensor[wider], &"its neighbours");
    }
    assert_same(&store.get_range("tensor", ..).wait().unwrap(), &tensor, &"all");
    assert_same(&store.get("tensor").wait().unwrap(), &tensor, &"all");
    assert!(store.get_range("tensor", 300_000..).wait().unwrap().is_empty());
    assert!(store.put_range("tensor", 300_000, vec![]).wait().unwrap().is_empty());
}

#[test]
fn a_get_sees_the_put_before_it_whether_or_not_that_has_ended() {
    let place = Place::new();
    let store = place.open();
    let tensors: Vec<_> = (0..20).map(|seed| pattern(seed, 200_000)).collect();
    let mut gets = Vec::new();
    for (number, tensor) in tensors.iter().enumerate() {
        drop(store.put("tensor", tensor.clone()));
        gets.push((store.get("tensor"), tensor.clone()));
        if number % 3 == 0 {
            let mut changed = tensor.clone();
            changed[100_000..100_005].fill(9);
            drop(store.put_range("tensor", 100_000, vec![9; 5]));
            gets.push((store.get("tensor"), changed));
        }
    }
    for (ticket, tensor) in gets {
        assert_same(&ticket.wait().unwrap(), &tensor, &"as of its time");
    }
    store.close().unwrap();
}

#[test]
fn what_is_not_there_or_does_not_fit_is_refused_with_the_buffer() {
    let place = Place::new();
    let store = place.open();
    store.put("tensor", vec![1; 10_000]).wait().unwrap();
    let kind = |failed: &ds_aio::StoreFailed<Vec<u8>>| failed.error().kind();

    let failed = store.get_into("other", vec![7; 10]).wait().unwrap_err();
    assert_eq!(kind(&failed), StoreErrorKind::NotFound);
    assert_eq!(failed.error().operation(), StoreOperation::Get);
    assert_eq!(failed.error().tensor(), Some("other"));
    assert_eq!(failed.into_parts().1, Some(vec![7; 10]));

    let failed = store.get_into("tensor", vec![7; 10]).wait().unwrap_err();
    assert_eq!(kind(&failed), StoreErrorKind::WrongLength);
    assert!(failed.to_string().contains("10 bytes against 10000"), "{failed}");

    for (at, len) in [(9_999, 2), (10_001, 0), (u64::MAX, 1)] {
        let failed = store.get_range_into("tensor", at, vec![0; len]).wait().unwrap_err();
        assert_eq!(kind(&failed), StoreErrorKind::OutOfBounds);
        let failed = store.put_range("tensor", at, vec![0; len]).wait().unwrap_err();
        assert_eq!(kind(&failed), StoreErrorKind::OutOfBounds);
        assert_eq!(failed.into_parts().1.map(|buffer| buffer.len()), Some(len));
    }
    let failed =
        store.get_range("tensor", (Bound::Excluded(5), Bound::Excluded(5))).wait().unwrap_err();
    assert_eq!(failed.error().kind(), StoreErrorKind::OutOfBounds);
    #[expect(clippy::reversed_empty_ranges, reason = "that it is one is what is told")]
    let failed = store.get_range("tensor", 5..3).wait().unwrap_err();
    assert!(failed.to_string().contains("is not within"), "{failed}");
    let failed = store.put_range("other", 0, vec![1]).wait().unwrap_err();
    assert_eq!(kind(&failed), StoreErrorKind::NotFound);
    assert_eq!(store.commit().unwrap_err().kind(), StoreErrorKind::NotDurable);
    assert_same(&store.get("tensor").wait().unwrap(), &[1; 10_000], &"as it was");

    assert!(store.remove("tensor").unwrap());
    assert!(!store.remove("tensor").unwrap());
    assert!(store.is_empty() && !store.contains("tensor"));
    let failed = store.get("tensor").wait().unwrap_err();
    assert_eq!(failed.error().kind(), StoreErrorKind::NotFound);
}

#[test]
fn tickets_are_awaited_and_call_back_and_refuse_to_wait_on_workers() {
    let place = Place::new();
    let store = Arc::new(place.open());
    let buffer = pollster::block_on(store.put("tensor", vec![5; 100_000])).unwrap();
    let (told, tells) = channel();
    let of = Arc::clone(&store);
    store.get_into("tensor", buffer).on_completion(move |result| {
        let buffer = result.unwrap();
        // A worker makes requests and does not wait for them.
        let waited = of.put("other", buffer.clone()).wait().map_err(|failed| failed.error().kind());
        of.put("tensor", buffer).on_completion(move |result| {
            told.send((waited, result.is_ok())).unwrap();
        });
    });
    let (waited, put) = tells.recv().unwrap();
    // Unless it had ended by then.
    assert!(matches!(waited, Ok(_) | Err(StoreErrorKind::WouldDeadlock)), "{waited:?}");
    assert!(put);
    let tickets = ["tensor", "other"].map(|name| store.get(name));
    for result in StoreTicket::wait_all(tickets) {
        assert_same(&result.unwrap(), &[5; 100_000], &"either");
    }
    let mut ticket = store.get("tensor");
    pollster::block_on(&mut ticket).unwrap();
    assert!(ticket.is_done());
    assert_eq!(ticket.wait().unwrap_err().error().kind(), StoreErrorKind::ResultTaken);
}

#[test]
fn an_ephemeral_store_leaves_nothing_behind_and_touches_nothing_else() {
    let place = Place::new();
    let store = place.open();
    drop(store.put("tensor", vec![1; 1_000_000]));
    std::fs::write(place.path().join("tensors-1.dsaio"), b"of somebody else").unwrap();
    store.close().unwrap();
    assert_eq!(place.files(), ["tensors-1.dsaio"]);
    std::fs::remove_file(place.path().join("tensors-1.dsaio")).unwrap();

    let store = place.open();
    drop(store.put("tensor", vec![1; 1_000_000]));
    drop(store);
    assert_eq!(place.files(), <[&str; 0]>::default());
    std::fs::remove_dir(place.path()).unwrap();

    // A directory that was made goes, too.
    let store = place.open();
    store.put("tensor", vec![1; 10]).wait().unwrap();
    store.close().unwrap();
    assert!(!place.path().exists());
}

#[test]
fn an_ephemeral_store_is_kept_if_asked_for() {
    let place = Place::new();
    for round in 0..3 {
        let store = place.builder().keep(true).open(&place.engine).unwrap();
        assert_eq!(store.len(), round);
        for number in 0..round {
            let tensor = pattern(number as u64, 50_000 * number);
            assert_same(&store.get(&number.to_string()).wait().unwrap(), &tensor, &number);
        }
        store.put(&round.to_string(), pattern(round as u64, 50_000 * round)).wait().unwrap();
        store.close().unwrap();
    }
    // This one does not keep.
    let store = place.open();
    assert_eq!(store.len(), 3);
    drop(store);
    assert_eq!(place.open().len(), 0);
}

#[test]
fn tensors_are_overwritten_in_place() {
    let place = Place::new();
    let store = place.open();
    for len in [10_000, 1_000_000] {
        store.put("tensor", pattern(0, len)).wait().unwrap();
        let files = place.files();
        for seed in 1..20 {
            store.put("tensor", pattern(seed, len)).wait().unwrap();
            store.put_range("tensor", 4000, pattern(seed, 200)).wait().unwrap();
        }
        assert_eq!(place.files(), files);
        let found: u64 = place.data_files().iter().map(|p| p.metadata().unwrap().len()).sum();
        assert!(found <= (1 << 20) + 1_003_520, "{found} bytes for {len}");
    }
}

#[test]
fn who_is_told_that_a_tensor_was_read_puts_another_in_its_place() {
    let place = Place::new();
    let store = Arc::new(place.open());
    store.put("large", pattern(1, 300_000)).wait().unwrap();
    let files = place.data_files();
    for _ in 0..20 {
        let (send, put) = channel();
        let of = Arc::clone(&store);
        store.get("large").on_completion(move |read| {
            let put = of.put("large", read.unwrap());
            drop(of);
            send.send(put).unwrap();
        });
        put.recv().unwrap().wait().unwrap();
    }
    assert_eq!(place.data_files(), files);
    assert_same(&store.get("large").wait().unwrap(), &pattern(1, 300_000), &"all the same");
}
