//! The types a field can have: how each is read from a document, a variable or a program.

use core::time::Duration;
use std::path::PathBuf;

use super::describe::Field;
use super::duration::{self, DurationError};
use super::field::FieldMeta;
use super::raw::RawValue;
use super::rejection::Rejection;
use super::scalar::{Integer, Scalar};

/// The shape of a field's values, which messages and texts speak about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// An integer between the bounds of its type.
    Integer {
        /// The least value of the type.
        min: Integer,
        /// The greatest value of the type.
        max: Integer,
    },
    /// A number.
    Float,
    /// A truth value.
    Bool,
    /// Text.
    Text,
    /// A file system path.
    Path,
    /// One character.
    Char,
    /// A span of time, written with its unit.
    Duration,
    /// One of a few names.
    Choice {
        /// The names, in the order of their declaration.
        names: &'static [&'static str],
    },
    /// A nested struct.
    Table,
    /// Whatever the type makes of it (`parse = serde`).
    Any,
}

pub(crate) mod sealed {
    /// What only this crate and its derives implement.
    pub trait Sealed {}
}

/// A type that a field of a `Config` struct can have.
///
/// Implemented for every integer type, `f32`, `f64`, `bool`, `char`, `String`, `PathBuf`, `Duration`,
/// and by `#[derive(Choice)]` for enums, such as [`DirectMode`](super::DirectMode). A field may be an
/// `Option` or a `Vec` of any of these, and each value a [`Secret`](super::Secret). Other types need
/// `parse` on the field.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a type that `#[derive(Config)]` can load",
    label = "not a supported field type",
    note = "a field is an integer, `f32`, `f64`, `bool`, `char`, `String`, `PathBuf`, `Duration`, an enum with `#[derive(Choice)]`, or an `Option` or a `Vec` of one of these; `parse` reads any other type"
)]
pub trait ConfigValue: sealed::Sealed + Clone + Send + Sync + 'static {
    /// What describes a field of the type; [`Field`] for every type.
    #[doc(hidden)]
    type Field;

    /// What a value is in constants: `&'static str` for a text.
    #[doc(hidden)]
    type Constant: 'static;

    /// The shape of the values.
    #[doc(hidden)]
    const KIND: Kind;

    /// Whether a source that writes `auto` means a value of the type.
    #[doc(hidden)]
    const READS_AUTO: bool = false;

    /// Whether values are never shown.
    #[doc(hidden)]
    const SECRET: bool = false;

    /// The value a default in the table of fields stands for.
    #[doc(hidden)]
    fn from_scalar(scalar: Scalar<'static>) -> Option<Self>;

    /// Reads what a source wrote.
    #[doc(hidden)]
    fn read(raw: &RawValue, field: &FieldMeta) -> Result<Self, Rejection>;

    /// The value as constraints compare it; `None` where it has no such form.
    #[doc(hidden)]
    fn scalar(&self) -> Option<Scalar<'_>>;

    /// The value as tables and messages show it.
    #[doc(hidden)]
    fn show(&self) -> String {
        self.scalar().map(|scalar| scalar.to_string()).unwrap_or_default()
    }
}

/// The truth value that a text is a word for, in any case.
pub(super) fn truth(text: &str) -> Option<bool> {
    let is_any = |names: [&str; 4]| names.iter().any(|name| text.trim().eq_ignore_ascii_case(name));
    if is_any(["1", "true", "yes", "on"]) {
        Some(true)
    } else if is_any(["0", "false", "no", "off"]) {
        Some(false)
    } else {
        None
    }
}

impl sealed::Sealed for bool {}

