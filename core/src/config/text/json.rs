//! The section as a fragment of JSON, and values in JSON.

use super::writer::{Floats, Writer};
use crate::config::scalar::Scalar;
use crate::config::{FieldMeta, RawValue, Schema};

pub(super) const fn fragment(text: &mut Writer<'_>, schema: &Schema) {
    text.str("\n");
    text.quoted(schema.section);
    text.str(": ");
    object(text, schema.fields, 0);
    text.str("\n");
}

/// The settings that are not advanced, those of nested structs in objects of their own.
const fn object(text: &mut Writer<'_>, fields: &[FieldMeta], depth: usize) {
    text.byte(b'{');
    let mut index = 0;
    let mut first = true;
    while index < fields.len() {
        let field = &fields[index];
        index += 1;
        if field.advanced {
            continue;
        }
        text.str(if first { "\n" } else { ",\n" });
        first = false;
        text.indent(depth + 1);
        text.quoted(field.key);
        text.str(": ");
        match (&field.nested, field.default) {
            (Some(nested), _) => object(text, nested.schema.fields, depth + 1),
            (None, Some(default)) => value(text, default),
            (None, None) => text.str("null"),
        }
    }
    text.byte(b'\n');
    text.indent(depth);
    text.byte(b'}');
}

pub(super) const fn value(text: &mut Writer<'_>, value: Scalar<'_>) {
    literal(text, value, true);
}

/// A value as JSON and TOML write it. Of numbers JSON has no `inf` and `nan`, so that there they are
/// `quoted`.
pub(super) const fn literal(text: &mut Writer<'_>, value: Scalar<'_>, quoted: bool) {
    match value {
        Scalar::Text(value) => text.quoted(value),
        Scalar::Char(value) => text.quoted(value.encode_utf8(&mut [0; 4])),
        Scalar::List(items) => {
            text.byte(b'[');
            let mut index = 0;
            while let Some(item) = items.get(index) {
                if index > 0 {
                    text.str(", ");
                }
                literal(text, item, quoted);
                index += 1;
            }
            text.byte(b']');
        }
        value => {
            let is_text = matches!(value, Scalar::Duration(_)) || quoted && !is_finite(value);
            if is_text {
                text.byte(b'"');
            }
            text.bare(value, Floats::Typed);
            if is_text {
                text.byte(b'"');
            }
        }
    }
}

/// A value on several lines, `depth` levels deep, if it is a table.
pub(super) fn indented(text: &mut Writer<'_>, value: &RawValue, depth: usize) {
    let RawValue::Table { entries, .. } = value else {
        return raw(text, value);
    };
    let line = |text: &mut Writer<'_>, depth| {
        text.byte(b'\n');
        (0..depth).for_each(|_| text.str("  "));
    };
    text.byte(b'{');
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 {
            text.byte(b',');
        }
        line(text, depth + 1);
        text.quoted(key);
        text.str(": ");
        indented(text, value, depth + 1);
    }
    if !entries.is_empty() {
        line(text, depth);
    }
    text.byte(b'}');
}

/// A value on one line.
pub(super) fn raw(text: &mut Writer<'_>, value: &RawValue) {
    parts(text, value, ": ", |text, key| text.quoted(key));
}

/// The same in JSON and TOML but for how a key is written, and what is between it and its value.
pub(super) fn parts(
    text: &mut Writer<'_>,
    value: &RawValue,
    between: &str,
    write_key: fn(&mut Writer<'_>, &str),
) {
    match value {
        RawValue::List { items, .. } => {
            text.byte(b'[');
            for (index, item) in items.iter().enumerate() {
                text.str(if index > 0 { ", " } else { "" });
                parts(text, item, between, write_key);
            }
            text.byte(b']');
        }
        RawValue::Table { entries, .. } => {
            text.byte(b'{');
            for (index, (key, value)) in entries.iter().enumerate() {
                text.str(if index > 0 { ", " } else { "" });
                write_key(text, key);
                text.str(between);
                parts(text, value, between, write_key);
            }
            text.byte(b'}');
        }
        RawValue::Text(content) | RawValue::Untyped(content) => text.quoted(content),
        bare => text.str(&bare.to_string()),
    }
}

pub(super) const fn is_finite(value: Scalar<'_>) -> bool {
    match value {
        Scalar::F32(number) => number.is_finite(),
        Scalar::F64(number) => number.is_finite(),
        _ => true,
    }
}
