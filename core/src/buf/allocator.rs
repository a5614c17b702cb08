//! Where a pool's memory comes from, when that is not the system.

use std::ptr::NonNull;

/// A source of memory for a [`BufferPool`](crate::BufferPool): page-locked memory of a GPU
/// runtime, say, or shared memory.
///
/// The pool asks for regions of a few MiB and more, carves buffers from them, and gives them back
/// when they have been idle for long enough (see
/// [`BufferPoolBuilder::idle_limit`](crate::BufferPoolBuilder::idle_limit)), on whatever thread
/// dropped the last buffer. It calls with none of its locks held.
///
/// ```
/// use std::{
///     alloc::{Layout, alloc_zeroed, dealloc},
///     ptr::NonNull,
/// };
///
/// use ds_aio::{BufferAllocator, BufferPool};
///
/// struct Heap;
///
/// // SAFETY: the heap's memory is valid and nobody else's until it is deallocated, and zeroed.
/// unsafe impl BufferAllocator for Heap {
///     fn allocate(&self, len: usize, alignment: usize) -> Option<NonNull<u8>> {
///         let layout = Layout::from_size_align(len, alignment).ok()?;
///         // SAFETY: the pool never asks for 0 bytes.
///         NonNull::new(unsafe { alloc_zeroed(layout) })
///     }
///
///     unsafe fn release(&self, start: NonNull<u8>, len: usize, alignment: usize) {
///         if let Ok(layout) = Layout::from_size_align(len, alignment) {
///             // SAFETY: allocated above, with the same length and alignment.
///             unsafe { dealloc(start.as_ptr(), layout) };
///         }
///     }
///
///     fn gives_zeros(&self) -> bool {
///         true
///     }
/// }
///
/// let pool = BufferPool::builder().allocator(Heap).build();
/// assert!(pool.alloc(10_000)?.iter().all(|&byte| byte == 0));
/// # Ok::<(), ds_aio::Error>(())
/// ```
///
/// # Safety
///
/// Memory that [`BufferAllocator::allocate`] returns
///
/// - is valid for reads and writes of `len` bytes from any thread, by the processor and by the
///   kernel, until it is released, and
/// - is used by nobody else until then, and
/// - begins at a multiple of `alignment`, and
/// - holds zeros if [`BufferAllocator::gives_zeros`] returns `true`. It may be uninitialized
///   otherwise: the pool then writes zeros over all of it before anything else.
pub unsafe trait BufferAllocator: Send + Sync + 'static {
    /// Allocates `len` bytes at a multiple of `alignment`; `None` if there are none to be had,
    /// which [`BufferPool::alloc`](crate::BufferPool::alloc) reports as
    /// [`ErrorKind::OutOfMemory`](crate::ErrorKind::OutOfMemory).
    ///
    /// `alignment` is the page size (at least 4096), `len` a multiple of it and not 0.
    fn allocate(&self, len: usize, alignment: usize) -> Option<NonNull<u8>>;

    /// Takes back what [`BufferAllocator::allocate`] gave.
    ///
    /// # Safety
    ///
    /// `start` was returned by `allocate` of this allocator for the same `len` and `alignment`,
    /// was not released before, and nobody uses the memory any more.
    unsafe fn release(&self, start: NonNull<u8>, len: usize, alignment: usize);

    /// Whether allocated memory holds zeros, so that the pool need not write them.
    fn gives_zeros(&self) -> bool {
        false
    }
}
