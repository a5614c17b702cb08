//! What is wrong with a configuration, and where: collected, located, and rendered with a caret.

use core::fmt;
use core::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

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
    /// A key that is known but supports one value only, with another value.
    Unsupported,
    /// A required field without a value.
    Missing,
    /// A variable whose value is not UTF-8.
    NotUnicode,
    /// A variable that looks like a misspelt one of ours. Only ever a warning.
    UnknownVariable,
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

/// A file that was read: kept with the diagnostics that quote it.
#[derive(Debug)]
pub(crate) struct SourceFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl SourceFile {
    /// Line and column of a byte offset, both from 1; columns count characters.
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..self.boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = 1 + before.matches('\n').count();
        (line, 1 + before[line_start..].chars().count())
    }

    /// The last character boundary at or before `offset`.
    fn boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    /// The part of `span` on its first line, moved onto character boundaries.
    fn within_line(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.boundary(span.start);
        let end = self.boundary(span.end.max(start));
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        start..end.min(line_end)
    }
}

/// Where a value was written.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In a file, at a span of bytes.
    Span { source: Arc<SourceFile>, span: Range<usize> },
    /// A file as a whole.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// A call in the program.
    Explicit,
    /// A struct or builder in memory, or nowhere at all.
    Memory,
}

/// One mistake in a configuration, or one warning.
///
/// `Display` prints the whole report, caret line included, without colours.
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

    /// The offending value as it was written.
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

    fn render_snippet(&self, source: &SourceFile, span: &Range<usize>) -> String {
        let primary = source.within_line(span);
        let context = match &self.0.context {
            Some((Place::Span { span, .. }, label)) => Some((source.within_line(span), label)),
            _ => None,
        };
        // Only the lines that are quoted go to the renderer: a file may be large.
        let first =
            context.as_ref().map_or(primary.start, |(span, _)| span.start.min(primary.start));
        let last = context.as_ref().map_or(primary.end, |(span, _)| span.end.max(primary.end));
        let excerpt_start = source.text[..first].rfind('\n').map_or(0, |newline| newline + 1);
        let excerpt_end = source.text[last..].find('\n').map_or(source.text.len(), |at| last + at);
        let moved = |span: Range<usize>| span.start - excerpt_start..span.end - excerpt_start;

        let (line, _) = source.position(excerpt_start);
        let mut annotation = AnnotationKind::Primary.span(moved(primary));
        if let Some(expected) = &self.0.expected {
            annotation = annotation.label(format!("expected {expected}"));
        }
        let mut snippet = Snippet::source(&source.text[excerpt_start..excerpt_end])
            .line_start(line)
            .path(source.path.display().to_string())
            .annotation(annotation);
        if let Some((span, label)) = context {
            snippet =
                snippet.annotation(AnnotationKind::Context.span(moved(span)).label(label.as_str()));
        }
        let mut group: Group<'_> = self.level().primary_title(&self.0.message).element(snippet);
        if let Some(help) = &self.0.help {
            group = group.element(Level::HELP.message(help));
        }
        Renderer::plain().render(&[group])
    }

    fn level(&self) -> Level<'static> {
        match self.0.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Place::Span { source, span } = &self.0.place {
            return f.write_str(&self.render_snippet(source, span));
        }
        let severity = match self.0.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}", self.0.message)?;
        if let Some(expected) = &self.0.expected {
            write!(f, ": expected {expected}")?;
        }
        if let Some(help) = &self.0.help {
            write!(f, "\n  = help: {help}")?;
        }
        Ok(())
    }
}

/// Everything that is wrong with a configuration; never empty.
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

    /// The diagnostics, in the order of the layers and of the lines within a file.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        core::iter::once(&self.first).chain(&self.rest)
    }

    /// How many there are; at least one.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "it never is")]
    pub fn len(&self) -> usize {
        1 + self.rest.len()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        self.rest.iter().try_for_each(|diagnostic| write!(f, "\n{diagnostic}"))
    }
}

/// The same text as `Display`: what `main` prints when it returns this error.
impl fmt::Debug for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigErrors {}

/// Text of a user in one line of a message: escaped and shortened.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut quoted: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        quoted.push('…');
    }
    // Quotes stand between backticks, where they need no escape.
    quoted = quoted.replace("\\\"", "\"").replace("\\'", "'");
    format!("`{quoted}`")
}

/// The candidate that `written` was probably meant to be.
pub(crate) fn closest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let folded = written.to_lowercase().replace('-', "_");
    let tolerance = (written.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| {
            (strsim::damerau_levenshtein(&folded, &candidate.to_lowercase()), candidate)
        })
        .filter(|(distance, _)| *distance <= tolerance)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
