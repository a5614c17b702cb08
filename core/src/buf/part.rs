//! Parts of one buffer in several requests at once.

use std::{
    fmt,
    sync::{Arc, PoisonError},
};

use crate::{
    buf::{IoBuf, IoBufMut},
    engine::Failed,
    error::{Error, ErrorKind, Operation},
    sync::{Mutex, lock},
};

/// A part of a buffer to be written, which shares the buffer with its other parts: each may go into
/// a request of its own, all at the same time, as shared data ([`Slice`](crate::Slice) has the buffer
/// for itself).
///
/// The last part that is given up ([`Part::into_whole`]) gives the buffer back.
///
/// ```
/// use ds_aio::{IoBufExt, Part, Ticket};
///
/// # let dir = tempfile::tempdir()?;
/// # let engine = ds_aio::Engine::new(&ds_aio::EngineSettings::default())?;
/// let even = engine.create(dir.path().join("even"))?;
/// let odd = engine.create(dir.path().join("odd"))?;
/// let (first, second) = b"here, there".to_vec().into_part().split_at(6)?;
/// let tickets = [engine.pwrite(&even, first, 0), engine.pwrite(&odd, second, 0)];
/// let parts = Ticket::wait_all(tickets).into_iter().collect::<Result<Vec<_>, _>>()?;
/// let whole = parts.into_iter().find_map(Part::into_whole);
/// assert_eq!(whole.as_deref(), Some(&b"here, there"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Part<B> {
    start: Start,
    len: usize,
    /// Where in the buffer it begins.
    at: usize,
    shared: Arc<Shared<B>>,
}

/// A part of a buffer to be filled by reads; otherwise as [`Part`].
///
/// Of a buffer that shows only what was read into it
/// ([`BufferPool::alloc_for_read`](crate::BufferPool::alloc_for_read)), and does not show all of it yet, a
/// part does so too, and the buffer that comes back shows the first bytes as far as its parts were filled
/// without a gap.
///
/// ```
/// use ds_aio::{IoBufExt, PartMut, Ticket};
///
/// # let dir = tempfile::tempdir()?;
/// # let engine = ds_aio::Engine::new(&ds_aio::EngineSettings::default())?;
/// let file = engine.create(dir.path().join("halves"))?;
/// engine.pwrite(&file, b"there, here".to_vec(), 0).wait()?;
/// let (first, second) = engine.alloc_for_read(11)?.into_part_mut().split_at(4)?;
/// let tickets = [engine.pread(&file, first, 7), engine.pread(&file, second, 0)];
/// let parts = Ticket::wait_all(tickets).into_iter().collect::<Result<Vec<_>, _>>()?;
/// let whole = parts.into_iter().find_map(PartMut::into_whole);
/// assert_eq!(whole.as_deref(), Some(&b"herethere, "[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PartMut<B> {
    part: Part<B>,
    /// Bytes that it shows.
    shown: usize,
    /// Whether it shows what the last read got alone.
    shows_last_read: bool,
    /// Bytes from its start on that are known to be filled.
    filled: usize,
}

/// The buffer of some parts.
struct Shared<B> {
    buffer: B,
    /// Of the parts that were given up, the range that was filled.
    filled: Mutex<Vec<(usize, usize)>>,
}

// SAFETY: a shared reference gives access to the lock alone: the buffer is reached only by whoever has
// the value for itself, before there are two parts and after the last.
unsafe impl<B: Send> Sync for Shared<B> {}

/// Where a part's bytes begin.
#[derive(Clone, Copy)]
struct Start(*mut u8);

// SAFETY: the address is of a buffer that is `Send`, and the parts of it are disjoint.
unsafe impl Send for Start {}
// SAFETY: a shared part gives read access at most, and others' parts are other bytes.
unsafe impl Sync for Start {}

