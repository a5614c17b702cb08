//! The section as a fragment of JSON, and values in JSON.

use super::writer::{Floats, Writer};
use crate::config::scalar::Scalar;
use crate::config::{FieldMeta, Schema};

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

pub(super) const fn is_finite(value: Scalar<'_>) -> bool {
    match value {
        Scalar::F32(number) => number.is_finite(),
        Scalar::F64(number) => number.is_finite(),
        _ => true,
    }
}
