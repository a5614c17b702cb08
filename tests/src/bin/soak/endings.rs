//! An engine that is shut down with a deadline while several threads ask it for more.

use std::{
    fs::{self, File},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use ds_aio::{Engine, Error, ErrorKind, OpenOptions, Ticket};
use ds_aio_tests::bytes::{Rng, pattern};

use crate::round::{Round, any_engine};

const REGION: usize = 20_000;
const REGIONS: usize = 200;
const WRITERS: usize = 3;

pub(crate) fn run(round: &Round<'_>, rng: &mut Rng) {
    for _ in 0..2 {
        // What was in flight at the deadline may still be written when the next engine begins.
        let dir = round.directory();
        let engine = any_engine(rng);
        let seeds: Vec<u64> = (0..WRITERS).map(|_| rng.bits()).collect();
        let timeout =
            rng.pick(&[Duration::ZERO, Duration::from_millis(2), Duration::from_secs(60)]);
        let ended = 1 + rng.below(WRITERS * REGIONS / 2) as u64;
        let enough = AtomicBool::new(false);
        round.tally.fault("engine shut down under load");
        thread::scope(|threads| {
            for (number, seed) in seeds.into_iter().enumerate() {
                let path = dir.path().join(number.to_string());
                let (engine, enough) = (&engine, &enough);
                threads.spawn(move || write(round, engine, &path, seed, enough));
            }
            // Or nothing is left to be done.
            while engine.stats().requests() < ended && !enough.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            if let Err(failures) = engine.shutdown(timeout) {
                failures.errors().iter().for_each(is_of_the_end);
            }
        });
    }
}

/// Writes region after region, whether or not that is still accepted, and looks at what is there.
fn write(round: &Round<'_>, engine: &Engine, path: &Path, seed: u64, enough: &AtomicBool) {
    File::create(path).unwrap().set_len((REGION * REGIONS) as u64).unwrap();
    let Ok(file) = engine.open_with(path, &OpenOptions::new().write()) else { return };
    let new = pattern(seed, REGION * REGIONS);
    let writes = new.chunks(REGION).zip(0..).map(|(region, number)| {
        round.tally.operation("write while the engine ends", REGION);
        engine.pwrite(&file, region.to_vec(), number * REGION as u64)
    });
    let writes: Vec<Ticket<Vec<u8>>> = writes.collect();
    enough.store(true, Ordering::Relaxed);
    let ended: Vec<_> = writes.into_iter().map(Ticket::wait).collect();
    let found = fs::read(path).unwrap();
    let regions = found.chunks(REGION).zip(new.chunks(REGION));
    for ((found, new), ended) in regions.zip(ended) {
        let done = match ended {
            Ok(_) => REGION,
            Err(failed) => {
                let error = failed.error();
                is_of_the_end(error);
                round.tally.error(error.kind());
                error.done()
            }
        };
        round.tally.compare(&found[..done], &new[..done], &"written before the end");
        let strange = (done..REGION).find(|&at| found[at] != 0 && found[at] != new[at]);
        assert_eq!(strange, None, "neither old nor new: a byte of a write given up");
        round.tally.verified(REGION - done);
    }
}

fn is_of_the_end(error: &Error) {
    assert!(matches!(error.kind(), ErrorKind::ShutDown | ErrorKind::Closed), "{error}");
}
