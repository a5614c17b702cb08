//! What engines take of their process: processor time, threads and descriptors, each counted in a
//! process of its own.

use std::process::Command;

use super::support::run;

#[test]
fn idle_engines_do_nothing_at_all() {
    if cfg!(target_os = "linux") {
        run(&mut Command::new(env!("CARGO_BIN_EXE_idle")));
    }
}

#[test]
fn engines_that_live_through_errors_leave_no_thread_and_no_descriptor() {
    if cfg!(target_os = "linux") {
        run(&mut Command::new(env!("CARGO_BIN_EXE_faulty_lives")));
    }
}
