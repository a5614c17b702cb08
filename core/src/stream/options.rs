//! How a file is written as a stream.

use super::buffers::MEMORY;
use crate::engine::{OpenOptions, Priority};
#[cfg(doc)]
use crate::{FileWriter, error::ErrorKind};

/// How [`FileWriter::create_with`] writes a file.
///
/// Starts as "an empty file, made or emptied, that is not durable"; every method turns on one more
/// thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterOptions {
    pub(crate) replace: bool,
    pub(super) durable: bool,
    pub(super) overwrite: bool,
    pub(super) preallocate: u64,
    pub(super) mode: u32,
    pub(super) memory: usize,
    pub(super) priority: Priority,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl WriterOptions {
    /// An empty file, made or emptied, that is not durable.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            replace: false,
            durable: false,
            overwrite: false,
            preallocate: 0,
            mode: 0o666,
            memory: MEMORY,
            priority: Priority::Normal,
        }
    }

    /// Replaces the file as a whole when the writer is finished: whoever looks, after a crash or a loss
    /// of power too, finds the old contents or the new ones, and never a part.
    ///
    /// Until then the bytes go to a new file `.NAME.PID-NUMBER.tmp` of the same directory, which is made
    /// durable, renamed and its directory synced, so this implies [`WriterOptions::durable`]. A writer
    /// that is not finished removes it; a process that is killed leaves it behind. A symbolic link of
    /// that name is replaced, not followed, and the new file's permissions are those of
    /// [`WriterOptions::mode`].
    #[must_use]
    pub const fn replace(mut self) -> Self {
        self.replace = true;
        self
    }

    /// [`FileWriter::finish`] returns once data, length and name are durable (`fdatasync`, and `fsync`
    /// of the directory).
    #[must_use]
    pub const fn durable(mut self) -> Self {
        self.durable = true;
        self
    }

    /// Keeps the space of a file that exists, and writes over its bytes in place, which is faster than
    /// to write a new file; what it has beyond the new end is cut off when the writer is finished.
    ///
    /// Until then the file is a mixture of the old and the new. With [`WriterOptions::replace`] it
    /// changes nothing.
    #[must_use]
    pub const fn overwrite(mut self) -> Self {
        self.overwrite = true;
        self
    }

    /// Reserves space for `len` bytes at once. A disk that is too full is found out before anything is
    /// written then; more may be written, and what was too much is given back.
    ///
    /// Without it space is reserved step by step ahead of the bytes, 16 MiB and then three times as much
    /// as there is already, up to 1 GiB, as long as there is enough.
    #[must_use]
    pub const fn preallocate(mut self, len: u64) -> Self {
        self.preallocate = len;
        self
    }

    /// The permission bits of a file that is made, less the process's umask; `0o666` by default.
    #[must_use]
    pub const fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// As many bytes as the writer's buffers may take; 64 MiB by default. Two buffers of a page are the
    /// least there are.
    ///
    /// It takes less where less fills the engine's depth: `thread_count` × `queue_depth` ×
    /// `block_size`, half of that, and two more buffers, of `block_size` between 1 MiB and 8 MiB.
    #[must_use]
    pub const fn memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// The priority of its requests; [`Priority::Normal`] by default.
    #[must_use]
    pub const fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Whether finishing makes the file durable.
    pub(crate) const fn is_durable(&self) -> bool {
        self.durable || self.replace
    }

    /// How the file is opened.
    pub(super) fn open(&self) -> OpenOptions {
        let options = OpenOptions::new().mode(self.mode);
        let options = match (self.replace, self.overwrite) {
            (true, _) => options.create_new(),
            (false, true) => options.create(),
            (false, false) => options.create().truncate(),
        };
        if self.preallocate > 0 { options.preallocate(self.preallocate) } else { options }
    }
}
