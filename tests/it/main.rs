//! Tests of ds-aio through its public API: one binary, a module for each subject.

mod capabilities;
mod config;
mod engine;
mod loop_device;
mod memory;
mod process;
mod safetensors;
mod store;
mod stream;
mod ui;
