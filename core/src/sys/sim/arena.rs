//! Buffers whose address, neighbours and drops a test sees.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::buf::{AioBuf, IoBuf, IoBufMut};

/// What lies around each buffer, in bytes, and must stay as it was.
const GUARD: usize = 64;
const GUARD_BYTE: u8 = 0xa5;

/// Memory out of which buffers are cut at addresses of the test's choice. A buffer that is leaked
/// leaks no more than its count: the memory is handed out again after [`Arena::reset`].
pub(crate) struct Arena {
    memory: Arc<Memory>,
    next: usize,
    guards: Vec<usize>,
}

struct Memory {
    _owner: AioBuf,
    start: *mut u8,
    len: usize,
}

// SAFETY: the address is that of memory the value owns; whoever uses it keeps to the arena's rule
// that no part is handed out twice between two resets.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Arena {
    pub(crate) fn new(len: usize) -> Self {
        let mut owner = AioBuf::zeroed(len).expect("memory for a test");
        let memory = Memory { start: owner.as_mut_ptr(), len, _owner: owner };
        Self { memory: Arc::new(memory), next: 0, guards: Vec::new() }
    }

    /// Begins anew. No engine may have any of the buffers any more.
    pub(crate) fn reset(&mut self) {
        (self.next, self.guards) = (0, Vec::new());
    }

    /// A buffer of those bytes that begins `skew` bytes after a multiple of 4096.
    pub(crate) fn buffer(&mut self, bytes: &[u8], skew: usize) -> Counted {
        let at = (self.next + GUARD).next_multiple_of(4096) + skew;
        self.next = at + bytes.len() + GUARD;
        assert!(self.next <= self.memory.len, "the arena is too small for the test");
        for guard in [at - GUARD, at + bytes.len()] {
            // SAFETY: within the arena (asserted), in no buffer (each lies between its guards).
            unsafe { self.memory.start.add(guard).write_bytes(GUARD_BYTE, GUARD) };
            self.guards.push(guard);
        }
        // SAFETY: as above: this part is handed out once, here.
        let start = unsafe { self.memory.start.add(at) };
        // SAFETY: `start` is followed by so many bytes of the arena, `bytes` is elsewhere.
        unsafe { start.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        Counted::new(Bytes::Arena { memory: Arc::clone(&self.memory), start, len: bytes.len() })
    }

    /// Whether nothing was written next to any buffer.
    pub(crate) fn guards_hold(&self) -> bool {
        self.guards.iter().all(|&guard| {
            // SAFETY: a guard lies within the arena and in no buffer.
            let bytes = unsafe {
                std::slice::from_raw_parts(self.memory.start.add(guard).cast_const(), GUARD)
            };
            bytes.iter().all(|&byte| byte == GUARD_BYTE)
        })
    }
}

/// How often a buffer was dropped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drops(Arc<AtomicUsize>);

impl Drops {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

/// A buffer that counts its drops.
pub(crate) struct Counted {
    bytes: Bytes,
    drops: Drops,
}

enum Bytes {
    Arena {
        /// Keeps the memory.
        memory: Arc<Memory>,
        start: *mut u8,
        len: usize,
    },
    Vec(Vec<u8>),
    Aio(AioBuf),
}

// SAFETY: the bytes at the address are this value's alone.
unsafe impl Send for Counted {}

impl Counted {
    fn new(bytes: Bytes) -> Self {
        Self { bytes, drops: Drops::default() }
    }

    /// On the heap, at an address of the allocator's choice.
    pub(crate) fn vec(bytes: &[u8]) -> Self {
        Self::new(Bytes::Vec(bytes.to_vec()))
    }

    /// A buffer made for the engine, of those bytes; of a pool, for example.
    pub(crate) fn aio(mut owned: AioBuf, bytes: &[u8]) -> Self {
        owned.copy_from_slice(bytes);
        Self::new(Bytes::Aio(owned))
    }

    /// A buffer that shows what was read into it.
    pub(crate) fn for_read(owned: AioBuf) -> Self {
        Self::new(Bytes::Aio(owned))
    }

    /// Where the bytes lie that a request moves.
    pub(crate) fn memory(&self, reads: bool) -> Range<usize> {
        let start = self.as_ptr().addr();
        start..start + if reads { self.wanted() } else { self.len() }
    }

    pub(crate) fn drops(&self) -> &Drops {
        &self.drops
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Arena { memory, start, len } => {
                debug_assert!(memory.len >= *len);
                // SAFETY: so many bytes of the arena, which `memory` keeps, are this value's.
                unsafe { std::slice::from_raw_parts(*start, *len) }
            }
            Bytes::Vec(bytes) => bytes,
            Bytes::Aio(bytes) => bytes,
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.drops.0.fetch_add(1, Ordering::AcqRel);
    }
}

// SAFETY: the bytes lie in the arena, on the heap or in a mapping, which moving the value does not
// move; their number is fixed, and nobody else has their address.
unsafe impl IoBuf for Counted {
    fn as_ptr(&self) -> *const u8 {
        match &self.bytes {
            Bytes::Aio(bytes) => IoBuf::as_ptr(bytes),
            _ => self.as_slice().as_ptr(),
        }
    }

    fn len(&self) -> usize {
        self.as_slice().len()
    }
}

// SAFETY: as above, and `u8` takes any value.
unsafe impl IoBufMut for Counted {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        match &mut self.bytes {
            Bytes::Arena { start, .. } => *start,
            Bytes::Vec(bytes) => bytes.as_mut_ptr(),
            Bytes::Aio(bytes) => IoBufMut::as_mut_ptr(bytes),
        }
    }

    fn wanted(&self) -> usize {
        if let Bytes::Aio(bytes) = &self.bytes { bytes.wanted() } else { self.len() }
    }

    unsafe fn filled(&mut self, count: usize) {
        if let Bytes::Aio(bytes) = &mut self.bytes {
            // SAFETY: the caller's promise, passed on.
            unsafe { bytes.filled(count) }
        }
    }
}
