//! Operations on a few names, many of them under way at once, against a model in memory.

use std::collections::BTreeMap;

use ds_aio::{OffloadStore, Placement, StoreErrorKind};
use ds_aio_tests::bytes::{Rng, assert_same, pattern, seed};

use super::support::Place;

type Model = BTreeMap<&'static str, Vec<u8>>;
type Finish = Box<dyn FnOnce()>;

const NAMES: [&str; 5] = ["a", "b", "c/d", "e", "ε"];

#[test]
fn any_operations_at_once_agree_with_a_model() {
    let seed = seed();
    println!("replay with DS_AIO_TEST_SEED={seed}");
    for round in 0..20 {
        run(&mut Rng::new(seed.wrapping_add(round)));
    }
}

fn run(rng: &mut Rng) {
    let mut place = Place::with_block_size(rng.pick(&[4096, 16_384, 1 << 20]));
    if rng.below(2) == 0 {
        let chunk = rng.pick(&[4096, 20_480, 131_072]);
        let placements =
            [Placement::Hash, Placement::Stripe { chunk }, Placement::Stripe { chunk }];
        place.several =
            Some((rng.pick(&[&["a", "b"][..], &["a", "b", "c"]]), rng.pick(&placements)));
    }
    let is_durable = rng.below(2) == 0;
    let open = || if is_durable { place.open_durable() } else { place.open() };
    let mut store = open();
    let (mut model, mut committed) = (Model::new(), Model::new());
    for _ in 0..12 {
        let mut under_way = Vec::new();
        for _ in 0..1 + rng.below(40) {
            under_way.push(operation(&store, &mut model, rng));
        }
        rng.shuffle(&mut under_way);
        if is_durable && rng.below(3) == 0 {
            store.commit().unwrap();
            committed.clone_from(&model);
        }
        under_way.into_iter().for_each(|finish| finish());
        if is_durable && rng.below(4) == 0 {
            store.close().unwrap();
            store = open();
            model.clone_from(&committed);
        }
        verify(&store, &model);
    }
    store.close().unwrap();
    if is_durable {
        verify(&place.open_durable(), &committed);
    }
}

fn verify(store: &OffloadStore, model: &Model) {
    assert!(store.tensors().map(|tensor| tensor.name.to_string()).eq(model.keys().copied()));
    for (name, tensor) in model {
        assert_same(&store.get(name).wait().unwrap(), tensor, name);
    }
}

fn operation(store: &OffloadStore, model: &mut Model, rng: &mut Rng) -> Finish {
    let name = rng.pick(&NAMES);
    match rng.below(8) {
        0..3 => {
            let len = match rng.below(5) {
                0 => 0,
                1 => 1 + rng.below(100),
                2 => 4096 * (1 + rng.below(5)),
                3 => rng.below(400_000),
                _ => rng.below(30_000),
            };
            let tensor = pattern(rng.bits(), len);
            model.insert(name, tensor.clone());
            let ticket = store.put(name, tensor.clone());
            Box::new(move || assert_same(&ticket.wait().unwrap(), &tensor, &"given back"))
        }
        3 => {
            let was_there = model.remove(name).is_some();
            assert_eq!(store.remove(name).unwrap(), was_there);
            Box::new(|| ())
        }
        4 => {
            let Some(tensor) = model.get_mut(name) else {
                let ticket = store.put_range(name, 0, vec![1]);
                return Box::new(move || {
                    let failed = ticket.wait().unwrap_err();
                    assert_eq!(failed.error().kind(), StoreErrorKind::NotFound);
                });
            };
            let (from, to) = range(rng, tensor.len());
            let bytes = pattern(rng.bits(), to - from);
            tensor[from..to].copy_from_slice(&bytes);
            let ticket = store.put_range(name, from as u64, bytes);
            Box::new(move || drop(ticket.wait().unwrap()))
        }
        5 => {
            let expected = model.get(name).cloned();
            let (from, to) = range(rng, expected.as_ref().map_or(0, Vec::len));
            let ticket = store.get_range(name, from as u64..to as u64);
            Box::new(move || match expected {
                Some(tensor) => {
                    assert_same(&ticket.wait().unwrap(), &tensor[from..to], &"a range");
                }
                None => drop(ticket.wait().unwrap_err()),
            })
        }
        _ => {
            let expected = model.get(name).cloned();
            let ticket = store.get(name);
            Box::new(move || match expected {
                Some(tensor) => assert_same(&ticket.wait().unwrap(), &tensor, &"all of it"),
                None => drop(ticket.wait().unwrap_err()),
            })
        }
    }
}

fn range(rng: &mut Rng, len: usize) -> (usize, usize) {
    let (one, other) = (rng.below(len + 1), rng.below(len + 1));
    (one.min(other), one.max(other))
}
