//! Reading a file as a stream.

use std::{
    fmt, io,
    ops::{Deref, Range},
    path::Path,
    task::{Poll, ready},
};

use super::{
    buffers::{Buffers, MEMORY},
    incoming::Incoming,
    patience::{Patience, waited},
};
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::{
    engine::{AioFile, Engine},
    error::Error,
};

/// Reads a file from its beginning on, as [`io::Read`], [`io::BufRead`] and [`io::Seek`]: while one buffer
/// is read from the next ones are being filled.
///
/// `E` is the engine, by reference or in an [`Arc`](std::sync::Arc). It has the more requests ahead, up to
/// the engine's depth, the further it reads from one place on, so that a small file or a leap costs
/// little. Its buffers take as much as those of a [`FileWriter`](crate::FileWriter), at most 64 MiB, but
/// for those that were on their way when a leap made them useless.
///
/// A file that becomes longer is read to its new end, one that is cut ends where it was cut.
///
/// ```
/// use std::io::{BufRead, Read, Seek, SeekFrom};
///
/// use ds_aio::{Engine, EngineSettings, FileReader};
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("names");
/// # std::fs::write(&path, "first\nsecond\nlast")?;
/// let engine = Engine::new(&EngineSettings::default())?;
/// let mut reader = FileReader::open(&engine, &path)?;
/// let mut line = String::new();
/// reader.read_line(&mut line)?;
/// assert_eq!(line, "first\n");
/// reader.seek(SeekFrom::End(-4))?;
/// line.clear();
/// reader.read_to_string(&mut line)?;
/// assert_eq!(line, "last");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of [`Engine::pread`], when the position is at the byte that could not be read, again and again
/// until it is moved. The [`io::Error`]s hold an [`Error`] (`get_ref`, `downcast`). If the setting
/// `direct` is `always`, the end of a file of an odd length is one ([`ErrorKind::NotDirect`]).
///
/// # Tasks
///
/// With the features `tokio` and `futures-io` it is `AsyncRead`, `AsyncBufRead` and `AsyncSeek` of these.
pub struct FileReader<E: Deref<Target = Engine>> {
    engine: E,
    incoming: Incoming,
    /// Where in the file it begins.
    start: u64,
}

impl<E: Deref<Target = Engine>> FileReader<E> {
    /// Opens an existing file.
    ///
    /// # Errors
    ///
    /// As for [`Engine::open`] and [`AioFile::len`].
    pub fn open<P: AsRef<Path>>(engine: E, path: P) -> Result<Self, Error> {
        let file = engine.open(path)?;
        Self::new(engine, &file)
    }

    /// Reads an open file.
    ///
    /// # Errors
    ///
    /// As for [`AioFile::len`].
    pub fn new(engine: E, file: &AioFile) -> Result<Self, Error> {
        Self::range(engine, file, 0..u64::MAX)
    }

    /// Reads the bytes `range` of an open file, wherever they begin: positions count from there on. The
    /// file may end before the range does.
    ///
    /// # Errors
    ///
    /// As for [`AioFile::len`].
    pub fn range(engine: E, file: &AioFile, range: Range<u64>) -> Result<Self, Error> {
        let buffers = Buffers::of(&engine, file, MEMORY);
        let limit = range.end.max(range.start);
        let incoming = Incoming::new(file.clone(), buffers, range.start, limit)?;
        Ok(Self { engine, incoming, start: range.start })
    }

    /// Has the buffers take at most so many bytes; two of a page are the least there are. What was read
    /// ahead is given up.
    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Self {
        let buffers = Buffers::of(&self.engine, self.incoming.file(), bytes);
        self.incoming.resize(buffers);
        self
    }

    /// Where it is, in bytes from where it began.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.incoming.position() - self.start
    }

    /// The file that is read.
    #[must_use]
    pub fn file(&self) -> &AioFile {
        self.incoming.file()
    }

    /// As many bytes as its buffers take at most.
    #[must_use]
    pub fn memory(&self) -> usize {
        let Buffers { len, most, .. } = self.incoming.buffers();
        len.saturating_mul(most)
    }

    pub(super) fn poll_fill(
        &mut self,
        patience: &mut Patience<'_, '_>,
    ) -> Poll<Result<&[u8], Error>> {
        self.incoming.poll_fill(&self.engine, patience)
    }

    /// Fills the beginning of `bytes`, and tells how much of it.
    pub(super) fn poll_read(
        &mut self,
        bytes: &mut [u8],
        patience: &mut Patience<'_, '_>,
    ) -> Poll<Result<usize, Error>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let found = ready!(self.poll_fill(patience))?;
        let count = found.len().min(bytes.len());
        bytes[..count].copy_from_slice(&found[..count]);
        self.incoming.consume(count);
        Poll::Ready(Ok(count))
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.incoming.consume(bytes);
    }

    pub(super) fn seek_to(&mut self, to: io::SeekFrom) -> Result<u64, Error> {
        let (from, by) = match to {
            io::SeekFrom::Start(position) => (self.start, i128::from(position)),
            io::SeekFrom::Current(by) => (self.incoming.position(), i128::from(by)),
            io::SeekFrom::End(by) => (self.incoming.end()?, i128::from(by)),
        };
        let wanted = i128::from(from) + by;
        match u64::try_from(wanted) {
            Ok(position) if position >= self.start => {
                self.incoming.seek(position);
                Ok(position - self.start)
            }
            _ => Err(self.incoming.no_position(wanted - i128::from(self.start))),
        }
    }
}

impl<E: Deref<Target = Engine>> io::Read for FileReader<E> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        Ok(waited(self.poll_read(bytes, &mut Patience::Wait))?)
    }
}

impl<E: Deref<Target = Engine>> io::BufRead for FileReader<E> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(waited(self.poll_fill(&mut Patience::Wait))?)
    }

    fn consume(&mut self, bytes: usize) {
        self.skip(bytes);
    }
}

/// Moving the position within what was read ahead is free; elsewhere reading begins anew.
impl<E: Deref<Target = Engine>> io::Seek for FileReader<E> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        Ok(self.seek_to(to)?)
    }

    fn stream_position(&mut self) -> io::Result<u64> {
        Ok(self.position())
    }
}

impl<E: Deref<Target = Engine>> Drop for FileReader<E> {
    fn drop(&mut self) {
        self.incoming.forget_ahead();
    }
}

impl<E: Deref<Target = Engine>> fmt::Debug for FileReader<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileReader")
            .field("path", &self.file().path())
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}
