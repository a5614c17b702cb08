//! Files: the section of a TOML or JSON document, with the place of every key and value.

use core::ops::Range;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::diagnostic::{Diagnostic, DiagnosticKind, closest, quoted};
use super::layer::{Entry, Layer, deprecated, given_twice};
use super::outline::{Member, Outline, SECTION, Table};
use super::raw::RawValue;
use super::scalar::Integer;
use super::source::{Place, SourceFile};

pub(crate) mod json;
mod toml;

/// Reads the section of `outline` from the file at `path`; every mistake is in the layer.
///
/// `None` when the file is absent and may be.
pub(crate) fn read(path: &Path, outline: &Outline, optional: bool) -> Option<Layer> {
    let mut diagnostics = Vec::new();
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let format: Option<Format> = match extension.to_ascii_lowercase().as_str() {
        "toml" => Some(toml::entries),
        "json" | "jsonc" => Some(json::entries),
        _ => None,
    };
    let entries = match File::open(path) {
        Err(error) if optional && error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => Err(unreadable(path, &error)),
        Ok(file) => format
            .ok_or_else(|| unknown_format(path))
            .and_then(|format| Ok((format, bytes_of(path, file)?)))
            .and_then(|(format, bytes)| entries(path, bytes, outline, format, &mut diagnostics)),
    };
    let entries = entries.unwrap_or_else(|diagnostic| {
        diagnostics.push(diagnostic);
        Vec::new()
    });
    Some(Layer { entries, unique_keys: true, diagnostics })
}

/// Parsers take several times as much memory.
const LONGEST: u64 = 16 << 20;

/// All of it, if it is no longer than a configuration.
fn bytes_of(path: &Path, file: File) -> Result<Vec<u8>, Diagnostic> {
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 <= LONGEST {
        return Ok(bytes);
    }
    let message = format!("{} is longer than {} MiB", quoted_path(path), LONGEST >> 20);
    let help = "no configuration is: check the path";
    Err(Diagnostic::new(DiagnosticKind::Unreadable, message, Place::File(path.to_owned()))
        .with_help(Some(help.to_owned())))
}

/// A format: the entries of a section, and what is wrong with the document.
type Format = fn(&Section<'_>, &mut Vec<Diagnostic>) -> Vec<Entry>;

fn entries(
    path: &Path,
    bytes: Vec<u8>,
    outline: &Outline,
    format: Format,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Vec<Entry>, Diagnostic> {
    let source = source_file(path, bytes, outline)?;
    let name = &outline.table(SECTION).path;
    let entries = format(&Section { source: &source, outline, name }, diagnostics);
    if !outline.has_secrets() {
        return Ok(entries);
    }
    if diagnostics.iter().any(|found| found.kind() == DiagnosticKind::Syntax) {
        // Keys and values in it are guesses, and may be parts of a secret.
        diagnostics.retain(|found| found.kind() == DiagnosticKind::Syntax);
        source.hide_all();
        return Ok(Vec::new());
    }
    if diagnostics.is_empty() {
        source.hide(secrets(outline, &entries));
    } else {
        // Perhaps there are some outside of the section.
        source.hide_all();
    }
    Ok(entries)
}

/// The places of what may be a secret: the value of one, or of a key that is not known.
fn secrets(outline: &Outline, entries: &[Entry]) -> impl Iterator<Item = Range<usize>> {
    let is_shown = move |entry: &Entry| match outline.table(entry.table).member(&entry.key) {
        Some(Member::Setting(number)) => !outline.settings[number].field.secret,
        _ => false,
    };
    let hidden = entries.iter().filter(move |entry| !is_shown(entry));
    hidden.filter_map(|entry| match (&entry.key_place, &entry.place) {
        // A table in TOML has the place of its key alone.
        (Place::Span { span: key, .. }, Place::Span { span: value, .. }) => {
            Some(key.start.min(value.start)..key.end.max(value.end))
        }
        _ => None,
    })
}

/// A key at the top of a document.
struct Top<'a> {
    key: &'a str,
    span: Range<usize>,
    is_table: bool,
}

/// A key of a table, and its value.
struct Pair<'a, N> {
    key: &'a str,
    key_span: Range<usize>,
    value: &'a N,
}

