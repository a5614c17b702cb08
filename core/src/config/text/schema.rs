//! The JSON Schema (draft 2020-12) of a file that has the section: for editors, and for checks
//! before a job starts.
//!
//! It says what the loader says of one file. So no key is required, for a variable or another file
//! may set it, and other sections are as they like. Where the loader is generous (names in any
//! case, spaces around a size) or does sums (the range of a size with a unit), it is simpler.

use super::json;
use super::words::{self, Place};
use super::writer::Writer;
use crate::config::rules::{Rules, integer_bounds};
use crate::config::scalar::{Integer, Scalar};
use crate::config::value::Kind;
use crate::config::{FieldMeta, Schema};

/// A size as the loader reads it, but for spaces around it.
const SIZE: &str =
    r"^\\+?[0-9](_*[0-9])*(\\.[0-9](_*[0-9])*)? *([Bb]|[KkMmGgTtPpEe]([Ii][Bb]?)?)?$";

/// A duration as the loader reads it, but for spaces around it.
const DURATION: &str = r"^[0-9](_*[0-9])*(\\.[0-9](_*[0-9])*)? *(ns|us|µs|ms|s|min|h)$";

/// A value of any shape.
const ANY: &str =
    "\"type\": [\"array\", \"boolean\", \"null\", \"number\", \"object\", \"string\"]";

/// How many powers of two a field may admit and have them listed.
const LISTED_POWERS: usize = 64;

pub(super) const fn document(text: &mut Writer<'_>, schema: &Schema) {
    text.str("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n");
    text.str("  \"type\": \"object\",\n  \"properties\": {\n    ");
    text.quoted(schema.section);
    text.str(": {");
    table(text, schema, 3);
    text.str("\n    }\n  }\n}\n");
}

const fn line(text: &mut Writer<'_>, depth: usize) {
    text.byte(b'\n');
    text.indent(depth);
}

/// What a table is, at a depth of so many levels.
const fn table(text: &mut Writer<'_>, schema: &Schema, depth: usize) {
    line(text, depth);
    text.str("\"type\": [\"object\", \"null\"],");
    line(text, depth);
    text.str("\"properties\": {");
    let mut first = true;
    let mut index = 0;
    while index < schema.fields.len() {
        let field = &schema.fields[index];
        let mut name = 0;
        while let Some(written) = name_of(field, name) {
            key(text, written, depth + 1, first);
            first = false;
            if name > field.aliases.len() {
                text.str("\"deprecated\": true, ");
            }
            property(text, field, depth + 1);
            name += 1;
        }
        index += 1;
    }
    index = 0;
    while index < schema.fixed.len() {
        key(text, schema.fixed[index].key, depth + 1, first);
        first = false;
        text.str("\"const\": ");
        json::value(text, schema.fixed[index].value);
        text.byte(b'}');
        index += 1;
    }
    line(text, depth);
    text.str("},");
    only_one_name_each(text, schema.fields, depth);
    line(text, depth);
    text.str("\"additionalProperties\": false");
}

/// Begins the schema of a key.
const fn key(text: &mut Writer<'_>, key: &str, depth: usize, first: bool) {
    if !first {
        text.byte(b',');
    }
    line(text, depth);
    text.quoted(key);
    text.str(": {");
}

const fn property(text: &mut Writer<'_>, field: &FieldMeta, depth: usize) {
    if !field.doc.is_empty() {
        text.str("\"description\": ");
        text.quoted(field.doc);
        text.str(if field.nested.is_some() { "," } else { ", " });
    }
    if let Some(nested) = &field.nested {
        table(text, &nested.schema, depth + 1);
        line(text, depth);
        return text.byte(b'}');
    }
    if let Some(default) = field.default {
        text.str("\"default\": ");
        json::value(text, default);
        text.str(", ");
    }
    if field.secret {
        text.str("\"writeOnly\": true, ");
    }
    if field.optional || field.auto {
        text.str("\"anyOf\": [");
        if field.optional {
            text.str("{\"type\": \"null\"}, ");
        }
        if field.auto {
            text.str("{\"const\": \"auto\"}, ");
        }
        text.byte(b'{');
    }
    if field.separator.is_some() {
        text.str("\"type\": \"array\", \"items\": {");
    }
    admitted(text, field);
    if field.separator.is_some() {
        text.byte(b'}');
    }
    if field.optional || field.auto {
        text.str("}]");
    }
    text.byte(b'}');
}

