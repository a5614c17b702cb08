//! TOML documents, with recovery: several syntax errors at once, and what is sound between them.

use core::ops::Range;

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::{Diagnostic, Entry, Integer, RawValue, Section};

pub(super) fn entries(section: &Section<'_>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Entry> {
    let (document, errors) = DeTable::parse_recoverable(section.text());
    let mut broken_lines = Vec::new();
    for error in &errors {
        let span = error.span().unwrap_or_default();
        let lines = lines(section, &span);
        // The parser stumbles on over the rest of a line it has already complained about.
        if !broken_lines.contains(&lines) {
            diagnostics.push(section.syntax(error.message(), span));
            broken_lines.push(lines);
        }
    }
    let found = document.get_ref().iter().find(|(key, _)| key.get_ref() == section.name);
    let Some((_, value)) = found else {
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
    entries.retain(|(key, _)| {
        let (line, _) = section.source.position(key.span().start);
        !broken_lines.iter().any(|broken| broken.contains(&line))
    });
    entries
        .into_iter()
        .map(|(key, value)| {
            section.entry(key.get_ref(), key.span(), raw(section, value), value.span())
        })
        .collect()
}

/// The numbers of the lines that `span` touches.
fn lines(section: &Section<'_>, span: &Range<usize>) -> Range<usize> {
    let (first, _) = section.source.position(span.start);
    let (last, _) = section.source.position(span.end.saturating_sub(1).max(span.start));
    first..last + 1
}

fn raw(section: &Section<'_>, value: &Spanned<DeValue<'_>>) -> RawValue {
    match value.get_ref() {
        DeValue::String(text) => RawValue::Text(text.to_string()),
        DeValue::Boolean(value) => RawValue::Bool(*value),
        DeValue::Integer(integer) => match Integer::parse(integer.as_str(), integer.radix()) {
            Some(integer) => RawValue::Integer(integer),
            None => section.other("an integer that no type holds", value.span()),
        },
        DeValue::Float(float) => RawValue::Decimal(float.as_str().to_owned()),
        DeValue::Datetime(_) => section.other("a date or time", value.span()),
        DeValue::Array(_) => section.other("a list", value.span()),
        DeValue::Table(_) => section.other("a table", value.span()),
    }
}
