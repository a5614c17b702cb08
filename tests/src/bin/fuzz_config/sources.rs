//! One input through the loader, and what must hold of what comes out.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ds_aio::config::{Diagnostic, DiagnosticKind, FieldMeta};
use ds_aio::{ConfigErrors, Loaded, Loader};

use crate::subjects::Subject;

/// Where the loader gets an input from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Source {
    Toml,
    Json,
    /// Lines of `NAME=value`.
    Variables,
    /// `key=value` for [`Loader::set`].
    Set,
}

impl Source {
    pub(crate) const ALL: [Self; 4] = [Self::Toml, Self::Json, Self::Variables, Self::Set];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Source::Toml => "toml",
            Source::Json => "json",
            Source::Variables => "variables",
            Source::Set => "set",
        }
    }
}

/// What the loader made of an input.
pub(crate) struct Outcome {
    pub(crate) loaded: bool,
    pub(crate) found: Vec<DiagnosticKind>,
}

impl Outcome {
    /// Whether the input got past the lexer and the parser.
    pub(crate) fn parsed(&self) -> bool {
        !self.found.contains(&DiagnosticKind::Syntax)
    }
}

/// Loads `input`, for which a file in `dir` may be written.
///
/// # Panics
///
/// If the loader does, or if something does not hold of what it returns.
pub(crate) fn load<T: Subject>(source: Source, input: &[u8], dir: &Path) -> Outcome {
    let loader = Loader::<T>::new();
    let loaded = match source {
        Source::Toml => loader.file(file(dir, "input.toml", input)).load(),
        Source::Json => loader.file(file(dir, "input.json", input)).load(),
        Source::Variables => loader.env_from(&variables(input)).load(),
        Source::Set => {
            let text = String::from_utf8_lossy(input);
            let (key, value) = text.split_once('=').unwrap_or((&text, ""));
            loader.set(key, value).load()
        }
    };
    let text = String::from_utf8_lossy(input);
    let found: Vec<&Diagnostic> = match &loaded {
        Ok(loaded) => loaded.warnings().iter().collect(),
        Err(errors) => errors.iter().collect(),
    };
    for diagnostic in &found {
        check_diagnostic(diagnostic, &text);
    }
    let outcome = Outcome {
        loaded: loaded.is_ok(),
        found: found.iter().map(|diagnostic| diagnostic.kind()).collect(),
    };
    check(loaded);
    outcome
}

fn file(dir: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn variables(input: &[u8]) -> Vec<(OsString, OsString)> {
    let pairs = input.split(|byte| *byte == b'\n').filter_map(|line| {
        let middle = line.iter().position(|byte| *byte == b'=')?;
        let owned = |bytes| OsStr::from_bytes(bytes).to_owned();
        Some((owned(&line[..middle]), owned(&line[middle + 1..])))
    });
    pairs.collect()
}

fn check_diagnostic(diagnostic: &Diagnostic, text: &str) {
    let shown = diagnostic.to_string();
    check_printable(&shown);
    assert_eq!(diagnostic.line().is_some(), diagnostic.column().is_some());
    if let (Some(line), Some(column)) = (diagnostic.line(), diagnostic.column()) {
        let written = text.split('\n').nth(line - 1).expect("a line of the file");
        // Behind the last character is a place as well.
        assert!((1..=written.chars().count() + 1).contains(&column), "column {column} of {line}");
        assert!(shown.contains(&format!(":{line}:{column}\n")), "no place in {shown}");
        assert!(shown.contains('^'), "no caret in {shown}");
    }
    assert!(!diagnostic.message().contains('\n'), "{:?}", diagnostic.message());
}

fn check<T: Subject>(loaded: Result<Loaded<T>, ConfigErrors>) {
    match loaded {
        Ok(loaded) => {
            let table = loaded.explain();
            check_printable(&table);
            assert_eq!(table.lines().count(), 1 + settings(T::FIELDS), "{table}");
            // Not `==`, for not-a-number is a number that loads.
            let before = format!("{:?}", loaded.value);
            let again = loaded.value.rebuilt().expect("what loads keeps the rules");
            assert_eq!(format!("{again:?}"), before);
        }
        Err(errors) => check_printable(&errors.to_string()),
    }
}

/// Those of nested structs among them.
fn settings(fields: &[FieldMeta]) -> usize {
    fields.iter().map(|field| field.nested.map_or(1, |nested| settings(nested.fields()))).sum()
}

/// What a terminal takes for a command must not come from a file.
fn check_printable(shown: &str) {
    let control = shown.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(control, None, "in {shown:?}");
}
