//! The memory of a request and the parts of it that blocks move: plain addresses, made safe by
//! who holds them.

use crate::buf::{IoBuf, IoBufMut};

/// The bytes of a buffer that the engine holds for one request.
///
/// **Invariant.** The bytes are valid, initialized and nobody else's from the request's
/// acceptance until its delivery: the request's ticket state keeps the buffer and gives it back
/// on delivery alone, and delivery happens when every block has completed
/// ([`crate::engine`]'s rule). The blocks of a plan are disjoint and each is claimed once, so no
/// two segments that are in use at the same time overlap.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    start: *mut u8,
    len: usize,
}

// SAFETY: the invariant above makes the bytes the engine's own for as long as any of its threads
// uses the address.
unsafe impl Send for Memory {}
// SAFETY: as for `Send`; sharing the address gives no access, segments do, and those are disjoint.
unsafe impl Sync for Memory {}

impl Memory {
    /// No bytes at all.
    pub(crate) const EMPTY: Self = Self { start: std::ptr::dangling_mut(), len: 0 };

    /// The memory of a buffer that is only read from, at its final place.
    pub(crate) fn of<B: IoBuf>(buffer: &B) -> Self {
        Self::new(buffer.as_ptr().cast_mut(), buffer.len())
    }

    /// The memory of a buffer to be filled, at its final place.
    pub(crate) fn of_mut<B: IoBufMut>(buffer: &mut B) -> Self {
        let len = buffer.wanted();
        Self::new(buffer.as_mut_ptr(), len)
    }

    /// An empty buffer may give any address, null as well, which no slice may begin at.
    fn new(start: *mut u8, len: usize) -> Self {
        if len == 0 { Self::EMPTY } else { Self { start, len } }
    }

    pub(crate) fn address(&self) -> usize {
        self.start.addr()
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The bytes from `start` on, `len` of them or as many as there are.
    pub(crate) fn segment(&self, start: usize, len: usize) -> Segment {
        let start = start.min(self.len);
        Segment { start: self.start.wrapping_add(start), len: len.min(self.len - start) }
    }
}

/// Tells a buffer how many of its first bytes a request has filled.
pub(crate) type Filled<B> = fn(&mut B, usize);

/// The way to tell a buffer that was read into.
pub(crate) fn filled<B: IoBufMut>() -> Filled<B> {
    // SAFETY: called by the request's ticket state when every block has completed, with the length
    // of `Memory::of_mut` on success and the bytes before the first failure otherwise, which
    // workers have filled; neither exceeds `wanted()`.
    |buffer, bytes| unsafe { buffer.filled(bytes) }
}

/// A part of a request's memory or of a bounce buffer that one transfer moves.
///
/// Valid, and nobody else's, while its worker keeps the claim it came from or the bounce buffer.
#[derive(Debug)]
pub(crate) struct Segment {
    start: *mut u8,
    len: usize,
}

// SAFETY: see `Memory`.
unsafe impl Send for Segment {}

impl Segment {
    #[cfg(all(test, not(loom)))]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[cfg(all(test, not(loom)))]
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// The bytes, to be written to a file.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: `Memory`'s invariant: valid, initialized, and written by nobody meanwhile.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }

    /// The bytes, to be filled from a file. Only for a request that reads, or a bounce buffer.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: `Memory`'s invariant: valid, and no other segment in use overlaps this one;
        // `Memory::of_mut` (or the bounce buffer) made the address from exclusive access.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.len) }
    }
}
