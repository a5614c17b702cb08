//! What can go wrong, typed: every error names the operation, the file, the place in it and what
//! to do.

mod failures;
mod kind;
mod not_direct;
mod ring;

use std::{fmt, io, path::Path, sync::Arc};

use nix::errno::Errno;

use crate::config::ConfigErrors;

pub use failures::Failures;
pub use kind::ErrorKind;
pub use not_direct::NotDirect;
pub use ring::RingUnavailable;

/// What the engine was doing when an [`Error`] arose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Opening or creating a file.
    Open,
    /// Reserving space for a file.
    Preallocate,
    /// Cutting a file to its new length.
    Truncate,
    /// Reading the length of a file.
    Metadata,
    /// A positional read.
    Read,
    /// A positional write.
    Write,
    /// Making written data durable.
    Sync,
    /// Making written data and all metadata durable.
    SyncAll,
    /// Writing a range of the page cache out.
    Flush,
    /// Allocating a buffer.
    Alloc,
    /// Locking a pool's memory.
    LockMemory,
    /// Looking at a part of a buffer, or at its bytes as something else.
    View,
    /// Waiting for a request.
    Wait,
    /// Ending the engine.
    Close,
    /// Moving a reader's position.
    Seek,
    /// Finishing a file that was written as a stream.
    Finish,
    /// Giving a finished file its name.
    Rename,
    /// Removing an unfinished file.
    Remove,
}

impl Operation {
    /// The name of the system call behind it, or `wait`, `close`, `view`, `seek` or `finish`, which
    /// have none.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Preallocate => "fallocate",
            Self::Truncate => "ftruncate",
            Self::Metadata => "fstat",
            Self::Read => "pread",
            Self::Write => "pwrite",
            Self::Sync => "fdatasync",
            Self::SyncAll => "fsync",
            Self::Flush => "sync_file_range",
            Self::Alloc => "mmap",
            Self::LockMemory => "mlock",
            Self::View => "view",
            Self::Wait => "wait",
            Self::Close => "close",
            Self::Seek => "seek",
            Self::Finish => "finish",
            Self::Rename => "rename",
            Self::Remove => "unlink",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A failed operation: what was asked of which file, how far it got and why it went no further.
///
/// For a read or write that was split into blocks this is the first error in file order:
/// every byte before [`Error::done`] was transferred, nothing is claimed about those after it.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Details>);

#[derive(Clone, PartialEq, Eq)]
struct Details {
    operation: Operation,
    kind: ErrorKind,
    errno: Option<Errno>,
    not_direct: Option<NotDirect>,
    path: Option<Arc<Path>>,
    offset: u64,
    wanted: usize,
    done: usize,
    bounds: Bounds,
}

/// Numbers that an error of memory or of a range turns on, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Bounds {
    limit: Option<usize>,
    in_use: Option<usize>,
    element: Option<usize>,
    multiple_of: Option<usize>,
}

impl Error {
    pub(crate) fn new(operation: Operation, cause: Cause) -> Self {
        let (kind, errno, not_direct) = match cause {
            Cause::Errno(errno) => (ErrorKind::from_errno(errno), Some(errno), None),
            Cause::Kind(kind) => (kind, None, None),
            Cause::NotDirect(reason) => {
                (ErrorKind::NotDirect, reason.errno().map(Errno::from_raw), Some(reason))
            }
        };
        Self(Box::new(Details {
            operation,
            kind,
            errno,
            not_direct,
            path: None,
            offset: 0,
            wanted: 0,
            done: 0,
            bounds: Bounds::default(),
        }))
    }

    pub(crate) fn with_limit(mut self, limit: usize) -> Self {
        self.0.bounds.limit = Some(limit);
        self
    }

    pub(crate) fn with_in_use(mut self, in_use: usize) -> Self {
        self.0.bounds.in_use = Some(in_use);
        self
    }

    #[cfg(feature = "bytemuck")]
    pub(crate) fn with_element(mut self, size: usize) -> Self {
        self.0.bounds.element = Some(size);
        self
    }

    pub(crate) fn with_multiple_of(mut self, multiple_of: usize) -> Self {
        self.0.bounds.multiple_of = Some(multiple_of);
        self
    }

    pub(crate) fn at_path(mut self, path: &Arc<Path>) -> Self {
        self.0.path = Some(Arc::clone(path));
        self
    }

    pub(crate) fn for_range(mut self, offset: u64, wanted: usize, done: usize) -> Self {
        (self.0.offset, self.0.wanted, self.0.done) = (offset, wanted, done);
        self
    }

