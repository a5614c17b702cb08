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
    match value {
        Scalar::Text(value) => text.quoted(value),
        Scalar::Char(value) => text.quoted(value.encode_utf8(&mut [0; 4])),
        Scalar::Duration(_) => {
            text.byte(b'"');
            text.bare(value, Floats::Typed);
            text.byte(b'"');
        }
        Scalar::List(items) => {
            text.byte(b'[');
            let mut index = 0;
            while let Some(item) = items.get(index) {
                if index > 0 {
                    text.str(", ");
                }
                self::value(text, item);
                index += 1;
            }
            text.byte(b']');
        }
        // JSON has no other way to write these.
        value if !is_finite(value) => {
            text.byte(b'"');
            text.bare(value, Floats::Typed);
            text.byte(b'"');
        }
        value => text.bare(value, Floats::Typed),
    }
}

pub(super) const fn is_finite(value: Scalar<'_>) -> bool {
    match value {
        Scalar::F32(number) => number.is_finite(),
        Scalar::F64(number) => number.is_finite(),
        _ => true,
    }
}
