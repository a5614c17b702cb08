//! What generated code calls. Not covered by semantic versioning: use the derive.

pub use crate::config::FixedKey;
pub use crate::config::choice::{
    Named, choice_from_scalar, choice_into_raw, choice_scalar, parse_choice, read_choice,
    reads_auto,
};
pub use crate::config::field::{ConstScalar, DefaultAt, Field};
pub use crate::config::slot::Values;
pub use crate::config::text::{TextKind, as_str, text, text_len};
pub use crate::config::together::Together;
pub use crate::config::value::{Rejection, sealed::Sealed};

use core::any::Any;
use core::fmt::Display;

use crate::config::{
    ConfigErrors, ConfigSchema, FieldMeta, Integer, Loader, Outline, Scalar, auto, check_values,
    rules,
};

/// Fails compilation, at the caller's place, when the declaration of a field contradicts itself. In a
/// struct with parameters that is found where they are known:
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
pub const fn assert_sound(field: &FieldMeta) {
    if let Some(mistake) = rules::mistake(field) {
        #[allow(clippy::panic, reason = "this is how a const reports an error")]
        {
            panic!("{}", mistake)
        }
    }
}

/// Fails compilation, at the caller's place, when `auto` would mean two things.
///
/// # Panics
///
/// At compile time alone: generated code calls it in a `const`.
#[track_caller]
pub const fn assert_auto(field: &FieldMeta) {
    #[allow(clippy::panic, reason = "this is how a const reports an error")]
    if auto::is_a_value(field) {
        panic!("`auto` is a value of this field's own, so it cannot mean that none is set")
    }
}

/// Calls a check of the program's own with a value of the type that it is about.
///
/// # Errors
///
/// What the check says.
pub fn check<T: Any, E: Display>(
    value: &dyn Any,
    check: impl FnOnce(&T) -> Result<(), E>,
) -> Result<(), String> {
    let value = value.downcast_ref().map(check);
    value.unwrap_or(Ok(())).map_err(|error| error.to_string())
}

/// Builds a struct from what its builder was given.
///
/// # Errors
///
/// Every rule that a value breaks, and every required field without a value; if there are none, what
/// the struct's own check says.
pub fn build<T: ConfigSchema>(values: Values) -> Result<T, ConfigErrors> {
    ConfigErrors::check(check_values(&Outline::of::<T>(), &values))?;
    let value = T::from_values(values).ok_or_else(ConfigErrors::incomplete)?;
    ConfigErrors::check(Together::check(&value))?;
    Ok(value)
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
