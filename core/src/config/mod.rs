//! Configuration: what `#[derive(Config)]` describes, and the loading, merging and reporting it
//! drives. Knows no threads and does no engine I/O.

pub(crate) mod access;
mod aio;
pub(crate) mod auto;
mod backend;
pub(crate) mod choice;
mod decimal;
pub(crate) mod describe;
mod diagnostic;
mod direct;
mod duration;
mod env;
mod field;
mod file;
mod layer;
mod loader;
mod nested;
mod numbers;
mod outline;
pub(crate) mod parsed;
#[cfg(feature = "store")]
mod placement;
#[cfg(feature = "store")]
pub(crate) mod ranked_path;
mod raw;
pub(crate) mod rejection;
pub(crate) mod rules;
pub(crate) mod scalar;
mod schema;
mod secret;
#[cfg(feature = "serde")]
pub(crate) mod serde;
mod settings;
mod size;
mod slot;
mod source;
#[cfg(feature = "store")]
mod store;
pub(crate) mod text;
pub(crate) mod together;
pub(crate) mod value;
pub(crate) mod values;
mod variables;
mod written;

pub use aio::{
    AIO, AIO_BACKEND, AIO_BACKEND_DEFAULT, AIO_BACKEND_ENV, AIO_BACKGROUND_RATE,
    AIO_BACKGROUND_RATE_DEFAULT, AIO_BACKGROUND_RATE_ENV, AIO_BLOCK_SIZE, AIO_BLOCK_SIZE_DEFAULT,
    AIO_BLOCK_SIZE_ENV, AIO_DIRECT, AIO_DIRECT_DEFAULT, AIO_DIRECT_ENV, AIO_DOCS_TABLE,
    AIO_ENV_TEMPLATE, AIO_FORMAT, AIO_JSON_SCHEMA, AIO_OVERLAP_EVENTS, AIO_OVERLAP_EVENTS_DEFAULT,
    AIO_OVERLAP_EVENTS_ENV, AIO_QUEUE_CAPACITY, AIO_QUEUE_CAPACITY_DEFAULT, AIO_QUEUE_CAPACITY_ENV,
    AIO_QUEUE_DEPTH, AIO_QUEUE_DEPTH_DEFAULT, AIO_QUEUE_DEPTH_ENV, AIO_SINGLE_SUBMIT,
    AIO_SINGLE_SUBMIT_DEFAULT, AIO_SINGLE_SUBMIT_ENV, AIO_THREAD_COUNT, AIO_THREAD_COUNT_DEFAULT,
    AIO_THREAD_COUNT_ENV, AIO_TOML_TEMPLATE, AioConfig, AioConfigBuilder,
};
pub use backend::BackendMode;
pub use choice::UnknownName;
pub use diagnostic::{ConfigErrors, Diagnostic, DiagnosticKind, Severity};
pub use direct::DirectMode;
pub use env::{EnvSource, ProcessEnv};
pub use field::{DeprecatedKey, FieldMeta};
pub use loader::{Loaded, Loader, Origin, Shadowed};
pub use nested::Nested;
#[cfg(feature = "store")]
pub use placement::{Launcher, Placement, UnknownPlacement};
pub use raw::RawValue;
pub use rules::{Choices, Rules};
pub use scalar::{Integer, Scalar};
pub use schema::{ConfigSchema, FixedKey};
pub use secret::Secret;
pub use settings::{EngineConfig, EngineSettings};
#[cfg(feature = "store")]
pub use store::{StoreConfig, StoreConfigBuilder};
pub use text::{TextKind, text_of as text};
pub use value::{ConfigValue, Kind};

pub(crate) use layer::{bad_default, check_values};
pub(crate) use outline::Outline;

use schema::Schema;

/// What loading, building and writing come to.
pub type Result<T> = core::result::Result<T, ConfigErrors>;
