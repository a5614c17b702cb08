//! Configuration: what `#[derive(Config)]` describes, and the loading, merging and reporting it
//! drives. Knows no threads and does no engine I/O.

mod aio;
pub(crate) mod auto;
mod backend;
pub(crate) mod choice;
mod decimal;
mod diagnostic;
mod direct;
mod duration;
mod env;
pub(crate) mod field;
mod file;
mod layer;
mod loader;
mod raw;
pub(crate) mod rules;
pub(crate) mod scalar;
mod secret;
mod settings;
mod size;
pub(crate) mod slot;
mod source;
pub(crate) mod text;
pub(crate) mod value;
mod variables;

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
pub use raw::RawValue;
pub use rules::{Choices, Rules};
pub use scalar::{Integer, Scalar};
pub use secret::Secret;
pub use settings::{EngineConfig, EngineSettings};
pub use value::{ConfigValue, Kind};

pub(crate) use layer::{check_values, inconsistent};

use slot::Values;

/// A struct that can be loaded, for generic code to rely on.
///
/// Implemented by `#[derive(Config)]` alone: what the derive writes into it may change in any
/// release. Its methods are called by this crate alone; users call the inherent `from_env()`,
/// `loader()` and `builder()` that the derive generates, or [`Loader::new`].
pub trait ConfigSchema: Sized {
    /// The section of a file that holds the keys.
    const SECTION: &'static str;
    /// The prefix of the environment variables; `None` when the struct names none.
    const ENV_PREFIX: Option<&'static str>;
    /// The fields, in the order of their declaration.
    const FIELDS: &'static [FieldMeta];
    /// Keys that other software knows and this struct accepts with one value only.
    const FIXED: &'static [FixedKey] = &[];

    /// Builds the struct; `None` when a required field has no value.
    #[doc(hidden)]
    fn from_values(values: Values) -> Option<Self>;

    /// The values of the fields, by their index in the table.
    #[doc(hidden)]
    fn into_values(self) -> Values;

    /// The struct's own check of values that are sound each; the error says what is wrong.
    #[doc(hidden)]
    fn check_together(&self) -> Result<(), String> {
        Ok(())
    }
}

/// A key that other software knows, and that is accepted here with one value only.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct FixedKey {
    /// The key in a file.
    pub key: &'static str,
    /// The only value accepted.
    pub value: Scalar<'static>,
}

/// A [`ConfigSchema`] without its type, for the code that merges and reports.
#[derive(Clone, Copy, Debug)]
struct Schema {
    section: &'static str,
    env_prefix: Option<&'static str>,
    fields: &'static [FieldMeta],
    fixed: &'static [FixedKey],
}

impl Schema {
    const fn of<T: ConfigSchema>() -> Self {
        Self { section: T::SECTION, env_prefix: T::ENV_PREFIX, fields: T::FIELDS, fixed: T::FIXED }
    }

    /// Whether a value may be one that is never shown.
    fn has_secrets(&self) -> bool {
        self.fields.iter().any(|field| field.secret)
    }

    /// The index of the field that `key` means, by its name, an alias or an old key.
    fn index_of(&self, key: &str) -> Option<usize> {
        self.fields.iter().position(|field| {
            field.key == key || field.aliases.contains(&key) || field.deprecated_key(key).is_some()
        })
    }
}
