//! ds-aio

// Generated code names this crate by its path, here as in any other crate.
extern crate self as ds_aio;

mod config;
#[doc(hidden)]
pub mod private;

pub use config::{
    AIO, AIO_BLOCK_SIZE, AIO_BLOCK_SIZE_DEFAULT, AIO_BLOCK_SIZE_ENV, AIO_FORMAT,
    AIO_OVERLAP_EVENTS, AIO_OVERLAP_EVENTS_DEFAULT, AIO_OVERLAP_EVENTS_ENV, AIO_QUEUE_DEPTH,
    AIO_QUEUE_DEPTH_DEFAULT, AIO_QUEUE_DEPTH_ENV, AIO_SINGLE_SUBMIT, AIO_SINGLE_SUBMIT_DEFAULT,
    AIO_SINGLE_SUBMIT_ENV, AIO_THREAD_COUNT, AIO_THREAD_COUNT_DEFAULT, AIO_THREAD_COUNT_ENV,
    AioConfig, AioConfigBuilder, Choices, ConfigErrors, ConfigSchema, ConfigValue, Diagnostic,
    DiagnosticKind, EngineConfig, EngineSettings, EnvSource, FieldMeta, FixedKey, Integer, Kind,
    Loaded, Loader, Origin, ProcessEnv, RawValue, Rules, Scalar, Severity, Shadowed,
};
pub use ds_aio_macros::Config;
