//! Operations on a few names, many of them under way at once, against a model in memory.

use ds_aio::{OffloadStore, Placement, StoreErrorKind, UpdateCause, UpdateGroup, UpdateOutcome};
use ds_aio_tests::{
    bytes::{Rng, assert_same, seed},
    store_model::{Model, NAMES, UnderWay, begin, verify},
};

use super::support::Place;

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
            under_way.push(begin(&store, &mut model, rng));
        }
        match rng.below(4) {
            0 => stream(&store, &model, rng),
            1 => update(&store, &mut model, rng),
            _ => {}
        }
        rng.shuffle(&mut under_way);
        if is_durable && rng.below(3) == 0 {
            store.commit().unwrap();
            committed.clone_from(&model);
        }
        under_way.into_iter().for_each(UnderWay::finish);
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

/// Streams any names, while other operations on them are under way.
fn stream(store: &OffloadStore, model: &Model, rng: &mut Rng) {
    let names: Vec<_> = (0..rng.below(12)).map(|_| rng.pick(&NAMES)).collect();
    let memory = rng.pick(&[u64::MAX, 1 << 20, 405_504]);
    let stream = store.stream(&names, rng.below(5)).memory(memory);
    let mut kept = Vec::new();
    for (name, result) in names.iter().zip(stream) {
        match (model.get(name), result) {
            (Some(tensor), Ok(bytes)) => {
                assert_same(&bytes, tensor, &"streamed");
                kept.extend((rng.below(3) == 0).then_some(bytes));
            }
            (None, Err(error)) => assert_eq!(error.kind(), StoreErrorKind::NotFound),
            (_, result) => panic!("{name}: {result:?}"),
        }
    }
}

/// Updates any groups of the tensors that there are, some of which fail to be computed.
fn update(store: &OffloadStore, model: &mut Model, rng: &mut Rng) {
    let mut names: Vec<_> = model.keys().copied().collect();
    let groups: Vec<_> = (0..rng.below(8))
        .map(|_| {
            rng.shuffle(&mut names);
            let updated = rng.below(names.len() + 1);
            let read = rng.below(names.len() - updated + 1);
            (names[..updated].to_vec(), names[updated..updated + read].to_vec())
        })
        .filter(|(updated, read)| !updated.is_empty() || !read.is_empty())
        .collect();
    let pages = |name: &&str| model[name].len().next_multiple_of(4096);
    let size = |(updated, read): &(Vec<_>, Vec<_>)| {
        updated.iter().chain(read).map(pages).sum::<usize>() as u64
    };
    let largest = groups.iter().map(size).max().unwrap_or(0);
    let fails = rng.below(2 * groups.len() + 1);
    let specs = groups.iter().map(|(updated, read)| UpdateGroup::new(updated).reading(read));
    let result = store.update(specs, largest + rng.below(1 << 20) as u64).run(|group| {
        if group.number() == fails {
            return Err("as told".into());
        }
        let (mut updated, read) = group.parts();
        compute(&mut updated, &read);
        Ok(())
    });
    for (updated, read) in groups.iter().take(fails) {
        let read: Vec<_> = read.iter().map(|name| model[name].clone()).collect();
        let read: Vec<_> = read.iter().map(Vec::as_slice).collect();
        let mut tensors: Vec<_> =
            updated.iter().map(|name| std::mem::take(model.get_mut(name).unwrap())).collect();
        let mut slices: Vec<_> = tensors.iter_mut().map(Vec::as_mut_slice).collect();
        compute(&mut slices, &read);
        model.extend(updated.iter().copied().zip(tensors));
    }
    match result {
        Ok(updated) => assert_eq!(updated.groups, groups.len()),
        Err(error) => {
            let written = error.names_of(UpdateOutcome::Written);
            assert!(written.eq(groups[..fails].iter().flat_map(|(updated, _)| updated.clone())));
            assert!(matches!(error.cause(), UpdateCause::Compute { group, .. } if *group == fails));
        }
    }
}

/// Any change that depends on all there is.
fn compute(updated: &mut [&mut [u8]], read: &[&[u8]]) {
    let sum =
        updated.iter().map(|tensor| tensor.first()).chain(read.iter().map(|tensor| tensor.last()));
    let sum = sum.flatten().fold(1_u8, |sum, &byte| sum.wrapping_mul(31).wrapping_add(byte));
    for tensor in updated {
        tensor.iter_mut().for_each(|byte| *byte = byte.wrapping_add(sum));
    }
}
