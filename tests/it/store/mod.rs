//! Stores: named tensors in a directory, through the public API on real files.

mod basics;
mod corrupt;
mod durable;
mod killed;
mod model;
mod owner;
mod support;
