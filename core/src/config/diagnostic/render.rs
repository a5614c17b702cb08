//! Diagnostics as text: in files with the line and a caret, without colours.

use core::fmt;
use core::ops::Range;
use core::slice;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::super::source::{Place, SourceFile};
use super::{ConfigErrors, Diagnostic, Severity};

/// Places that are further apart are quoted apart: what lies between is not for the renderer, which
/// would read it all.
const NEARBY_LINES: usize = 100;

impl Diagnostic {
    fn render_snippet(&self, source: &SourceFile, span: &Range<usize>) -> String {
        let expected = self.0.expected.as_ref();
        let mut quotes = vec![Quote {
            kind: AnnotationKind::Primary,
            span: source.within_line(span),
            label: expected.map(|expected| format!("expected {expected}")),
        }];
        if let Some((Place::Span { span, .. }, label)) = &self.0.context {
            quotes.push(Quote {
                kind: AnnotationKind::Context,
                span: source.within_line(span),
                label: Some(label.clone()),
            });
        }

        let level = match self.0.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group: Group<'_> = Group::with_title(level.primary_title(&self.0.message));
        let lines = || quotes.iter().map(|quote| source.line(quote.span.start));
        let (first, last) = (lines().min().unwrap_or(1), lines().max().unwrap_or(1));
        if last - first <= NEARBY_LINES && source.shows(first, last) {
            group = group.element(snippet(source, &quotes));
        } else {
            group = quotes.iter().fold(group, |group, quote| alone(group, source, quote));
        }
        if let Some(help) = &self.0.help {
            group = group.element(Level::HELP.message(help));
        }
        let rendered = Renderer::plain().render(&[group]);
        // It leaves some characters of the quoted lines as they are that a terminal may obey.
        rendered.replace(|c: char| c.is_control() && c != '\n', "\u{fffd}")
    }
}

/// A place in a file and what is said about it.
struct Quote {
    kind: AnnotationKind,
    span: Range<usize>,
    label: Option<String>,
}

/// The line of one place; of one that is not for everybody to see the number alone.
fn alone<'a>(group: Group<'a>, source: &'a SourceFile, quote: &Quote) -> Group<'a> {
    let (line, column) = source.position(quote.span.start);
    if source.shows(line, line) {
        return group.element(snippet(source, slice::from_ref(quote)));
    }
    let origin = Origin::path(source.path.display().to_string()).line(line).char_column(column);
    let group = group.element(origin);
    match &quote.label {
        Some(label) => group.element(Level::NOTE.message(label.clone())),
        None => group,
    }
}

/// The lines from the first of the places to the last.
fn snippet<'a>(source: &'a SourceFile, quotes: &[Quote]) -> Snippet<'a, Annotation<'a>> {
    let lines = || quotes.iter().map(|quote| source.line(quote.span.start));
    let first = lines().min().unwrap_or(1);
    let start = source.line_start(first);
    let end = source.line_end(lines().max().unwrap_or(1));
    let annotations = quotes.iter().map(|quote| {
        let moved = quote.span.start - start..quote.span.end - start;
        quote.kind.span(moved).label(quote.label.clone())
    });
    Snippet::source(&source.text[start..end])
        .line_start(first)
        .path(source.path.display().to_string())
        .annotations(annotations)
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

/// Text of a user in one line of a message: escaped and shortened.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut quoted: String = text.chars().take(LONGEST).flat_map(printable).collect();
    if text.chars().nth(LONGEST).is_some() {
        quoted += "…";
    }
    format!("`{quoted}`")
}

/// Text of a user in one line of a table.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().flat_map(printable).collect()
}

/// What would change the terminal or end the line is escaped, what merely has a meaning in code
/// (quotes, backslashes) is not.
fn printable(c: char) -> impl Iterator<Item = char> {
    let plain = matches!(c, '"' | '\'' | '\\').then_some(c);
    let escaped = plain.is_none().then(|| c.escape_debug());
    plain.into_iter().chain(escaped.into_iter().flatten())
}
