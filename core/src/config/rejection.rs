//! Why a value does not suit a field.

use core::fmt::Display;

use super::diagnostic::{DiagnosticKind, quoted};
use super::raw::RawValue;

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

    pub(super) fn malformed(hint: Option<String>) -> Self {
        Self::new(DiagnosticKind::WrongType, hint)
    }

    pub(super) fn not_allowed(hint: Option<String>) -> Self {
        Self::new(DiagnosticKind::NotAllowed, hint)
    }

    pub(super) fn by_check(said: String) -> Self {
        Self { kind: DiagnosticKind::NotAllowed, hint: Some(said), by: By::Check }
    }
}
