//! Stores in processes of their own.

use std::process::Command;

use crate::{capabilities::require, process::run};

#[test]
fn a_forked_child_is_refused_and_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    // One that is killed cannot remove its files.
    let output = Command::new(env!("CARGO_BIN_EXE_forked_store"))
        .env("TMPDIR", dir.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {told}", output.status);
}

#[test]
fn each_device_has_its_own_engine_space_and_mount() {
    if require("namespaces") {
        run(env!("CARGO_BIN_EXE_several_devices"), &[]);
    }
}
