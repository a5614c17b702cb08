//! Memory of others, with what keeps it.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    ptr::NonNull,
};

use crate::buf::{IoBuf, IoBufMut};

/// Bytes that something else allocated and keeps: page-locked memory of a GPU runtime, a tensor of
/// another library, a mapping.
///
/// The owner is dropped with it, on whatever thread that is: in a request whose ticket was
/// dropped, on one of the engine's workers. It dereferences to `[u8]`.
///
/// ```
/// use std::ptr::NonNull;
///
/// let mut floats = vec![0_f32; 1024];
/// let start = NonNull::from(&mut floats[..]).cast::<u8>();
/// // SAFETY: the vector keeps its elements where they are until it is dropped, which the buffer
/// // does, and nobody has access to it meanwhile; any four bytes are an `f32`.
/// let buf = unsafe { ds_aio::RawBuf::new(start, 4 * 1024, floats) };
/// assert_eq!(buf.len(), 4096);
/// ```
pub struct RawBuf {
    start: NonNull<u8>,
    len: usize,
    _owner: Box<dyn Send>,
}

// SAFETY: `new`'s caller says that the bytes may be used on any thread, and the owner is `Send`.
unsafe impl Send for RawBuf {}
// SAFETY: shared access only reads the bytes, and gives none to the owner.
unsafe impl Sync for RawBuf {}

impl RawBuf {
    /// The `len` bytes from `start` on, which `owner` keeps.
    ///
    /// # Safety
    ///
    /// Until `owner` is dropped the bytes
    ///
    /// - are valid for reads and writes from any thread, by the processor and by the kernel, and
    ///   stay where they are, even while `owner` is moved, and
    /// - are initialized, and any value may be written to them, and
    /// - are neither read nor written by anybody but through this buffer, and
    /// - are no more than `isize::MAX`.
    pub unsafe fn new(start: NonNull<u8>, len: usize, owner: impl Send + 'static) -> Self {
        Self { start, len, _owner: Box::new(owner) }
    }
}

impl Deref for RawBuf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: valid, initialized and written by nobody while `&self` lasts, as `new`'s caller
        // says.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl DerefMut for RawBuf {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as for `deref`, and `&mut self` is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

// SAFETY: the bytes stay where they are and only this buffer gives access to them, as `new`'s
// caller says; their number is fixed.
unsafe impl IoBuf for RawBuf {
    fn as_ptr(&self) -> *const u8 {
        self.start.as_ptr()
    }

    fn len(&self) -> usize {
        self.len
    }
}

// SAFETY: as above, and any value may be written, as `new`'s caller says.
unsafe impl IoBufMut for RawBuf {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.start.as_ptr()
    }
}

impl fmt::Debug for RawBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawBuf").field("len", &self.len).finish_non_exhaustive()
    }
}
