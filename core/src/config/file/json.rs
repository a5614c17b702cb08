//! JSON documents as people keep them: comments and trailing commas allowed, nothing else loosened.

use core::ops::Range;

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

#[cfg(feature = "serde")]
use super::uncapitalized;
use super::{Diagnostic, Entry, Node, Pair, RawValue, SECTION, Section, Top, decimal};

const DIALECT: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

pub(super) fn entries(section: &Section<'_>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Entry> {
    let document = match parse_to_ast(section.text(), &CollectOptions::default(), &DIALECT) {
        Ok(document) => document.value,
        Err(error) => {
            let range = error.range();
            diagnostics.push(section.syntax(&error.kind().to_string(), range.start..range.end));
            return Vec::new();
        }
    };
    let root = match document {
        Some(Value::Object(root)) => root,
        Some(other) => {
            let range = other.range();
            diagnostics.push(
                section
                    .syntax("the document is not a JSON object", range.start..range.end)
                    .expecting(format!("an object with the section `\"{}\": {{…}}`", section.name)),
            );
            return Vec::new();
        }
        // No section, as in an empty TOML document.
        None => return Vec::new(),
    };
    let mut entries = Vec::new();
    let Some(found) = find_section(section, &root, diagnostics) else {
        return entries;
    };
    match found.pairs() {
        Some(pairs) => section.walk(SECTION, pairs, &mut entries, diagnostics),
        None => diagnostics.extend(section.not_a_table(SECTION, found)),
    }
    entries
}

impl Node for Value<'_> {
    fn pairs(&self) -> Option<Vec<Pair<'_, Self>>> {
        let Value::Object(object) = self else { return None };
        let pairs = object.properties.iter().map(|property| {
            let name = property.name.range();
            Pair {
                key: property.name.as_str(),
                key_span: name.start..name.end,
                value: &property.value,
            }
        });
        Some(pairs.collect())
    }

    fn raw(&self, section: &Section<'_>) -> RawValue {
        raw(section.text(), self)
    }

    fn place(&self) -> Range<usize> {
        self.range().start..self.range().end
    }

    fn expected(&self, _: &str) -> String {
        "an object or null".to_owned()
    }
}

/// The only value of a document.
#[cfg(feature = "serde")]
pub(crate) fn value(text: &str) -> Result<RawValue, String> {
    match parse_to_ast(text, &CollectOptions::default(), &DIALECT) {
        Ok(document) => match document.value {
            Some(value) => Ok(raw(text, &value)),
            None => Err("the text is empty".to_owned()),
        },
        Err(error) => Err(format!("as JSON: {}", uncapitalized(&error.kind().to_string()))),
    }
}

fn raw(document: &str, value: &Value<'_>) -> RawValue {
    let text = || document.get(value.place()).unwrap_or_default().to_owned();
    match value {
        Value::StringLit(text) => RawValue::Text(text.value.to_string()),
        Value::NumberLit(number) => decimal(number.value),
        Value::BooleanLit(value) => RawValue::Bool(value.value),
        Value::NullKeyword(_) => RawValue::Null,
        Value::Array(list) => {
            let items = list.elements.iter().map(|item| raw(document, item));
            RawValue::List { items: items.collect(), text: text() }
        }
        Value::Object(object) => {
            let properties = object.properties.iter();
            let mut names: Vec<&str> = properties.map(|property| property.name.as_str()).collect();
            names.sort_unstable();
            if names.windows(2).any(|pair| pair[0] == pair[1]) {
                return RawValue::Other { what: "an object with a key given twice", text: text() };
            }
            let entries = object.properties.iter().map(|property| {
                (property.name.as_str().to_owned(), raw(document, &property.value))
            });
            RawValue::Table { what: "an object", entries: entries.collect(), text: text() }
        }
    }
}

fn find_section<'root, 'text>(
    section: &Section<'_>,
    root: &'root Object<'text>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<&'root Value<'text>> {
    let mut found =
        root.properties.iter().filter(|property| property.name.as_str() == section.name);
    let Some(first) = found.next() else {
        diagnostics.extend(section.absent(&format!("\"{}\"", section.name), &top(root)));
        return None;
    };
    for again in found {
        let (earlier, later) = (first.name.range(), again.name.range());
        let (earlier, later) = (earlier.start..earlier.end, later.start..later.end);
        diagnostics.push(section.given_twice(section.name, section.name, Some(earlier), later));
    }
    Some(&first.value)
}

fn top<'a>(root: &'a Object<'_>) -> Vec<Top<'a>> {
    root.properties
        .iter()
        .map(|property| Top {
            key: property.name.as_str(),
            span: property.name.range().start..property.name.range().end,
            is_table: matches!(property.value, Value::Object(_)),
        })
        .collect()
}
