//! What is known about the settings, as tables in Markdown.

use super::words::{self, Place};
use super::writer::{Floats, Writer};
use super::{any_advanced, paragraph_end};
use crate::config::scalar::Scalar;
use crate::config::{FieldMeta, Schema};

pub(super) const fn tables(text: &mut Writer<'_>, schema: &Schema) {
    let ordinary = any_advanced(schema.fields, false);
    if ordinary {
        table(text, schema.fields, false);
    }
    if any_advanced(schema.fields, true) {
        text.str(if ordinary { "\nAdvanced settings:\n\n" } else { "Advanced settings:\n\n" });
        table(text, schema.fields, true);
    }
}

const fn table(text: &mut Writer<'_>, fields: &[FieldMeta], advanced: bool) {
    text.str("| Setting | Variable | Default | Allowed | What it does |\n");
    text.str("| --- | --- | --- | --- | --- |\n");
    let mut index = 0;
    while index < fields.len() {
        if fields[index].advanced == advanced {
            row(text, &fields[index]);
        }
        index += 1;
    }
}

const fn row(text: &mut Writer<'_>, field: &FieldMeta) {
    text.str("| ");
    code(text, field.key);
    text.str(" | ");
    if let Some(variable) = field.env {
        code(text, variable);
        text.byte(b' ');
    }
    text.str("| ");
    match field.default {
        Some(Scalar::Text(default)) if default.is_empty() => text.str("the empty text"),
        Some(Scalar::Text(default)) => code(text, default),
        Some(default) => {
            text.byte(b'`');
            text.bare(default, Floats::Typed);
            text.byte(b'`');
        }
        None => text.str("required"),
    }
    text.str(" | ");
    words::allowed(text, field, Place::Table);
    text.str(" | ");
    if paragraph(text, field.doc) {
        text.byte(b' ');
    }
    text.str("|\n");
}

/// The first paragraph of a doc comment, which is Markdown already, in one cell. Whether there is
/// any.
const fn paragraph(text: &mut Writer<'_>, doc: &str) -> bool {
    let bytes = doc.as_bytes();
    let end = paragraph_end(doc);
    let mut index = 0;
    // Whether the byte before is a backslash that escapes this one.
    let mut escaped = false;
    while index < end {
        match bytes[index] {
            b'\n' => text.byte(b' '),
            b'|' if !escaped => text.str("\\|"),
            byte => text.visible(byte),
        }
        escaped = bytes[index] == b'\\' && !escaped;
        index += 1;
    }
    end > 0
}

/// Text in backticks, more of them than it has in a row itself.
pub(super) const fn code(text: &mut Writer<'_>, content: &str) {
    let bytes = content.as_bytes();
    let fence = longest_run_of_backticks(bytes) + 1;
    // One space at each end belongs to the backticks, and keeps them apart from others.
    let padded = matches!(bytes, [] | [b'`' | b' ', ..] | [.., b'`' | b' ']);
    backticks(text, fence);
    if padded {
        text.byte(b' ');
    }
    let mut index = 0;
    while index < bytes.len() {
        match bytes[index] {
            b'|' => text.str("\\|"),
            byte => text.visible(byte),
        }
        index += 1;
    }
    if padded {
        text.byte(b' ');
    }
    backticks(text, fence);
}

const fn backticks(text: &mut Writer<'_>, count: usize) {
    let mut written = 0;
    while written < count {
        text.byte(b'`');
        written += 1;
    }
}

const fn longest_run_of_backticks(bytes: &[u8]) -> usize {
    let mut longest = 0;
    let mut run = 0;
    let mut index = 0;
    while index < bytes.len() {
        run = if bytes[index] == b'`' { run + 1 } else { 0 };
        if run > longest {
            longest = run;
        }
        index += 1;
    }
    longest
}
