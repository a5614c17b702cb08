//! Random work on random engines for so many seconds, looking for hangs and wrong bytes; to be run
//! by hand: `cargo run -p ds-aio-tests --bin stress -- SECONDS [SEED]`.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a command for developers")]

use std::time::{Duration, Instant};

use ds_aio::{AioFile, Engine, OpenOptions, Ticket};
use ds_aio_tests::{
    bytes::{Rng, assert_same, pattern, seed},
    process::die_if_hung,
    settings::{MODES, settings},
};

const REGION: usize = 64 << 10;
const REGIONS: usize = 64;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().map_or(10, |text| text.parse().unwrap());
    let mut seed = arguments.next().map_or_else(seed, |text| text.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut rounds, mut longest) = (0_u64, (Duration::ZERO, seed));
    while Instant::now() < end {
        // Ends the process by SIGALRM when one round hangs; the seed is told beforehand.
        eprint!("\rround {rounds}, seed {seed}        ");
        die_if_hung(60);
        let begin = Instant::now();
        round(&mut Rng::new(seed));
        longest = longest.max((begin.elapsed(), seed));
        rounds += 1;
        seed = seed.wrapping_add(1);
    }
    eprintln!("\n{rounds} rounds, the longest {longest:?}");
}

/// One engine on one file, whose regions are written and read in any order, each by one request at
/// a time, and checked against a model.
fn round(rng: &mut Rng) {
    let shape = (1 + rng.below(6), 1 + rng.below(40));
    let block_size = rng.pick(&[512, 1536, 4096, 16 << 10, 1 << 20]);
    let engine = Engine::new(&settings(block_size, shape, rng.pick(&MODES))).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    let mut model = pattern(rng.bits(), REGION * REGIONS);
    std::fs::write(&path, &model).unwrap();
    let file = engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    // Regions do not begin at block or page boundaries.
    let skew = rng.below(REGION);
    for _ in 0..rng.below(8) {
        batch(&engine, &file, &mut model, skew, rng);
        if rng.below(3) == 0 {
            engine.sync(&file).unwrap();
        }
    }
    let mut last = Vec::new();
    for _ in 0..rng.below(200) {
        let beyond = rng.below(2) * model.len();
        let ticket = engine.pread(&file, vec![0; 1 + rng.below(REGION)], beyond as u64);
        if rng.below(2) == 0 {
            last.push(ticket);
        }
    }
    if rng.below(2) == 0 {
        drop(last);
        drop(engine.close());
    } else {
        let ending = std::thread::spawn(move || drop(engine));
        for ticket in last {
            drop(ticket.wait());
        }
        ending.join().unwrap();
    }
    assert_same(&std::fs::read(&path).unwrap(), &model, &"the file at the end of the round");
}

fn batch(engine: &Engine, file: &AioFile, model: &mut [u8], skew: usize, rng: &mut Rng) {
    let mut reads: Vec<(Ticket<Vec<u8>>, Vec<u8>)> = Vec::new();
    let mut writes = Vec::new();
    let mut numbers: Vec<usize> = (0..REGIONS - 1).collect();
    rng.shuffle(&mut numbers);
    for number in numbers {
        let begin = skew + number * REGION;
        let region = begin..begin + 1 + rng.below(REGION);
        if rng.below(2) == 0 {
            model[region.clone()].copy_from_slice(&pattern(rng.bits(), region.len()));
            let data = model[region].to_vec();
            writes.push(engine.pwrite(file, data, begin as u64));
        } else {
            let expected = model[region].to_vec();
            let ticket = engine.pread(file, vec![0; expected.len()], begin as u64);
            reads.push((ticket, expected));
        }
    }
    for (read, expected) in reads {
        assert_same(&read.wait().unwrap(), &expected, &"a region read");
    }
    for write in writes {
        write.wait().unwrap();
    }
}
