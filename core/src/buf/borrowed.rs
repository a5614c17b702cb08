//! Memory borrowed for a scope, in the form of a buffer that the engine can own.

use crate::buf::{IoBuf, IoBufMut};

/// A borrowed slice that a request writes from or fills.
///
/// Made only by [`crate::engine`]'s scope, which does not return before the request has
/// completed; that is what lets it pass for `'static`.
pub(crate) struct Borrowed {
    start: *mut u8,
    len: usize,
    exclusive: bool,
}

impl Borrowed {
    pub(crate) fn shared(slice: &[u8]) -> Self {
        Self { start: slice.as_ptr().cast_mut(), len: slice.len(), exclusive: false }
    }

    pub(crate) fn exclusive(slice: &mut [u8]) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), exclusive: true }
    }

    /// The slice again, once the request has given the memory back.
    pub(crate) fn into_shared<'env>(self) -> &'env [u8] {
        // SAFETY: the scope names as 'env the lifetime of the slice this was made of, and calls
        // this with the value that the request's ticket gave back, so nobody writes the bytes.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }

    /// The exclusive slice again, once the request has given the memory back; empty if the slice
    /// was shared.
    pub(crate) fn into_exclusive<'env>(self) -> &'env mut [u8] {
        if !self.exclusive {
            return &mut [];
        }
        // SAFETY: as for `into_shared`, the borrow was exclusive, the scope took it over whole,
        // and consuming the value gives it back once.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.len) }
    }
}

// SAFETY: slices of `u8`, shared or exclusive, may be used on any thread.
unsafe impl Send for Borrowed {}

// SAFETY: the bytes are the borrowed slice's, which the scope keeps alive, in place and (being
// borrowed) away from others until the request has completed.
unsafe impl IoBuf for Borrowed {
    fn as_ptr(&self) -> *const u8 {
        self.start
    }

    fn len(&self) -> usize {
        self.len
    }
}

// SAFETY: the scope reads only into slices it borrowed exclusively, and `u8` takes any value.
unsafe impl IoBufMut for Borrowed {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.start
    }
}