/// A value in a document.
trait Node: Sized {
    /// What a table holds, in the order of the document; `None` of anything else.
    fn pairs(&self) -> Option<Vec<Pair<'_, Self>>>;

    fn raw(&self, section: &Section<'_>) -> RawValue;

    fn place(&self) -> Range<usize>;

    /// How the table at `path` is written.
    fn expected(&self, path: &str) -> String;
}

/// The section to look for, and the file to point into.
struct Section<'a> {
    source: &'a Arc<SourceFile>,
    outline: &'a Outline,
    name: &'a str,
}

impl Section<'_> {
    fn text(&self) -> &str {
        &self.source.text
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place::Span { source: Arc::clone(self.source), span }
    }

    /// The entries of the table `number`, and of those within it.
    fn walk<N: Node>(
        &self,
        number: usize,
        pairs: Vec<Pair<'_, N>>,
        entries: &mut Vec<Entry>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let table = self.outline.table(number);
        let mut seen: Vec<(usize, &str, Range<usize>)> = Vec::new();
        for Pair { key, key_span, value } in pairs {
            let Some(Member::Table(inner)) = table.member(key) else {
                entries.push(Entry {
                    table: number,
                    key: key.to_owned(),
                    key_place: self.place(key_span),
                    raw: value.raw(self),
                    place: self.place(value.place()),
                });
                continue;
            };
            diagnostics.extend(self.old_table(table, key, key_span.clone()));
            match seen.iter().find(|(seen, ..)| *seen == inner) {
                Some((_, earlier, span)) => {
                    let path = self.outline.table(inner).key();
                    let earlier = (*earlier, self.place(span.clone()));
                    diagnostics.push(given_twice(path, earlier, (key, self.place(key_span))));
                }
                None => seen.push((inner, key, key_span)),
            }
            match value.pairs() {
                Some(pairs) => self.walk(inner, pairs, entries, diagnostics),
                None => diagnostics.extend(self.not_a_table(inner, value)),
            }
        }
    }

    /// The warning about an old key of a table within `table`.
    fn old_table(&self, table: &Table, key: &str, span: Range<usize>) -> Option<Diagnostic> {
        let field = &table.fields[table.index_of(key)?];
        deprecated(field, &table.lead, key, &self.place(span))
    }

    /// What is wrong with a value where the table `number` is; `null` is a table at its defaults.
    fn not_a_table(&self, number: usize, value: &impl Node) -> Option<Diagnostic> {
        let raw = value.raw(self);
        if raw == RawValue::Null {
            return None;
        }
        let table = self.outline.table(number);
        let kind = if number == SECTION { "section" } else { "table" };
        let message = format!("{kind} `{}` is {}", table.path, raw.what());
        let key = if number == SECTION { self.name } else { table.key() };
        let found = Diagnostic::new(DiagnosticKind::WrongType, message, self.place(value.place()))
            .with_key(key)
            .expecting(value.expected(&table.path));
        let is_shown = !self.outline.has_secrets();
        Some(if is_shown { found.with_value(&raw.to_string()) } else { found })
    }

    /// What stands at `span` in the document.
    fn written(&self, span: Range<usize>) -> &str {
        self.text().get(span).unwrap_or_default()
    }

    /// What no field takes.
    fn other(&self, what: &'static str, span: Range<usize>) -> RawValue {
        RawValue::Other { what, text: self.written(span).to_owned() }
    }

    fn syntax(&self, message: &str, span: Range<usize>) -> Diagnostic {
        Diagnostic::new(DiagnosticKind::Syntax, uncapitalized(message), self.place(span))
    }

    /// The section, or a table within it, stands in the document twice, under `path`.
    fn given_twice(
        &self,
        key: &str,
        path: &str,
        earlier: Option<Range<usize>>,
        again: Range<usize>,
    ) -> Diagnostic {
        let kind = if path == self.name { "section" } else { "table" };
        self.twice(format!("{kind} `{path}` is given twice"), Some(key), earlier, again)
    }

    /// `written` stands in a table twice; it is the key `key` where that is known.
    fn key_twice(
        &self,
        written: &str,
        key: Option<&str>,
        earlier: Option<Range<usize>>,
        again: Range<usize>,
    ) -> Diagnostic {
        self.twice(format!("{} is given twice", quoted(written)), key, earlier, again)
    }

    fn twice(
        &self,
        message: String,
        key: Option<&str>,
        earlier: Option<Range<usize>>,
        again: Range<usize>,
    ) -> Diagnostic {
        let mut twice = Diagnostic::new(DiagnosticKind::DuplicateKey, message, self.place(again));
        if let Some(key) = key {
            twice = twice.with_key(key);
        }
        match earlier {
            Some(earlier) => twice.with_context(self.place(earlier), "first given here"),
            None => twice,
        }
    }

    /// The key of the table at `path`, if that is the section or a table within it.
    fn key_of(&self, path: &str) -> Option<&str> {
        if path == self.name {
            return Some(self.name);
        }
        let (_, rest) = path.split_at_checked(self.name.len())?;
        self.outline.table_at(rest.strip_prefix('.')?).map(Table::key)
    }

    /// A warning if the document, which lacks the section, has something that looks like it at its
    /// top: a table of nearly that name, or one of our keys.
    fn absent(&self, top: &[Top<'_>]) -> Option<Diagnostic> {
        let tables = || top.iter().filter(|top| top.is_table).map(|top| top.key);
        let close = tables().find(|key| closest(self.name, [*key]).is_some());
        let stray = || top.iter().map(|top| top.key).find(|key| self.knows(key));
        let meant = close.or_else(stray)?;
        let found = top.iter().find(|top| top.key == meant)?;
        let message = format!("the file has no section `{}`", self.name);
        let place = self.place(found.span.clone());
        let help = match close {
            Some(_) => format!("did you mean `[{}]`?", self.name),
            None => format!(
                "did you mean `{}` in section `[{}]`? Keys outside it are ignored",
                found.key, self.name
            ),
        };
        Some(
            Diagnostic::new(DiagnosticKind::MissingSection, message, place)
                .with_key(found.key)
                .with_help(Some(help))
                .warning(),
        )
    }

    fn knows(&self, key: &str) -> bool {
        self.outline.table(SECTION).index_of(key).is_some()
    }
}

