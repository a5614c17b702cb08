//! Holds the examples; `cargo run --example NAME` from the workspace root runs one.
