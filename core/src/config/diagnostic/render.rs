//! Diagnostics as text: in files with the line and a caret, without colours.

use core::fmt;
use core::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::super::source::{Place, SourceFile};
use super::{ConfigErrors, Diagnostic, Severity};

impl Diagnostic {
    fn render_snippet(&self, source: &SourceFile, span: &Range<usize>) -> String {
        let primary = source.within_line(span);
        let context = match &self.0.context {
            Some((Place::Span { span, .. }, label)) => Some((source.within_line(span), label)),
            _ => None,
        };
        // Only the lines that are quoted go to the renderer: a file may be large.
        let other = context.as_ref().map_or(&primary, |(span, _)| span);
        let first_line = source.line(other.start.min(primary.start));
        let last_line = source.line(other.end.max(primary.end));
        let excerpt = source.line_start(first_line)..source.line_end(last_line);
        let moved = |span: Range<usize>| span.start - excerpt.start..span.end - excerpt.start;

        let mut annotation = AnnotationKind::Primary.span(moved(primary.clone()));
        if let Some(expected) = &self.0.expected {
            annotation = annotation.label(format!("expected {expected}"));
        }
        let mut snippet = Snippet::source(&source.text[excerpt.clone()])
            .line_start(first_line)
            .path(source.path.display().to_string())
            .annotation(annotation);
        if let Some((span, label)) = &context {
            let annotation = AnnotationKind::Context.span(moved(span.clone()));
            snippet = snippet.annotation(annotation.label(label.as_str()));
        }
        let level = match self.0.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group: Group<'_> = level.primary_title(&self.0.message).element(snippet);
        if let Some(help) = &self.0.help {
            group = group.element(Level::HELP.message(help));
        }
        Renderer::plain().render(&[group])
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

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        self.rest
            .iter()
            .try_for_each(|diagnostic| write!(f, "\n{diagnostic}"))
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
