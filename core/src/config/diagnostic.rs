//! What is wrong with a configuration, and where.

use core::slice;
use std::path::Path;

use super::FieldMeta;
use super::source::Place;

mod render;

pub(crate) use render::{one_line, quoted};

/// What kind of mistake a [`Diagnostic`] reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DiagnosticKind {
    /// A file could not be read.
    Unreadable,
    /// A file's extension names no format that is understood.
    UnknownFormat,
    /// A file is not well-formed, or not UTF-8.
    Syntax,
    /// A key that the section does not have.
    UnknownKey,
    /// The same key twice in one section.
    DuplicateKey,
    /// A key and its alias, both given in one section.
    Conflict,
    /// A value of the wrong type, or one that cannot be understood.
    WrongType,
    /// A value of the right type that breaks a rule of its field.
    NotAllowed,
    /// Values that are allowed each, but that the struct's own check refuses together.
    Inconsistent,
    /// A key that is known but supports one value only, with another value.
    Unsupported,
    /// A required field without a value.
    Missing,
    /// A variable whose value is not UTF-8, or a path that is not and was to be written.
    NotUnicode,
    /// A value that cannot be written as what was asked for, such as a text with NUL in a variable.
    NotWritable,
    /// A variable that looks like a misspelt one of ours. Only ever a warning.
    UnknownVariable,
    /// A key that is understood still, but deprecated. Only ever a warning.
    Deprecated,
    /// A file lacks the section, and has something that looks like it. Only ever a warning.
    MissingSection,
}

/// Whether a [`Diagnostic`] prevents loading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Loading fails.
    Error,
    /// Loading succeeds, but something deserves a look.
    Warning,
}

/// One mistake in a configuration, or one warning.
///
/// `Display` prints the whole report, caret line included, without colours; of a line that may hold a
/// [`Secret`](crate::Secret) the number alone.
#[derive(Clone, Debug)]
pub struct Diagnostic(Box<Details>);

#[derive(Clone, Debug)]
struct Details {
    severity: Severity,
    kind: DiagnosticKind,
    key: Option<String>,
    value: Option<String>,
    message: String,
    /// What would have been right; beside the caret, or after the message.
    expected: Option<String>,
    help: Option<String>,
    place: Place,
    /// A second place that explains the first, with its label.
    context: Option<(Place, String)>,
}

impl Diagnostic {
    pub(crate) fn new(kind: DiagnosticKind, message: impl Into<String>, place: Place) -> Self {
        Self(Box::new(Details {
            severity: Severity::Error,
            kind,
            key: None,
            value: None,
            message: message.into(),
            expected: None,
            help: None,
            place,
            context: None,
        }))
    }

    pub(crate) fn warning(mut self) -> Self {
        self.0.severity = Severity::Warning;
        self
    }

    pub(crate) fn with_key(mut self, key: &str) -> Self {
        self.0.key = Some(key.to_owned());
        self
    }

    pub(crate) fn with_value(mut self, value: &str) -> Self {
        self.0.value = Some(value.to_owned());
        self
    }

    /// The value, unless it is one of a secret.
    pub(crate) fn with_value_of(self, field: &FieldMeta, value: &str) -> Self {
        if field.secret { self } else { self.with_value(value) }
    }

    pub(crate) fn expecting(mut self, expected: impl Into<String>) -> Self {
        self.0.expected = Some(expected.into());
        self
    }

    pub(crate) fn with_help(mut self, help: Option<String>) -> Self {
        self.0.help = help;
        self
    }

    pub(crate) fn with_context(mut self, place: Place, label: impl Into<String>) -> Self {
        self.0.context = Some((place, label.into()));
        self
    }