    /// What was attempted.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.0.operation
    }

    /// Why it failed, to match on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operating system's error number, where it was the one to refuse.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        self.0.errno.map(|errno| errno as i32)
    }

    /// Why the page cache could not be bypassed, for an error of [`ErrorKind::NotDirect`].
    #[must_use]
    pub fn not_direct(&self) -> Option<NotDirect> {
        self.0.not_direct
    }

    /// The file, as it was named when it was opened; none where no file was involved.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// Where in the file the request began, in bytes.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.0.offset
    }

    /// How many bytes were asked for; `usize::MAX` for a flush to the end of the file, and for more
    /// than that.
    #[must_use]
    pub fn wanted(&self) -> usize {
        self.0.wanted
    }

    /// How many bytes from the request's start are known to have been transferred.
    #[must_use]
    pub fn done(&self) -> usize {
        self.0.done
    }

    /// The limit that was reached, in bytes: the pool's ([`ErrorKind::PoolExhausted`]), that of
    /// locked memory ([`ErrorKind::LockLimit`]), the buffer's length
    /// ([`ErrorKind::OutOfBounds`]); none for other kinds.
    #[must_use]
    pub fn limit(&self) -> Option<usize> {
        self.0.bounds.limit
    }

    /// Bytes that the pool's buffers took up when it was at its limit
    /// ([`ErrorKind::PoolExhausted`]); none for other kinds.
    #[must_use]
    pub fn in_use(&self) -> Option<usize> {
        self.0.bounds.in_use
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { operation, kind, errno, not_direct, path, offset, wanted, done, bounds } =
            &*self.0;
        write!(f, "{operation}")?;
        if let Some(path) = path {
            write!(f, " {}", path.display())?;
        }
        match operation {
            Operation::Read | Operation::Write => {
                write!(f, " at offset {offset}: {kind} after {done} of {wanted} bytes")?;
            }
            Operation::Alloc | Operation::LockMemory => write!(f, " of {wanted} bytes: {kind}")?,
            Operation::View => write!(f, " of {wanted} bytes from {offset} on: {kind}")?,
            Operation::Flush if *wanted == usize::MAX => {
                write!(f, " from offset {offset} on: {kind}")?;
            }
            Operation::Preallocate | Operation::Flush => {
                write!(f, " of {wanted} bytes at offset {offset}: {kind}")?;
            }
            Operation::Truncate => {
                let len = offset.saturating_add(*wanted as u64);
                write!(f, " to {len} bytes: {kind}")?;
            }
            Operation::Seek => write!(f, " to {offset}: {kind}")?,
            Operation::Finish => write!(f, ": {kind} after {done} bytes")?,
            Operation::Open
            | Operation::Metadata
            | Operation::Sync
            | Operation::SyncAll
            | Operation::Wait
            | Operation::Close
            | Operation::Rename
            | Operation::Remove => write!(f, ": {kind}")?,
        }
        let Bounds { limit, in_use, element, multiple_of } = bounds;
        if let Some(limit) = limit {
            write!(f, ", limit {limit} bytes")?;
        }
        if let Some(in_use) = in_use {
            write!(f, ", in use {in_use}")?;
        }
        if let Some(element) = element {
            write!(f, ", each of {element} bytes")?;
        }
        if let Some(multiple_of) = multiple_of {
            write!(f, ", which begins at a multiple of {multiple_of}")?;
        }
        if let Some(reason) = not_direct {
            write!(f, ", because {reason}")?;
        } else if let Some(errno) = errno {
            write!(f, " ({errno:?}, os error {})", *errno as i32)?;
        }
        write!(f, "; {}", kind.advice())
    }
}

/// As it is displayed, for `main` and `unwrap` show this to people; its parts with `{:#?}`.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return fmt::Display::fmt(self, f);
        }
        f.debug_struct("Error")
            .field("operation", &self.0.operation)
            .field("kind", &self.0.kind)
            .field("errno", &self.0.errno)
            .field("path", &self.0.path)
            .field("offset", &self.0.offset)
            .field("wanted", &self.0.wanted)
            .field("done", &self.0.done)
            .field("not_direct", &self.0.not_direct)
            .field("bounds", &self.0.bounds)
            .finish()
    }
}

impl std::error::Error for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.kind().to_io(), error)
    }
}

/// Why an operation failed, before it is known what was asked for in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Errno(Errno),
    Kind(ErrorKind),
    NotDirect(NotDirect),
}

impl From<Errno> for Cause {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<ErrorKind> for Cause {
    fn from(kind: ErrorKind) -> Self {
        Self::Kind(kind)
    }
}

impl From<NotDirect> for Cause {
    fn from(reason: NotDirect) -> Self {
        Self::NotDirect(reason)
    }
}

/// Why an engine could not start.
#[non_exhaustive]
pub enum StartError {
    /// Settings outside their allowed ranges, all of them.
    Settings(ConfigErrors),
    /// The setting `backend` is `io_uring`, which cannot be used here.
    Ring(RingUnavailable),
    /// The operating system gave no thread for the first worker.
    Thread(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(errors) => write!(f, "the engine's settings are not usable: {errors}"),
            Self::Ring(reason) => write!(
                f,
                "the engine cannot use io_uring: {reason}; set backend to auto or threads"
            ),
            Self::Thread(error) => {
                write!(f, "the engine's first worker could not start: {error}; check ulimit -u")
            }
        }
    }
}

/// As it is displayed, for `main` and `unwrap` show this to people.
impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Settings(errors) => Some(errors),
            Self::Ring(reason) => Some(reason),
            Self::Thread(error) => Some(error),
        }
    }
}

impl From<StartError> for io::Error {
    fn from(error: StartError) -> Self {
        let kind = match &error {
            StartError::Settings(_) => io::ErrorKind::InvalidInput,
            StartError::Ring(_) => io::ErrorKind::Unsupported,
            StartError::Thread(error) => error.kind(),
        };
        Self::new(kind, error)
    }
}

impl From<ConfigErrors> for StartError {
    fn from(errors: ConfigErrors) -> Self {
        Self::Settings(errors)
    }
}
