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

    /// Of a `None` that a program sets a field to which is no `Option`.
    pub(super) fn not_optional() -> Self {
        let hint = "with `set_if_some`, a `None` leaves the setting as it is";
        Self::new(DiagnosticKind::WrongType, Some(hint.to_owned()))
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

/// What is wrong with the items of a list, all of them together.
#[derive(Default)]
pub(super) struct RejectedItems {
    /// The first of them.
    first: Option<Rejection>,
    /// What is said, and of the items of which numbers.
    said: Vec<(String, Vec<usize>)>,
    /// How many more there are.
    more: usize,
}

impl RejectedItems {
    /// So many are told one by one.
    const TOLD: usize = 8;

    /// Adds that of the item number `number`, from 1.
    pub(super) fn push(&mut self, number: usize, item: &RawValue, rejection: Rejection) {
        let told: usize = self.said.iter().map(|(_, numbers)| numbers.len()).sum();
        if told == Self::TOLD {
            self.more += 1;
            return;
        }
        let hint = rejection.hint.clone().unwrap_or_else(|| quoted(&item.to_string()));
        match self.said.iter_mut().find(|(said, _)| *said == hint) {
            Some((_, numbers)) => numbers.push(number),
            None => self.said.push((hint, vec![number])),
        }
        self.first.get_or_insert(rejection);
    }

    /// # Errors
    ///
    /// There is any.
    pub(super) fn check(self) -> Result<(), Rejection> {
        let Some(first) = self.first else { return Ok(()) };
        let said = self.said.iter().map(|(said, numbers)| format!("{}: {said}", listed(numbers)));
        let mut hint = said.collect::<Vec<_>>().join("; ");
        if self.more > 0 {
            hint += &format!("; and {} more", self.more);
        }
        Err(Rejection { hint: Some(hint), ..first })
    }
}

/// The items by their numbers: `item 3`, `items 1, 2 and 4`.
fn listed(numbers: &[usize]) -> String {
    let numbers: Vec<_> = numbers.iter().map(usize::to_string).collect();
    match numbers.split_last() {
        Some((last, before)) if !before.is_empty() => {
            format!("items {} and {last}", before.join(", "))
        }
        _ => format!("item {}", numbers.concat()),
    }
}
