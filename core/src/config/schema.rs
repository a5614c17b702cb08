//! What a derive says about its struct, for generic code and without the type.

use super::scalar::Scalar;
use super::together::Together;
use super::values::Values;
use super::{ConfigErrors, FieldMeta, Outline, written};

/// A struct that can be loaded, for generic code to rely on.
///
/// Implemented by `#[derive(Config)]` alone: what the derive writes into it may change in any
/// release. Of its methods, generic code calls those that write; users of one struct call the inherent
/// `from_env()`, `loader()`, `builder()` and `to_toml()` that the derive generates.
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
    /// Whether the struct is said to drive an engine.
    #[doc(hidden)]
    const ENGINE: bool = false;

    /// Builds the struct; `None` when a required field has no value.
    #[doc(hidden)]
    fn from_values(values: Values) -> Option<Self>;

    /// Copies of the values of the fields, by their index in the table.
    #[doc(hidden)]
    fn to_values(&self) -> Values;

    /// Has the struct's own check, and those of the structs within, look at sound values.
    #[doc(hidden)]
    fn check_together(&self, _: &mut Together) {}

    /// The section as a TOML document, for generic code: what the inherent `to_toml()` returns. Fields
    /// of type [`Secret`](crate::Secret) and those that are no settings are left out.
    ///
    /// # Errors
    ///
    /// Every value that breaks a rule of its field, and every one that TOML cannot hold.
    fn to_toml(&self) -> Result<String, ConfigErrors> {
        written::toml(&Outline::of::<Self>(), &self.to_values())
    }

    /// The same as a JSON document: what the inherent `to_json()` returns.
    ///
    /// # Errors
    ///
    /// Every value that breaks a rule of its field, and every one that JSON cannot hold.
    fn to_json(&self) -> Result<String, ConfigErrors> {
        written::json(&Outline::of::<Self>(), &self.to_values())
    }

    /// The same as variables: what the inherent `to_env()` returns.
    ///
    /// # Errors
    ///
    /// Every value that breaks a rule of its field, and every one that no variable can hold.
    fn to_env(&self) -> Result<String, ConfigErrors> {
        written::variables(&Outline::of::<Self>(), &self.to_values())
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
pub(crate) struct Schema {
    pub(crate) section: &'static str,
    pub(crate) env_prefix: Option<&'static str>,
    pub(crate) fields: &'static [FieldMeta],
    pub(crate) fixed: &'static [FixedKey],
    pub(crate) engine: bool,
}

impl Schema {
    pub(crate) const fn of<T: ConfigSchema>() -> Self {
        Self {
            section: T::SECTION,
            env_prefix: T::ENV_PREFIX,
            fields: T::FIELDS,
            fixed: T::FIXED,
            engine: T::ENGINE,
        }
    }
}
