//! Files: the section of a TOML or JSON document, with the place of every key and value.

use core::ops::Range;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::diagnostic::{Diagnostic, DiagnosticKind, Place, SourceFile, quoted};
use super::layer::{Entry, Layer};
use super::scalar::Integer;
use super::value::RawValue;

mod json;
mod toml;

/// Reads the section `section` of the file at `path`; every mistake goes to `diagnostics`.
///
/// `None` when the file is absent and may be.
pub(crate) fn read(
    path: &Path,
    section: &str,
    optional: bool,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Layer> {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    let entries = match extension.to_ascii_lowercase().as_str() {
        "toml" => toml::entries,
        "json" | "jsonc" => json::entries,
        _ => {
            diagnostics.push(unknown_format(path));
            return None;
        }
    };
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if optional && error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            diagnostics.push(unreadable(path, &error));
            return None;
        }
    };
    let source = source_file(path, bytes, diagnostics)?;
    let section = Section {
        source: &source,
        name: section,
    };
    Some(Layer {
        entries: entries(&section, diagnostics),
        unique_keys: true,
    })
}

/// The section to look for, and the file to point into.
struct Section<'a> {
    source: &'a Arc<SourceFile>,
    name: &'a str,
}

impl Section<'_> {
    fn text(&self) -> &str {
        &self.source.text
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place::Span {
            source: Arc::clone(self.source),
            span,
        }
    }

    fn entry(&self, key: &str, key_span: Range<usize>, raw: RawValue, span: Range<usize>) -> Entry {
        Entry {
            key: key.to_owned(),
            key_place: self.place(key_span),
            raw,
            place: self.place(span),
        }
    }

    /// What a list or a table looks like in the document.
    fn other(&self, what: &'static str, span: Range<usize>) -> RawValue {
        let text = self.text().get(span).unwrap_or(what).to_owned();
        RawValue::Other { what, text }
    }

    fn syntax(&self, message: impl Into<String>, span: Range<usize>) -> Diagnostic {
        Diagnostic::new(DiagnosticKind::Syntax, message, self.place(span))
    }

    fn not_a_table(&self, raw: &RawValue, span: Range<usize>, expected: &str) -> Diagnostic {
        let message = format!("section `{}` is {}", self.name, raw.what());
        Diagnostic::new(DiagnosticKind::WrongType, message, self.place(span))
            .with_key(self.name)
            .with_value(&raw.to_string())
            .expecting(expected)
    }
}

fn source_file(
    path: &Path,
    bytes: Vec<u8>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Arc<SourceFile>> {
    match String::from_utf8(bytes) {
        Ok(mut text) => {
            if text.starts_with('\u{feff}') {
                text.drain(..'\u{feff}'.len_utf8());
            }
            Some(Arc::new(SourceFile {
                path: path.to_owned(),
                text,
            }))
        }
        Err(error) => {
            let offset = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let source = Arc::new(SourceFile {
                path: path.to_owned(),
                text,
            });
            let span = offset..offset + char::REPLACEMENT_CHARACTER.len_utf8();
            let place = Place::Span { source, span };
            diagnostics.push(Diagnostic::new(
                DiagnosticKind::Syntax,
                "the file is not valid UTF-8",
                place,
            ));
            None
        }
    }
}

fn unknown_format(path: &Path) -> Diagnostic {
    let message = format!("{}: the extension names no known format", quoted_path(path));
    Diagnostic::new(
        DiagnosticKind::UnknownFormat,
        message,
        Place::File(path.to_owned()),
    )
    .expecting("`.toml`, `.json` or `.jsonc`")
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("cannot read {}: {error}", quoted_path(path));
    Diagnostic::new(
        DiagnosticKind::Unreadable,
        message,
        Place::File(path.to_owned()),
    )
}

fn quoted_path(path: &Path) -> String {
    quoted(&path.display().to_string())
}

/// A number as a document writes it, in base ten: an integer where it is one (`1e3`, `2.0`).
fn decimal(text: &str) -> RawValue {
    exact_integer(text).map_or_else(|| RawValue::Decimal(text.to_owned()), RawValue::Integer)
}

fn exact_integer(text: &str) -> Option<Integer> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    let dropped = i32::try_from(digits.len() - significant.len()).ok()?;
    let places = i32::try_from(fraction.len()).ok()?;
    if !significant.contains(|c: char| c.is_ascii_digit()) {
        return Some(Integer::from_u128(0));
    }
    let zeros = exponent.checked_sub(places)?.checked_add(dropped)?;
    let zeros = usize::try_from(zeros).ok().filter(|zeros| *zeros < 40)?;
    Integer::parse(&format!("{significant}{}", "0".repeat(zeros)), 10)
}
