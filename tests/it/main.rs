//! Tests of ds-aio through its public API, on real files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, these are the failure"
)]

mod engine;
