//! Puts and commits in a durable store until it is killed, and says how far it is; run by the tests of
//! `it` and `.ci/crashes.py`: `killed_store DIRECTORY…`.

#![allow(clippy::unwrap_used, reason = "how a helper fails: its caller shows the message")]

use std::path::PathBuf;

use ds_aio_tests::{process::die_if_hung, rounds};

fn main() {
    // Should nobody kill it.
    die_if_hung(60);
    let directories: Vec<_> = std::env::args().skip(1).map(PathBuf::from).collect();
    rounds::go_on(&directories).unwrap();
}
