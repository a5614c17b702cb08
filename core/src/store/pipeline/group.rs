//! Groups of tensors that are computed with together: their names, and their bytes.

use std::{fmt, sync::Arc};

use super::work::Work;
use crate::{
    buf::AioBuf,
    store::{StoreError, StoreErrorKind, StoreOperation},
};

/// The names of tensors that are computed with together: those to be changed, such as a parameter with
/// its momentum and variance, and those to be read alone, such as its gradient; for
/// [`OffloadStore::update`](crate::OffloadStore::update).
///
/// ```
/// use ds_aio::UpdateGroup;
///
/// let layer = 3;
/// let name = |kind| format!("layers/{layer}/{kind}");
/// let group = UpdateGroup::new(["parameter", "momentum", "variance"].map(name))
///     .reading([name("gradient")]);
/// assert_eq!(group.updated().count(), 3);
/// assert_eq!(group.read().next(), Some("layers/3/gradient"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateGroup {
    names: Vec<Arc<str>>,
    /// So many of them are to be changed, the first ones.
    updated: usize,
}

impl UpdateGroup {
    /// The tensors of these names, which are read and written back.
    pub fn new<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Self {
        let names: Vec<_> = names.into_iter().map(|name| Arc::from(name.as_ref())).collect();
        Self { updated: names.len(), names }
    }

    /// Adds tensors that are read and not written back.
    #[must_use]
    pub fn reading<N: AsRef<str>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.names.extend(names.into_iter().map(|name| Arc::from(name.as_ref())));
        self
    }

    /// The names of those that are written back.
    pub fn updated(&self) -> impl Iterator<Item = &str> {
        self.names.iter().take(self.updated).map(|name| &**name)
    }

    /// The names of those that are not.
    pub fn read(&self) -> impl Iterator<Item = &str> {
        self.names.iter().skip(self.updated).map(|name| &**name)
    }

    pub(super) fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    /// As many are written back, the first ones.
    pub(super) fn count_of_updated(&self) -> usize {
        self.updated
    }
}

/// The tensors of an [`UpdateGroup`] in memory, to be computed with.
///
/// The first ones are written back as the computation leaves them, the others are to be read.
pub struct TensorGroup {
    pub(super) work: Arc<Work>,
    pub(super) number: usize,
    /// In the order of the names.
    pub(super) buffers: Vec<AioBuf>,
}

/// The elements of the tensors of a group: of those that are written back, and of those that are not.
pub type GroupArrays<'a, T, const UPDATED: usize, const READ: usize> =
    ([&'a mut [T]; UPDATED], [&'a [T]; READ]);

impl TensorGroup {
    /// Its place among the groups, counted from 0.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// Its names.
    #[must_use]
    pub fn names(&self) -> &UpdateGroup {
        self.work.group(self.number)
    }

    /// The bytes of all its tensors: of those that are written back, and of those that are not.
    pub fn parts(&mut self) -> (Vec<&mut [u8]>, Vec<&[u8]>) {
        let (updated, read) = self.buffers_of();
        (
            updated.iter_mut().map(AioBuf::as_mut_slice).collect(),
            read.iter().map(AioBuf::as_slice).collect(),
        )
    }

    /// As [`TensorGroup::parts`], where it is known how many there are of each:
    /// `let ([parameter, momentum], [gradient]) = group.arrays()?`.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::WrongGroup`] if there are not so many.
    pub fn arrays<const UPDATED: usize, const READ: usize>(
        &mut self,
    ) -> Result<GroupArrays<'_, u8, UPDATED, READ>, StoreError> {
        let (updated, read) = self.counted::<UPDATED, READ>()?;
        Ok((updated.each_mut().map(AioBuf::as_mut_slice), read.each_ref().map(AioBuf::as_slice)))
    }

    /// As [`TensorGroup::arrays`], as numbers in the machine's byte order; with the feature `bytemuck`.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::WrongGroup`] if there are not so many, or the bytes of one do not make up whole
    /// elements; [`StoreError::tensor`] tells which.
    #[cfg(feature = "bytemuck")]
    pub fn arrays_of<T: bytemuck::Pod, const UPDATED: usize, const READ: usize>(
        &mut self,
    ) -> Result<GroupArrays<'_, T, UPDATED, READ>, StoreError> {
        let uneven = self
            .buffers
            .iter()
            .zip(self.names().names())
            .find_map(|(buffer, name)| Some((buffer.as_slice_of::<T>().err()?, name)));
        if let Some((error, name)) = uneven {
            return Err(self.wrong().for_tensor(name).because_of(error));
        }
        let (updated, read) = self.counted::<UPDATED, READ>()?;
        // Each of them is whole elements.
        let updated = updated.each_mut().map(|buffer| buffer.as_mut_slice_of().unwrap_or_default());
        let read = read.each_ref().map(|buffer| buffer.as_slice_of().unwrap_or_default());
        Ok((updated, read))
    }

    fn buffers_of(&mut self) -> (&mut [AioBuf], &[AioBuf]) {
        let count = self.names().count_of_updated().min(self.buffers.len());
        let (updated, read) = self.buffers.split_at_mut(count);
        (updated, read)
    }

    fn counted<const UPDATED: usize, const READ: usize>(
        &mut self,
    ) -> Result<(&mut [AioBuf; UPDATED], &[AioBuf; READ]), StoreError> {
        let wrong = self.wrong();
        let (updated, read) = self.buffers_of();
        let told = format!(
            "{} to be updated and {} to be read, not {UPDATED} and {READ}",
            updated.len(),
            read.len(),
        );
        match (updated.try_into(), read.try_into()) {
            (Ok(updated), Ok(read)) => Ok((updated, read)),
            _ => Err(wrong.telling(told)),
        }
    }

    fn wrong(&self) -> StoreError {
        self.work.inner.error(StoreErrorKind::WrongGroup).during(StoreOperation::Update)
    }
}

impl fmt::Debug for TensorGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TensorGroup")
            .field("number", &self.number)
            .field("names", self.names())
            .finish_non_exhaustive()
    }
}
