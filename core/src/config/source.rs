//! Where values are written: a file that was read, a variable, a call in the program.

use core::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// A file that was read: kept with the diagnostics that quote it.
#[derive(Debug)]
pub(crate) struct SourceFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// Where each line starts.
    lines: Vec<usize>,
}

impl SourceFile {
    pub(crate) fn new(path: PathBuf, text: String) -> Self {
        let newlines = text.match_indices('\n').map(|(newline, _)| newline + 1);
        let lines = core::iter::once(0).chain(newlines).collect();
        Self { path, text, lines }
    }

    /// Line and column of a byte offset, both from 1; columns count characters.
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let offset = self.boundary(offset);
        let line = self.line(offset);
        let start = self.line_start(line);
        (line, 1 + self.text[start..offset].chars().count())
    }

    /// The number of the line that `offset` is in, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset)
    }

    /// The part of `span` on its first line, moved onto character boundaries.
    pub(crate) fn within_line(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.boundary(span.start);
        let end = self.boundary(span.end.max(start));
        start..end.min(self.line_end(self.line(start)))
    }

    /// Where the line starts, which is counted from 1.
    pub(crate) fn line_start(&self, line: usize) -> usize {
        let start = self.lines.get(line.saturating_sub(1));
        start.copied().unwrap_or(self.text.len())
    }

    /// Where the line ends, before its newline.
    pub(crate) fn line_end(&self, line: usize) -> usize {
        match self.lines.get(line) {
            Some(next) => next - 1,
            None => self.text.len(),
        }
    }

    /// The last character boundary at or before `offset`.
    fn boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
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
