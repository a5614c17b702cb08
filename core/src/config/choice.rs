//! Settings whose value is one of a few names: what `#[derive(Choice)]` relies on.

use core::error::Error;
use core::fmt;

use super::auto::is_auto;
use super::diagnostic::{closest, quoted};
use super::raw::RawValue;
use super::rejection::Rejection;
use super::rules::{Choices, List};
use super::scalar::Scalar;

/// An enum of names, as `#[derive(Choice)]` describes it.
pub trait Named: Clone + 'static {
    /// The names, in the order of the variants.
    const NAMES: &'static [&'static str];
    /// The names and the aliases.
    const UNDERSTOOD: &'static [(&'static str, Self)];

    /// The name of this variant.
    fn choice_name(&self) -> &'static str;
}

/// A text that names no variant of an enum with `#[derive(Choice)]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    text: String,
    names: &'static [&'static str],
}

impl UnknownName {
    /// The names that there are, without aliases.
    #[must_use]
    pub fn names(&self) -> &'static [&'static str] {
        self.names
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.names.iter().map(|name| format!("`{name}`")).collect();
        write!(f, "{} is not one of {}", quoted(&self.text), names.join(", "))
    }
}

impl Error for UnknownName {}

/// The variant that `text` names, in any case.
///
/// # Errors
///
/// There is none.
pub fn parse_choice<T: Named>(text: &str) -> Result<T, UnknownName> {
    named(text).ok_or_else(|| UnknownName { text: text.to_owned(), names: T::NAMES })
}

/// The variant that a source means.
///
/// # Errors
///
/// The value is no text, or names none.
pub fn read_choice<T: Named>(raw: &RawValue) -> Result<T, Rejection> {
    let name = match raw {
        RawValue::Text(name) => name,
        RawValue::Untyped(name) => name.trim(),
        other => return Err(Rejection::wrong_type(other)),
    };
    named(name).ok_or_else(|| {
        let known = T::UNDERSTOOD.iter().map(|(known, _)| *known);
        let meant = closest(&name.to_ascii_lowercase(), known);
        Rejection::not_allowed(meant.map(|meant| format!("did you mean `{meant}`?")))
    })
}

/// Whether a variant is named `auto`, or has that alias.
#[must_use]
pub const fn reads_auto<T: Named>() -> bool {
    let mut index = 0;
    while index < T::UNDERSTOOD.len() {
        if is_auto(T::UNDERSTOOD[index].0) {
            return true;
        }
        index += 1;
    }
    false
}

/// Some of the `N` names of an enum, each once.
#[derive(Debug)]
pub struct Chosen<const N: usize> {
    names: [&'static str; N],
    count: usize,
}

impl<const N: usize> Chosen<N> {
    /// None of them yet.
    pub const NONE: Self = Self { names: [""; N], count: 0 };

    /// Adds one of them.
    pub const fn add(&mut self, name: &'static str) {
        let mut index = 0;
        while index < self.count {
            if Scalar::Text(self.names[index]).equals(Scalar::Text(name)) {
                return;
            }
            index += 1;
        }
        if index < N {
            self.names[index] = name;
            self.count += 1;
        }
    }

    /// The names as what a field admits.
    #[must_use]
    pub const fn choices(chosen: &'static Self) -> Choices {
        let (names, _) = chosen.names.split_at(chosen.count);
        Choices(List::Text(names))
    }
}

/// The variant of a default.
pub fn choice_from_scalar<T: Named>(scalar: Scalar<'static>) -> Option<T> {
    if let Scalar::Text(name) = scalar { named(name) } else { None }
}

/// The variant as rules compare it.
pub fn choice_scalar<T: Named>(value: &T) -> Scalar<'static> {
    Scalar::Text(value.choice_name())
}

/// The variant as a program's explicit value.
pub fn choice_into_raw<T: Named>(value: &T) -> RawValue {
    RawValue::Text(value.choice_name().to_owned())
}

fn named<T: Named>(name: &str) -> Option<T> {
    let is_meant = |known: &str| known.eq_ignore_ascii_case(name);
    let (_, variant) = T::UNDERSTOOD.iter().find(|(known, _)| is_meant(known))?;
    Some(variant.clone())
}
