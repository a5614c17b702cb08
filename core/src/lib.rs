//! ds-aio
extern crate self as ds_aio;

#[cfg(all(feature = "engine", unix))]
mod buf;
pub mod config;
#[cfg(all(feature = "engine", unix))]
mod engine;
#[cfg(all(feature = "engine", unix))]
mod error;
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
pub use config::{EngineConfig, EngineSettings};
