//! Replaces a file again and again until it is killed, and says how far it is:
//! `killed_writer PATH LENGTH`. Run by `.ci/crashes.py` it goes on with what is there, once it
//! has seen that this is whole: `killed_writer PATH LENGTH resume`.

use std::io::Write;

use ds_aio::{Engine, FileWriter, WriterOptions};
use ds_aio_tests::{
    generations::{SECTOR, generations, sectors},
    process::die_if_hung,
    settings::settings,
};

pub(crate) fn run(arguments: &[&str]) {
    // Should nobody kill it.
    die_if_hung(60);
    let [path, len, resume @ ..] = arguments else {
        panic!("usage: killed_writer PATH LENGTH [resume]");
    };
    let len: usize = len.parse().unwrap();
    let engine = Engine::new(&settings(64 << 10, (1, 8), (false, true))).unwrap();
    let options = WriterOptions::new().replace();
    let mut out = std::io::stdout();
    let mut first = 2;
    if !resume.is_empty() {
        let found = std::fs::read(path).map_or(0, |file| whole(&file, len));
        writeln!(out, "found {found}").unwrap();
        first = found + 1;
    }
    for generation in first.. {
        let data = sectors(0, len / SECTOR, generation);
        let mut writer = FileWriter::create_with(&engine, path, &options).unwrap();
        let (first, last) = data.split_at(len / 2);
        writer.write_all(first).unwrap();
        writeln!(out, "half of {generation}").unwrap();
        writer.write_all(last).unwrap();
        writer.finish().unwrap();
        writeln!(out, "done {generation}").unwrap();
    }
}

/// The one generation of all the file's sectors.
fn whole(file: &[u8], len: usize) -> u64 {
    assert_eq!(file.len(), len);
    let generations = generations(file);
    assert!(
        generations
            .iter()
            .all(|generation| generation.is_some_and(|of| Some(of) == generations[0]))
    );
    generations[0].unwrap()
}
