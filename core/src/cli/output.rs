//! Standard output: text with colours on a terminal, or JSON. And warnings beside it.

use std::{
    fmt::Display,
    io::{self, Write},
    path::Path,
};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde::{Serialize, Serializer};
use terminal_size::terminal_size_of;

use super::exit::Failure;

/// As it should be.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// Worth a look.
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// In the way.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Beside the point.
pub(super) const DIM: Style = Style::new().dimmed();
/// Heads of tables.
pub(super) const HEAD: Style = Style::new().bold();

/// Where nobody says how wide a line may be.
const USUAL_COLUMNS: usize = 100;

/// Standard output. Escapes for colours are taken out where it is no terminal or the user wants none
/// (`NO_COLOR`, `TERM=dumb`). Once its reader has seen enough, as that of `ds-aio doctor | head -1`,
/// the rest goes nowhere: what the command does, and how it ends, is not the reader's.
#[derive(Debug)]
pub(super) struct Output {
    out: AutoStream<io::Stdout>,
    json: bool,
    has_reader: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { out: anstream::stdout(), json, has_reader: true }
    }

    /// Whether to print JSON.
    pub(super) fn json(&self) -> bool {
        self.json
    }

    /// Whether somebody may still read it.
    pub(super) fn has_reader(&self) -> bool {
        self.has_reader
    }

    /// Whether escapes for colours come through.
    pub(super) fn has_colours(&self) -> bool {
        self.out.current_choice() != ColorChoice::Never
    }

    /// The width of a line: what `COLUMNS` says, or the terminal.
    pub(super) fn columns(&self) -> usize {
        let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let terminal = || Some(usize::from(terminal_size_of(self.out.as_inner())?.0.0));
        said.filter(|columns| *columns > 0).or_else(terminal).unwrap_or(USUAL_COLUMNS)
    }

    /// Prints `value` as JSON, all of it or nothing.
    pub(super) fn print_json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value)?;
        Ok(writeln!(self, "{text}")?)
    }

    fn unless_gone<T>(&mut self, result: io::Result<T>, gone: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.has_reader = false;
                Ok(gone)
            }
            // To be tried again by who wrote.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let message = format!("standard output: {error}; let it go elsewhere");
                Err(io::Error::new(error.kind(), message))
            }
            written => written,
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.has_reader {
            return Ok(bytes.len());
        }
        let written = self.out.write(bytes);
        self.unless_gone(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.unless_gone(flushed, ())
    }
}

/// Says something on standard error, as far as anybody listens there.
pub(super) fn warn(warning: impl Display) {
    let _ = writeln!(io::stderr(), "{warning}");
}

/// A path for JSON, for `serialize_with`: what is not UTF-8 in it becomes U+FFFD.
pub(super) fn path_text<S: Serializer>(path: impl AsRef<Path>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&path.as_ref().display())
}

/// A number of bytes in the largest binary unit below it, with a decimal where it says more.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let (mut unit, mut name) = (1, "B");
    for larger in UNITS {
        if count / 1024 < unit {
            break;
        }
        (unit, name) = (unit * 1024, larger);
    }
    let tenths = (count % unit) as u128 * 10 / unit as u128;
    match tenths {
        0 => format!("{} {name}", count / unit),
        tenths => format!("{}.{tenths} {name}", count / unit),
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_binary_units() {
        for (count, told) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (1 << 20, "1 MiB"),
            ((1 << 30) - 1, "1023.9 MiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(bytes(count), told);
        }
    }
}
