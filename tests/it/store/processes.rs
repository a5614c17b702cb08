//! Stores in processes of their own.

use crate::{capabilities::require, process::scenario};

#[test]
fn a_forked_child_is_refused_and_does_no_harm() {
    scenario("forked_store", &[]);
}

#[test]
fn each_device_has_its_own_engine_space_and_mount() {
    if require("namespaces") {
        scenario("several_devices", &[]);
    }
}
