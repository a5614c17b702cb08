//! Where values are written: a file that was read, a variable, a call in the program.

use core::fmt;
use core::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// A file that was read: kept with the diagnostics that quote it.
pub(crate) struct SourceFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// Where each line starts.
    lines: Vec<usize>,
    /// What nobody is to see, in the order of the file and apart; known once that has been read.
    hidden: OnceLock<Vec<Range<usize>>>,
}

impl SourceFile {
    pub(crate) fn new(path: PathBuf, text: String) -> Self {
        let newlines = text.match_indices('\n').map(|(newline, _)| newline + 1);
        let lines = core::iter::once(0).chain(newlines).collect();
        Self { path, text, lines, hidden: OnceLock::new() }
    }

    /// Keeps the lines with any of the `spans` from being quoted. The first call counts.
    pub(crate) fn hide(&self, spans: impl IntoIterator<Item = Range<usize>>) {
        let mut spans: Vec<_> = spans.into_iter().collect();
        spans.sort_by_key(|span| span.start);
        spans.dedup_by(|next, before| {
            let touch = next.start <= before.end;
            before.end = if touch { before.end.max(next.end) } else { before.end };
            touch
        });
        let _ = self.hidden.set(spans);
    }

    pub(crate) fn hide_all(&self) {
        self.hide(core::iter::once(0..self.text.len()));
    }

    /// Whether the whole lines from `first` to `last` may be quoted.
    pub(crate) fn shows(&self, first: usize, last: usize) -> bool {
        let (start, end) = (self.line_start(first), self.line_end(last));
        let hidden = self.hidden.get().map_or(&[][..], Vec::as_slice);
        let next = hidden.partition_point(|span| span.end < start);
        hidden.get(next).is_none_or(|span| end < span.start)
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

/// Without the text, which may hold what nobody is to see.
impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SourceFile").field(&self.path).finish()
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
