//! ds-aio

// Generated code names this crate by its path, here as in any other crate.
extern crate self as ds_aio;

mod config;
#[doc(hidden)]
pub mod private;

pub use config::*;
pub use ds_aio_macros::Config;
