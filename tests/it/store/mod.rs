//! Stores: named tensors in a directory, through the public API on real files.

mod basics;
mod capacity;
mod corrupt;
mod directories;
mod durable;
mod forms;
mod in_place;
mod killed;
mod memory;
mod model;
mod owner;
mod processes;
mod ranks;
mod scale;
mod stream;
mod support;
mod update;
