//! The section as a TOML file to copy: every setting with its default, and what is to be known
//! about it.

use super::json;
use super::words::{self, Place};
use super::writer::Writer;
use super::{any_advanced, without_default};
use crate::config::{FieldMeta, Schema};

pub(super) const fn template(text: &mut Writer<'_>, schema: &Schema) {
    text.byte(b'[');
    key(text, schema.section);
    text.str("]\n");
    settings(text, schema.fields, false);
    if any_advanced(schema.fields, true) {
        text.str("\n# Advanced settings.\n");
        settings(text, schema.fields, true);
    }
}

const fn settings(text: &mut Writer<'_>, fields: &[FieldMeta], advanced: bool) {
    let mut index = 0;
    while index < fields.len() {
        if fields[index].advanced == advanced {
            text.byte(b'\n');
            setting(text, &fields[index]);
        }
        index += 1;
    }
}

const fn setting(text: &mut Writer<'_>, field: &FieldMeta) {
    text.comment(field.doc);
    text.str("# Allowed: ");
    words::allowed(text, field, Place::Plain);
    text.byte(b'\n');
    if let Some(variable) = field.env {
        text.str("# Variable: ");
        text.one_line(variable);
        text.byte(b'\n');
    }
    match field.default {
        Some(default) => {
            key(text, field.key);
            text.str(" = ");
            json::literal(text, default, false);
        }
        None => {
            text.str(without_default(field));
            text.str("# ");
            key(text, field.key);
            text.str(" =");
        }
    }
    text.byte(b'\n');
}

const fn key(text: &mut Writer<'_>, key: &str) {
    if is_bare_key(key) { text.str(key) } else { text.quoted(key) }
}

const fn is_bare_key(key: &str) -> bool {
    let key = key.as_bytes();
    let mut index = 0;
    while index < key.len() {
        if !matches!(key[index], b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-') {
            return false;
        }
        index += 1;
    }
    !key.is_empty()
}
