//! What generated code calls. Not covered by semantic versioning: use the derive.

pub use crate::config::FixedKey;
pub use crate::config::choice::{
    Named, choice_from_scalar, choice_into_raw, choice_scalar, parse_choice, read_choice,
};
pub use crate::config::field::{ConstScalar, DefaultAt, Field};
pub use crate::config::slot::Values;
pub use crate::config::text::{DocsTable, EnvTemplate, Format, JsonSchema, TomlTemplate, as_str};
pub use crate::config::value::{Rejection, sealed::Sealed};

use crate::config::{
    ConfigErrors, ConfigSchema, Integer, Loader, Outline, Scalar, check_values, rules,
};

/// Fails compilation, at the caller's place, when the declaration of the field `INDEX` contradicts
/// itself. In a struct with parameters that is found where they are known:
///
/// ```
/// #[derive(ds_aio::Config)]
/// #[config(section = "pages")]
/// struct Pages<const N: u32> {
///     #[config(default = N, range = 1..=8)]
///     count: u32,
/// }
/// assert_eq!(Pages::<8>::loader().load()?.value.count, 8);
/// # Ok::<(), ds_aio::ConfigErrors>(())
/// ```
///
/// ```compile_fail,E0080
/// #[derive(ds_aio::Config)]
/// #[config(section = "pages")]
/// struct Pages<const N: u32> {
///     #[config(default = N, range = 1..=8)]
///     count: u32,
/// }
/// assert_eq!(Pages::<9>::loader().load()?.value.count, 9);
/// # Ok::<(), ds_aio::ConfigErrors>(())
/// ```
///
/// # Panics
///
/// At compile time alone: generated code calls it in a `const`.
#[track_caller]
pub const fn assert_sound<T: ConfigSchema, const INDEX: usize>() {
    if let Some(mistake) = rules::mistake(&T::FIELDS[INDEX]) {
        #[allow(clippy::panic, reason = "this is how a const reports an error")]
        {
            panic!("{}", mistake)
        }
    }
}

/// Builds a struct from what its builder was given.
///
/// # Errors
///
/// Every rule that a value breaks, and every required field without a value.
pub fn build<T: ConfigSchema>(values: Values) -> Result<T, ConfigErrors> {
    ConfigErrors::check(check_values(&Outline::of::<T>(), &values))?;
    T::from_values(values).ok_or_else(ConfigErrors::incomplete)
}

/// Loads the defaults and the environment of this process.
///
/// # Errors
///
/// Every variable with a bad value, and every required field without one.
pub fn from_env<T: ConfigSchema>() -> Result<T, ConfigErrors> {
    Loader::new().env().load().map(|loaded| loaded.value)
}

/// The value of a fixed key.
#[must_use]
pub const fn fixed_bool(key: &'static str, value: bool) -> FixedKey {
    FixedKey { key, value: Scalar::Bool(value) }
}

/// The value of a fixed key.
#[must_use]
pub const fn fixed_integer(key: &'static str, value: i128) -> FixedKey {
    FixedKey { key, value: Scalar::Integer(Integer::from_i128(value)) }
}

/// The value of a fixed key.
#[must_use]
pub const fn fixed_text(key: &'static str, value: &'static str) -> FixedKey {
    FixedKey { key, value: Scalar::Text(value) }
}

/// The items of a default, owned.
#[must_use]
pub fn owned<T: Clone, U: From<T>>(items: &[T]) -> Vec<U> {
    items.iter().cloned().map(U::from).collect()
}
