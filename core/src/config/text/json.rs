//! The section as a fragment of JSON, and values in JSON.

use super::writer::{Floats, Writer};
use crate::config::Schema;
use crate::config::scalar::Scalar;

pub(super) const fn fragment(text: &mut Writer<'_>, schema: &Schema) {
    text.str("\n");
    text.quoted(schema.section);
    text.str(": {");
    let mut index = 0;
    let mut first = true;
    while index < schema.fields.len() {
        let field = &schema.fields[index];
        index += 1;
        if field.advanced {
            continue;
        }
        text.str(if first { "\n  " } else { ",\n  " });
        first = false;
        text.quoted(field.key);
        text.str(": ");
        match field.default {
            Some(default) => value(text, default),
            None => text.str("null"),
        }
    }
    text.str("\n}\n");
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
