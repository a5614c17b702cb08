//! Owners of stores that are killed, and children that are forked from all this.

use std::{env, fs, process::Command};

use ds_aio::{ErrorKind, OpenOptions};
use ds_aio_tests::{
    bytes::{Rng, assert_same, pattern},
    fork::in_child,
    rounds::Killed,
};

use crate::{
    STORE_OWNER,
    round::{Round, any_engine},
};

const KILLS: usize = 3;
const LEN: usize = 300_000;

pub(crate) fn run(round: &Round<'_>, rng: &mut Rng) {
    let dir = round.directory();
    let path = dir.path().join("store");
    let mut killed = Killed::new(path.clone(), round.engine(rng));
    for _ in 0..KILLS {
        round.tally.fault("owner of a store killed");
        let owner = &mut Command::new(env::current_exe().unwrap());
        killed.once_more(owner.arg(STORE_OWNER).arg(&path), rng);
    }
    for _ in 0..2 {
        round.tally.fault("process forked");
        fork(round, rng);
    }
}

fn fork(round: &Round<'_>, rng: &mut Rng) {
    let dir = round.directory();
    let path = dir.path().join("data");
    let data = pattern(rng.bits(), LEN);
    fs::write(&path, &data).unwrap();
    let engine = round.engine(rng);
    let file = engine.open(&path).unwrap();
    let under_way = engine.pread(&file, vec![0; LEN], 0);
    let mut in_fork = rng.clone();
    // Locks of other threads, the tally's among them, may be held in the child for ever.
    in_child(dir.path(), |steps| {
        steps.at("requests on the parent's engine");
        let failed = engine.pread(&file, vec![0; LEN], 0).wait().unwrap_err();
        assert_eq!(failed.error().kind(), ErrorKind::Forked);
        let failures = engine.sync(&file).unwrap_err();
        assert_eq!(failures.errors()[0].kind(), ErrorKind::Forked);
        steps.at("an engine of the child's");
        let engine = any_engine(&mut in_fork);
        let file = engine.open_with(&path, &OpenOptions::new().write()).unwrap();
        let back = engine.pread(&file, vec![0; LEN], 0).wait().unwrap();
        assert_same(&back, &data, &"read by a child");
        steps.at("the end of the child's engine");
        engine.pwrite(&file, back, LEN as u64).wait().unwrap();
        engine.close().unwrap();
    });
    round.tally.operation("read across a fork", LEN);
    round.tally.compare(&under_way.wait().unwrap(), &data, &"read across a fork");
    let found = fs::read(&path).unwrap();
    round.tally.compare(&found, &data.repeat(2), &"written by a child");
}
