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

/// Reads the section `section` of the file at `path`; every mistake is in the layer.
///
/// `None` when the file is absent and may be.
pub(crate) fn read(path: &Path, section: &str, optional: bool) -> Option<Layer> {
    let mut diagnostics = Vec::new();
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let entries = match (extension.to_ascii_lowercase().as_str(), std::fs::read(path)) {
        (_, Err(error)) if optional && error.kind() == io::ErrorKind::NotFound => return None,
        ("toml", Ok(bytes)) => entries(path, bytes, section, toml::entries, &mut diagnostics),
        ("json" | "jsonc", Ok(bytes)) => {
            entries(path, bytes, section, json::entries, &mut diagnostics)
        }
        (_, Err(error)) => Err(unreadable(path, &error)),
        (_, Ok(_)) => Err(unknown_format(path)),
    };
    let entries = entries.unwrap_or_else(|diagnostic| {
        diagnostics.push(diagnostic);
        Vec::new()
    });
    Some(Layer { entries, unique_keys: true, diagnostics })
}

/// A format: the entries of a section, and what is wrong with the document.
type Format = fn(&Section<'_>, &mut Vec<Diagnostic>) -> Vec<Entry>;

fn entries(
    path: &Path,
    bytes: Vec<u8>,
    section: &str,
    format: Format,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Vec<Entry>, Diagnostic> {
    let source = source_file(path, bytes)?;
    Ok(format(&Section { source: &source, name: section }, diagnostics))
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
        Place::Span { source: Arc::clone(self.source), span }
    }

    fn entry(&self, key: &str, key_span: Range<usize>, raw: RawValue, span: Range<usize>) -> Entry {
        Entry { key: key.to_owned(), key_place: self.place(key_span), raw, place: self.place(span) }
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

fn source_file(path: &Path, bytes: Vec<u8>) -> Result<Arc<SourceFile>, Diagnostic> {
    match String::from_utf8(bytes) {
        Ok(mut text) => {
            if text.starts_with('\u{feff}') {
                text.drain(..'\u{feff}'.len_utf8());
            }
            Ok(Arc::new(SourceFile { path: path.to_owned(), text }))
        }
        Err(error) => {
            let offset = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let source = Arc::new(SourceFile { path: path.to_owned(), text });
            let span = offset..offset + char::REPLACEMENT_CHARACTER.len_utf8();
            let message = "the file is not valid UTF-8";
            let place = Place::Span { source, span };
            Err(Diagnostic::new(DiagnosticKind::Syntax, message, place))
        }
    }
}

fn unknown_format(path: &Path) -> Diagnostic {
    let message = format!("{}: the extension names no known format", quoted_path(path));
    Diagnostic::new(DiagnosticKind::UnknownFormat, message, Place::File(path.to_owned()))
        .expecting("`.toml`, `.json` or `.jsonc`")
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("cannot read {}: {error}", quoted_path(path));
    Diagnostic::new(DiagnosticKind::Unreadable, message, Place::File(path.to_owned()))
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
