//! Parts of owned buffers.

use std::ops::{Bound, Range, RangeBounds};

use crate::{
    buf::{IoBuf, IoBufMut, Part, PartMut, part},
    engine::Failed,
    error::{Error, ErrorKind, Operation},
};

/// A part of a buffer, to be written or filled alone; it owns the whole buffer.
///
/// ```
/// use ds_aio::{IoBufExt, Slice};
///
/// let part = b"head, body".to_vec().into_slice(6..)?;
/// assert_eq!(part.range(), 6..10);
/// let whole = part.into_inner();
/// assert_eq!(whole, b"head, body");
/// let failed = Slice::new(whole, 6..11).unwrap_err();
/// assert_eq!(failed.error().kind(), ds_aio::ErrorKind::OutOfBounds);
/// assert!(failed.into_parts().1.is_some());
/// # Ok::<(), ds_aio::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice<B> {
    buffer: B,
    range: Range<usize>,
}

impl<B: IoBuf> Slice<B> {
    /// The bytes `range` of `buffer`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::OutOfBounds`], with the buffer, if `range` ends after the buffer or before its
    /// own start.
    pub fn new(buffer: B, range: impl RangeBounds<usize>) -> Result<Self, Failed<B>> {
        let len = buffer.len();
        let start = match range.start_bound() {
            Bound::Included(&start) => Some(start),
            Bound::Excluded(&before) => before.checked_add(1),
            Bound::Unbounded => Some(0),
        };
        let end = match range.end_bound() {
            Bound::Included(&last) => last.checked_add(1),
            Bound::Excluded(&end) => Some(end),
            Bound::Unbounded => Some(len),
        };
        let (first, behind) = (start.unwrap_or(usize::MAX), end.unwrap_or(usize::MAX));
        if first > behind || behind > len {
            let error = Error::new(Operation::View, ErrorKind::OutOfBounds.into())
                .for_range(first as u64, behind.saturating_sub(first), 0)
                .with_limit(len);
            return Err(Failed::new(error, Some(buffer)));
        }
        Ok(Self { buffer, range: first..behind })
    }
}

impl<B> Slice<B> {
    /// Where in the buffer the part is, in bytes.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// The whole buffer.
    #[must_use]
    pub fn get_ref(&self) -> &B {
        &self.buffer
    }

    /// The whole buffer again.
    #[must_use]
    pub fn into_inner(self) -> B {
        self.buffer
    }
}

/// What every buffer can do.
pub trait IoBufExt: IoBuf + Sized {
    /// The part `range` of the buffer; see [`Slice`].
    ///
    /// # Errors
    ///
    /// As for [`Slice::new`].
    fn into_slice(self, range: impl RangeBounds<usize>) -> Result<Slice<Self>, Failed<Self>> {
        Slice::new(self, range)
    }

    /// The whole buffer as a [`Part`], to be divided among requests that write.
    fn into_part(self) -> Part<Self> {
        part::whole(self)
    }

    /// The whole buffer as a [`PartMut`], to be divided among requests that read.
    fn into_part_mut(self) -> PartMut<Self>
    where
        Self: IoBufMut,
    {
        part::whole_mut(self)
    }

    /// The bytes that a write of the buffer would write.
    ///
    /// ```
    /// use ds_aio::IoBufExt;
    ///
    /// fn is_zero(buffer: &mut impl ds_aio::IoBuf) -> bool {
    ///     buffer.bytes().iter().all(|&byte| byte == 0)
    /// }
    /// assert!(is_zero(&mut vec![0; 100]));
    /// ```
    fn bytes(&mut self) -> &[u8] {
        let len = self.len();
        if len == 0 {
            // Which may begin at any address.
            return &[];
        }
        // SAFETY: the bytes stay allocated, initialized and unwritten until the value's next use, as
        // `IoBuf` says, and the exclusive borrow, which lasts as long as the slice, rules that out.
        unsafe { std::slice::from_raw_parts(self.as_ptr(), len) }
    }
}

impl<B: IoBuf> IoBufExt for B {}

// SAFETY: the range was within the buffer, whose length changes only through its owner; it is cut
// to what there is should it have done so through a shared reference. The rest is the buffer's own
// promise.
unsafe impl<B: IoBuf> IoBuf for Slice<B> {
    fn as_ptr(&self) -> *const u8 {
        self.buffer.as_ptr().wrapping_add(self.range.start.min(self.buffer.len()))
    }

    fn len(&self) -> usize {
        let len = self.buffer.len();
        self.range.end.min(len) - self.range.start.min(len)
    }
}

// SAFETY: as above. A buffer has at least as many bytes to be filled as it shows.
unsafe impl<B: IoBufMut> IoBufMut for Slice<B> {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        let start = self.range.start.min(self.buffer.len());
        self.buffer.as_mut_ptr().wrapping_add(start)
    }
}