    /// Whether this prevents loading.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.0.severity
    }

    /// What kind of mistake this is.
    #[must_use]
    pub fn kind(&self) -> DiagnosticKind {
        self.0.kind
    }

    /// The key it is about, by its own name even where an alias was written.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// The offending value: text as it was written, an integer in decimal (16 for `0x10`), a table
    /// in TOML as `{…}`. `None` for a secret.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.0.value.as_deref()
    }

    /// What is wrong, in one line, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What would have been right.
    #[must_use]
    pub fn expected(&self) -> Option<&str> {
        self.0.expected.as_deref()
    }

    /// A suggestion or an explanation.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// The environment variable, if the mistake is in one.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        match &self.0.place {
            Place::Variable(name) => Some(name),
            _ => None,
        }
    }

    /// The file, if the mistake is in one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.0.place {
            Place::Span { source, .. } => Some(&source.path),
            Place::File(path) => Some(path),
            _ => None,
        }
    }

    /// The line in the file, from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.position().map(|(line, _)| line)
    }

    /// The column in the line, in characters from 1.
    #[must_use]
    pub fn column(&self) -> Option<usize> {
        self.position().map(|(_, column)| column)
    }

    /// Whether a source may have held values that nobody saw.
    pub(crate) fn hides_values(&self) -> bool {
        use DiagnosticKind::{Syntax, UnknownFormat, Unreadable};
        matches!(self.0.kind, Syntax | UnknownFormat | Unreadable)
    }

    /// Where in its file it is, to sort by; 0 outside files.
    pub(crate) fn offset(&self) -> usize {
        match &self.0.place {
            Place::Span { span, .. } => span.start,
            _ => 0,
        }
    }

    fn position(&self) -> Option<(usize, usize)> {
        match &self.0.place {
            Place::Span { source, span } => Some(source.position(span.start)),
            _ => None,
        }
    }
}

/// Everything that is wrong with a configuration, and the warnings that go with it; never empty.
///
/// `Display` prints all of it, a [`Diagnostic`] after the other.
#[derive(Clone)]
pub struct ConfigErrors {
    first: Diagnostic,
    rest: Vec<Diagnostic>,
}

impl ConfigErrors {
    /// `Ok` when there is nothing to report.
    pub(crate) fn check(diagnostics: Vec<Diagnostic>) -> Result<(), Self> {
        let mut diagnostics = diagnostics.into_iter();
        match diagnostics.next() {
            None => Ok(()),
            Some(first) => Err(Self { first, rest: diagnostics.collect() }),
        }
    }

    /// Only a hand-written schema can come to this: required fields are checked before.
    pub(crate) fn incomplete() -> Self {
        let message = "a required field has no value";
        let diagnostic = Diagnostic::new(DiagnosticKind::Missing, message, Place::Memory);
        Self { first: diagnostic, rest: Vec::new() }
    }

    /// The diagnostics: at least one error, in the order of the layers and of the lines within a
    /// file, then the warnings, since one of them may well be the cause.
    /// [`Diagnostic::severity`] tells which is which.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.into_iter()
    }

    /// How many diagnostics there are, warnings among them; at least one.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "it never is")]
    pub fn len(&self) -> usize {
        1 + self.rest.len()
    }
}

impl<'a> IntoIterator for &'a ConfigErrors {
    type Item = &'a Diagnostic;
    type IntoIter =
        core::iter::Chain<core::iter::Once<&'a Diagnostic>, slice::Iter<'a, Diagnostic>>;

    fn into_iter(self) -> Self::IntoIter {
        core::iter::once(&self.first).chain(&self.rest)
    }
}

impl std::error::Error for ConfigErrors {}

/// The candidate that `written` was probably meant to be.
pub(crate) fn closest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let fold = |name: &str| name.to_lowercase().replace('-', "_");
    let folded = fold(written);
    let length = folded.chars().count();
    let tolerance = (length / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (fold(candidate), candidate))
        // What is written may be as long as a file.
        .filter(|(name, _)| name.chars().count().abs_diff(length) <= tolerance)
        .map(|(name, candidate)| (strsim::damerau_levenshtein(&folded, &name), candidate))
        .filter(|(distance, _)| *distance <= tolerance)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
