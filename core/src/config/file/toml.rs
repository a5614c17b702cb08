//! TOML documents, with recovery: several syntax errors at once, and what is sound between them.

use core::ops::Range;
use std::collections::HashSet;

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::{Diagnostic, DiagnosticKind, Entry, Integer, RawValue, Section, Top, quoted};

pub(super) fn entries(section: &Section<'_>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Entry> {
    let (document, errors) = DeTable::parse_recoverable(section.text());
    let document = document.get_ref();
    let mut broken_lines = HashSet::new();
    let mut headers = None;
    for error in &errors {
        let span = error.span().unwrap_or_default();
        let lines = lines(section, &span);
        // The parser stumbles on over the rest of a line it has already complained about.
        if broken_lines.contains(&lines.start) {
            continue;
        }
        if error.message() == DUPLICATE {
            let headers = headers.get_or_insert_with(|| self::headers(section));
            diagnostics.push(duplicate(section, document, headers, span));
        } else {
            diagnostics.push(section.syntax(error.message(), span));
            broken_lines.extend(lines);
        }
    }
    let found = document.iter().find(|(key, _)| key.get_ref() == section.name);
    let Some((_, value)) = found else {
        diagnostics.extend(section.absent(&top(document)));
        return Vec::new();
    };
    let DeValue::Table(table) = value.get_ref() else {
        let raw = raw(section, value);
        let expected = format!("a table, `[{}]`", section.name);
        diagnostics.push(section.not_a_table(&raw, value.span(), &expected));
        return Vec::new();
    };
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    // What was recovered from a broken line is a guess: its syntax error says enough.
    entries.retain(|(key, _)| !broken_lines.contains(&section.source.line(key.span().start)));
    entries
        .into_iter()
        .map(|(key, value)| {
            section.entry(key.get_ref(), key.span(), raw(section, value), value.span())
        })
        .collect()
}

/// What the parser calls a key that is given twice; where it was given first it does not say.
const DUPLICATE: &str = "duplicate key";

fn duplicate(
    section: &Section<'_>,
    document: &DeTable<'_>,
    headers: &[Header<'_>],
    span: Range<usize>,
) -> Diagnostic {
    let name = unquoted(section.text().get(span.clone()).unwrap_or_default());
    let before = headers.partition_point(|header| header.span.end <= span.start);
    let (before, after) = headers.split_at(before);
    let is_header = after.first().is_some_and(|next| next.span == span);
    let is_ours = match before.last() {
        Some(table) => table.name == section.name,
        None => is_in_line_of(section, &span),
    };
    let of = |table: &DeTable<'_>| {
        let (key, _) = table.get_key_value(name)?;
        Some(key.span()).filter(|first| first.start < span.start)
    };

    if name == section.name && is_header {
        // The parser keeps the last one of them.
        let first = before.iter().find(|header| header.name == name);
        return section.given_twice(None, first.map(|header| header.span.clone()), span);
    }
    if name == section.name && before.is_empty() {
        return section.given_twice(None, of(document), span);
    }
    let ours = document.get(section.name).map(Spanned::get_ref);
    match ours {
        Some(DeValue::Table(table)) if is_ours => section.given_twice(Some(name), of(table), span),
        _ => {
            let message = format!("{} is given twice", quoted(name));
            Diagnostic::new(DiagnosticKind::DuplicateKey, message, section.place(span))
        }
    }
}

/// The `[name]` of a table, with the place of the name.
struct Header<'a> {
    name: &'a str,
    span: Range<usize>,
}

/// The headers in their order; the parser remembers only the last one of each table.
fn headers<'a>(section: &Section<'a>) -> Vec<Header<'a>> {
    let mut start = 0;
    let lines = section.source.text.split_inclusive('\n');
    let headers = lines.filter_map(|line| {
        let line_start = start;
        start += line.len();
        let (name, _) = line.trim_start().strip_prefix('[')?.split_once(']')?;
        let name = name.trim();
        let at = line_start + line.find(name)?;
        Some(Header { name: unquoted(name), span: at..at + name.len() })
    });
    headers.collect()
}

/// Whether the line, which stands above every header, sets keys of our section.
fn is_in_line_of(section: &Section<'_>, span: &Range<usize>) -> bool {
    let start = section.source.line_start(section.source.line(span.start));
    let line = section.text().get(start..span.start).unwrap_or_default();
    let (first, _) = line.split_once(['.', '=']).unwrap_or((line, ""));
    unquoted(first.trim()) == section.name
}

fn unquoted(key: &str) -> &str {
    key.trim_matches(['"', '\''])
}

/// The numbers of the lines that `span` touches.
fn lines(section: &Section<'_>, span: &Range<usize>) -> Range<usize> {
    let last = span.end.saturating_sub(1).max(span.start);
    section.source.line(span.start)..section.source.line(last) + 1
}

fn top<'a>(document: &'a DeTable<'_>) -> Vec<Top<'a>> {
    let mut top: Vec<_> = document
        .iter()
        .map(|(key, value)| Top {
            key: key.get_ref(),
            span: key.span(),
            is_table: matches!(value.get_ref(), DeValue::Table(_)),
        })
        .collect();
    top.sort_by_key(|top| top.span.start);
    top
}

fn raw(section: &Section<'_>, value: &Spanned<DeValue<'_>>) -> RawValue {
    match value.get_ref() {
        DeValue::String(text) => RawValue::Text(text.to_string()),
        DeValue::Boolean(value) => RawValue::Bool(*value),
        DeValue::Integer(integer) => match Integer::parse(integer.as_str(), integer.radix()) {
            Some(integer) => RawValue::Integer(integer),
            None if integer.radix() == 10 => RawValue::Decimal(integer.as_str().to_owned()),
            None => section.other("an integer that no type holds", value.span()),
        },
        DeValue::Float(float) => RawValue::Decimal(float.as_str().to_owned()),
        DeValue::Datetime(_) => section.other("a date or time", value.span()),
        DeValue::Array(list) => RawValue::List {
            items: list.iter().map(|item| raw(section, item)).collect(),
            text: section.written(value.span()).to_owned(),
        },
        // Its place is a header or the start of a key, which is not what a table looks like.
        DeValue::Table(_) => RawValue::Other { what: "a table", text: "{…}".to_owned() },
    }
}