impl<B> Part<B> {
    /// The buffer at the place where it stays until the last part is given up; `range_of` asks it for
    /// its bytes.
    fn new(buffer: B, range_of: impl FnOnce(&mut B) -> (*mut u8, usize)) -> Self {
        let mut shared = Arc::new(Shared { buffer, filled: Mutex::default() });
        let range = Arc::get_mut(&mut shared).map(|shared| range_of(&mut shared.buffer));
        let (start, len) = range.unwrap_or((std::ptr::dangling_mut(), 0));
        Self { start: Start(start), len, at: 0, shared }
    }

    /// Where in the buffer the part begins, in bytes.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Divides the part in two, the first of `len` bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::OutOfBounds`], with the part, if it is shorter than that.
    pub fn split_at(self, len: usize) -> Result<(Self, Self), Failed<Self>> {
        let Some(rest) = self.len.checked_sub(len) else {
            let error = Error::new(Operation::View, ErrorKind::OutOfBounds.into())
                .for_range(0, len, 0)
                .with_limit(self.len);
            return Err(Failed::new(error, Some(self)));
        };
        let second = Self {
            start: Start(self.start.0.wrapping_add(len)),
            len: rest,
            at: self.at + len,
            shared: Arc::clone(&self.shared),
        };
        Ok((Self { len, ..self }, second))
    }

    /// Gives the part up: the buffer, if it was the last one; parts that were dropped do not count.
    #[must_use]
    pub fn into_whole(self) -> Option<B> {
        Arc::into_inner(self.shared).map(|shared| shared.buffer)
    }
}

impl<B: IoBufMut> PartMut<B> {
    fn new(buffer: B) -> Self {
        let shown = buffer.len();
        let part = Part::new(buffer, |buffer| {
            let len = buffer.wanted();
            (buffer.as_mut_ptr(), len)
        });
        let shows_last_read = shown < part.len;
        Self { part, shown, shows_last_read, filled: 0 }
    }

    /// Where in the buffer the part begins, in bytes.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.part.at
    }

    /// Divides the part in two, the first of `len` bytes, neither of them filled as yet.
    ///
    /// # Errors
    ///
    /// As for [`Part::split_at`].
    pub fn split_at(self, len: usize) -> Result<(Self, Self), Failed<Self>> {
        let Self { part, shown, shows_last_read, filled } = self;
        let remake = |part| Self { part, shown, shows_last_read, filled };
        let (first, second) = part.split_at(len).map_err(|failed| failed.map(remake))?;
        let of = |part: Part<B>, shown: usize| {
            let shown = shown.min(part.len);
            Self { part, shown, shows_last_read, filled: 0 }
        };
        Ok((of(first, shown), of(second, shown.saturating_sub(len))))
    }

    /// Fills the part from its start on with as many of `bytes` as it takes, as a read of the same
    /// bytes would, and tells how many these were.
    pub fn fill_from(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.part.len);
        if count > 0 {
            // SAFETY: the part has these bytes of the buffer for itself, as many as `count` or more,
            // and `IoBufMut` lets any value be written to them until the buffer's next use, which
            // comes after the last part's end. `bytes` is borrowed, so it cannot be among them: they
            // are reached through this exclusive borrow alone.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.part.start.0, count) };
        }
        // SAFETY: no more than the part has, and these have just been written.
        unsafe { self.filled(count) };
        count
    }

    /// Gives the part up: the buffer, if it was the last one. Of parts that were dropped instead
    /// nothing is known to be filled.
    #[must_use]
    pub fn into_whole(self) -> Option<B> {
        let Self { part, filled, .. } = self;
        lock(&part.shared.filled).push((part.at, part.at + filled));
        let Shared { mut buffer, filled } = Arc::into_inner(part.shared)?;
        let mut ranges = filled.into_inner().unwrap_or_else(PoisonError::into_inner);
        ranges.sort_unstable();
        let mut end = 0;
        for (from, to) in ranges {
            if from > end {
                break;
            }
            end = end.max(to);
        }
        // SAFETY: the parts are within the `wanted` bytes, and all up to `end` were filled by reads
        // or copies that have ended.
        unsafe { buffer.filled(end) };
        Some(buffer)
    }
}

