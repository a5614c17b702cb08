//! What is left of a file whose writer was killed (SIGKILL) in the middle.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use ds_aio::{Engine, OpenOptions};
use ds_aio_tests::{
    bytes::assert_same,
    generations::{SECTOR, generations, sectors},
    settings::{MODES, SHAPES, settings},
};

use crate::process::SCENARIO;

const LEN: usize = 2 << 20;

/// Kills a writer of the file's sectors from `offset` on, after so many of its messages.
fn kill_a_writer(mode: usize, shape: usize, offset: usize, messages: usize) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    let whole = sectors(0, LEN / SECTOR, 1);
    std::fs::write(&path, &whole).unwrap();
    let written = LEN - 2 * offset;
    let mut writer = Command::new(SCENARIO)
        .arg("killed")
        .arg(&path)
        .args([written, offset, mode, shape].map(|number| number.to_string()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(writer.stdout.take().unwrap()).lines();
    let mut seen: Vec<String> = said.by_ref().take(messages).map(Result::unwrap).collect();
    while !seen.last().is_some_and(|line| line.starts_with("under way")) {
        let Some(line) = said.next() else { break };
        seen.push(line.unwrap());
    }
    writer.kill().unwrap();
    let status = writer.wait().unwrap();
    seen.extend(said.map(Result::unwrap));
    let told = format!("mode {mode}, shape {shape}, from {offset} on, {:?}", seen.last());
    assert_eq!(status.code(), None, "ended by itself: {told}");
    let done = seen.iter().rev().find_map(|line| line.strip_prefix("done "));
    let done: u64 = done.map_or(1, |line| line.parse().unwrap());

    let found = std::fs::read(&path).unwrap();
    assert_eq!(found.len(), LEN, "{told}");
    let found = generations(&found);
    let (first, last) = (offset / SECTOR, (LEN - offset) / SECTOR);
    for (number, generation) in found.into_iter().enumerate() {
        let allowed = if (first..last).contains(&number) { done..=done + 1 } else { 1..=1 };
        let within = generation.is_some_and(|generation| allowed.contains(&generation));
        assert!(within, "sector {number} is {generation:?}, not of {allowed:?}: {told}");
    }

    let engine = Engine::new(&settings(16 << 10, SHAPES[shape], MODES[mode])).unwrap();
    let file = engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    let whole = sectors(0, LEN / SECTOR, done + 2);
    let whole = engine.pwrite(&file, whole, 0).wait().unwrap();
    engine.sync(&file).unwrap();
    let back = engine.pread(&file, vec![0; LEN], 0).wait().unwrap();
    assert_same(&back, &whole, &"completed by another engine");
}

#[test]
fn a_killed_writer_leaves_old_and_new_sectors_and_nothing_else() {
    // In the first write or in a later one; whole pages, or a head and a tail of half ones.
    for (mode, shape, offset, messages) in [
        (0, 0, 0, 1),
        (0, 3, SECTOR, 3),
        (1, 1, SECTOR, 1),
        (1, 2, 0, 3),
        (2, 2, SECTOR, 1),
        (2, 0, 0, 3),
        (3, 3, 0, 1),
        (3, 1, SECTOR, 3),
    ] {
        kill_a_writer(mode, shape, offset, messages);
    }
}
