//! What is known about the settings, as tables in Markdown.

use super::words::{self, Place};
use super::writer::{Floats, Writer, plain_end};
use super::{any_advanced, paragraph_end};
use crate::config::nested::{Name, Variables};
use crate::config::scalar::Scalar;
use crate::config::{FieldMeta, Schema};

pub(super) const fn tables(text: &mut Writer<'_>, schema: &Schema) {
    let ordinary = any_advanced_within(schema.fields, false);
    if ordinary {
        table(text, schema, false);
    }
    if any_advanced_within(schema.fields, true) {
        text.str(if ordinary { "\nAdvanced settings:\n\n" } else { "Advanced settings:\n\n" });
        table(text, schema, true);
    }
}

const fn any_advanced_within(fields: &[FieldMeta], advanced: bool) -> bool {
    let mut index = 0;
    while index < fields.len() {
        if let Some(nested) = &fields[index].nested
            && any_advanced_within(nested.schema.fields, advanced)
        {
            return true;
        }
        index += 1;
    }
    any_advanced(fields, advanced)
}

const fn table(text: &mut Writer<'_>, schema: &Schema, advanced: bool) {
    text.str("| Setting | Variable | Default | Allowed | What it does |\n");
    text.str("| --- | --- | --- | --- | --- |\n");
    rows(text, schema.fields, None, &Variables::of(schema), advanced);
}

const fn rows(
    text: &mut Writer<'_>,
    fields: &[FieldMeta],
    path: Option<&Name<'_>>,
    variables: &Variables<'_>,
    advanced: bool,
) {
    let mut index = 0;
    while index < fields.len() {
        let field = &fields[index];
        let key = match path {
            Some(path) => Name::behind(path, ".", field.key),
            None => Name::new(field.key),
        };
        if let Some(nested) = &field.nested {
            rows(text, nested.schema.fields, Some(&key), &variables.nested(nested), advanced);
        } else if field.advanced == advanced {
            row(text, field, &key, variables);
        }
        index += 1;
    }
}

const fn row(text: &mut Writer<'_>, field: &FieldMeta, key: &Name<'_>, variables: &Variables<'_>) {
    text.str("| ");
    code_of_name(text, key);
    text.str(" | ");
    if let Some(variable) = variables.of_field(field) {
        code_of_name(text, &variable);
        text.byte(b' ');
    }
    text.str("| ");
    match field.default {
        Some(Scalar::Text(default)) if default.is_empty() => text.str("the empty text"),
        Some(Scalar::List(items)) => {
            let mut index = 0;
            while let Some(item) = items.get(index) {
                if index > 0 {
                    text.str(", ");
                }
                value(text, item);
                index += 1;
            }
            if index == 0 {
                text.str("the empty list");
            }
        }
        Some(default) => value(text, default),
        None => text.str(if field.required { "required" } else { "not set" }),
    }
    text.str(" | ");
    words::allowed(text, field, Place::Table);
    text.str(" | ");
    if paragraph(text, field.doc) {
        text.byte(b' ');
    }
    text.str("|\n");
}

const fn value(text: &mut Writer<'_>, value: Scalar<'_>) {
    match value {
        Scalar::Text(value) => code(text, value),
        Scalar::Char(value) => code(text, value.encode_utf8(&mut [0; 4])),
        value => {
            text.byte(b'`');
            text.bare(value, Floats::Typed);
            text.byte(b'`');
        }
    }
}

/// The first paragraph of a doc comment, which is Markdown already, in one cell. Whether there is
/// any.
const fn paragraph(text: &mut Writer<'_>, doc: &str) -> bool {
    let (paragraph, _) = doc.split_at(paragraph_end(doc));
    let bytes = paragraph.as_bytes();
    let mut index = 0;
    loop {
        index = text.plain(paragraph, index, [b'|', b'\\']);
        if index == bytes.len() {
            return !bytes.is_empty();
        }
        match bytes[index] {
            b'\n' => text.byte(b' '),
            b'|' => text.str("\\|"),
            b'\\' => {
                text.byte(b'\\');
                // What it escapes is no bar to us either.
                if index + 1 < bytes.len() && matches!(bytes[index + 1], b'|' | b'\\') {
                    index += 1;
                    text.byte(bytes[index]);
                }
            }
            control => text.escape(control),
        }
        index += 1;
    }
}

/// Text in backticks, more of them than it has in a row itself.
pub(super) const fn code(text: &mut Writer<'_>, content: &str) {
    let bytes = content.as_bytes();
    let ends = matches!(bytes, [] | [b'`' | b' ', ..] | [.., b'`' | b' ']);
    let fence = longest_run_of_backticks(bytes) + 1;
    fenced(text, fence, ends, Content::Text(content));
}

const fn code_of_name(text: &mut Writer<'_>, name: &Name<'_>) {
    let last = name.last.as_bytes();
    let ends = starts_apart(name) || matches!(last, [] | [.., b'`' | b' ']);
    fenced(text, longest_run_in(name) + 1, ends, Content::Name(name));
}

enum Content<'a> {
    Text(&'a str),
    Name(&'a Name<'a>),
}

const fn fenced(text: &mut Writer<'_>, fence: usize, padded: bool, content: Content<'_>) {
    // One space at each end belongs to the backticks, and keeps them apart from others.
    backticks(text, fence);
    if padded {
        text.byte(b' ');
    }
    match content {
        Content::Text(content) => cell(text, content),
        Content::Name(name) => name_in_cell(text, name),
    }
    if padded {
        text.byte(b' ');
    }
    backticks(text, fence);
}

const fn cell(text: &mut Writer<'_>, content: &str) {
    let bytes = content.as_bytes();
    let mut index = 0;
    loop {
        index = text.plain(content, index, [b'|'; 2]);
        if index == bytes.len() {
            return;
        }
        match bytes[index] {
            b'|' => text.str("\\|"),
            control => text.escape(control),
        }
        index += 1;
    }
}

const fn name_in_cell(text: &mut Writer<'_>, name: &Name<'_>) {
    if let Some((before, between)) = name.before {
        name_in_cell(text, before);
        text.str(between);
    }
    cell(text, name.last);
}

const fn starts_apart(name: &Name<'_>) -> bool {
    match name.before {
        Some((before, _)) => starts_apart(before),
        None => matches!(name.last.as_bytes(), [] | [b'`' | b' ', ..]),
    }
}

/// What joins the parts of a name is no backtick.
const fn longest_run_in(name: &Name<'_>) -> usize {
    let own = longest_run_of_backticks(name.last.as_bytes());
    match name.before {
        Some((before, _)) => {
            let others = longest_run_in(before);
            if own > others { own } else { others }
        }
        None => own,
    }
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
    let mut index = 0;
    while index < bytes.len() {
        let start = plain_end(bytes, index, [b'`'; 2]);
        index = start;
        while index < bytes.len() && bytes[index] == b'`' {
            index += 1;
        }
        if index - start > longest {
            longest = index - start;
        }
        if index == start {
            index += 1;
        }
    }
    longest
}
