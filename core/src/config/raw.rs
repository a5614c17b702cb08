//! Values as a source wrote them.

use core::fmt;
use core::time::Duration;

use super::duration;
use super::scalar::{Integer, Scalar};

/// A value as a source wrote it, before the field's type is known.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RawValue {
    /// An integer.
    Integer(Integer),
    /// A number with a fraction or an exponent, or an integer that no type holds, as written.
    Decimal(String),
    /// A truth value.
    Bool(bool),
    /// A quoted text: a text, never a number or a truth value.
    Text(String),
    /// Text of a source without types (a variable, an argument): the field's type says what it is.
    Untyped(String),
    /// JSON's `null`.
    Null,
    /// A list.
    List {
        /// Its items.
        items: Vec<RawValue>,
        /// As written.
        text: String,
    },
    /// Keys and their values.
    Table {
        /// What the format calls it: `a table`, `an object`.
        what: &'static str,
        /// Its keys and values, in the order of the source.
        entries: Vec<(String, RawValue)>,
        /// As written.
        text: String,
    },
    /// Anything no field takes.
    Other {
        /// What it is: `a table`, `a date or time`, …
        what: &'static str,
        /// As written, perhaps shortened.
        text: String,
    },
}

impl RawValue {
    pub(super) fn table(entries: Vec<(String, RawValue)>) -> Self {
        let shown = entries.iter().map(|(key, value)| format!("{key}: {value}"));
        let text = format!("{{{}}}", shown.collect::<Vec<_>>().join(", "));
        RawValue::Table { what: "a table", entries, text }
    }

    pub(crate) fn what(&self) -> &'static str {
        match self {
            RawValue::Integer(_) => "an integer",
            RawValue::Decimal(text) if text.bytes().all(|c| c == b'-' || c.is_ascii_digit()) => {
                "an integer that no type holds"
            }
            RawValue::Decimal(_) => "a number with a fraction or an exponent",
            RawValue::Bool(_) => "a boolean",
            RawValue::Text(_) | RawValue::Untyped(_) => "a text",
            RawValue::Null => "null",
            RawValue::List { .. } => "a list",
            RawValue::Table { what, .. } | RawValue::Other { what, .. } => what,
        }
    }
}

impl fmt::Display for RawValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RawValue::Integer(value) => value.fmt(f),
            RawValue::Bool(value) => value.fmt(f),
            RawValue::Null => f.write_str("null"),
            RawValue::Decimal(text)
            | RawValue::Text(text)
            | RawValue::Untyped(text)
            | RawValue::List { text, .. }
            | RawValue::Table { text, .. }
            | RawValue::Other { text, .. } => f.write_str(text),
        }
    }
}

/// Text is untyped here, as on a command line: `"8"` suits an integer field.
impl From<&str> for RawValue {
    fn from(text: &str) -> Self {
        RawValue::Untyped(text.to_owned())
    }
}

/// Text is untyped here, as on a command line: `"8"` suits an integer field.
impl From<String> for RawValue {
    fn from(text: String) -> Self {
        RawValue::Untyped(text)
    }
}

impl From<bool> for RawValue {
    fn from(value: bool) -> Self {
        RawValue::Bool(value)
    }
}

impl From<char> for RawValue {
    fn from(value: char) -> Self {
        RawValue::Text(value.to_string())
    }
}

impl From<Duration> for RawValue {
    fn from(value: Duration) -> Self {
        RawValue::Text(duration::show(value))
    }
}

/// `None` is what JSON calls `null`: the field is an `Option`, and goes without a value.
impl<T: Into<RawValue>> From<Option<T>> for RawValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(RawValue::Null, Into::into)
    }
}

impl<T: Into<RawValue>> From<Vec<T>> for RawValue {
    fn from(values: Vec<T>) -> Self {
        let items: Vec<RawValue> = values.into_iter().map(Into::into).collect();
        let text = show_list(&items);
        RawValue::List { items, text }
    }
}

impl From<Scalar<'_>> for RawValue {
    fn from(value: Scalar<'_>) -> Self {
        match value {
            Scalar::Integer(value) => RawValue::Integer(value),
            Scalar::F32(value) => value.into(),
            Scalar::F64(value) => value.into(),
            Scalar::Bool(value) => value.into(),
            Scalar::Text(value) => RawValue::Text(value.to_owned()),
            Scalar::Char(value) => value.into(),
            Scalar::Duration(value) => value.into(),
            Scalar::List(items) => items.iter().map(RawValue::from).collect::<Vec<_>>().into(),
        }
    }
}

/// What TOML has beside other values; a text to the types that know it.
pub(super) const DATE_OR_TIME: &str = "a date or time";

/// A list as tables and messages show it.
pub(super) fn show_list(items: impl IntoIterator<Item: fmt::Display>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    format!("[{}]", items.join(", "))
}
