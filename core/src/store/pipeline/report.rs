//! What an update tells in the end.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use crate::store::StoreError;

/// What an update has done that succeeded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Updated {
    /// Groups that were computed and written back.
    pub groups: usize,
    /// Bytes that were read.
    pub bytes_read: u64,
    /// Bytes that were written back.
    pub bytes_written: u64,
    /// Time in which no group was there to compute with: about nothing where computing takes longer than
    /// reading and writing.
    pub waited: Duration,
}

/// What became of a tensor that was to be written back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UpdateOutcome {
    /// The store has what the computation made of it. (In a durable store that is not committed as yet.)
    Written,
    /// It is as it was before.
    NotWritten,
    /// Writing it failed half way in its place, so that it is
    /// [`StoreErrorKind::Lost`](crate::StoreErrorKind::Lost) until it is put again; or the store was
    /// closed meanwhile, and nobody knows.
    Lost,
}

/// A tensor that was to be written back, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TensorUpdate {
    /// The number of its group, counted from 0.
    pub group: usize,
    /// Its name.
    pub name: Arc<str>,
    /// What became of it.
    pub outcome: UpdateOutcome,
}

/// Why an update was stopped.
#[derive(Debug)]
#[non_exhaustive]
pub enum UpdateCause {
    /// The store could not read or write a tensor, or the groups cannot be.
    Store(StoreError),
    /// The user's computation failed.
    Compute {
        /// The number of the group, counted from 0.
        group: usize,
        /// What it says.
        error: Box<dyn Error + Send + Sync>,
    },
}

/// An update that was stopped: why, and for each tensor that was to be written back whether it was.
///
/// Nothing is under way any more.
pub struct UpdateError(Box<Stopped>);

struct Stopped {
    /// There is one.
    first: UpdateCause,
    more: Vec<UpdateCause>,
    tensors: Vec<TensorUpdate>,
}

impl UpdateError {
    pub(super) fn new(
        first: UpdateCause,
        more: Vec<UpdateCause>,
        tensors: Vec<TensorUpdate>,
    ) -> Self {
        Self(Box::new(Stopped { first, more, tensors }))
    }

    /// What stopped it.
    #[must_use]
    pub fn cause(&self) -> &UpdateCause {
        &self.0.first
    }

    /// That, and what else failed of what was under way then.
    pub fn causes(&self) -> impl Iterator<Item = &UpdateCause> {
        std::iter::once(&self.0.first).chain(&self.0.more)
    }

    /// Every tensor that was to be written back, in the order of the groups and of their names.
    #[must_use]
    pub fn tensors(&self) -> &[TensorUpdate] {
        &self.0.tensors
    }

    /// The names of those of which that became, in their order.
    pub fn names_of(&self, outcome: UpdateOutcome) -> impl Iterator<Item = &str> {
        let these = self.tensors().iter().filter(move |tensor| tensor.outcome == outcome);
        these.map(|tensor| &*tensor.name)
    }
}

impl fmt::Display for UpdateCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Compute { group, error } => write!(f, "computing group {group}: {error}"),
        }
    }
}

impl fmt::Display for UpdateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |outcome| self.names_of(outcome).count();
        write!(
            f,
            "update: {} of {} tensors were written back, {} are lost",
            count(UpdateOutcome::Written),
            self.tensors().len(),
            count(UpdateOutcome::Lost),
        )?;
        self.causes().try_for_each(|cause| write!(f, "; {cause}"))
    }
}

impl fmt::Debug for UpdateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for UpdateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.first {
            UpdateCause::Store(error) => Some(error),
            UpdateCause::Compute { error, .. } => Some(&**error),
        }
    }
}
