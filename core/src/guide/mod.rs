//! The guide: how to configure ds-aio, operate it and rely on it. It holds no code, and is part of the
//! documentation alone.
//!
//! - [`configuration`]: a configuration struct of your own, attribute by attribute
//! - [`operating`]: the variables, the command `ds-aio`, and what to look at when it is slow
//! - [`performance`]: what limits what, and which setting moves it
//! - [`guarantees`]: what the engine, the streams and the store promise, and the test behind each promise
//! - [`deepspeed`]: from DeepSpeed's settings and calls to these
//! - [`extending`]: what of the engine can be exchanged, and how a backend is written
//!
//! The way of the data:
//!
#![doc = include_str!("data_way.svg")]

#[doc = include_str!("configuration.md")]
pub mod configuration {}

#[doc = include_str!("operating.md")]
pub mod operating {}

#[doc = include_str!("performance.md")]
pub mod performance {}

#[doc = include_str!("guarantees.md")]
pub mod guarantees {}

#[doc = include_str!("deepspeed.md")]
pub mod deepspeed {}

#[doc = include_str!("extending.md")]
pub mod extending {}