/// What a value is, or each item of a list.
const fn admitted(text: &mut Writer<'_>, field: &FieldMeta) {
    match field.kind {
        Kind::Integer { min, max } => integer(text, field, min, max),
        Kind::Float => float(text, &field.rules),
        Kind::Bool => text.str("\"type\": \"boolean\""),
        _ if field.rules.one_of.is_some() => one_of(text, &field.rules),
        Kind::Text | Kind::Path => text.str("\"type\": \"string\""),
        Kind::Any => text.str(ANY),
        Kind::Char => text.str("\"type\": \"string\", \"minLength\": 1, \"maxLength\": 1"),
        Kind::Duration => {
            text.str("\"type\": \"string\", \"pattern\": \"");
            text.str(DURATION);
            text.byte(b'"');
        }
        Kind::Choice { names } => choice(text, names),
        // Its schema is that of the nested struct.
        Kind::Table => {}
    }
}

const fn choice(text: &mut Writer<'_>, names: &[&str]) {
    text.str("\"enum\": [");
    let mut index = 0;
    while index < names.len() {
        separate(text, index);
        text.quoted(names[index]);
        index += 1;
    }
    text.byte(b']');
}

const fn integer(text: &mut Writer<'_>, field: &FieldMeta, min: Integer, max: Integer) {
    let rules = &field.rules;
    if field.bytes {
        text.str("\"anyOf\": [{");
    }
    text.str("\"type\": \"integer\", \"minimum\": ");
    text.integer(integer_bounds(rules, min, max).0);
    match rules.max {
        Some(Scalar::Integer(limit)) if rules.max_excluded => {
            text.str(", \"exclusiveMaximum\": ");
            text.integer(limit);
        }
        _ => {
            text.str(", \"maximum\": ");
            text.integer(integer_bounds(rules, min, max).1);
        }
    }
    if let Some(unit) = rules.multiple_of {
        text.str(", \"multipleOf\": ");
        // A number above zero, by the specification.
        text.integer(Integer::from_u128(unit.magnitude()));
    }
    if rules.one_of.is_none() && rules.power_of_two {
        powers_of_two(text, field, min, max);
    }
    if rules.one_of.is_some() {
        text.str(", ");
        one_of(text, rules);
    }
    if field.bytes {
        text.str("}, {\"type\": \"string\", \"pattern\": \"");
        text.str(SIZE);
        text.str("\"}]");
    }
}

/// The powers that a field admits, as a list if that is not long, else in words.
const fn powers_of_two(text: &mut Writer<'_>, field: &FieldMeta, min: Integer, max: Integer) {
    let bounds = integer_bounds(&field.rules, min, max);
    let mut admitted = 0;
    let mut shift = 0;
    while shift < u128::BITS {
        admitted += admits_power(&field.rules, bounds, shift) as usize;
        shift += 1;
    }
    if admitted > LISTED_POWERS {
        text.str(", \"$comment\": \"");
        words::allowed(text, field, Place::Plain);
        text.byte(b'"');
        return;
    }
    text.str(", \"enum\": [");
    let mut listed = 0;
    shift = 0;
    while shift < u128::BITS {
        if admits_power(&field.rules, bounds, shift) {
            separate(text, listed);
            text.integer(Integer::from_u128(1 << shift));
            listed += 1;
        }
        shift += 1;
    }
    text.byte(b']');
}

const fn admits_power(rules: &Rules, bounds: (Integer, Integer), shift: u32) -> bool {
    let power = Integer::from_u128(1 << shift);
    let (least, most) = bounds;
    power.compare(least).is_ge()
        && power.compare(most).is_le()
        && rules.broken_by(Scalar::Integer(power)).is_none()
}

