//! Requests on neighbouring extents, all in flight at once, against a model in memory.

use std::{ops::Range, sync::Arc};

use ds_aio::{AioFile, Engine, OpenOptions};
use ds_aio_tests::{
    bytes::{Rng, assert_same, pattern, seed},
    settings::{MODES, SHAPES, settings},
};
use proptest::{prelude::*, test_runner::Config};

use super::support::Bench;

/// What ends a request: waits for it and checks what it gives back.
type Finish = Box<dyn FnOnce()>;

#[test]
fn fifty_neighbours_in_flight_agree_with_a_model() {
    let seed = seed();
    println!("replay with DS_AIO_TEST_SEED={seed}");
    for round in 0..12 {
        fifty_neighbours(&mut Rng::new(seed.wrapping_add(round)));
    }
}

fn fifty_neighbours(rng: &mut Rng) {
    let block_size = rng.pick(&[512, 1536, 4096, 6144, 65_536, 1 << 20]);
    let bench = Bench::new(settings(block_size, rng.pick(&SHAPES), rng.pick(&MODES)));
    println!("{:?}", bench.engine.settings());
    let extents = neighbours(rng, 50);
    let end = extents[extents.len() - 1].end;
    let mut model = pattern(rng.bits(), end + rng.below(9000));
    let path = bench.filled("extents", &model);
    let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();

    let mut order: Vec<usize> = (0..extents.len()).collect();
    rng.shuffle(&mut order);
    finish(order.iter().map(|&number| {
        let extent = extents[number].clone();
        model[extent.clone()].copy_from_slice(&pattern(rng.bits(), extent.len()));
        write(&bench.engine, &file, &model, extent, rng)
    }));
    assert_same(&std::fs::read(&path).unwrap(), &model, &"after the writes");

    rng.shuffle(&mut order);
    finish(order.iter().map(|&number| {
        let extent = extents[number].clone();
        if number % 2 == 0 {
            return read(&bench.engine, &file, &model, extent, rng);
        }
        model[extent.clone()].copy_from_slice(&pattern(rng.bits(), extent.len()));
        write(&bench.engine, &file, &model, extent, rng)
    }));
    finish(extents.iter().map(|extent| read(&bench.engine, &file, &model, extent.clone(), rng)));
    assert_same(&std::fs::read(&path).unwrap(), &model, &"after reads between writes");
}

/// Makes all requests, then ends each.
fn finish(requests: impl Iterator<Item = Finish>) {
    let in_flight: Vec<Finish> = requests.collect();
    for request in in_flight {
        request();
    }
}

/// Extents that touch each other, of all sizes, few of them aligned.
fn neighbours(rng: &mut Rng, count: usize) -> Vec<Range<usize>> {
    let mut begin = rng.below(9000);
    let mut next = || {
        let len = match rng.below(5) {
            0 => 1 + rng.below(40),
            1 => 4096 * (1 + rng.below(4)),
            2 => 1 + rng.below(200_000),
            _ => 1 + rng.below(20_000),
        };
        let extent = begin..begin + len;
        begin = extent.end;
        extent
    };
    (0..count).map(|_| next()).collect()
}

fn write(
    engine: &Engine,
    file: &AioFile,
    model: &[u8],
    extent: Range<usize>,
    rng: &mut Rng,
) -> Finish {
    let offset = extent.start as u64;
    let data = &model[extent];
    match rng.below(5) {
        0 => {
            let ticket = engine.pwrite(file, data.to_vec(), offset);
            Box::new(move || drop(ticket.wait().unwrap()))
        }
        1 => {
            let ticket = engine.pwrite(file, data.to_vec().into_boxed_slice(), offset);
            Box::new(move || drop(ticket.wait().unwrap()))
        }
        2 => {
            let shared: Arc<[u8]> = Arc::from(data);
            let ticket = engine.pwrite(file, Arc::clone(&shared), offset);
            Box::new(move || assert!(Arc::ptr_eq(&ticket.wait().unwrap(), &shared)))
        }
        3 => {
            let shared = Arc::new(data.to_vec());
            let ticket = engine.pwrite(file, Arc::clone(&shared), offset);
            Box::new(move || assert!(Arc::ptr_eq(&ticket.wait().unwrap(), &shared)))
        }
        _ => {
            let mut buffer = engine.alloc(data.len()).unwrap();
            buffer.copy_from_slice(data);
            let ticket = engine.pwrite(file, buffer, offset);
            Box::new(move || drop(ticket.wait().unwrap()))
        }
    }
}

