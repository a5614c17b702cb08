//! Engines that live through errors of all kinds and end in every way, and a count of threads and
//! descriptors after each.

use std::{fs, path::Path};

use ds_aio::{Engine, OpenOptions};
use ds_aio_tests::{
    process::{descriptors, die_if_hung, settles_to, threads},
    settings::{MODES, SHAPES, settings},
};

const ENDINGS: usize = 4;

pub(crate) fn run(_: &[&str]) {
    die_if_hung(100);
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("data"), vec![7; 50_000]).unwrap();
    let before = (threads().unwrap(), descriptors().unwrap());
    for mode in MODES {
        for shape in SHAPES {
            for ending in 0..ENDINGS {
                live(Engine::new(&settings(4096, shape, mode)).unwrap(), dir.path(), ending);
                settles_to(before);
            }
        }
    }
}

fn live(engine: Engine, dir: &Path, ending: usize) {
    let data = dir.join("data");
    engine.open(dir.join("missing")).unwrap_err();
    engine.open_with(&data, &OpenOptions::new().create_new()).unwrap_err();
    engine.open_with(dir, &OpenOptions::new().write()).unwrap_err();
    let reading = engine.open(&data).unwrap();
    let writing = engine.open_with(&data, &OpenOptions::new().write()).unwrap();
    let directory = engine.open(dir).unwrap();
    // Each of these fails: past the end, wrong access mode, no regular file, beyond all offsets.
    engine.pread(&reading, vec![0; 60_000], 0).wait().unwrap_err();
    engine.pwrite(&reading, vec![0; 60_000], 0).wait().unwrap_err();
    engine.pread(&directory, vec![0; 10], 0).wait().unwrap_err();
    engine.pread(&reading, vec![0; 10], u64::MAX).wait().unwrap_err();
    let owner = Engine::new(&settings(4096, (1, 1), MODES[0])).unwrap();
    owner.pread(&reading, vec![0; 10], 0).wait().unwrap_err();
    let mut kept = Vec::new();
    for number in 0..100 {
        let (offset, file) = (number * 1000, [&reading, &writing, &directory][number as usize % 3]);
        let ticket = engine.pread(file, vec![0; 20_000], offset);
        if number % 7 == 0 {
            ticket.cancel();
        }
        match number % 4 {
            0 => drop(ticket),
            1 => kept.push(ticket),
            2 => drop(ticket.wait()),
            _ => drop(engine.pwrite(&writing, vec![1; 9000], 0)),
        }
    }
    match ending {
        0 => {
            engine.close().unwrap_err();
        }
        1 => drop(engine),
        // The tickets and the files outlive it, or the other way round.
        2 => {
            drop((reading, writing, directory));
            drop(engine);
        }
        _ => {
            std::thread::spawn(move || drop(engine)).join().unwrap();
            for ticket in kept {
                drop(ticket.wait());
            }
        }
    }
}