/// The listed values that keep the other rules too.
const fn one_of(text: &mut Writer<'_>, rules: &Rules) {
    let Some(choices) = rules.one_of else {
        return;
    };
    text.str("\"enum\": [");
    let mut index = 0;
    let mut listed = 0;
    while let Some(choice) = choices.get(index) {
        if rules.broken_by(choice).is_none() {
            separate(text, listed);
            json::value(text, choice);
            listed += 1;
        }
        index += 1;
    }
    text.byte(b']');
}

/// A number; or the name of what JSON has no number for, where the rules admit that.
const fn float(text: &mut Writer<'_>, rules: &Rules) {
    if rules.one_of.is_some() {
        return one_of(text, rules);
    }
    let admitted = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
    let patterns = [
        r"\\+?[Ii][Nn][Ff]([Ii][Nn][Ii][Tt][Yy])?",
        r"-[Ii][Nn][Ff]([Ii][Nn][Ii][Tt][Yy])?",
        r"[+-]?[Nn][Aa][Nn]",
    ];
    let mut named = 0;
    let mut index = 0;
    while index < admitted.len() {
        if admits_float(rules, admitted[index]) {
            text.str(if named == 0 {
                "\"anyOf\": [{\"type\": \"string\", \"pattern\": \"^("
            } else {
                "|"
            });
            text.str(patterns[index]);
            named += 1;
        }
        index += 1;
    }
    if named > 0 {
        text.str(")$\"}, {");
    }
    text.str("\"type\": \"number\"");
    bound(text, "minimum", rules.min);
    bound(text, if rules.max_excluded { "exclusiveMaximum" } else { "maximum" }, rules.max);
    if named > 0 {
        text.str("}]");
    }
}

/// Whether a field of whichever precision admits the number.
const fn admits_float(rules: &Rules, number: f32) -> bool {
    rules.broken_by(Scalar::F32(number)).is_none()
        || rules.broken_by(Scalar::F64(number as f64)).is_none()
}

const fn bound(text: &mut Writer<'_>, keyword: &str, bound: Option<Scalar<'_>>) {
    if let Some(bound) = bound
        && json::is_finite(bound)
    {
        text.str(", ");
        text.quoted(keyword);
        text.str(": ");
        json::value(text, bound);
    }
}

/// Nothing before the first of a list, a comma before the others.
const fn separate(text: &mut Writer<'_>, index: usize) {
    if index > 0 {
        text.str(", ");
    }
}

/// Two names of the same field are not both given.
const fn only_one_name_each(text: &mut Writer<'_>, fields: &[FieldMeta], depth: usize) {
    let mut pairs = 0;
    let mut index = 0;
    while index < fields.len() {
        let field = &fields[index];
        let mut later = 1;
        while let Some(name) = name_of(field, later) {
            let mut earlier = 0;
            while earlier < later
                && let Some(other) = name_of(field, earlier)
            {
                if pairs == 0 {
                    line(text, depth);
                    text.str("\"allOf\": [");
                } else {
                    text.byte(b',');
                }
                line(text, depth + 1);
                not_both(text, other, name);
                pairs += 1;
                earlier += 1;
            }
            later += 1;
        }
        index += 1;
    }
    if pairs > 0 {
        line(text, depth);
        text.str("],");
    }
}

/// The key of a field, then its aliases, then its old keys.
const fn name_of(field: &FieldMeta, index: usize) -> Option<&'static str> {
    let aliases = field.aliases.len();
    if index == 0 {
        Some(field.key)
    } else if index <= aliases {
        Some(field.aliases[index - 1])
    } else if index - 1 - aliases < field.deprecated.len() {
        Some(field.deprecated[index - 1 - aliases].key)
    } else {
        None
    }
}

const fn not_both(text: &mut Writer<'_>, key: &str, other: &str) {
    // `required` holds of all that is no object, so of `null` too.
    text.str("{\"not\": {\"type\": \"object\", \"required\": [");
    text.quoted(key);
    text.str(", ");
    text.quoted(other);
    text.str("]}}");
}
