//! The types a field can have: how each is read from a document, a variable or a program.

use core::fmt::Display;
use core::time::Duration;
use std::path::PathBuf;

use super::diagnostic::{DiagnosticKind, quoted};
use super::duration::{self, DurationError};
use super::field::{Field, FieldMeta};
use super::raw::RawValue;
use super::scalar::{Integer, Scalar};
use super::size;

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

/// Why a raw value does not suit a field.
#[derive(Clone, Debug)]
pub struct Rejection {
    pub(crate) kind: DiagnosticKind,
    pub(crate) hint: Option<String>,
    /// Whose words the hint is.
    pub(crate) by: By,
}

/// Who says what is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// This crate, by the type of the field or its rules.
    Rules,
    /// The program's own check.
    Check,
    /// The field's own parser, which says it all.
    Parser,
}

impl Rejection {
    pub(super) fn new(kind: DiagnosticKind, hint: Option<String>) -> Self {
        Self { kind, hint, by: By::Rules }
    }

    /// With the words of a parser that knows more than this crate.
    pub(super) fn explained(error: &dyn Display) -> Self {
        let hint = Some(error.to_string());
        Self { kind: DiagnosticKind::WrongType, hint, by: By::Parser }
    }

    pub(super) fn wrong_type(raw: &RawValue) -> Self {
        // An untyped text has no type of its own that could be wrong.
        let hint = match raw {
            RawValue::Untyped(_) => None,
            typed => Some(format!("found {}", typed.what())),
        };
        Self::new(DiagnosticKind::WrongType, hint)
    }

    /// The same of the item number `number` of a list.
    pub(super) fn of_item(mut self, number: usize, item: &RawValue) -> Self {
        let hint = self.hint.unwrap_or_else(|| quoted(&item.to_string()));
        self.hint = Some(format!("item {number}: {hint}"));
        self
    }

    /// Of a value that is to be written, and is no text although its type promises one.
    pub(super) fn not_unicode() -> Self {
        Self::new(DiagnosticKind::NotUnicode, None)
    }

    /// Of a value that is to be written, in the words of what was to write it.
    #[cfg(feature = "serde")]
    pub(super) fn not_writable(error: &dyn Display) -> Self {
        Self::new(DiagnosticKind::NotWritable, Some(error.to_string()))
    }

    fn malformed(hint: Option<String>) -> Self {
        Self::new(DiagnosticKind::WrongType, hint)
    }

    pub(super) fn not_allowed(hint: Option<String>) -> Self {
        Self::new(DiagnosticKind::NotAllowed, hint)
    }

    pub(super) fn by_check(said: String) -> Self {
        Self { kind: DiagnosticKind::NotAllowed, hint: Some(said), by: By::Check }
    }
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

macro_rules! integer {
    ($($type:ty: $wide:ty, $from:ident, $to:ident;)*) => {$(
        impl sealed::Sealed for $type {}

        impl ConfigValue for $type {
            type Field = Field<Self>;
            const KIND: Kind = Kind::Integer {
                min: Integer::$from(<$type>::MIN as $wide),
                max: Integer::$from(<$type>::MAX as $wide),
            };
            fn from_scalar(scalar: Scalar<'static>) -> Option<Self> {
                let Scalar::Integer(integer) = scalar else { return None };
                <$type>::try_from(integer.$to()?).ok()
            }
            fn read(raw: &RawValue, field: &FieldMeta) -> Result<Self, Rejection> {
                let integer = read_integer(raw, field)?;
                integer
                    .$to()
                    .and_then(|wide| <$type>::try_from(wide).ok())
                    .ok_or_else(|| Rejection::not_allowed(in_bytes(raw, integer, field)))
            }
            fn scalar(&self) -> Option<Scalar<'_>> {
                Some(Scalar::Integer(Integer::$from(*self as $wide)))
            }
        }

        impl From<$type> for RawValue {
            fn from(value: $type) -> Self {
                RawValue::Integer(Integer::$from(value as $wide))
            }
        }
    )*};
}

integer! {
    u8: u128, from_u128, to_u128;
    u16: u128, from_u128, to_u128;
    u32: u128, from_u128, to_u128;
    u64: u128, from_u128, to_u128;
    u128: u128, from_u128, to_u128;
    usize: u128, from_u128, to_u128;
    i8: i128, from_i128, to_i128;
    i16: i128, from_i128, to_i128;
    i32: i128, from_i128, to_i128;
    i64: i128, from_i128, to_i128;
    i128: i128, from_i128, to_i128;
    isize: i128, from_i128, to_i128;
}

macro_rules! float {
    ($($type:ty: $scalar:ident;)*) => {$(
        impl sealed::Sealed for $type {}

        impl ConfigValue for $type {
            type Field = Field<Self>;
            const KIND: Kind = Kind::Float;
            fn from_scalar(scalar: Scalar<'static>) -> Option<Self> {
                if let Scalar::$scalar(value) = scalar { Some(value) } else { None }
            }
            fn read(raw: &RawValue, _: &FieldMeta) -> Result<Self, Rejection> {
                let text = match raw {
                    RawValue::Integer(_) | RawValue::Decimal(_) => raw.to_string(),
                    RawValue::Untyped(text) => text.trim().to_owned(),
                    // JSON has no other way to write these.
                    RawValue::Text(text) if is_non_finite_name(text) => text.clone(),
                    other => return Err(Rejection::wrong_type(other)),
                };
                let value: $type =
                    text.parse().map_err(|_| Rejection::wrong_type(raw))?;
                if value.is_infinite() && !is_non_finite_name(&text) {
                    let hint = concat!("that is more than an `", stringify!($type), "` holds");
                    return Err(Rejection::not_allowed(Some(hint.to_owned())));
                }
                Ok(value)
            }
            fn scalar(&self) -> Option<Scalar<'_>> {
                Some(Scalar::$scalar(*self))
            }
        }

        impl From<$type> for RawValue {
            fn from(value: $type) -> Self {
                RawValue::Decimal(format!("{value:?}"))
            }
        }
    )*};
}

float! {
    f32: F32;
    f64: F64;
}

pub(super) fn is_non_finite_name(text: &str) -> bool {
    let name = text.strip_prefix(['-', '+']).unwrap_or(text);
    ["inf", "infinity", "nan"].iter().any(|known| name.eq_ignore_ascii_case(known))
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

fn read_integer(raw: &RawValue, field: &FieldMeta) -> Result<Integer, Rejection> {
    match raw {
        RawValue::Integer(value) => Ok(*value),
        RawValue::Text(text) | RawValue::Untyped(text) if field.bytes => {
            let text = text.trim();
            // Sizes have no sign; a number of a field that has one may.
            let is_signed = matches!(raw, RawValue::Untyped(_)) && text.starts_with('-');
            match is_signed.then(|| Integer::parse(text, 10)).flatten() {
                Some(number) => Ok(number),
                None => size::parse(text).map_err(|error| Rejection::malformed(error.hint())),
            }
        }
        RawValue::Untyped(text) => {
            Integer::parse(text.trim(), 10).ok_or_else(|| Rejection::wrong_type(raw))
        }
        other => Err(Rejection::wrong_type(other)),
    }
}

/// How many bytes a size with a unit came to, for the message that refuses it.
pub(super) fn in_bytes(raw: &RawValue, bytes: Integer, field: &FieldMeta) -> Option<String> {
    let shown = bytes.to_string();
    (field.bytes && raw.to_string() != shown).then(|| format!("that is {shown} bytes"))
}
