//! A buffer that runs code when it is dropped, as a user's own buffer type may.

#![allow(unsafe_code, reason = "owned buffers are an unsafe contract with the engine")]

use std::{fmt, ops::Deref};

use ds_aio::{IoBuf, IoBufMut};

/// Bytes on the heap and what to do when they are dropped.
pub struct HookedBuf {
    bytes: Box<[u8]>,
    on_drop: Option<Box<dyn FnOnce() + Send>>,
}

impl HookedBuf {
    /// A buffer of those bytes whose drop calls `on_drop`.
    pub fn new(bytes: Vec<u8>, on_drop: impl FnOnce() + Send + 'static) -> Self {
        Self { bytes: bytes.into_boxed_slice(), on_drop: Some(Box::new(on_drop)) }
    }
}

impl Deref for HookedBuf {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for HookedBuf {
    fn drop(&mut self) {
        if let Some(on_drop) = self.on_drop.take() {
            on_drop();
        }
    }
}

impl fmt::Debug for HookedBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookedBuf").finish_non_exhaustive()
    }
}

// SAFETY: the bytes are in a box that the value owns alone and replaces never: moving the value
// leaves them where they are, their number is fixed, and only `&mut self` could write them.
unsafe impl IoBuf for HookedBuf {
    fn as_ptr(&self) -> *const u8 {
        self.bytes.as_ptr()
    }

    fn len(&self) -> usize {
        self.bytes.len()
    }
}

// SAFETY: as above, and `u8` takes any value.
unsafe impl IoBufMut for HookedBuf {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.bytes.as_mut_ptr()
    }
}
