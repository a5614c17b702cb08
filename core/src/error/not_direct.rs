//! Why something does not bypass the page cache.

use std::fmt;

use nix::errno::Errno;

/// Why a file, or a request on it, does not bypass the page cache with O_DIRECT.
///
/// [`AioFile::not_direct`](crate::AioFile::not_direct) tells it of a file, and
/// [`Error::not_direct`](crate::Error::not_direct) of what
/// [`DirectMode::Always`](crate::DirectMode::Always) refused. `Display` says it in a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotDirect {
    /// The setting `direct` is `never`.
    Never,
    /// It is neither a regular file nor a block device.
    FileType,
    /// The file lives in the page cache and nowhere else (tmpfs, ramfs, a memfd), so there is
    /// nothing to bypass. tmpfs takes O_DIRECT and ignores it.
    InMemory,
    /// The file system refused O_DIRECT, when the file was opened or in a transfer.
    Refused {
        /// The system's error number.
        errno: i32,
    },
    /// The kernel says that this file has no direct I/O (`STATX_DIOALIGN` of 0), as for data that
    /// the file system encrypts or journals.
    Unsupported,
    /// The setting `block_size` does not suit the file.
    BlockSize {
        /// What `block_size` has to be a multiple of, in bytes.
        multiple_of: usize,
    },
    /// The request's offset or length does not suit the file.
    Unaligned {
        /// What both have to be a multiple of, in bytes.
        multiple_of: usize,
    },
    /// The file could not be opened a second time under its descriptor: there is no `/proc`, or the file
    /// came from somebody who may open it to one who may not.
    NotReopened,
    /// The operating system has no O_DIRECT.
    NoSystemSupport,
}

impl NotDirect {
    pub(super) fn errno(self) -> Option<i32> {
        if let Self::Refused { errno } = self { Some(errno) } else { None }
    }
}

impl fmt::Display for NotDirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("the setting direct is never"),
            Self::FileType => f.write_str("it is neither a regular file nor a block device"),
            Self::InMemory => f.write_str("the file is kept in the page cache and nowhere else"),
            Self::Refused { errno } => {
                let name = Errno::from_raw(*errno);
                write!(f, "the file system refuses O_DIRECT ({name:?}, os error {errno})")
            }
            Self::Unsupported => f.write_str("the file system has no O_DIRECT for this file"),
            Self::BlockSize { multiple_of } => {
                write!(f, "block_size is not a multiple of {multiple_of}")
            }
            Self::Unaligned { multiple_of } => {
                write!(f, "offset and length are not both multiples of {multiple_of}")
            }
            Self::NotReopened => f.write_str("the file cannot be opened again under /proc/self/fd"),
            Self::NoSystemSupport => f.write_str("this operating system has no O_DIRECT"),
        }
    }
}
