//! What is seen of a whole process alone: locked memory, huge pages, the most memory it had.

use crate::{capabilities::require, process::scenario};

#[test]
#[cfg(target_os = "linux")]
fn a_pool_locks_what_it_may_and_tells_what_it_may_not() {
    scenario("lock_limit", &[]);
}

#[test]
fn many_small_tensors_lie_on_huge_pages() {
    if require("huge_pages") {
        scenario("pool_pages", &["small_tensors"]);
    }
}

#[test]
fn large_tensors_lie_on_huge_pages_and_each_pool_counts_its_own() {
    if require("huge_pages") {
        scenario("pool_pages", &["large_tensors"]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn buffers_are_backed_by_memory_when_they_are_allocated() {
    scenario("pool_pages", &["populate"]);
}

#[test]
#[cfg(target_os = "linux")]
fn buffers_are_backed_by_memory_where_the_kernel_cannot_populate_them() {
    scenario("pool_pages", &["no_populate"]);
}

/// Copies of unaligned memory are as many blocks as are in flight, whatever the request's size.
#[test]
fn a_request_on_unaligned_memory_takes_no_more_than_its_blocks_in_flight() {
    if require("direct") {
        scenario("memory_bound", &["256"]);
    }
}

/// Whatever the model's size, and wherever its tensors begin and end.
#[test]
fn loading_some_of_a_model_takes_their_memory_and_that_of_the_blocks_in_flight() {
    if require("direct") {
        scenario("load_bound", &["128"]);
    }
}
