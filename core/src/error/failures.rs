//! Several errors reported together.

use std::{fmt, io};

use crate::error::Error;

/// Several failures at once: those of requests whose ticket was dropped or forgotten, and of the
/// call that reports them.
///
/// Each failure is reported once. The first 1,024 are kept; [`Failures::omitted`] counts the rest.
#[derive(Clone, PartialEq, Eq)]
pub struct Failures {
    errors: Vec<Error>,
    omitted: usize,
}

impl Failures {
    /// `Err` of the failures, or `Ok` where there are none.
    pub(crate) fn check(errors: Vec<Error>, omitted: usize) -> Result<(), Self> {
        if errors.is_empty() && omitted == 0 { Ok(()) } else { Err(Self { errors, omitted }) }
    }

    pub(crate) fn one(error: Error) -> Self {
        Self { errors: vec![error], omitted: 0 }
    }

    /// The failures, oldest first.
    #[must_use]
    pub fn errors(&self) -> &[Error] {
        &self.errors
    }

    /// How many more there were than [`Failures::errors`] holds.
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.omitted
    }
}

impl IntoIterator for Failures {
    type Item = Error;
    type IntoIter = std::vec::IntoIter<Error>;

    /// The failures, oldest first; [`Failures::omitted`] is to be asked for before.
    fn into_iter(self) -> Self::IntoIter {
        self.errors.into_iter()
    }
}

/// Of the kind of the first failure.
impl From<Failures> for io::Error {
    fn from(failures: Failures) -> Self {
        let first = failures.errors.first();
        let kind = first.map_or(io::ErrorKind::Other, |error| error.kind().to_io());
        Self::new(kind, failures)
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.errors.len() + self.omitted;
        write!(f, "{count} failed request{}", if count == 1 { "" } else { "s" })?;
        for error in &self.errors {
            write!(f, "\n  {error}")?;
        }
        if self.omitted > 0 {
            write!(f, "\n  and {} more", self.omitted)?;
        }
        Ok(())
    }
}

/// As it is displayed, for `main` and `unwrap` show this to people.
impl fmt::Debug for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failures {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.errors.first().map(|error| error as _)
    }
}
