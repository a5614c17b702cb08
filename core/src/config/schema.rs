//! What a derive says about its struct, for generic code and without the type.

use super::FieldMeta;
use super::scalar::Scalar;
use super::slot::Values;

/// A struct that can be loaded, for generic code to rely on.
///
/// Implemented by `#[derive(Config)]` alone: what the derive writes into it may change in any
/// release. Its methods are called by this crate alone; users call the inherent `from_env()`,
/// `loader()` and `builder()` that the derive generates, or [`Loader::new`](super::Loader::new).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no struct with `#[derive(Config)]`",
    label = "not a `Config` struct"
)]
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
pub(crate) struct Schema {
    pub(crate) section: &'static str,
    pub(crate) env_prefix: Option<&'static str>,
    pub(crate) fields: &'static [FieldMeta],
    pub(crate) fixed: &'static [FixedKey],
}

impl Schema {
    pub(crate) const fn of<T: ConfigSchema>() -> Self {
        Self { section: T::SECTION, env_prefix: T::ENV_PREFIX, fields: T::FIELDS, fixed: T::FIXED }
    }
}
