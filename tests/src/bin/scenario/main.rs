//! Scenarios that need a process of their own, run by the tests of `it`: `scenario NAME [ARGUMENT…]`.
//!
//! By hand, too: `memory_bound 8192` for requests of 8 GiB, `load_bound 4096` for a model of 4 GiB.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "how a scenario fails: its caller shows the message; the tables are for a person"
)]

mod faulty_lives;
#[cfg(target_os = "linux")]
mod few_descriptors;
mod file_size_limit;
mod forked_store;
mod forks;
#[cfg(target_os = "linux")]
mod idle;
mod injected;
mod killed;
mod killed_store;
mod killed_writer;
#[cfg(target_os = "linux")]
mod load_bound;
#[cfg(target_os = "linux")]
mod lock_limit;
#[cfg(target_os = "linux")]
mod memory_bound;
#[cfg(target_os = "linux")]
mod no_space;
#[cfg(target_os = "linux")]
mod pool_pages;
#[cfg(target_os = "linux")]
mod sandboxed;
#[cfg(target_os = "linux")]
mod several_devices;
mod ticket_storm;

use std::{env, process};

/// What is run with the arguments behind its name.
type Scenario = fn(&[&str]);

/// A scenario for Linux, which elsewhere says that it is.
macro_rules! on_linux {
    ($scenario:path) => {{
        #[cfg(target_os = "linux")]
        let scenario: Scenario = $scenario;
        #[cfg(not(target_os = "linux"))]
        let scenario: Scenario = |_| ds_aio_tests::process::not_possible_here("it is for Linux");
        scenario
    }};
}

const SCENARIOS: [(&str, Scenario); 18] = [
    ("faulty_lives", faulty_lives::run),
    ("few_descriptors", on_linux!(few_descriptors::run)),
    ("file_size_limit", file_size_limit::run),
    ("forked_store", forked_store::run),
    ("forks", forks::run),
    ("idle", on_linux!(idle::run)),
    ("injected", injected::run),
    ("killed", killed::run),
    ("killed_store", killed_store::run),
    ("killed_writer", killed_writer::run),
    ("load_bound", on_linux!(load_bound::run)),
    ("lock_limit", on_linux!(lock_limit::run)),
    ("memory_bound", on_linux!(memory_bound::run)),
    ("no_space", on_linux!(no_space::run)),
    ("pool_pages", on_linux!(pool_pages::run)),
    ("sandboxed", on_linux!(sandboxed::run)),
    ("several_devices", on_linux!(several_devices::run)),
    ("ticket_storm", ticket_storm::run),
];

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (name, arguments) = words.split_first().unwrap_or((&"", &[]));
    match SCENARIOS.iter().find(|(known, _)| known == name) {
        Some((_, run)) => run(arguments),
        None => {
            let names = SCENARIOS.map(|(name, _)| name).join(", ");
            eprintln!("no scenario is called {name:?}; there are {names}");
            process::exit(2);
        }
    }
}

/// This program once more, for the scenario of that name.
#[cfg(target_os = "linux")]
fn this_program(scenario: &str) -> process::Command {
    let mut command = process::Command::new(env::current_exe().unwrap());
    command.arg(scenario);
    command
}
