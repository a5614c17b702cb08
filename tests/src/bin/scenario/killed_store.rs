//! Puts and commits in a durable store until it is killed, and says how far it is:
//! `killed_store DIRECTORY…`. `.ci/crashes.py` runs it, too.

use std::path::PathBuf;

use ds_aio_tests::{process::die_if_hung, rounds};

pub(crate) fn run(arguments: &[&str]) {
    // Should nobody kill it.
    die_if_hung(60);
    let directories: Vec<_> = arguments.iter().map(PathBuf::from).collect();
    rounds::go_on(&directories).unwrap();
}
