//! The memory of a request and the parts of it that blocks move: plain addresses, made safe by
//! who holds them.

use std::{
    io::{IoSlice, IoSliceMut},
    sync::Arc,
};

use crate::buf::{IoBuf, IoBufMut, copy::copy};

/// The bytes of the buffer, or buffers, that the engine holds for one request.
///
/// **Invariant.** The bytes are valid, initialized and nobody else's from the request's
/// acceptance until its delivery: the request's ticket state keeps the buffers and gives them back
/// on delivery alone, and delivery happens when every block has completed
/// ([`crate::engine`]'s rule). The blocks of a plan are disjoint and each is claimed once, so no
/// two segments that are in use at the same time overlap.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    pieces: Pieces,
    len: usize,
}

#[derive(Debug, Clone)]
enum Pieces {
    One(Address),
    /// None of them empty, in the request's order.
    Several(Arc<[Piece]>),
}

/// The buffer of one of several in a row.
#[derive(Debug, Clone, Copy)]
struct Piece {
    address: Address,
    /// Where in the request it begins, and where the next one does.
    start: usize,
    end: usize,
}

#[derive(Debug, Clone, Copy)]
struct Address(*mut u8);

// SAFETY: `Memory`'s invariant makes the bytes the engine's own for as long as any of its threads
// uses the address.
unsafe impl Send for Address {}
// SAFETY: as for `Send`; sharing the address gives no access, segments do, and those are disjoint.
unsafe impl Sync for Address {}

impl Memory {
    /// No bytes at all.
    pub(crate) const EMPTY: Self =
        Self { pieces: Pieces::One(Address(std::ptr::dangling_mut())), len: 0 };

    /// The memory of a buffer that is only read from, at its final place.
    pub(crate) fn of<B: IoBuf>(buffer: &mut B) -> Self {
        Self::one(buffer.as_ptr().cast_mut(), buffer.len())
    }

    /// The memory of a buffer to be filled, at its final place.
    pub(crate) fn of_mut<B: IoBufMut>(buffer: &mut B) -> Self {
        let len = buffer.wanted();
        Self::one(buffer.as_mut_ptr(), len)
    }

    /// The memory of buffers that are only read from, one after the other.
    pub(crate) fn of_all<B: IoBuf>(buffers: &mut [B]) -> Self {
        let range_of = |buffer: &mut B| (buffer.as_ptr().cast_mut(), buffer.len());
        Self::several(buffers.iter_mut().map(range_of))
    }

    /// The memory of buffers to be filled, one after the other.
    pub(crate) fn of_all_mut<B: IoBufMut>(buffers: &mut [B]) -> Self {
        let range_of = |buffer: &mut B| {
            let len = buffer.wanted();
            (buffer.as_mut_ptr(), len)
        };
        Self::several(buffers.iter_mut().map(range_of))
    }

    /// An empty buffer may give any address, null as well, which no slice may begin at.
    fn one(start: *mut u8, len: usize) -> Self {
        if len == 0 {
            return Self::EMPTY;
        }
        Self { pieces: Pieces::One(Address(start)), len }
    }