/// A buffer as a part of itself.
pub(super) fn whole<B: IoBuf>(buffer: B) -> Part<B> {
    Part::new(buffer, |buffer| (buffer.as_ptr().cast_mut(), buffer.len()))
}

/// A buffer to be filled as a part of itself.
pub(super) fn whole_mut<B: IoBufMut>(buffer: B) -> PartMut<B> {
    PartMut::new(buffer)
}

// SAFETY: the bytes are the buffer's, which lies in its final place and is not used before the last of
// its parts is gone; so its own promise holds for them all the while. A part only reads them.
unsafe impl<B: IoBuf> IoBuf for Part<B> {
    fn as_ptr(&self) -> *const u8 {
        self.start.0
    }

    fn len(&self) -> usize {
        self.len
    }
}

// SAFETY: as above; what it shows is a part of what the buffer showed or a read has filled since.
unsafe impl<B: IoBufMut> IoBuf for PartMut<B> {
    fn as_ptr(&self) -> *const u8 {
        self.part.start.0
    }

    fn len(&self) -> usize {
        self.shown
    }
}

// SAFETY: as above. The address came from the buffer's `as_mut_ptr`, and no two parts overlap.
unsafe impl<B: IoBufMut> IoBufMut for PartMut<B> {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.part.start.0
    }

    fn wanted(&self) -> usize {
        self.part.len
    }

    unsafe fn filled(&mut self, bytes: usize) {
        self.filled = bytes.min(self.part.len);
        if self.shows_last_read {
            self.shown = self.filled;
        }
    }
}

impl<B> fmt::Debug for Part<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("offset", &self.at)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

impl<B> fmt::Debug for PartMut<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartMut")
            .field("offset", &self.part.at)
            .field("len", &self.part.len)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use crate::buf::{BufferPool, IoBuf, IoBufExt, IoBufMut, PartMut};

    #[test]
    fn a_buffer_shows_what_its_parts_got_without_a_gap() {
        let pool = BufferPool::new();
        for (filled, shown) in [([3, 3, 4], 10), ([3, 2, 4], 5), ([0, 3, 4], 0), ([3, 3, 0], 6)] {
            let whole = pool.alloc_for_read(10).unwrap().into_part_mut();
            let (first, rest) = whole.split_at(3).unwrap();
            let (second, third) = rest.split_at(3).unwrap();
            let parts = [second, third, first].into_iter().zip([filled[1], filled[2], filled[0]]);
            let back = parts.filter_map(|(mut part, count)| {
                assert_eq!(part.len(), 0, "what another owner left is not shown");
                assert_eq!(part.fill_from(&[7; 10][..count]), count);
                assert_eq!(part.bytes(), &[7; 10][..count]);
                PartMut::into_whole(part)
            });
            assert_eq!(back.last().unwrap()[..], [7; 10][..shown]);
        }
    }

    #[test]
    fn parts_lie_side_by_side_and_the_last_one_gives_the_buffer() {
        let whole = vec![1, 2, 3, 4, 5].into_part_mut();
        let (mut first, second) = whole.split_at(2).unwrap();
        assert_eq!((first.wanted(), second.offset(), second.wanted()), (2, 2, 3));
        assert_eq!(first.fill_from(&[8, 9, 10]), 2);
        let failed = second.split_at(4).unwrap_err();
        let second = failed.into_parts().1.unwrap();
        assert!(first.into_whole().is_none());
        assert_eq!(second.into_whole().unwrap(), [8, 9, 3, 4, 5]);

        let (mut first, second) = (&b"abcde"[..]).into_part().split_at(5).unwrap();
        assert_eq!((first.bytes(), second.len()), (&b"abcde"[..], 0));
        drop(first);
        assert_eq!(second.into_whole().unwrap(), b"abcde");
    }
}
