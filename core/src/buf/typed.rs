//! Bytes as numbers, with the feature `bytemuck`.

use std::{fmt, mem::size_of};

use bytemuck::{Pod, PodCastError, try_cast_slice, try_cast_slice_mut};

use crate::{
    buf::{AioBuf, IoBuf, IoBufMut},
    error::{Error, ErrorKind, Operation},
};

/// With the feature `bytemuck`.
impl AioBuf {
    /// The bytes as elements of `T`, in the machine's byte order.
    ///
    /// ```
    /// let mut buf = ds_aio::BufferPool::new().alloc(8)?;
    /// buf.as_mut_slice_of::<u16>()?.copy_from_slice(&[1, 2, 3, 4]);
    /// assert_eq!(buf.as_slice_of::<u16>()?, [1, 2, 3, 4]);
    /// assert!(buf.as_slice_of::<[u8; 3]>().is_err());
    /// # Ok::<(), ds_aio::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnevenLength`] if the bytes do not make up whole elements.
    /// [`ErrorKind::Misaligned`] if they begin where `T` may not, which only a buffer of
    /// [`BufferPool::alloc_at`](crate::BufferPool::alloc_at) can at an odd offset: all others
    /// begin on a page boundary.
    pub fn as_slice_of<T: Pod>(&self) -> Result<&[T], Error> {
        try_cast_slice(self).map_err(|error| not_viewed::<T>(error, self.len()))
    }

    /// As [`AioBuf::as_slice_of`], to change.
    ///
    /// # Errors
    ///
    /// As for [`AioBuf::as_slice_of`].
    pub fn as_mut_slice_of<T: Pod>(&mut self) -> Result<&mut [T], Error> {
        let len = self.len();
        try_cast_slice_mut(self).map_err(|error| not_viewed::<T>(error, len))
    }
}

fn not_viewed<T>(error: PodCastError, len: usize) -> Error {
    let kind = match error {
        PodCastError::TargetAlignmentGreaterAndInputNotAligned => ErrorKind::Misaligned,
        _ => ErrorKind::UnevenLength,
    };
    Error::new(Operation::View, kind.into()).for_range(0, len, 0).with_element(size_of::<T>())
}

/// A vector of numbers, to be filled from a file and written to one as the bytes they are made of,
/// in the machine's order. With the feature `bytemuck`.
///
/// ```
/// # use ds_aio::{Engine, EngineSettings, PodVec};
/// # let dir = tempfile::tempdir()?;
/// # let engine = Engine::new(&EngineSettings::default())?;
/// let file = engine.create(dir.path().join("weights"))?;
/// engine.pwrite(&file, PodVec(vec![0.5_f32; 1000]), 0).wait()?;
/// let PodVec(weights) = engine.pread(&file, PodVec(vec![0_f32; 1000]), 0).wait()?;
/// assert_eq!(weights, [0.5; 1000]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PodVec<T>(pub Vec<T>);

impl<T> fmt::Debug for PodVec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PodVec").field("elements", &self.0.len()).finish()
    }
}

// SAFETY: the elements are on the heap, where moving the vector does not move them, and a `Pod` has
// no bytes that are not initialized. Only an exclusive owner could change them or their number.
unsafe impl<T: Pod + Send> IoBuf for PodVec<T> {
    fn as_ptr(&self) -> *const u8 {
        self.0.as_ptr().cast()
    }

    fn len(&self) -> usize {
        size_of_val(&self.0[..])
    }
}

// SAFETY: the vector owns its elements alone, and any bytes are a `Pod`.
unsafe impl<T: Pod + Send> IoBufMut for PodVec<T> {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.0.as_mut_ptr().cast()
    }
}
