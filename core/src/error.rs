//! What can go wrong, typed: every error names the operation, the file, the place in it and what
//! to do.

use std::{fmt, io, path::Path, sync::Arc};

use nix::errno::Errno;

use crate::config::ConfigErrors;

/// What the engine was doing when an [`Error`] arose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Opening or creating a file.
    Open,
    /// Reserving space for a file that is being created.
    Preallocate,
    /// Reading the length of a file.
    Metadata,
    /// A positional read.
    Read,
    /// A positional write.
    Write,
    /// Making written data durable.
    Sync,
    /// Allocating a buffer.
    Alloc,
    /// Waiting for a request.
    Wait,
}

impl Operation {
    /// The name of the system call behind it, or `wait`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Preallocate => "fallocate",
            Self::Metadata => "fstat",
            Self::Read => "pread",
            Self::Write => "pwrite",
            Self::Sync => "fdatasync",
            Self::Alloc => "mmap",
            Self::Wait => "wait",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The kind of an [`Error`], to match on.
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
    /// The path holds a NUL byte, or this kind of file does not take the operation (`EINVAL`, `ENAMETOOLONG`,
    /// `ELOOP`).
    InvalidInput,
    /// The process or the system has no descriptors left (`EMFILE`, `ENFILE`).
    TooManyOpenFiles,
    /// No memory could be had (`ENOMEM`).
    OutOfMemory,
    /// The device or the file system failed (`EIO` and whatever else has no kind of its own; see
    /// [`Error::errno`]).
    Io,
    /// The file was opened by another engine.
    ForeignFile,
    /// The engine was closed before the request could be accepted.
    Closed,
    /// A worker of the engine panicked; the engine takes no more requests.
    Poisoned,
    /// A blocking call was made on one of the engine's own workers, which would wait for itself.
    WouldDeadlock,
    /// The ticket's result was taken before.
    ResultTaken,
}

impl ErrorKind {
    fn from_errno(errno: Errno) -> Self {
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

    fn to_io(self) -> io::ErrorKind {
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
            | Self::ForeignFile
            | Self::ResultTaken => io::ErrorKind::InvalidInput,
            Self::OutOfMemory => io::ErrorKind::OutOfMemory,
            Self::WouldDeadlock => io::ErrorKind::Deadlock,
            Self::TooManyOpenFiles | Self::Io | Self::Closed | Self::Poisoned => {
                io::ErrorKind::Other
            }
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
            Self::Io => "input/output error",
            Self::ForeignFile => "the file belongs to another engine",
            Self::Closed => "the engine is closed",
            Self::Poisoned => "a worker of the engine panicked",
            Self::ResultTaken => "the ticket's result was taken already",
            Self::WouldDeadlock => "a worker of the engine would wait for itself",
        }
    }

    const fn advice(self) -> &'static str {
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
            Self::Io => "look the error number up; for EIO see the system log",
            Self::ForeignFile => "open it with the engine that uses it",
            Self::Closed => "submit requests before closing",
            Self::Poisoned => "find the panic's message and start a new engine",
            Self::ResultTaken => "wait for a ticket once, or await it once",
            Self::WouldDeadlock => "await the ticket, or wait on a thread of your own",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
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
    path: Option<Arc<Path>>,
    offset: u64,
    wanted: usize,
    done: usize,
}

impl Error {
    pub(crate) fn new(operation: Operation, cause: Cause) -> Self {
        let (kind, errno) = match cause {
            Cause::Errno(errno) => (ErrorKind::from_errno(errno), Some(errno)),
            Cause::Kind(kind) => (kind, None),
        };
        Self(Box::new(Details {
            operation,
            kind,
            errno,
            path: None,
            offset: 0,
            wanted: 0,
            done: 0,
        }))
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

    /// How many bytes were asked for.
    #[must_use]
    pub fn wanted(&self) -> usize {
        self.0.wanted
    }

    /// How many bytes from the request's start are known to have been transferred.
    #[must_use]
    pub fn done(&self) -> usize {
        self.0.done
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { operation, kind, errno, path, offset, wanted, done } = &*self.0;
        write!(f, "{operation}")?;
        if let Some(path) = path {
            write!(f, " {}", path.display())?;
        }
        match operation {
            Operation::Read | Operation::Write => {
                write!(f, " at offset {offset}: {kind} after {done} of {wanted} bytes")?;
            }
            Operation::Alloc | Operation::Preallocate => write!(f, " of {wanted} bytes: {kind}")?,
            Operation::Open | Operation::Metadata | Operation::Sync | Operation::Wait => {
                write!(f, ": {kind}")?;
            }
        }
        if let Some(errno) = errno {
            write!(f, " ({errno:?}, os error {})", *errno as i32)?;
        }
        write!(f, "; {}", kind.advice())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("operation", &self.0.operation)
            .field("kind", &self.0.kind)
            .field("errno", &self.0.errno)
            .field("path", &self.0.path)
            .field("offset", &self.0.offset)
            .field("wanted", &self.0.wanted)
            .field("done", &self.0.done)
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

/// Several failures at once: those of requests whose ticket was dropped or forgotten, and of the
/// call that reports them.
///
/// Each failure is reported once. The first 1,024 are kept; [`Failures::omitted`] counts the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failures {
    errors: Vec<Error>,
    omitted: usize,
}

impl Failures {
    /// `Err` of the failures, or `Ok` where there are none.
    pub(crate) fn check(errors: Vec<Error>, omitted: usize) -> Result<(), Self> {
        if errors.is_empty() && omitted == 0 { Ok(()) } else { Err(Self { errors, omitted }) }
    }

    pub(crate) fn one(error: Error) -> Self {
        Self { errors: vec![error], omitted: 0 }
    }

    /// The failures, oldest first.
    #[must_use]
    pub fn errors(&self) -> &[Error] {
        &self.errors
    }

    /// How many more there were than [`Failures::errors`] holds.
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.omitted
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.errors.len() + self.omitted;
        write!(f, "{count} failed request{}", if count == 1 { "" } else { "s" })?;
        for error in &self.errors {
            write!(f, "\n  {error}")?;
        }
        if self.omitted > 0 {
            write!(f, "\n  and {} more", self.omitted)?;
        }
        Ok(())
    }
}

impl std::error::Error for Failures {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.errors.first().map(|error| error as _)
    }
}

/// Why an engine could not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// Settings outside their allowed ranges, all of them.
    Settings(ConfigErrors),
    /// The operating system gave no thread for the first worker.
    Thread(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(errors) => write!(f, "the engine's settings are not usable: {errors}"),
            Self::Thread(error) => {
                write!(f, "the engine's first worker could not start: {error}; check ulimit -u")
            }
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Settings(errors) => Some(errors),
            Self::Thread(error) => Some(error),
        }
    }
}

impl From<ConfigErrors> for StartError {
    fn from(errors: ConfigErrors) -> Self {
        Self::Settings(errors)
    }
}
