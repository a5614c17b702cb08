//! What a field admits: one rule, checked by the same code at compile time and at run time.

use core::cmp::Ordering;

use super::FieldMeta;
use super::scalar::{Integer, Scalar};
use super::size;
use super::value::Kind;

/// One rule that a field's value keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Constraint {
    /// `range = min..max` and its forms.
    Range {
        /// The smallest value allowed, if there is one.
        min: Option<Scalar<'static>>,
        /// The largest value allowed, or with `max_excluded` the first one above.
        max: Option<Scalar<'static>>,
        /// Whether `max` itself is refused (`..max`, not `..=max`).
        max_excluded: bool,
    },
    /// `multiple_of = unit`, for integers.
    MultipleOf(Scalar<'static>),
    /// `power_of_two`, for integers.
    PowerOfTwo,
    /// `one_of = [a, b, c]`.
    OneOf(&'static [Scalar<'static>]),
}

impl Constraint {
    /// Whether `value` keeps this rule. Not-a-number keeps no range.
    #[must_use]
    pub const fn admits(&self, value: Scalar<'_>) -> bool {
        match self {
            Constraint::Range {
                min,
                max,
                max_excluded,
            } => {
                let above = match min {
                    Some(min) => {
                        matches!(
                            value.compare(*min),
                            Some(Ordering::Equal | Ordering::Greater)
                        )
                    }
                    None => true,
                };
                let below = match max {
                    Some(max) => match value.compare(*max) {
                        Some(Ordering::Less) => true,
                        Some(Ordering::Equal) => !*max_excluded,
                        _ => false,
                    },
                    None => true,
                };
                above && below
            }
            Constraint::MultipleOf(unit) => match (value, *unit) {
                (Scalar::Integer(value), Scalar::Integer(unit)) => value.is_multiple_of(unit),
                _ => false,
            },
            Constraint::PowerOfTwo => match value {
                Scalar::Integer(value) => value.is_power_of_two(),
                _ => false,
            },
            Constraint::OneOf(choices) => {
                let mut index = 0;
                while index < choices.len() {
                    if value.equals(choices[index]) {
                        return true;
                    }
                    index += 1;
                }
                false
            }
        }
    }

    /// What is wrong with a default that breaks this rule, for the compiler's message.
    const fn broken_by_default(&self) -> &'static str {
        match self {
            Constraint::Range { .. } => "the default lies outside the field's own `range`",
            Constraint::MultipleOf(_) => "the default is no multiple of the field's `multiple_of`",
            Constraint::PowerOfTwo => "the default is no power of two, but the field says so",
            Constraint::OneOf(_) => "the default is missing from the field's `one_of`",
        }
    }

    /// A rule that nothing can keep: an empty range, a multiple of zero, no choice.
    const fn contradiction(&self) -> Option<&'static str> {
        match self {
            Constraint::Range {
                min: Some(min),
                max: Some(_),
                ..
            } if !self.admits(*min) => Some("the `range` is empty"),
            Constraint::MultipleOf(Scalar::Integer(unit)) if unit.magnitude() == 0 => {
                Some("`multiple_of` must not be zero")
            }
            Constraint::MultipleOf(Scalar::Integer(_)) => None,
            Constraint::MultipleOf(_) => Some("`multiple_of` needs an integer field"),
            Constraint::OneOf([]) => Some("`one_of` lists no value"),
            _ => None,
        }
    }
}

/// The first mistake in a field's own declaration, found while the struct is compiled.
pub(crate) const fn mistake(field: &FieldMeta) -> Option<&'static str> {
    let mut index = 0;
    while index < field.constraints.len() {
        let constraint = &field.constraints[index];
        if let Some(contradiction) = constraint.contradiction() {
            return Some(contradiction);
        }
        if matches!(constraint, Constraint::PowerOfTwo)
            && !matches!(field.kind, Kind::Integer { .. })
        {
            return Some("`power_of_two` needs an integer field");
        }
        if let Some(default) = field.default {
            if !constraint.admits(default) {
                return Some(constraint.broken_by_default());
            }
        }
        index += 1;
    }
    if field.bytes && !matches!(field.kind, Kind::Integer { .. }) {
        return Some("`bytes` needs an integer field");
    }
    None
}

/// What `field` admits, in words: `an integer from 1 to 65536`.
pub(crate) fn allowed(field: &FieldMeta) -> String {
    let mut text = match field.kind {
        Kind::Integer { min, max } => integers(field, min, max),
        Kind::Float => floats(field),
        Kind::Bool => "true or false".to_owned(),
        Kind::Text => "a text".to_owned(),
        Kind::Path => "a path".to_owned(),
    };
    for constraint in field.constraints {
        match constraint {
            Constraint::MultipleOf(unit) => text += &format!(", a multiple of {unit}"),
            Constraint::PowerOfTwo => text += ", a power of two",
            Constraint::OneOf(choices) => {
                let choices: Vec<_> = choices.iter().map(|choice| format!("`{choice}`")).collect();
                text = format!("one of {}", choices.join(", "));
            }
            Constraint::Range { .. } => {}
        }
    }
    text
}

fn integers(field: &FieldMeta, mut least: Integer, mut most: Integer) -> String {
    for constraint in field.constraints {
        if let Constraint::Range {
            min,
            max,
            max_excluded,
        } = *constraint
        {
            if let Some(Scalar::Integer(min)) = min {
                least = min;
            }
            if let Some(Scalar::Integer(max)) = max {
                most = if max_excluded {
                    max.predecessor().unwrap_or(max)
                } else {
                    max
                };
            }
        }
    }
    if field.bytes {
        format!(
            "a size from {least} to {most} bytes ({} to {})",
            size::show(least),
            size::show(most)
        )
    } else {
        format!("an integer from {least} to {most}")
    }
}

fn floats(field: &FieldMeta) -> String {
    let mut text = "a number".to_owned();
    for constraint in field.constraints {
        if let Constraint::Range {
            min,
            max,
            max_excluded,
        } = constraint
        {
            if let Some(min) = min {
                text += &format!(", at least {min}");
            }
            if let Some(max) = max {
                let relation = if *max_excluded {
                    "less than"
                } else {
                    "at most"
                };
                text += &format!(", {relation} {max}");
            }
        }
    }
    text
}