fn read(
    engine: &Engine,
    file: &AioFile,
    model: &[u8],
    extent: Range<usize>,
    rng: &mut Rng,
) -> Finish {
    let offset = extent.start as u64;
    let told = format!("read of {extent:?}");
    let expected = model[extent].to_vec();
    let len = expected.len();
    match rng.below(3) {
        0 => {
            let ticket = engine.pread(file, vec![0; len], offset);
            Box::new(move || assert_same(&ticket.wait().unwrap(), &expected, &told))
        }
        1 => {
            let ticket = engine.pread(file, vec![0; len].into_boxed_slice(), offset);
            Box::new(move || assert_same(&ticket.wait().unwrap(), &expected, &told))
        }
        _ => {
            let ticket = engine.pread(file, engine.alloc(len).unwrap(), offset);
            Box::new(move || assert_same(&ticket.wait().unwrap(), &expected, &told))
        }
    }
}

/// Three extents that touch, written from and read into memory at one shift from a page boundary.
#[derive(Debug, Clone)]
struct Trio {
    offset: usize,
    lengths: [usize; 3],
    shift: usize,
    block_size: usize,
    shape: (usize, usize),
    mode: (bool, bool),
}

fn trios() -> impl Strategy<Value = Trio> {
    let near_page =
        (0_usize..6, 0_usize..5).prop_map(|(page, more)| (page * 4096 + more).saturating_sub(2));
    let length =
        prop_oneof![1_usize..40, near_page.clone().prop_map(|len| len.max(1)), 1_usize..60_000];
    (
        prop_oneof![near_page, 0_usize..20_000],
        [length.clone(), length.clone(), length],
        prop_oneof![Just(0_usize), Just(512), 0_usize..4096],
        prop_oneof![
            prop::sample::select(vec![512_usize, 1536, 4096, 6144, 8192, 65_536]),
            (1_usize..18).prop_map(|sectors| 512 * sectors)
        ],
        (1_usize..5, 1_usize..9),
        any::<(bool, bool)>(),
    )
        .prop_map(|(offset, lengths, shift, block_size, shape, mode)| Trio {
            offset,
            lengths,
            shift,
            block_size,
            shape,
            mode,
        })
}

proptest! {
    // Persistence would write into the source tree; the minimal case is printed anyway.
    #![proptest_config(Config { cases: 96, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_three_neighbours_agree_with_a_model(trio in trios()) {
        three_neighbours(&trio);
    }
}

fn three_neighbours(trio: &Trio) {
    let bench = Bench::new(settings(trio.block_size, trio.shape, trio.mode));
    let total: usize = trio.lengths.iter().sum();
    let mut model = pattern(3, trio.offset + total + 5000);
    let path = bench.filled("trio", &model);
    let mut memory = bench.engine.alloc(trio.shift + total).unwrap();
    memory[trio.shift..].copy_from_slice(&pattern(4, total));
    model[trio.offset..][..total].copy_from_slice(&memory[trio.shift..]);

    let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    let data = &memory[trio.shift..];
    bench
        .engine
        .scope(|s| {
            let mut begin = 0;
            for len in trio.lengths {
                let offset = (trio.offset + begin) as u64;
                // The scope is the one to wait, for all three at once.
                drop(s.pwrite(&file, &data[begin..begin + len], offset));
                begin += len;
            }
        })
        .unwrap();
    assert_same(&std::fs::read(&path).unwrap(), &model, &trio_told(trio));

    memory.fill(0);
    let mut rest = &mut memory[trio.shift..];
    bench
        .engine
        .scope(|s| {
            let mut offset = trio.offset as u64;
            for len in trio.lengths {
                let (slice, after) = std::mem::take(&mut rest).split_at_mut(len);
                drop(s.pread(&file, slice, offset));
                (rest, offset) = (after, offset + len as u64);
            }
        })
        .unwrap();
    let expected = &model[trio.offset..][..total];
    assert_same(&memory[trio.shift..], expected, &trio_told(trio));
}

fn trio_told(trio: &Trio) -> String {
    format!("{trio:?}")
}
