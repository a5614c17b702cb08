//! What a request that fails gives back.

use std::fmt;

use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;

/// A request that did not succeed: the error, and the buffer.
#[derive(Clone, PartialEq, Eq)]
pub struct Failed<B> {
    error: Error,
    buffer: Option<B>,
}

impl<B> Failed<B> {
    pub(crate) fn new(error: Error, buffer: Option<B>) -> Self {
        Self { error, buffer }
    }

    /// What went wrong and how far the request got.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// Error and buffer.
    ///
    /// The buffer is there whenever the request has ended. It is missing only where the engine
    /// still has it ([`ErrorKind::WouldDeadlock`], [`ErrorKind::Forked`], and
    /// [`ErrorKind::ShutDown`] for a request with a block in flight) or gave it away before
    /// ([`ErrorKind::ResultTaken`]).
    #[must_use]
    pub fn into_parts(self) -> (Error, Option<B>) {
        (self.error, self.buffer)
    }

    pub(crate) fn map<C>(self, into: impl FnOnce(B) -> C) -> Failed<C> {
        Failed { error: self.error, buffer: self.buffer.map(into) }
    }
}

/// As it is displayed, for `main` and `unwrap` show this to people; its parts with `{:#?}`.
impl<B> fmt::Debug for Failed<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return fmt::Display::fmt(self, f);
        }
        f.debug_struct("Failed")
            .field("error", &self.error)
            .field("buffer", &self.buffer.as_ref().map(|_| ".."))
            .finish()
    }
}

impl<B> fmt::Display for Failed<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<B> std::error::Error for Failed<B> {}

impl<B> From<Failed<B>> for Error {
    fn from(failed: Failed<B>) -> Self {
        failed.error
    }
}

impl<B> From<Failed<B>> for std::io::Error {
    fn from(failed: Failed<B>) -> Self {
        failed.error.into()
    }
}
