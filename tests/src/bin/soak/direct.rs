//! A file that is written and read with O_DIRECT alone: what is not aligned is refused, wherever its memory
//! is.

use std::{fs, ops::Range};

use ds_aio::{BackendMode, DirectMode, Engine, ErrorKind, OpenOptions};
use ds_aio_tests::{
    bytes::{Rng, pattern},
    settings::{MODES, settings},
};

use crate::{
    requests::{Requests, Way},
    round::Round,
};

const PAGE: usize = 4096;
const PAGES: usize = 600;
const BATCHES: usize = 10;

pub(crate) fn run(round: &Round<'_>, rng: &mut Rng) {
    let dir = round.directory();
    let path = dir.path().join("direct");
    let mut model = pattern(rng.bits(), PAGE * PAGES);
    fs::write(&path, &model).unwrap();
    let engine = engine(rng);
    let file = match engine.open_with(&path, &OpenOptions::new().write()) {
        Ok(file) => file,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::NotDirect, "{error}");
            round.tally.error(error.kind());
            return;
        }
    };
    let requests = Requests { engine: &engine, file: &file, tally: round.tally };
    for _ in 0..BATCHES {
        let (mut reads, mut writes) = (Vec::new(), Vec::new());
        for range in ranges(rng) {
            round.tally.operation("request with O_DIRECT alone", range.len());
            if rng.below(2) == 0 {
                reads.push((range.clone(), requests.read(range, Way::Wait, rng)));
            } else {
                let new = pattern(rng.bits(), range.len());
                model[range.clone()].copy_from_slice(&new);
                writes.push((requests.write(&new, range.start, Way::Wait, rng), new));
            }
        }
        for (range, read) in reads {
            let found = read().map_err(|(error, _)| error).unwrap();
            round.tally.compare(&found, &model[range], &"read with O_DIRECT alone");
        }
        for (write, new) in writes {
            let back = write().map_err(|(error, _)| error).unwrap();
            round.tally.compare(&back, &new, &"a buffer given back");
        }
        let at = rng.below(PAGE * PAGES / 2) | 1;
        let data = vec![0; 1 + rng.below(3 * PAGE)];
        let (error, _) = requests.write(&data, at, Way::Wait, rng)().unwrap_err();
        assert_eq!((error.kind(), error.done()), (ErrorKind::NotDirect, 0), "{error}");
        round.tally.error(error.kind());
    }
    drop(file);
    engine.close().unwrap();
    round.tally.compare(&fs::read(&path).unwrap(), &model, &"the file at the end");
}

fn engine(rng: &mut Rng) -> Engine {
    let block_size = PAGE << rng.below(6);
    let mut settings =
        settings(block_size, (1 + rng.below(3), 1 + rng.below(16)), rng.pick(&MODES));
    settings.backend = rng.pick(&[settings.backend, BackendMode::Threads]);
    settings.direct = DirectMode::Always;
    Engine::new(&settings).unwrap()
}

/// Whole pages, no two of which are the same.
fn ranges(rng: &mut Rng) -> Vec<Range<usize>> {
    let mut ends: Vec<_> = (0..30).map(|_| PAGE * (1 + rng.below(PAGES - 1))).collect();
    ends.sort_unstable();
    ends.dedup();
    let mut ranges: Vec<_> = ends.windows(2).map(|ends| ends[0]..ends[1]).collect();
    rng.shuffle(&mut ranges);
    ranges
}
