//! Buffers: what the engine may own while it moves bytes, and memory made for it.

#![allow(unsafe_code, reason = "owned buffers are handed to the kernel by address")]

mod aligned;
mod allocator;
mod borrowed;
#[cfg(feature = "bytes")]
mod bytes;
mod copy;
mod mapping;
mod memory;
mod part;
mod pool;
mod raw;
mod slice;
#[cfg(feature = "bytemuck")]
mod typed;

use std::sync::Arc;

use aligned::Shows;
pub(crate) use borrowed::Borrowed;
pub(crate) use memory::{Filled, Memory, Segment, filled, filled_all};

pub use aligned::AioBuf;
pub use allocator::BufferAllocator;
pub use part::{Part, PartMut};
pub use pool::{BufferPool, BufferPoolBuilder, HugePages, PoolStats};
pub use raw::RawBuf;
pub use slice::{IoBufExt, Slice};
#[cfg(feature = "bytemuck")]
pub use typed::PodVec;

/// A buffer that the engine can own while it writes the buffer's bytes to a file.
///
/// Implemented for `Vec<u8>`, `Box<[u8]>`, [`AioBuf`], [`RawBuf`], `Arc<[u8]>`, `Arc<Vec<u8>>`,
/// `Arc<AioBuf>`, `String`, the `&'static` forms, and [`Slice`]s of these; with the feature `bytes`
/// for `Bytes` and `BytesMut`. The bytes written are those of the buffer's length; spare capacity
/// is never touched.
///
/// # Safety
///
/// Between the call of [`IoBuf::as_ptr`] and the value's next use by its owner:
///
/// - the `len()` bytes from `as_ptr()` stay allocated, initialized and unwritten by anyone, and
/// - they stay at that address, even if the value itself is moved (so they lie outside of it: on
///   the heap, in a mapping, in static memory), and
/// - `len()` keeps giving the same number.
///
/// The engine calls each method once a request, after the value reached the place where it stays
/// until the request completes, and does not touch the value in between.
pub unsafe trait IoBuf: Send + 'static {
    /// Where the bytes begin. Any address will do for an empty buffer.
    fn as_ptr(&self) -> *const u8;

    /// How many bytes there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A buffer that the engine can own while it reads bytes of a file into it.
///
/// Implemented for `Vec<u8>` (its length is filled, not its spare capacity), `Box<[u8]>`,
/// [`AioBuf`], [`RawBuf`], and [`Slice`]s of these; with the feature `bytes` for `BytesMut` (its
/// length).
///
/// # Safety
///
/// As for [`IoBuf`], but for the [`IoBufMut::wanted`] bytes from [`IoBufMut::as_mut_ptr`] on, which
/// are at least `len()`. Between the call of `as_mut_ptr` and the value's next use by its owner
/// nobody else reads the bytes either, and any value written to them is valid.
pub unsafe trait IoBufMut: IoBuf {
    /// Where the bytes begin, for writing to them.
    fn as_mut_ptr(&mut self) -> *mut u8;

    /// How many bytes a read is to fill: the length, unless the buffer has more than it shows.
    /// Where a read fills several buffers it is asked for a second time, before `filled` is called.
    fn wanted(&self) -> usize {
        self.len()
    }

    /// Tells a buffer that a read has ended, before its owner gets it back, and how many bytes
    /// from its start the read is known to have filled: all [`IoBufMut::wanted`] bytes if it
    /// succeeded, and [`Error::done`](crate::Error::done) if it failed.
    ///
    /// The engine calls it once a request, on the thread that delivers the result and with no lock
    /// held. A panic stays there.
    ///
    /// # Safety
    ///
    /// `bytes` is at most [`IoBufMut::wanted`], and the first `bytes` bytes from
    /// [`IoBufMut::as_mut_ptr`] are what the read got.
    unsafe fn filled(&mut self, bytes: usize) {
        let _ = bytes;
    }
}

macro_rules! io_buf {
    ($($type:ty, $buffer:ident => $bytes:expr;)*) => {$(
        // SAFETY: the bytes live in an allocation (or static memory) that the value owns or
        // shares immutably, which moving the value does not move, and only `&mut self` methods
        // of an exclusive owner could write them or change their number.
        unsafe impl IoBuf for $type {
            fn as_ptr(&self) -> *const u8 {
                let $buffer = self;
                <[u8]>::as_ptr($bytes)
            }

            fn len(&self) -> usize {
                let $buffer = self;
                <[u8]>::len($bytes)
            }
        }
    )*};
}

io_buf! {
    Vec<u8>, buffer => buffer;
    Box<[u8]>, buffer => buffer;
    String, buffer => buffer.as_bytes();
    Arc<[u8]>, buffer => buffer;
    Arc<Vec<u8>>, buffer => buffer;
    Arc<AioBuf>, buffer => buffer;
    &'static [u8], buffer => buffer;
    &'static str, buffer => buffer.as_bytes();
}

// SAFETY: the value owns its allocation alone, and `u8` takes any value.
unsafe impl IoBufMut for Vec<u8> {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.as_mut_slice().as_mut_ptr()
    }
}

// SAFETY: the box owns its allocation alone, and `u8` takes any value.
unsafe impl IoBufMut for Box<[u8]> {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        <[u8]>::as_mut_ptr(self)
    }
}
