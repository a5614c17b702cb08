//! What is left of a durable store whose process was killed (SIGKILL) at any moment.

use std::{process::Command, sync::Arc};

use ds_aio::{Engine, EngineSettings};
use ds_aio_tests::{
    bytes::{Rng, seed},
    rounds::Killed,
};

use crate::process::SCENARIO;

const KILLS: usize = 200;

#[test]
fn the_last_commit_outlives_two_hundred_kills() {
    let seed = seed();
    println!("replay with DS_AIO_TEST_SEED={seed}");
    let mut rng = Rng::new(seed);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let engine = Arc::new(Engine::new(&EngineSettings::default()).unwrap());
    let mut killed = Killed::new(path.clone(), engine);
    for _ in 0..KILLS {
        let owner = &mut Command::new(SCENARIO);
        killed.once_more(owner.arg("killed_store").arg(&path), &mut rng);
    }
    let Killed { in_commit, committed, .. } = killed;
    println!("{in_commit} kills during a commit, {committed} rounds");
    assert!(in_commit > KILLS / 10, "only {in_commit} kills during a commit");
}
