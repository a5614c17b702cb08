//! Puts and commits in a durable store until it is killed, and says how far it is; run by the tests of
//! `it` and `.ci/crashes.py`: `killed_store DIRECTORY…`.

#![allow(clippy::unwrap_used, reason = "how a helper fails: its caller shows the message")]

use std::{io::Write, path::PathBuf, sync::Arc};

use ds_aio::Engine;
use ds_aio_tests::{
    process::die_if_hung,
    rounds::{self, ROUNDS_TENSORS, tensor},
    settings::{MODES, SHAPES, settings},
};

fn main() {
    // Should nobody kill it.
    die_if_hung(60);
    let directories: Vec<_> = std::env::args().skip(1).map(PathBuf::from).collect();
    let engine = Arc::new(Engine::new(&settings(64 << 10, SHAPES[1], MODES[0])).unwrap());
    let store = rounds::builder_in(&directories).open(&engine).unwrap();
    let mut out = std::io::stdout();
    let first = rounds::of(&store).unwrap();
    writeln!(out, "found {first}").unwrap();
    for round in first + 1.. {
        for number in 0..ROUNDS_TENSORS {
            let (name, bytes) = tensor(number, round);
            // Some are overwritten before they are committed, wholly and in part.
            if number % 3 == 0 {
                drop(store.put(&name, tensor(number, round + 1000).1));
            }
            if number % 4 == 0 {
                let at = bytes.len() / 2;
                drop(store.put(&name, [&bytes[..at], &vec![0; bytes.len() - at]].concat()));
                drop(store.put_range(&name, at as u64, bytes[at..].to_vec()));
            } else {
                drop(store.put(&name, bytes));
            }
        }
        let (name, bytes) = rounds::passing(round);
        drop(store.put(&name, bytes));
        store.remove(&rounds::passing(round - 1).0).unwrap();
        writeln!(out, "committing {round}").unwrap();
        store.commit().unwrap();
        writeln!(out, "committed {round}").unwrap();
    }
}
