//! Full file systems and the limit of a process on file sizes, each in a process of its own.

use std::process::Command;

use crate::capabilities::require;

fn run(helper: &str, arguments: &[&str]) {
    super::support::run(Command::new(helper).args(arguments));
}

#[test]
fn a_full_file_system_is_an_error_with_the_bytes_done() {
    if require("namespaces") {
        run(env!("CARGO_BIN_EXE_no_space"), &["waited"]);
    }
}

#[test]
fn a_full_file_system_fails_detached_writes_at_the_next_sync() {
    if require("namespaces") {
        run(env!("CARGO_BIN_EXE_no_space"), &["detached"]);
    }
}

#[test]
fn a_full_file_system_fails_preallocation() {
    if require("namespaces") {
        run(env!("CARGO_BIN_EXE_no_space"), &["preallocated"]);
    }
}

#[test]
fn the_file_size_limit_is_an_error_with_the_bytes_done() {
    run(env!("CARGO_BIN_EXE_file_size_limit"), &["waited"]);
}

#[test]
fn the_file_size_limit_fails_detached_writes_at_the_next_sync() {
    run(env!("CARGO_BIN_EXE_file_size_limit"), &["detached"]);
}

#[test]
fn the_file_size_limit_fails_preallocation_and_leaves_the_process_alive() {
    run(env!("CARGO_BIN_EXE_file_size_limit"), &["preallocated"]);
}
