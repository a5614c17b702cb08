//! Extents that touch each other within a page, written at the same time in every way there is: by
//! two engines, around the page cache and through it, where it holds the file in large folios.

use std::{
    ops::Range,
    path::Path,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
};

use ds_aio::{AioFile, DirectMode, Engine, EngineSettings, OpenOptions};
use ds_aio_tests::{
    bytes::{Rng, assert_same, pattern, seed},
    cache::evict,
    settings::{MODES, SHAPES, settings},
};
use proptest::{prelude::*, test_runner::Config};

use super::support::Bench;

/// What one round writes and how.
#[derive(Debug, Clone)]
struct Hammering {
    /// Of the two engines.
    settings: [EngineSettings; 2],
    seed: u64,
    begin: usize,
    /// Each with the engine that writes it.
    extents: Vec<(usize, usize)>,
    /// How far from a page the memory of the first extent begins.
    shift: usize,
    /// Whether the file is in the page cache at first.
    warm: bool,
    /// Whether somebody reads the file through the page cache all the while.
    reader: bool,
}

fn engine_settings() -> impl Strategy<Value = EngineSettings> {
    let block_size = prop::sample::select(vec![512, 1536, 4096, 6144, 16_384, 65_536, 1 << 20]);
    let shape = prop::sample::select(SHAPES.to_vec());
    let mode = prop::sample::select(MODES.to_vec());
    let direct = prop_oneof![4 => Just(DirectMode::Auto), 1 => Just(DirectMode::Never)];
    (block_size, shape, mode, direct).prop_map(|(block_size, shape, mode, direct)| {
        let mut settings = settings(block_size, shape, mode);
        settings.direct = direct;
        settings
    })
}

fn hammerings() -> impl Strategy<Value = Hammering> {
    let near_page = (0_usize..40, 0_usize..5)
        .prop_map(|(page, more)| (page * 4096 + more).saturating_sub(2).max(1));
    let len = prop_oneof![1_usize..100, near_page, 1_usize..300_000];
    (
        [engine_settings(), engine_settings()],
        any::<u64>(),
        0_usize..10_000,
        prop::collection::vec((len, 0_usize..2), 4..24),
        prop_oneof![Just(0_usize), 0_usize..4096],
        any::<(bool, bool)>(),
    )
        .prop_map(|(settings, seed, begin, extents, shift, (warm, reader))| Hammering {
            settings,
            seed,
            begin,
            extents,
            shift,
            warm,
            reader,
        })
}

proptest! {
    // Persistence would write into the source tree; the minimal case is printed anyway.
    #![proptest_config(Config { cases: 32, failure_persistence: None, ..Config::default() })]

    #[test]
    fn neighbours_that_share_pages_agree_with_a_model(hammering in hammerings()) {
        hammer(&hammering);
    }
}

fn hammer(hammering: &Hammering) {
    let told = format!("{hammering:?}");
    let bench = Bench::new(hammering.settings[0].clone());
    let other = Engine::new(&hammering.settings[1]).unwrap();
    let total: usize = hammering.extents.iter().map(|(len, _)| len).sum();
    let mut rng = Rng::new(hammering.seed);
    let mut model = pattern(rng.bits(), hammering.begin + total + rng.below(9000));
    let path = bench.filled("shared", &model);
    if !hammering.warm {
        evict(&path);
    }
    let write = OpenOptions::new().write();
    let files = [&bench.engine, &other].map(|engine| engine.open_with(&path, &write).unwrap());
    let mut memory = bench.engine.alloc(hammering.shift + total).unwrap();
    for _ in 0..3 {
        let data = &mut memory[hammering.shift..];
        data.copy_from_slice(&pattern(rng.bits(), total));
        model[hammering.begin..][..total].copy_from_slice(data);
        while_read(hammering.reader, &path, || {
            write_all([&bench.engine, &other], &files, hammering, data);
        });
        bench.engine.sync(&files[0]).expect("a sync");
        assert_same(&std::fs::read(&path).unwrap(), &model, &format!("cached, {told}"));
        evict(&path);
        assert_same(&std::fs::read(&path).unwrap(), &model, &format!("on the device, {told}"));
        let whole = bench.engine.pread(&files[0], vec![0; model.len()], 0).wait().unwrap();
        assert_same(&whole, &model, &format!("by the engine, {told}"));
    }
}

/// Writes all extents at once, each by its engine.
fn write_all(engines: [&Engine; 2], files: &[AioFile; 2], hammering: &Hammering, data: &[u8]) {
    let mut begin = 0;
    let ranges = hammering.extents.iter().map(|&(len, engine)| {
        let range = begin..begin + len;
        begin = range.end;
        (range, engine)
    });
    let ranges: Vec<(Range<usize>, usize)> = ranges.collect();
    let offset = |range: &Range<usize>| (hammering.begin + range.start) as u64;
    engines[0]
        .scope(|one| {
            engines[1].scope(|two| {
                for (range, engine) in &ranges {
                    let slice = &data[range.clone()];
                    // The scopes are the ones to wait, for all requests at once.
                    match engine {
                        0 => drop(one.pwrite(&files[0], slice, offset(range))),
                        _ => drop(two.pwrite(&files[1], slice, offset(range))),
                    }
                }
            })
        })
        .expect("the first engine's writes")
        .expect("the second engine's writes");
}

/// Runs `work` while, if so asked, another thread reads the file through the page cache, which fills
/// it with pages read ahead.
fn while_read(reader: bool, path: &Path, work: impl FnOnce()) {
    let over = AtomicBool::new(!reader);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Relaxed) {
                std::fs::read(path).unwrap();
            }
        });
        work();
        over.store(true, Relaxed);
    });
}

/// The same with many neighbours and whole pages as blocks; a failing seed is printed.
#[test]
fn many_rounds_on_one_file() {
    let seed = seed();
    println!("replay with DS_AIO_TEST_SEED={seed}");
    let mut rng = Rng::new(seed);
    for _ in 0..6 {
        let of_engine = |rng: &mut Rng| {
            let block_size = rng.pick(&[4096, 16_384, 65_536]);
            settings(block_size, rng.pick(&SHAPES), rng.pick(&MODES))
        };
        let settings = [of_engine(&mut rng), of_engine(&mut rng)];
        let extents = (0..60).map(|_| (1 + rng.below(40_000), rng.below(2))).collect();
        let (seed, begin, shift) = (rng.bits(), rng.below(5000), rng.below(2) * rng.below(4096));
        let (warm, reader) = (rng.below(2) == 0, false);
        hammer(&Hammering { settings, seed, begin, extents, shift, warm, reader });
    }
}
