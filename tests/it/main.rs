//! Tests through the public API: one binary, a module for each subject.

mod config;
mod ui;
