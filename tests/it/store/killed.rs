//! What is left of a durable store whose process was killed (SIGKILL) at any moment.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use ds_aio::{Engine, EngineSettings};
use ds_aio_tests::{
    bytes::{Rng, seed},
    rounds,
};

const KILLS: usize = 200;

/// The number at the end of a line that begins with `what`, of the last such line.
fn last(said: &[String], what: &str) -> Option<u64> {
    said.iter().rev().find_map(|line| line.strip_prefix(what)?.trim().parse().ok())
}

#[test]
fn the_last_commit_outlives_two_hundred_kills() {
    let seed = seed();
    println!("replay with DS_AIO_TEST_SEED={seed}");
    let mut rng = Rng::new(seed);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let engine = Arc::new(Engine::new(&EngineSettings::default()).unwrap());
    let (mut committed, mut in_commit) = (0, 0);
    for kill in 0..KILLS {
        let mut process = Command::new(env!("CARGO_BIN_EXE_killed_store"))
            .arg(&path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        // Killed while it opens the store, or so long after one of its next words.
        let words = rng.below(6);
        let mut said: Vec<String> = lines.by_ref().take(words).map(Result::unwrap).collect();
        let until = Instant::now() + Duration::from_micros(rng.below(2500) as u64);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        process.kill().unwrap();
        assert_eq!(process.wait().unwrap().code(), None, "it ended by itself: {said:?}");
        said.extend(lines.map(Result::unwrap));

        let told = format!("kill {kill}, after {said:?}");
        if let Some(found) = last(&said, "found") {
            assert_eq!(found, committed, "{told}");
        }
        let at_least = last(&said, "committed").unwrap_or(committed);
        let at_most = last(&said, "committing").unwrap_or(committed);
        in_commit += usize::from(at_most > at_least);
        let store = rounds::builder(&path).open(&engine).unwrap();
        committed = rounds::of(&store).unwrap();
        assert!((at_least..=at_most).contains(&committed), "round {committed}: {told}");
        if committed == 0 {
            store.close().unwrap();
            continue;
        }
        // What is there is the index's and nobody else's.
        let files = |path: &std::path::Path| -> BTreeSet<_> {
            let entries = std::fs::read_dir(path).unwrap();
            entries.map(|entry| entry.unwrap().file_name()).collect()
        };
        let before = files(&path);
        store.close().unwrap();
        assert_eq!(before, files(&path), "{told}");
        assert!(before.len() <= 2 + 3 * 2 + 4, "{before:?}: {told}");
    }
    println!("{in_commit} kills during a commit, {committed} rounds");
    assert!(in_commit > KILLS / 10, "only {in_commit} kills during a commit");
}
