//! ds-aio

#![cfg_attr(
    not(test),
    warn(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::print_stdout,
        clippy::print_stderr
    )
)]

// Generated code names this crate by its path, here as in any other crate.
extern crate self as ds_aio;

#[cfg(all(feature = "engine", unix))]
mod buf;
mod config;
#[cfg(all(feature = "engine", unix))]
mod engine;
#[cfg(all(feature = "engine", unix))]
mod error;
#[doc(hidden)]
pub mod private;
#[cfg(all(feature = "engine", unix))]
mod sync;
#[cfg(all(feature = "engine", unix))]
mod sys;

#[cfg(all(feature = "engine", unix))]
pub use crate::{
    buf::{AioBuf, IoBuf, IoBufMut},
    engine::{
        AioFile, EffectiveSettings, Engine, Failed, OpenOptions, Scope, ScopedTicket, Stats, Ticket,
    },
    error::{Error, ErrorKind, Failures, Operation, StartError},
};
pub use config::*;
pub use ds_aio_macros::Config;
