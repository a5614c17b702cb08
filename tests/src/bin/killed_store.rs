//! Puts and commits in a durable store until it is killed, and says how far it is; run by the tests of
//! `it`: `killed_store DIRECTORY`.

#![allow(clippy::unwrap_used, reason = "how a helper fails: its caller shows the message")]

use std::path::Path;

use ds_aio_tests::{process::die_if_hung, rounds};

fn main() {
    // Should nobody kill it.
    die_if_hung(60);
    let directory = std::env::args().nth(1).unwrap();
    rounds::go_on(Path::new(&directory)).unwrap();
}
