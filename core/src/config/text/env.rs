//! The variables as a file to copy: for `set -a; . file` in a shell, and, where no value needs
//! quotes, for what takes a list of `NAME=value` lines as it is.

use super::words::{self, Place};
use super::writer::{Floats, Writer};
use crate::config::scalar::Scalar;
use crate::config::{FieldMeta, Schema};

pub(super) const fn template(text: &mut Writer<'_>, schema: &Schema) {
    let ordinary = settings(text, schema.fields, false, true);
    if any_with_variable(schema.fields, true) {
        if ordinary {
            text.byte(b'\n');
        }
        text.str("# Advanced settings.\n");
        settings(text, schema.fields, true, false);
    }
}

/// Whether there were any. Each is set off from what comes before, the first one if it is not the
/// first of the text.
const fn settings(
    text: &mut Writer<'_>,
    fields: &[FieldMeta],
    advanced: bool,
    mut is_start: bool,
) -> bool {
    let mut index = 0;
    let mut any = false;
    while index < fields.len() {
        let field = &fields[index];
        index += 1;
        if field.advanced != advanced {
            continue;
        }
        if let Some(variable) = field.env {
            if !is_start {
                text.byte(b'\n');
            }
            is_start = false;
            any = true;
            setting(text, field, variable);
        }
    }
    any
}

const fn any_with_variable(fields: &[FieldMeta], advanced: bool) -> bool {
    let mut index = 0;
    while index < fields.len() {
        if fields[index].advanced == advanced && fields[index].env.is_some() {
            return true;
        }
        index += 1;
    }
    false
}

const fn setting(text: &mut Writer<'_>, field: &FieldMeta, variable: &str) {
    text.comment(field.doc);
    text.str("# Allowed: ");
    words::allowed(text, field, Place::Plain);
    text.byte(b'\n');
    let Some(default) = field.default else {
        text.str("# Required, there is no default:\n");
        return unset(text, variable);
    };
    if !is_shell_name(variable) {
        text.str("# No shell can set a variable of this name:\n");
        return unset(text, variable);
    }
    if holds_nul(default) {
        text.str("# No variable can hold the default:\n");
        return unset(text, variable);
    }
    text.str(variable);
    text.byte(b'=');
    match default {
        Scalar::Text(default) if !is_plain(default) => in_single_quotes(text, default),
        default => text.bare(default, Floats::Typed),
    }
    text.byte(b'\n');
}

/// The variable in a comment, for somebody to fill in.
const fn unset(text: &mut Writer<'_>, variable: &str) {
    text.str("# ");
    text.one_line(variable);
    text.str("=\n");
}

const fn is_shell_name(name: &str) -> bool {
    let name = name.as_bytes();
    let mut index = 0;
    while index < name.len() {
        if !matches!(name[index], b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_') {
            return false;
        }
        index += 1;
    }
    !matches!(name, [] | [b'0'..=b'9', ..])
}

const fn holds_nul(value: Scalar<'_>) -> bool {
    let Scalar::Text(text) = value else {
        return false;
    };
    let text = text.as_bytes();
    let mut index = 0;
    while index < text.len() {
        if text[index] == 0 {
            return true;
        }
        index += 1;
    }
    false
}

/// Whether the text means itself to a shell, without quotes.
const fn is_plain(text: &str) -> bool {
    let text = text.as_bytes();
    let mut index = 0;
    while index < text.len() {
        let byte = text[index];
        let is_sign = matches!(byte, b'_' | b'-' | b'.' | b'/' | b':' | b',' | b'+' | b'@' | b'%');
        if !(byte.is_ascii_alphanumeric() || is_sign) {
            return false;
        }
        index += 1;
    }
    true
}

const fn in_single_quotes(text: &mut Writer<'_>, value: &str) {
    text.byte(b'\'');
    let bytes = value.as_bytes();
    let mut index = 0;
    loop {
        index = text.plain(value, index, [b'\''; 2]);
        if index == bytes.len() {
            break;
        }
        match bytes[index] {
            // Nothing escapes within: the quotes end, and begin anew.
            b'\'' => text.str("'\\''"),
            control => text.byte(control),
        }
        index += 1;
    }
    text.byte(b'\'');
}
