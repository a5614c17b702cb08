//! Tests of ds-aio through its public API, on real files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, these are the failure"
)]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the test harness shows it with a failure"
)]

mod engine;
