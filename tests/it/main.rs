//! Tests of ds-aio through its public API: one binary, a module for each subject.

mod capabilities;
#[cfg(target_os = "linux")]
mod cli;
mod config;
mod documents;
mod engine;
mod loop_device;
mod memory;
mod process;
mod safetensors;
mod soak;
mod store;
mod stream;
mod ui;