/// What the parsers say begins with a capital or not; our own messages do not.
fn uncapitalized(message: &str) -> String {
    let mut rest = message.chars();
    let first = rest.next().into_iter().flat_map(char::to_lowercase);
    first.chain(rest.clone()).collect()
}

fn source_file(
    path: &Path,
    bytes: Vec<u8>,
    outline: &Outline,
) -> Result<Arc<SourceFile>, Diagnostic> {
    match String::from_utf8(bytes) {
        Ok(mut text) => {
            if text.starts_with('\u{feff}') {
                text.drain(..'\u{feff}'.len_utf8());
            }
            Ok(Arc::new(SourceFile::new(path.to_owned(), text)))
        }
        Err(error) => {
            let offset = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let source = Arc::new(SourceFile::new(path.to_owned(), text));
            if outline.has_secrets() {
                source.hide_all();
            }
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
    let help = match error.kind() {
        io::ErrorKind::NotFound => Some("check the path"),
        io::ErrorKind::PermissionDenied => Some("check the file's owner and mode"),
        io::ErrorKind::IsADirectory => Some("name a file in it"),
        _ => None,
    };
    Diagnostic::new(DiagnosticKind::Unreadable, message, Place::File(path.to_owned()))
        .with_help(help.map(str::to_owned))
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
        // -0.0 is a number of its own, which no integer is.
        let is_integer = mantissa == text && fraction.is_empty();
        let negative = text.starts_with('-') && !is_integer;
        return (!negative).then(|| Integer::from_u128(0));
    }
    let zeros = exponent.checked_sub(places)?.checked_add(dropped)?;
    let zeros = usize::try_from(zeros).ok().filter(|zeros| *zeros < 40)?;
    Integer::parse(&format!("{significant}{}", "0".repeat(zeros)), 10)
}