impl ConfigValue for bool {
    type Field = Field<Self>;
    type Constant = Self;
    const KIND: Kind = Kind::Bool;
    fn from_scalar(scalar: Scalar<'static>) -> Option<Self> {
        if let Scalar::Bool(value) = scalar { Some(value) } else { None }
    }
    fn read(raw: &RawValue, _: &FieldMeta) -> Result<Self, Rejection> {
        let text = match raw {
            RawValue::Bool(value) => return Ok(*value),
            RawValue::Untyped(text) => text,
            other => return Err(Rejection::wrong_type(other)),
        };
        truth(text).ok_or_else(|| {
            let hint = "1, yes, on and 0, no, off are understood too, in any case";
            Rejection::malformed(Some(hint.to_owned()))
        })
    }
    fn scalar(&self) -> Option<Scalar<'_>> {
        Some(Scalar::Bool(*self))
    }
}

impl sealed::Sealed for String {}

impl ConfigValue for String {
    type Field = Field<Self>;
    type Constant = &'static str;
    const KIND: Kind = Kind::Text;
    const READS_AUTO: bool = true;
    fn from_scalar(scalar: Scalar<'static>) -> Option<Self> {
        if let Scalar::Text(text) = scalar { Some(text.to_owned()) } else { None }
    }
    fn read(raw: &RawValue, _: &FieldMeta) -> Result<Self, Rejection> {
        match raw {
            RawValue::Text(text) | RawValue::Untyped(text) => Ok(text.clone()),
            other => Err(Rejection::wrong_type(other)),
        }
    }
    fn scalar(&self) -> Option<Scalar<'_>> {
        Some(Scalar::Text(self))
    }
}

impl sealed::Sealed for PathBuf {}

impl ConfigValue for PathBuf {
    type Field = Field<Self>;
    type Constant = &'static str;
    const KIND: Kind = Kind::Path;
    const READS_AUTO: bool = true;
    fn from_scalar(scalar: Scalar<'static>) -> Option<Self> {
        if let Scalar::Text(text) = scalar { Some(text.into()) } else { None }
    }
    fn read(raw: &RawValue, field: &FieldMeta) -> Result<Self, Rejection> {
        String::read(raw, field).map(PathBuf::from)
    }
    fn scalar(&self) -> Option<Scalar<'_>> {
        self.to_str().map(Scalar::Text)
    }
    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl sealed::Sealed for char {}

impl ConfigValue for char {
    type Field = Field<Self>;
    type Constant = Self;
    const KIND: Kind = Kind::Char;
    fn from_scalar(scalar: Scalar<'static>) -> Option<Self> {
        if let Scalar::Char(value) = scalar { Some(value) } else { None }
    }
    fn read(raw: &RawValue, _: &FieldMeta) -> Result<Self, Rejection> {
        let (RawValue::Text(text) | RawValue::Untyped(text)) = raw else {
            return Err(Rejection::wrong_type(raw));
        };
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(Rejection::malformed(Some("the text is empty".to_owned()))),
            (Some(_), Some(_)) => {
                let count = text.chars().count();
                Err(Rejection::malformed(Some(format!("the text has {count} characters"))))
            }
        }
    }
    fn scalar(&self) -> Option<Scalar<'_>> {
        Some(Scalar::Char(*self))
    }
}

impl sealed::Sealed for Duration {}

impl ConfigValue for Duration {
    type Field = Field<Self>;
    type Constant = Self;
    const KIND: Kind = Kind::Duration;
    fn from_scalar(scalar: Scalar<'static>) -> Option<Self> {
        if let Scalar::Duration(value) = scalar { Some(value) } else { None }
    }
    fn read(raw: &RawValue, _: &FieldMeta) -> Result<Self, Rejection> {
        let read = match raw {
            RawValue::Text(text) | RawValue::Untyped(text) => duration::parse(text.trim()),
            RawValue::Integer(number) if !number.is_negative() => {
                Err(DurationError::NoUnit { number: number.to_string() })
            }
            RawValue::Decimal(number) if number.starts_with(|c: char| c.is_ascii_digit()) => {
                Err(DurationError::NoUnit { number: number.clone() })
            }
            other => return Err(Rejection::wrong_type(other)),
        };
        read.map_err(|error| Rejection::malformed(Some(error.hint())))
    }
    fn scalar(&self) -> Option<Scalar<'_>> {
        Some(Scalar::Duration(*self))
    }
}
