//! Operations on a few names, many of them under way at once, against a model in memory.

use ds_aio_tests::{
    bytes::{Rng, seed},
    store_model::{Model, UnderWay, begin, verify},
};

use super::support::Place;

#[test]
fn any_operations_at_once_agree_with_a_model() {
    let seed = seed();
    println!("replay with DS_AIO_TEST_SEED={seed}");
    for round in 0..12 {
        run(&mut Rng::new(seed.wrapping_add(round)));
    }
}

fn run(rng: &mut Rng) {
    let place = Place::with_block_size(rng.pick(&[4096, 16_384, 1 << 20]));
    let is_durable = rng.below(2) == 0;
    let open = || if is_durable { place.open_durable() } else { place.open() };
    let mut store = open();
    let (mut model, mut committed) = (Model::new(), Model::new());
    for _ in 0..12 {
        let mut under_way = Vec::new();
        for _ in 0..1 + rng.below(40) {
            under_way.push(begin(&store, &mut model, rng));
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
