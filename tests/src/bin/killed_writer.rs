//! Replaces a file again and again until it is killed, and says how far it is; run by the tests of
//! `it`: `killed_writer PATH LENGTH`.

#![allow(clippy::unwrap_used, reason = "how a helper fails: its caller shows the message")]

use std::io::Write;

use ds_aio::{Engine, FileWriter, WriterOptions};
use ds_aio_tests::{
    generations::{SECTOR, sectors},
    process::die_if_hung,
    settings::settings,
};

fn main() {
    // Should nobody kill it.
    die_if_hung(60);
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap();
    let len: usize = arguments.next().unwrap().parse().unwrap();
    let engine = Engine::new(&settings(64 << 10, (1, 8), (false, true))).unwrap();
    let options = WriterOptions::new().replace();
    let mut out = std::io::stdout();
    for generation in 2.. {
        let data = sectors(0, len / SECTOR, generation);
        let mut writer = FileWriter::create_with(&engine, &path, &options).unwrap();
        let (first, last) = data.split_at(len / 2);
        writer.write_all(first).unwrap();
        writeln!(out, "half of {generation}").unwrap();
        writer.write_all(last).unwrap();
        writer.finish().unwrap();
        writeln!(out, "done {generation}").unwrap();
    }
}
