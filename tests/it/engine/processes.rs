//! What engines take of their process: processor time, threads and descriptors, each counted in a
//! process of its own.

use crate::process::scenario;

#[test]
fn idle_engines_do_nothing_at_all() {
    if cfg!(target_os = "linux") {
        scenario("idle", &[]);
    }
}

#[test]
fn engines_that_live_through_errors_leave_no_thread_and_no_descriptor() {
    if cfg!(target_os = "linux") {
        scenario("faulty_lives", &[]);
    }
}
