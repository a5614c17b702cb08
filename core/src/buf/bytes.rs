//! Buffers of the crate `bytes`, with the feature of that name.

use bytes::{Bytes, BytesMut};

use crate::buf::{IoBuf, IoBufMut};

// SAFETY: a `Bytes` is a view of bytes that nobody can write while it lives, which lie on the heap,
// in static memory, or with an owner that is itself on the heap; moving the view moves none of them.
// Its length changes through `&mut self` alone.
unsafe impl IoBuf for Bytes {
    fn as_ptr(&self) -> *const u8 {
        <[u8]>::as_ptr(self)
    }

    fn len(&self) -> usize {
        <[u8]>::len(self)
    }
}

// SAFETY: a `BytesMut` has its part of an allocation on the heap for itself, and its length changes
// through `&mut self` alone.
unsafe impl IoBuf for BytesMut {
    fn as_ptr(&self) -> *const u8 {
        <[u8]>::as_ptr(self)
    }

    fn len(&self) -> usize {
        <[u8]>::len(self)
    }
}

// SAFETY: as above: the part is its own, and `u8` takes any value.
unsafe impl IoBufMut for BytesMut {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        <[u8]>::as_mut_ptr(self)
    }
}
