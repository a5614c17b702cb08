//! What needs a process of its own: full file systems, the limit of a process on file sizes, forks.

use crate::{capabilities::require, process::scenario};

#[test]
fn a_full_file_system_is_an_error_with_the_bytes_done() {
    if require("namespaces") {
        scenario("no_space", &["waited"]);
    }
}

#[test]
fn a_full_file_system_fails_detached_writes_at_the_next_sync() {
    if require("namespaces") {
        scenario("no_space", &["detached"]);
    }
}

#[test]
fn a_full_file_system_fails_preallocation() {
    if require("namespaces") {
        scenario("no_space", &["preallocated"]);
    }
}

#[test]
fn a_full_file_system_fails_allocation_and_keeps_what_is_there() {
    if require("namespaces") {
        scenario("no_space", &["allocated"]);
    }
}

#[test]
fn a_file_system_that_cannot_reserve_space_gets_a_sparse_file() {
    if require("namespaces") {
        scenario("no_space", &["without fallocate"]);
    }
}

#[test]
fn a_file_is_not_turned_to_the_page_cache_for_want_of_a_descriptor() {
    if require("direct") {
        scenario("few_descriptors", &[]);
    }
}

#[test]
fn the_file_size_limit_fails_allocation_and_whole_files() {
    scenario("file_size_limit", &["allocated"]);
}

#[test]
fn the_file_size_limit_is_an_error_with_the_bytes_done() {
    scenario("file_size_limit", &["waited"]);
}

#[test]
fn the_file_size_limit_fails_detached_writes_at_the_next_sync() {
    scenario("file_size_limit", &["detached"]);
}

#[test]
fn the_file_size_limit_fails_preallocation_and_leaves_the_process_alive() {
    scenario("file_size_limit", &["preallocated"]);
}

#[test]
fn a_forked_child_is_told_so_by_every_call_and_hangs_in_none() {
    scenario("forks", &["calls"]);
}

#[test]
fn tickets_and_futures_end_at_once_in_a_forked_child() {
    scenario("forks", &["tickets"]);
}

#[test]
fn a_fork_inside_a_scope_leaves_the_child_and_the_parent_working() {
    scenario("forks", &["scope"]);
}

#[test]
fn a_fork_on_another_thread_or_in_a_callback_is_a_fork_as_any() {
    scenario("forks", &["elsewhere"]);
}

#[test]
fn a_forked_child_has_engines_of_its_own_on_the_same_files() {
    scenario("forks", &["own"]);
}

#[test]
fn a_callback_that_forks_and_returns_in_the_child_has_no_request_made_there() {
    scenario("forks", &["returns"]);
}

#[test]
fn a_child_of_a_callback_with_nothing_to_do_ends() {
    scenario("forks", &["returns-idle"]);
}
