//! The kinds of errors: how the system's numbers map to them, what they mean and what to do.

use std::{fmt, io};

use nix::errno::Errno;

/// The kind of an [`Error`](crate::Error), to match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The path does not exist (`ENOENT`).
    NotFound,
    /// The path exists although a new file was asked for (`EEXIST`).
    AlreadyExists,
    /// The process may not do this to the file (`EACCES`, `EPERM`, `EROFS`).
    PermissionDenied,
    /// The path names a directory (`EISDIR`).
    IsDirectory,
    /// The descriptor has no positions: a pipe, a socket, a terminal (`ESPIPE`, `ENXIO`).
    NotSeekable,
    /// The file was not opened for this direction (`EBADF`).
    WrongAccessMode,
    /// The file system is full (`ENOSPC`).
    NoSpace,
    /// The user's quota is used up (`EDQUOT`).
    QuotaExceeded,
    /// The write lies beyond the file size limit of the process or the file system (`EFBIG`).
    FileTooLarge,
    /// The file ends before the requested range does.
    UnexpectedEof,
    /// The range `offset .. offset + length` does not fit the system's file offsets.
    InvalidRange,
    /// The path holds a NUL byte, or this kind of file does not take the operation (`EINVAL`,
    /// `ENAMETOOLONG`, `ELOOP`).
    InvalidInput,
    /// The process or the system has no descriptors left (`EMFILE`, `ENFILE`).
    TooManyOpenFiles,
    /// No memory could be had (`ENOMEM`).
    OutOfMemory,
    /// The pool would have to hold more than its limit.
    PoolExhausted,
    /// The process may not lock so much memory (`RLIMIT_MEMLOCK`).
    LockLimit,
    /// The part of a buffer reaches beyond it, or ends before it starts.
    OutOfBounds,
    /// The bytes do not make up whole elements of the type.
    UnevenLength,
    /// The bytes begin at an address where the type may not.
    Misaligned,
    /// The device or the file system failed (`EIO` and whatever else has no kind of its own; see
    /// [`Error::errno`](crate::Error::errno)). `EAGAIN` is among them: a regular file has no
    /// business to answer it, and repeating the call until it goes away would be a busy loop.
    Io,
    /// The file was opened by another engine.
    ForeignFile,
    /// The engine was closed before the request could be accepted.
    Closed,
    /// The engine was shut down before the request had ended; see
    /// [`Engine::shutdown`](crate::Engine::shutdown).
    ShutDown,
    /// As many requests as the setting `queue_capacity` allows are under way.
    QueueFull,
    /// The process is a forked child of the one that started the engine.
    Forked,
    /// A worker of the engine panicked; the engine takes no more requests.
    Poisoned,
    /// The ticket's holder cancelled the request.
    Cancelled,
    /// A blocking call was made on one of the engine's own workers, which would wait for itself.
    WouldDeadlock,
    /// The ticket's result was taken before.
    ResultTaken,
    /// The setting `direct` is `always`, and this cannot bypass the page cache;
    /// [`Error::not_direct`](crate::Error::not_direct) says why.
    NotDirect,
    /// The descriptor appends (`O_APPEND`): the system would write at the end of the file, whatever
    /// the offset.
    AppendOnly,
    /// The range of a writer that shares its file does not begin where one may, or ends before it
    /// begins.
    UnalignedRange,
    /// The range of a writer that shares its file is full.
    RangeFull,
    /// A writer was dropped before it was finished.
    Unfinished,
    /// The writer was finished before.
    Finished,
}

impl ErrorKind {
    pub(super) fn from_errno(errno: Errno) -> Self {
        match errno {
            Errno::ENOENT | Errno::ENOTDIR => Self::NotFound,
            Errno::EEXIST => Self::AlreadyExists,
            Errno::EACCES | Errno::EPERM | Errno::EROFS => Self::PermissionDenied,
            Errno::EISDIR => Self::IsDirectory,
            Errno::ESPIPE | Errno::ENXIO => Self::NotSeekable,
            Errno::EBADF => Self::WrongAccessMode,
            Errno::ENOSPC => Self::NoSpace,
            Errno::EDQUOT => Self::QuotaExceeded,
            Errno::EFBIG => Self::FileTooLarge,
            Errno::EINVAL | Errno::ENAMETOOLONG | Errno::ELOOP => Self::InvalidInput,
            Errno::EOVERFLOW => Self::InvalidRange,
            Errno::EMFILE | Errno::ENFILE => Self::TooManyOpenFiles,
            Errno::ENOMEM => Self::OutOfMemory,
            _ => Self::Io,
        }
    }

