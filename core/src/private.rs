//! What generated code calls. Not covered by semantic versioning: use the derive.

pub use std::string::String;

pub use crate::{
    __builder as builder, __choice as choice, __choice_impls as choice_impls,
    __choice_stub as choice_stub, __impl_serialize as impl_serialize, __stubs as stubs,
    __test_defaults as test_defaults,
};
#[cfg(feature = "serde")]
pub use serde;

pub use crate::config::FixedKey;
pub use crate::config::access::Access;
pub use crate::config::choice::{
    Chosen, Named, choice_from_scalar, choice_into_raw, choice_scalar, parse_choice, read_choice,
    reads_auto,
};
pub use crate::config::describe::{ConstChoices, ConstScalar, DefaultAt, Field, OneOfAt};
pub use crate::config::parsed::{Parsed, ParsedAt, Structured, from_str, parsed};
pub use crate::config::rejection::Rejection;
#[cfg(feature = "serde")]
pub use crate::config::serde::serialize;
pub use crate::config::text::{DocsTable, EnvTemplate, Format, JsonSchema, TomlTemplate};
pub use crate::config::together::Together;
pub use crate::config::value::sealed::Sealed;
pub use crate::config::values::Values;

mod macros;

use core::any::Any;
use core::fmt::Display;

use crate::config::{
    ConfigErrors, ConfigSchema, Diagnostic, EngineSettings, Integer, Loader, Outline, Scalar, auto,
    bad_default, check_values, rules,
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

/// Fails compilation, at the caller's place, when `auto` would mean two things.
///
/// # Panics
///
/// At compile time alone: generated code calls it in a `const`.
#[track_caller]
pub const fn assert_auto<T: ConfigSchema, const INDEX: usize>() {
    #[allow(clippy::panic, reason = "this is how a const reports an error")]
    if auto::is_a_value(&T::FIELDS[INDEX]) {
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

/// The default of the field number `index`, which its own parser reads.
///
/// # Panics
///
/// The default is one that the parser refuses; a test beside the struct fails then too.
#[must_use]
pub fn parsed_default<T: ConfigSchema, V: Any>(index: usize) -> V {
    match Values::of::<T>().take(index) {
        Some(value) => value,
        None => refuse_defaults::<T>(),
    }
}

/// Passes if every default is one that its field's own parser accepts.
///
/// # Panics
///
/// One is not.
pub fn assert_defaults<T: ConfigSchema>() {
    if !bad_defaults::<T>().is_empty() {
        refuse_defaults::<T>()
    }
}

fn bad_defaults<T: ConfigSchema>() -> Vec<Diagnostic> {
    Outline::of::<T>().settings.iter().filter_map(bad_default).collect()
}

fn refuse_defaults<T: ConfigSchema>() -> ! {
    let found: Vec<_> = bad_defaults::<T>().iter().map(Diagnostic::to_string).collect();
    #[allow(clippy::panic, reason = "neither `Default` nor a test can return an error")]
    {
        panic!("{}: {}", core::any::type_name::<T>(), found.join("\n"))
    }
}

/// Loads the defaults and the environment of this process.
///
/// # Errors
///
/// Every variable with a bad value, and every required field without one.
pub fn from_env<T: ConfigSchema>() -> Result<T, ConfigErrors> {
    Loader::new().env().load().map(|loaded| loaded.value)
}

/// What an engine runs on unless its configuration says otherwise.
#[must_use]
pub fn engine_settings() -> EngineSettings {
    EngineSettings::default()
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

/// What generated code needs of a value that it hands from one thread to another.
pub trait Shared: Send + Sync + 'static {}

impl<T: Send + Sync + 'static> Shared for T {}

/// What it needs of a value of the program's own that is read from texts and written as one.
pub trait Shown: Display + Clone + Shared {}

impl<T: Display + Clone + Shared> Shown for T {}
