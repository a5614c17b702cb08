//! Overwrites a file again and again until it is killed, and says how far it is:
//! `killed PATH LENGTH OFFSET MODE SHAPE`, the last two by their numbers.

use std::io::Write;

use ds_aio::{Engine, OpenOptions};
use ds_aio_tests::{
    generations::{SECTOR, sectors},
    process::die_if_hung,
    settings::{MODES, SHAPES, settings},
};

pub(crate) fn run(arguments: &[&str]) {
    // Should nobody kill it.
    die_if_hung(60);
    let [path, len, offset, mode, shape] = *arguments else {
        panic!("usage: killed PATH LENGTH OFFSET MODE SHAPE");
    };
    let number = |text: &str| text.parse::<usize>().unwrap();
    let (len, offset) = (number(len), number(offset));
    let (mode, shape) = (MODES[number(mode)], SHAPES[number(shape)]);
    let engine = Engine::new(&settings(16 << 10, shape, mode)).unwrap();
    let file = engine.open_with(path, &OpenOptions::new().write()).unwrap();
    let mut buffer = engine.alloc(len).unwrap();
    let mut out = std::io::stdout();
    for generation in 2.. {
        buffer.copy_from_slice(&sectors(offset / SECTOR, len / SECTOR, generation));
        let before = engine.stats().transfers;
        let ticket = engine.pwrite(&file, buffer, offset as u64);
        // Some blocks are written, others are not yet.
        while engine.stats().transfers == before {
            std::thread::yield_now();
        }
        if !ticket.is_done() {
            writeln!(out, "under way {generation}").unwrap();
        }
        buffer = ticket.wait().unwrap();
        writeln!(out, "done {generation}").unwrap();
    }
}