    pub(super) fn to_io(self) -> io::ErrorKind {
        match self {
            Self::NotFound => io::ErrorKind::NotFound,
            Self::AlreadyExists => io::ErrorKind::AlreadyExists,
            Self::PermissionDenied => io::ErrorKind::PermissionDenied,
            Self::IsDirectory => io::ErrorKind::IsADirectory,
            Self::NotSeekable => io::ErrorKind::NotSeekable,
            Self::NoSpace => io::ErrorKind::StorageFull,
            Self::QuotaExceeded => io::ErrorKind::QuotaExceeded,
            Self::FileTooLarge => io::ErrorKind::FileTooLarge,
            Self::UnexpectedEof => io::ErrorKind::UnexpectedEof,
            Self::WrongAccessMode
            | Self::InvalidRange
            | Self::InvalidInput
            | Self::OutOfBounds
            | Self::UnevenLength
            | Self::Misaligned
            | Self::ForeignFile
            | Self::AppendOnly
            | Self::UnalignedRange
            | Self::Finished
            | Self::ResultTaken => io::ErrorKind::InvalidInput,
            Self::RangeFull => io::ErrorKind::WriteZero,
            Self::OutOfMemory | Self::PoolExhausted | Self::LockLimit => io::ErrorKind::OutOfMemory,
            Self::WouldDeadlock => io::ErrorKind::Deadlock,
            Self::NotDirect => io::ErrorKind::Unsupported,
            Self::QueueFull => io::ErrorKind::WouldBlock,
            Self::TooManyOpenFiles
            | Self::Io
            | Self::Closed
            | Self::ShutDown
            | Self::Forked
            | Self::Poisoned
            | Self::Unfinished
            | Self::Cancelled => io::ErrorKind::Other,
        }
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::NotFound => "no such file or directory",
            Self::AlreadyExists => "the file exists already",
            Self::PermissionDenied => "permission denied",
            Self::IsDirectory => "is a directory",
            Self::NotSeekable => "is a pipe, a socket or a terminal, which has no offsets",
            Self::WrongAccessMode => "the file was not opened for this",
            Self::NoSpace => "no space left on the file system",
            Self::QuotaExceeded => "disk quota exceeded",
            Self::FileTooLarge => "beyond the largest file size allowed here",
            Self::UnexpectedEof => "end of file",
            Self::InvalidRange => "the range does not fit a file offset",
            Self::InvalidInput => "the system calls this an invalid argument",
            Self::TooManyOpenFiles => "no file descriptors left",
            Self::OutOfMemory => "out of memory",
            Self::PoolExhausted => "the pool's limit is reached",
            Self::LockLimit => "more than RLIMIT_MEMLOCK allows to be locked",
            Self::OutOfBounds => "outside of the buffer",
            Self::UnevenLength => "no whole number of elements",
            Self::Misaligned => "not aligned for the elements",
            Self::Io => "input/output error",
            Self::ForeignFile => "the file belongs to another engine",
            Self::Closed => "the engine is closed",
            Self::ShutDown => "the engine was shut down",
            Self::QueueFull => "as many requests as may be are under way",
            Self::Forked => "the engine belongs to the process this one was forked from",
            Self::Poisoned => "a worker of the engine panicked",
            Self::ResultTaken => "the ticket's result was taken already",
            Self::Cancelled => "cancelled",
            Self::WouldDeadlock => "a worker of the engine would wait for itself",
            Self::NotDirect => "cannot bypass the page cache",
            Self::AppendOnly => "the descriptor appends (O_APPEND), and would ignore offsets",
            Self::UnalignedRange => "no range for a writer that shares its file",
            Self::RangeFull => "the writer's range is full",
            Self::Unfinished => "the writer was dropped unfinished",
            Self::Finished => "the writer is finished",
        }
    }

    pub(super) const fn advice(self) -> &'static str {
        match self {
            Self::NotFound => "check the path and that its directory exists",
            Self::AlreadyExists => "choose another name or open the file instead",
            Self::PermissionDenied => "check the file's owner and mode and how it is mounted",
            Self::IsDirectory => "name a file in it",
            Self::NotSeekable => "use a regular file or a block device",
            Self::WrongAccessMode => "open it with OpenOptions for reading or writing as needed",
            Self::NoSpace => "free space there or use another file system",
            Self::QuotaExceeded => "free space or raise the quota",
            Self::FileTooLarge => "raise the limit (ulimit -f) or split the data over files",
            Self::UnexpectedEof => "ask for no more than the file holds",
            Self::InvalidRange => "keep offset + length within 2^63 - 1",
            Self::InvalidInput => "check the path, the options and what kind of file it is",
            Self::TooManyOpenFiles => "raise the limit (ulimit -n) or close files",
            Self::OutOfMemory => "ask for less or free memory",
            Self::PoolExhausted => "drop buffers, or give the pool a higher limit",
            Self::LockLimit => {
                "raise the limit (ulimit -l), grant CAP_IPC_LOCK, or do not lock the pool's memory"
            }
            Self::OutOfBounds => "keep the range within the buffer's length",
            Self::UnevenLength => "use a length that is a multiple of the element's size",
            Self::Misaligned => "begin at an offset that is a multiple of the element's alignment",
            Self::Io => "look the error number up; for EIO see the system log",
            Self::ForeignFile => "open it with the engine that uses it",
            Self::Closed => "submit requests before closing",
            Self::ShutDown => "give it more time, or find out why the device does not answer",
            Self::QueueFull => "wait for some of them, or raise queue_capacity",
            Self::Forked => "start an engine in this process, or fork before starting one",
            Self::Poisoned => "find the panic's message and start a new engine",
            Self::ResultTaken => "wait for a ticket once, or await it once",
            Self::Cancelled => "repeat it from the bytes done on, if they are still wanted",
            Self::WouldDeadlock => "await the ticket, or wait on a thread of your own",
            Self::NotDirect => "change what is in the way, or let the setting direct be auto",
            Self::AppendOnly => "open the file without O_APPEND",
            Self::UnalignedRange => "divide the file at such multiples",
            Self::RangeFull => "write no more than the range holds",
            Self::Unfinished => "finish writers, or discard them",
            Self::Finished => "write before finishing",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}
