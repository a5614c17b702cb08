//! What a field admits, in words.

use super::markdown;
use super::writer::{Floats, Writer};
use crate::config::rules::{Rules, integer_bounds};
use crate::config::scalar::{Integer, Scalar};
use crate::config::value::Kind;
use crate::config::{FieldMeta, size};

/// Where the words stand.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// In a message or a comment.
    Plain,
    /// In a cell of a Markdown table.
    Table,
}

pub(super) const fn allowed(text: &mut Writer<'_>, field: &FieldMeta, place: Place) {
    value(text, field, place);
    if field.auto {
        // Not an item of the list.
        text.str(if field.separator.is_some() { "; or `auto`" } else { ", or `auto`" });
    }
}

const fn value(text: &mut Writer<'_>, field: &FieldMeta, place: Place) {
    let rules = &field.rules;
    if field.separator.is_some() {
        text.str("a list, each item ");
    }
    if let Some(choices) = rules.one_of {
        let mut index = 0;
        while let Some(choice) = choices.get(index) {
            one_of(text, index, choice, place);
            index += 1;
        }
        return;
    }
    match field.kind {
        Kind::Integer { min, max } => integers(text, field, integer_bounds(rules, min, max)),
        Kind::Float => between(text, "a number", rules),
        Kind::Char => text.str("a single character"),
        Kind::Duration => between(text, "a duration", rules),
        Kind::Bool => text.str("true or false"),
        Kind::Text => text.str("a text"),
        Kind::Path => text.str("a path"),
        Kind::Any => text.str("any value"),
        Kind::Table => text.str("a table"),
        Kind::Choice { names } => {
            let mut index = 0;
            while index < names.len() {
                one_of(text, index, Scalar::Text(names[index]), place);
                index += 1;
            }
        }
    }
    if let Some(unit) = rules.multiple_of {
        text.str(", a multiple of ");
        text.integer(unit);
    }
    if rules.power_of_two {
        text.str(", a power of two");
    }
}

/// The choice at `index`, and what stands before it.
const fn one_of(text: &mut Writer<'_>, index: usize, choice: Scalar<'_>, place: Place) {
    match index {
        0 => text.str("one of "),
        _ => text.str(", "),
    }
    match (place, choice) {
        (Place::Table, Scalar::Text(choice)) => markdown::code(text, choice),
        (Place::Table, Scalar::Char(choice)) => {
            markdown::code(text, choice.encode_utf8(&mut [0; 4]));
        }
        (Place::Plain, Scalar::Char(choice)) => {
            text.byte(b'`');
            text.one_line(choice.encode_utf8(&mut [0; 4]));
            text.byte(b'`');
        }
        (Place::Plain, Scalar::Text(choice)) => {
            text.byte(b'`');
            text.one_line(choice);
            text.byte(b'`');
        }
        (_, number) => {
            text.byte(b'`');
            text.bare(number, Floats::Short);
            text.byte(b'`');
        }
    }
}

const fn integers(text: &mut Writer<'_>, field: &FieldMeta, bounds: (Integer, Integer)) {
    let (least, most) = bounds;
    text.str(if field.bytes { "a size from " } else { "an integer from " });
    text.integer(least);
    text.str(" to ");
    text.integer(most);
    if !field.bytes {
        return;
    }
    text.str(" bytes");
    if size_is_shorter(least) || size_is_shorter(most) {
        text.str(" (");
        text.size(least);
        text.str(" to ");
        text.size(most);
        text.str(")");
    }
}

const fn size_is_shorter(bytes: Integer) -> bool {
    size::in_largest_unit(bytes).is_some()
}

const fn between(text: &mut Writer<'_>, what: &str, rules: &Rules) {
    text.str(what);
    if let Some(min) = rules.min {
        text.str(", at least ");
        text.bare(min, Floats::Short);
    }
    if let Some(max) = rules.max {
        text.str(if rules.max_excluded { ", less than " } else { ", at most " });
        text.bare(max, Floats::Short);
    }
}
