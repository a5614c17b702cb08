//! The values of the setting `backend`.

use ds_aio_macros::Choice;

/// How blocks reach the kernel; the setting `backend`.
///
/// In files, variables and [`Loader::set`](crate::Loader::set) a backend is its name in lower case,
/// `auto`, `threads` or `io_uring`; any case is understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Choice)]
#[non_exhaustive]
pub enum BackendMode {
    /// io_uring where the kernel and its sandbox have all that it takes, else threads.
    #[default]
    Auto,
    /// Worker threads that make blocking `pread` and `pwrite` calls, one block each.
    Threads,
    /// One io_uring for each of the `thread_count` groups, with `queue_depth` blocks in flight; or
    /// no engine, if that cannot be. Threads besides take the blocks that the processor copies:
    /// through the page cache, or from and to memory that is not aligned for O_DIRECT; and writes
    /// that make a file longer. If the kernel refuses the rings later (a seccomp filter that the
    /// process gets), the engine goes on with blocking calls.
    IoUring,
}
