//! Configuration: what `#[derive(Config)]` describes, and the loading, merging and reporting it
//! drives. Knows no threads and does no engine I/O.

mod aio;
pub(crate) mod constraint;
mod decimal;
mod diagnostic;
mod env;
mod file;
mod layer;
mod loader;
pub(crate) mod scalar;
mod settings;
mod size;
pub(crate) mod slot;
pub(crate) mod text;
pub(crate) mod value;

pub use aio::*;
pub use constraint::Constraint;
pub use diagnostic::{ConfigErrors, Diagnostic, DiagnosticKind, Severity};
pub use env::{EnvSource, ProcessEnv};
pub use loader::{Loaded, Loader, Origin, Shadowed};
pub use scalar::{Integer, Scalar};
pub use settings::{EngineConfig, EngineSettings};
pub use value::{ConfigValue, Kind, RawValue};

pub(crate) use layer::check_values;

use slot::{Operations, Slot, Values};
use value::Rejection;

/// A struct that can be loaded: implemented by `#[derive(Config)]`, for generic code to rely on.
///
/// Its methods are called by this crate alone; users call the inherent `from_env()`, `loader()` and
/// `builder()` that the derive generates, or [`Loader::new`].
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
}

/// What is known about one field.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FieldMeta {
    /// The key in a file.
    pub key: &'static str,
    /// Other keys that mean the same.
    pub aliases: &'static [&'static str],
    /// The environment variable, if the field has one.
    pub env: Option<&'static str>,
    /// The default, if the field has one and it is a plain value.
    pub default: Option<Scalar<'static>>,
    /// The rules a value keeps.
    pub constraints: &'static [Constraint],
    /// The shape of the values.
    pub kind: Kind,
    /// The doc comment.
    pub doc: &'static str,
    /// Whether the value counts bytes and may be written as a size (`1MiB`).
    pub bytes: bool,
    /// Whether the field is left out of the generated texts.
    pub advanced: bool,
    operations: &'static Operations,
}

impl FieldMeta {
    /// A field of type `T`: no default, no rules, no variable yet.
    #[doc(hidden)]
    #[must_use]
    pub const fn new<T: ConfigValue>(key: &'static str, doc: &'static str) -> Self {
        Self {
            key,
            aliases: &[],
            env: None,
            default: None,
            constraints: &[],
            kind: T::KIND,
            doc,
            bytes: false,
            advanced: false,
            operations: Operations::of::<T>(),
        }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn env(mut self, variable: &'static str) -> Self {
        self.env = Some(variable);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn default(mut self, default: Scalar<'static>) -> Self {
        self.default = Some(default);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn constraints(mut self, constraints: &'static [Constraint]) -> Self {
        self.constraints = constraints;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn bytes(mut self) -> Self {
        self.bytes = true;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn advanced(mut self) -> Self {
        self.advanced = true;
        self
    }

    /// What the field admits, in words: `an integer from 1 to 65536`.
    #[must_use]
    pub fn allowed(&self) -> String {
        constraint::allowed(self)
    }

    fn read(&self, raw: &RawValue) -> Result<Slot, Rejection> {
        (self.operations.read)(raw, self)
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

impl FixedKey {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(key: &'static str, value: Scalar<'static>) -> Self {
        Self { key, value }
    }
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
        Self {
            section: T::SECTION,
            env_prefix: T::ENV_PREFIX,
            fields: T::FIELDS,
            fixed: T::FIXED,
        }
    }

    /// The index of the field that `key` means, by its name or an alias.
    fn index_of(&self, key: &str) -> Option<usize> {
        self.fields
            .iter()
            .position(|field| field.key == key || field.aliases.contains(&key))
    }
}
