//! The section as a TOML file to copy: every setting with its default, and what is to be known
//! about it.

use super::json;
use super::words::{self, Place};
use super::writer::Writer;
use super::{any_advanced, without_default};
use crate::config::nested::{Name, Variables};
use crate::config::{FieldMeta, RawValue, Schema};

pub(super) const fn template(text: &mut Writer<'_>, schema: &Schema) {
    table(text, schema, &Name::new(schema.section), &Variables::of(schema));
}

const fn table(text: &mut Writer<'_>, schema: &Schema, path: &Name<'_>, variables: &Variables<'_>) {
    text.byte(b'[');
    keys(text, path);
    text.str("]\n");
    settings(text, schema.fields, variables, false);
    if any_advanced(schema.fields, true) {
        text.str("\n# Advanced settings.\n");
        settings(text, schema.fields, variables, true);
    }
    // What follows a header is its own, up to the next one.
    let mut index = 0;
    while index < schema.fields.len() {
        let field = &schema.fields[index];
        if let Some(nested) = &field.nested {
            text.byte(b'\n');
            text.comment(field.doc);
            let path = Name::behind(path, ".", field.key);
            table(text, &nested.schema, &path, &variables.nested(nested));
        }
        index += 1;
    }
}

const fn settings(
    text: &mut Writer<'_>,
    fields: &[FieldMeta],
    variables: &Variables<'_>,
    advanced: bool,
) {
    let mut index = 0;
    while index < fields.len() {
        let field = &fields[index];
        if field.nested.is_none() && field.advanced == advanced {
            text.byte(b'\n');
            setting(text, field, variables);
        }
        index += 1;
    }
}

const fn setting(text: &mut Writer<'_>, field: &FieldMeta, variables: &Variables<'_>) {
    text.comment(field.doc);
    text.str("# Allowed: ");
    words::allowed(text, field, Place::Plain);
    text.byte(b'\n');
    if let Some(variable) = variables.of_field(field) {
        text.str("# Variable: ");
        text.name_on_one_line(&variable);
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

/// A table under its header, then those within it under theirs.
pub(super) fn values(text: &mut Writer<'_>, path: &[&str], entries: &[(String, RawValue)]) {
    text.byte(b'[');
    for (index, part) in path.iter().enumerate() {
        text.str(if index > 0 { "." } else { "" });
        key(text, part);
    }
    text.str("]\n");
    for (name, value) in entries {
        if !matches!(value, RawValue::Table { .. }) {
            key(text, name);
            text.str(" = ");
            json::parts(text, value, " = ", key);
            text.byte(b'\n');
        }
    }
    for (name, value) in entries {
        if let RawValue::Table { entries, .. } = value {
            text.byte(b'\n');
            values(text, &[path, &[name]].concat(), entries);
        }
    }
}

const fn keys(text: &mut Writer<'_>, path: &Name<'_>) {
    if let Some((before, between)) = path.before {
        keys(text, before);
        text.str(between);
    }
    key(text, path.last);
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
