//! Overwrites a file again and again until it is killed, and says how far it is; run by the tests of
//! `it`: `killed PATH LENGTH OFFSET MODE SHAPE`, the last two by their numbers.

#![allow(clippy::unwrap_used, reason = "how a helper fails: its caller shows the message")]

use std::io::Write;

use ds_aio::{Engine, OpenOptions};
use ds_aio_tests::{
    generations::{SECTOR, sectors},
    process::die_if_hung,
    settings::{MODES, SHAPES, settings},
};

fn main() {
    // Should nobody kill it.
    die_if_hung(60);
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap();
    let mut number = || arguments.next().unwrap().parse::<usize>().unwrap();
    let (len, offset) = (number(), number());
    let (mode, shape) = (MODES[number()], SHAPES[number()]);
    let engine = Engine::new(&settings(16 << 10, shape, mode)).unwrap();
    let file = engine.open_with(&path, &OpenOptions::new().write()).unwrap();
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