    /// `usize::MAX` bytes, which no request may have, if the sum is more than that.
    fn several(ranges: impl Iterator<Item = (*mut u8, usize)>) -> Self {
        let mut end = 0_usize;
        let pieces: Arc<[Piece]> = ranges
            .filter(|&(_, len)| len > 0)
            .map(|(address, len)| {
                let start = end;
                end = end.saturating_add(len);
                Piece { address: Address(address), start, end }
            })
            .collect();
        Self { pieces: Pieces::Several(pieces), len: end }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether every part of these bytes that lies in one buffer begins at a multiple of
    /// `address`, and has a length that is a multiple of `len` if others follow or precede it.
    pub(crate) fn is_aligned(
        &self,
        start: usize,
        bytes: usize,
        address: usize,
        len: usize,
    ) -> bool {
        match self.segment(start, bytes) {
            Segment::One(span) => span.start.addr().is_multiple_of(address),
            Segment::Several(spans) => spans.iter().all(|span| {
                span.start.addr().is_multiple_of(address) && span.len.is_multiple_of(len)
            }),
        }
    }

    /// The bytes from `start` on, `len` of them or as many as there are.
    pub(crate) fn segment(&self, start: usize, len: usize) -> Segment {
        self.segment_in(start, len, usize::MAX)
    }

    /// As [`Memory::segment`], no further than so many buffers.
    pub(crate) fn segment_in(&self, start: usize, len: usize, buffers: usize) -> Segment {
        let start = start.min(self.len);
        let end = start + len.min(self.len - start);
        match &self.pieces {
            Pieces::One(Address(address)) => {
                Segment::One(Span { start: address.wrapping_add(start), len: end - start })
            }
            Pieces::Several(pieces) => {
                let first = pieces.partition_point(|piece| piece.end <= start);
                let within = pieces[first..].iter().take_while(|piece| piece.start < end);
                Segment::of(within.take(buffers).map(|piece| {
                    let from = start.max(piece.start);
                    let address = piece.address.0.wrapping_add(from - piece.start);
                    Span { start: address, len: end.min(piece.end) - from }
                }))
            }
        }
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

/// The way to tell buffers that were read into one after the other.
pub(crate) fn filled_all<B: IoBufMut>() -> Filled<Vec<B>> {
    |buffers, mut bytes| {
        for buffer in buffers {
            let of_this = bytes.min(buffer.wanted());
            bytes -= of_this;
            // SAFETY: as for `filled`, with `Memory::of_all_mut`: the buffers were filled in this
            // order, each whole before the next.
            unsafe { buffer.filled(of_this) }
        }
    }
}

/// A part of a request's memory or of a bounce buffer that one transfer moves.
///
/// Valid, and nobody else's, while its worker keeps the claim it came from or the bounce buffer.
#[derive(Debug)]
pub(crate) enum Segment {
    One(Span),
    /// Two or more, of different buffers.
    Several(Vec<Span>),
}

/// A run of bytes within one buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    start: *mut u8,
    len: usize,
}

// SAFETY: see `Memory`.
unsafe impl Send for Span {}

impl Segment {
    fn of(mut spans: impl Iterator<Item = Span>) -> Self {
        let Some(first) = spans.next() else {
            return Self::One(Span { start: std::ptr::dangling_mut(), len: 0 });
        };
        let Some(second) = spans.next() else {
            return Self::One(first);
        };
        Self::Several([first, second].into_iter().chain(spans).collect())
    }

    /// Where each of its parts begins, and its length, for a system call to come.
    #[cfg_attr(not(feature = "io-uring"), allow(dead_code, reason = "for rings"))]
    pub(crate) fn ranges(&self) -> impl Iterator<Item = (*mut u8, usize)> {
        self.spans().iter().map(|span| (span.start, span.len))
    }

    fn spans(&self) -> &[Span] {
        match self {
            Self::One(span) => std::slice::from_ref(span),
            Self::Several(spans) => spans,
        }
    }

    fn spans_mut(&mut self) -> &mut [Span] {
        match self {
            Self::One(span) => std::slice::from_mut(span),
            Self::Several(spans) => spans,
        }
    }

    #[cfg(all(test, not(loom)))]
    pub(crate) fn len(&self) -> usize {
        self.spans().iter().map(|span| span.len).sum()
    }

    #[cfg(all(test, not(loom)))]
    pub(crate) fn truncate(&mut self, mut len: usize) {
        for span in self.spans_mut() {
            span.len = span.len.min(len);
            len -= span.len;
        }
    }

    /// The bytes as one vectored write takes them.
    pub(crate) fn slices(&self) -> Vec<IoSlice<'_>> {
        self.spans().iter().map(|span| IoSlice::new(span.bytes())).collect()
    }

    /// The bytes as one vectored read fills them.
    pub(crate) fn slices_mut(&mut self) -> Vec<IoSliceMut<'_>> {
        self.spans_mut().iter_mut().map(|span| IoSliceMut::new(span.bytes_mut())).collect()
    }

    /// Fills the segment from another one, as far as both go.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        let mut sources = other.spans().iter().map(Span::bytes);
        let mut source: &[u8] = &[];
        for span in self.spans_mut() {
            let mut target = span.bytes_mut();
            while !target.is_empty() {
                if source.is_empty() {
                    let Some(next) = sources.next() else {
                        return;
                    };
                    source = next;
                }
                let count = source.len().min(target.len());
                let (now, later) = target.split_at_mut(count);
                copy(now, &source[..count]);
                (source, target) = (&source[count..], later);
            }
        }
    }
}

impl Span {
    /// The bytes, to be written to a file.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: `Memory`'s invariant: valid, initialized, and written by nobody meanwhile.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }

    /// The bytes, to be filled from a file. Only for a request that reads, or a bounce buffer.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: `Memory`'s invariant: valid, and no other segment in use overlaps this one;
        // `Memory::of_mut` or `of_all_mut` (or the bounce buffer) made the address from exclusive
        // access.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.len) }
    }
}
