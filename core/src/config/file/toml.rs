//! TOML documents, with recovery: several syntax errors at once, and what is sound between them.

use core::ops::Range;
use std::collections::HashSet;

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::{Diagnostic, Entry, Integer, Node, Pair, Place, RawValue, SECTION, Section, Top};
use crate::config::raw::DATE_OR_TIME;

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
        diagnostics.extend(section.absent(&format!("[{}]", section.name), &top(document)));
        return Vec::new();
    };
    let mut entries = Vec::new();
    match value.pairs() {
        Some(pairs) => section.walk(SECTION, pairs, &mut entries, diagnostics),
        None => diagnostics.extend(section.not_a_table(SECTION, value)),
    }
    // What was recovered from a broken line is a guess: its syntax error says enough.
    entries.retain(|entry| match &entry.key_place {
        Place::Span { span, .. } => !broken_lines.contains(&section.source.line(span.start)),
        _ => true,
    });
    entries
}

impl Node for Spanned<DeValue<'_>> {
    fn pairs(&self) -> Option<Vec<Pair<'_, Self>>> {
        let DeValue::Table(table) = self.get_ref() else { return None };
        let pairs = table.iter();
        let pairs =
            pairs.map(|(key, value)| Pair { key: key.get_ref(), key_span: key.span(), value });
        let mut pairs: Vec<_> = pairs.collect();
        pairs.sort_by_key(|pair| pair.key_span.start);
        Some(pairs)
    }

    fn raw(&self, section: &Section<'_>) -> RawValue {
        match self.get_ref() {
            DeValue::String(text) => RawValue::Text(text.to_string()),
            DeValue::Boolean(value) => RawValue::Bool(*value),
            DeValue::Integer(integer) => match Integer::parse(integer.as_str(), integer.radix()) {
                Some(integer) => RawValue::Integer(integer),
                None if integer.radix() == 10 => RawValue::Decimal(integer.as_str().to_owned()),
                None => section.other("an integer that no type holds", self.span()),
            },
            DeValue::Float(float) => RawValue::Decimal(float.as_str().to_owned()),
            DeValue::Datetime(_) => section.other(DATE_OR_TIME, self.span()),
            DeValue::Array(list) => RawValue::List {
                items: list.iter().map(|item| item.raw(section)).collect(),
                text: section.written(self.span()).to_owned(),
            },
            // Its place is a header or the start of a key, which is not what a table looks like.
            DeValue::Table(_) => {
                let pairs = self.pairs().unwrap_or_default().into_iter();
                let entries = pairs.map(|pair| (pair.key.to_owned(), pair.value.raw(section)));
                let (what, text) = ("a table", "{…}".to_owned());
                RawValue::Table { what, entries: entries.collect(), text }
            }
        }
    }

    fn place(&self) -> Range<usize> {
        self.span()
    }

    fn expected(&self, path: &str) -> String {
        format!("a table, `[{path}]`")
    }
}

/// What the parser calls a key that is given twice; where it was given first it does not say.
const DUPLICATE: &str = "duplicate key";

fn duplicate(
    section: &Section<'_>,
    document: &DeTable<'_>,
    headers: &[Header],
    span: Range<usize>,
) -> Diagnostic {
    let name = unquoted(section.text().get(span.clone()).unwrap_or_default());
    let before = headers.partition_point(|header| header.span.end <= span.start);
    let (before, after) = headers.split_at(before);
    let header = after.first().filter(|next| next.span.start <= span.start);
    if let Some(header) = header
        && let Some(key) = section.key_of(&header.name)
    {
        // The parser keeps the last one of them.
        let first = before.iter().find(|earlier| earlier.name == header.name);
        let first = first.map(|first| first.span.clone());
        return section.given_twice(key, &header.name, first, header.span.clone());
    }
    let of = |table: Option<&DeTable<'_>>| {
        let (key, _) = table?.get_key_value(name)?;
        Some(key.span()).filter(|first| first.start < span.start)
    };
    if name == section.name && before.is_empty() {
        return section.given_twice(name, name, of(Some(document)), span);
    }
    let around = match before.last() {
        Some(header) => header.name.as_str(),
        None if is_in_line_of(section, &span) => section.name,
        None => "",
    };
    let (key, first) = match section.key_of(around) {
        Some(_) => (Some(name), of(table_at(document, around))),
        None => (None, None),
    };
    section.key_twice(name, key, first, span)
}

/// The `[name]` of a table, with the place of the name.
struct Header {
    name: String,
    span: Range<usize>,
}

/// The headers in their order; the parser remembers only the last one of each table.
fn headers(section: &Section<'_>) -> Vec<Header> {
    let mut start = 0;
    let lines = section.source.text.split_inclusive('\n');
    let headers = lines.filter_map(|line| {
        let line_start = start;
        start += line.len();
        let (name, _) = line.trim_start().strip_prefix('[')?.split_once(']')?;
        let name = name.trim();
        let at = line_start + line.find(name)?;
        let parts: Vec<_> = name.split('.').map(|part| unquoted(part.trim())).collect();
        Some(Header { name: parts.join("."), span: at..at + name.len() })
    });
    headers.collect()
}

fn table_at<'a, 'text>(document: &'a DeTable<'text>, path: &str) -> Option<&'a DeTable<'text>> {
    path.split('.').try_fold(document, |table, key| match table.get(key)?.get_ref() {
        DeValue::Table(inner) => Some(inner),
        _ => None,
    })
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
