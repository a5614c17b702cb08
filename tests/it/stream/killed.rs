//! What is left of a file whose writer was killed (SIGKILL) while it replaced it.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use ds_aio_tests::generations::{SECTOR, generations, sectors};

use crate::process::SCENARIO;

/// So long that several buffers are in flight.
const LEN: usize = (5 << 20) + SECTOR;

#[test]
fn a_killed_writer_leaves_the_old_file_or_the_new_one() {
    for messages in [1, 2, 3, 4, 5, 6, 8, 11] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        std::fs::write(&path, sectors(0, LEN / SECTOR, 1)).unwrap();
        let mut writer = Command::new(SCENARIO)
            .arg("killed_writer")
            .arg(&path)
            .arg(LEN.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(writer.stdout.take().unwrap()).lines();
        let mut seen: Vec<String> = said.by_ref().take(messages).map(Result::unwrap).collect();
        writer.kill().unwrap();
        let status = writer.wait().unwrap();
        seen.extend(said.map(Result::unwrap));
        assert_eq!(status.code(), None, "ended by itself: {:?}", seen.last());
        let done = seen.iter().rev().find_map(|line| line.strip_prefix("done "));
        let done: u64 = done.map_or(1, |line| line.parse().unwrap());

        let found = std::fs::read(&path).unwrap();
        assert_eq!(found.len(), LEN);
        let found = generations(&found);
        let first = found[0].unwrap();
        assert!(found.iter().all(|&generation| generation == Some(first)), "torn");
        assert!((done..=done + 1).contains(&first), "{first} after {:?}", seen.last());
    }
}
