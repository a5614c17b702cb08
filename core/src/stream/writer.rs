//! Writing a file as a stream.

use std::{
    fmt,
    future::poll_fn,
    io,
    ops::{Deref, Range},
    path::{Path, PathBuf},
    task::{Poll, ready},
};

use super::{
    ahead::Ahead,
    buffers::{Buffers, MEMORY, border},
    options::WriterOptions,
    outgoing::Outgoing,
    patience::{Patience, waited},
    place::{self, Place},
};
use crate::{
    engine::{AioFile, Engine, Submission, Ticket},
    error::{Error, ErrorKind, Operation},
    sys::Direction,
};

/// Writes a file from its beginning on, as [`io::Write`]: the bytes are gathered in aligned buffers of the
/// engine's pool, several of which are on their way to the device while the next one is filled.
///
/// `E` is the engine, by reference or in an [`Arc`](std::sync::Arc). [`FileWriter::finish`] writes the rest and gives the
/// file its exact length; what is not finished is not a file, see below. The bytes of small writes are
/// copied once; there is no need for a [`BufWriter`](io::BufWriter).
///
/// ```
/// use std::io::Write;
///
/// use ds_aio::{Engine, EngineSettings, FileWriter, WriterOptions};
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("step_1000.json");
/// let engine = Engine::new(&EngineSettings::default())?;
/// let mut writer = FileWriter::create_with(&engine, &path, &WriterOptions::new().replace())?;
/// for step in 0..1000 {
///     writeln!(writer, "{{\"step\": {step}}}")?;
/// }
/// assert!(!path.exists());
/// let len = writer.finish()?;
/// assert_eq!(std::fs::metadata(&path)?.len(), len);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// A call takes bytes before they are written, so the error of a write comes with a later call, the
/// first one in file order, and with every call after it; at the latest with `finish`. The
/// [`io::Error`]s hold an [`Error`] (`get_ref`, `downcast`). The file is unspecified then.
///
/// # Dropped before it is finished
///
/// A file that was to be replaced is as it was, and the temporary one is removed. Any other is cut to the
/// bytes taken, of which some may be missing. The drop waits for what is in flight ([`FileWriter::memory`]
/// at most), so that the file may be written anew at once, and the space of a temporary one is free. In a
/// callback of the engine's, which must not wait, that comes later.
/// [`ErrorKind::Unfinished`] is kept for [`Engine::close`], and told to subscribers (feature `tracing`),
/// unless an error was returned or it was [discarded](FileWriter::discard).
///
/// # Tasks
///
/// With the features `tokio` and `futures-io` it is `AsyncWrite` of these, if the engine is in an `Arc` or
/// borrowed for long enough. Their `shutdown` and `close` finish it.
pub struct FileWriter<E: Deref<Target = Engine>> {
    engine: E,
    outgoing: Outgoing,
    place: Place,
    /// What the file is called in the end; empty for a range.
    path: PathBuf,
    durable: bool,
    ending: Ending,
    /// Whether the caller knows that the file is not to be.
    told: bool,
}

/// How far a writer is with its end.
enum Ending {
    /// Not there yet.
    Writing,
    /// Its data is being made durable.
    Syncing(Ticket<()>),
    /// It may have its name.
    Written,
    /// The name is being made durable.
    SyncingName(Ticket<()>),
    Finished,
}

impl<E: Deref<Target = Engine>> FileWriter<E> {
    /// Makes a file, or empties one that exists; see [`WriterOptions`] for better ways.
    ///
    /// # Errors
    ///
    /// As for [`Engine::create`].
    pub fn create<P: AsRef<Path>>(engine: E, path: P) -> Result<Self, Error> {
        Self::create_with(engine, path, &WriterOptions::new())
    }

    /// Makes a file as `options` say.
    ///
    /// # Errors
    ///
    /// As for [`Engine::open_with`]; no temporary file is left.
    pub fn create_with<P: AsRef<Path>>(
        engine: E,
        path: P,
        options: &WriterOptions,
    ) -> Result<Self, Error> {
        let path = path.as_ref();
        let (file, place) = place::open(&engine, path, options)?;
        let buffers = Buffers::of(&engine, &file, options.memory);
        let ahead = Ahead::of(&file, file.len()?);
        let outgoing = Outgoing::new(file, (0, u64::MAX), buffers, ahead);
        let (path, durable) = (path.to_owned(), options.is_durable());
        let ending = Ending::Writing;
        Ok(Self { engine, outgoing, place, path, durable, ending, told: false })
    }

    /// Writes the bytes `range` of `file`: several writers, in threads of their own, may share a file
    /// whose ranges are disjoint.
    ///
    /// Each begins at a multiple of 4096 or of what the file asks for if that is more (see below), so that
    /// no page is written by two. Writing more than the range holds is an error
    /// ([`ErrorKind::RangeFull`]), writing less is none. Reserve the file's space and give it its length
    /// before, with [`OpenOptions::preallocate`](crate::OpenOptions::preallocate); make it durable
    /// when all have finished, with [`Engine::sync`].
    ///
    /// ```
    /// use std::io::Write;
    ///
    /// use ds_aio::{Engine, EngineSettings, FileWriter, OpenOptions};
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("shards");
    /// let engine = Engine::new(&EngineSettings::default())?;
    /// let file = engine.open_with(&path, &OpenOptions::new().create_new().preallocate(20_000))?;
    /// let mut first = FileWriter::range(&engine, &file, 0..8192)?;
    /// let mut second = FileWriter::range(&engine, &file, 8192..20_000)?;
    /// second.write_all(&[2; 20_000 - 8192])?;
    /// first.write_all(&[1; 8192])?;
    /// first.finish()?;
    /// second.finish()?;
    /// assert_eq!(std::fs::read(&path)?, [[1; 8192].as_slice(), &[2; 20_000 - 8192]].concat());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnalignedRange`], which names the multiple, if the range begins elsewhere or ends
    /// before it begins.
    pub fn range(engine: E, file: &AioFile, range: Range<u64>) -> Result<Self, Error> {
        let multiple_of = border(file);
        if !range.start.is_multiple_of(multiple_of as u64) || range.end < range.start {
            let len = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
            let error = Error::new(Operation::Write, ErrorKind::UnalignedRange.into())
                .at_path(file.state.open.path())
                .for_range(range.start, len, 0)
                .with_multiple_of(multiple_of);
            return Err(error);
        }
        let buffers = Buffers::of(&engine, file, MEMORY);
        let extent = (range.start, range.end - range.start);
        let outgoing = Outgoing::new(file.clone(), extent, buffers, Ahead::none());
        let (path, durable, ending) = (PathBuf::new(), false, Ending::Writing);
        Ok(Self { engine, outgoing, place: Place::Range, path, durable, ending, told: false })
    }

    /// Bytes taken so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.outgoing.taken()
    }

    /// The file that is written to: the temporary one where there is one.
    #[must_use]
    pub fn file(&self) -> &AioFile {
        self.outgoing.file()
    }

    /// As many bytes as its buffers take at most.
    #[must_use]
    pub fn memory(&self) -> usize {
        let Buffers { len, most, .. } = self.outgoing.buffers();
        len.saturating_mul(most)
    }

    /// Writes the rest and waits for all, gives the file its length and (if it is to replace another) its
    /// name, makes it durable if that was asked for, and tells its length in bytes.
    ///
    /// # Errors
    ///
    /// The first error of any write; those of cutting the file ([`Operation::Truncate`]), of the
    /// sync, of the renaming: the file is not finished then, as if the writer had been dropped. After an
    /// error of the directory ([`Operation::Open`], [`Operation::SyncAll`]) it is, but its name may
    /// not be durable.
    pub fn finish(mut self) -> Result<u64, Error> {
        waited(self.poll_finish(&mut Patience::Wait))
    }

    /// As [`FileWriter::finish`], in a task. The file is cut and renamed by the thread that polls.
    ///
    /// # Errors
    ///
    /// As for [`FileWriter::finish`].
    pub async fn finish_async(mut self) -> Result<u64, Error> {
        poll_fn(|context| self.poll_finish(&mut Patience::Await(context))).await
    }

    /// Gives the file up, which is no failure then.
    pub fn discard(mut self) {
        self.told = true;
    }

    pub(super) fn poll_write(
        &mut self,
        bytes: &[u8],
        patience: &mut Patience<'_, '_>,
    ) -> Poll<Result<usize, Error>> {
        if !matches!(self.ending, Ending::Writing) && self.outgoing.failure().is_none() {
            let error = Error::new(Operation::Write, ErrorKind::Finished.into())
                .at_path(self.outgoing.file().state.open.path())
                .for_range(self.outgoing.taken(), bytes.len(), 0);
            return Poll::Ready(Err(error));
        }
        let taken = self.outgoing.poll_take(&self.engine, bytes, patience);
        self.tell(taken)
    }

    pub(super) fn poll_flush(
        &mut self,
        patience: &mut Patience<'_, '_>,
    ) -> Poll<Result<(), Error>> {
        if matches!(self.ending, Ending::Finished) && self.outgoing.failure().is_none() {
            return Poll::Ready(Ok(()));
        }
        let flushed = self.outgoing.poll_flush(&self.engine, patience);
        self.tell(flushed)
    }

    pub(super) fn poll_finish(
        &mut self,
        patience: &mut Patience<'_, '_>,
    ) -> Poll<Result<u64, Error>> {
        let finished = self.poll_ending(patience);
        let finished = finished.map_err(|error| self.outgoing.fail(error));
        self.tell(finished)
    }

    /// Notes whether the caller is told of a failure.
    fn tell<T>(&mut self, result: Poll<Result<T, Error>>) -> Poll<Result<T, Error>> {
        self.told |= self.outgoing.failure().is_some() && matches!(result, Poll::Ready(Err(_)));
        result
    }

    fn poll_ending(&mut self, patience: &mut Patience<'_, '_>) -> Poll<Result<u64, Error>> {
        let Self { engine, outgoing, place, path, durable, ending, .. } = self;
        if let Some(failure) = outgoing.failure() {
            return Poll::Ready(Err(failure.clone()));
        }
        loop {
            match ending {
                Ending::Writing => {
                    ready!(outgoing.poll_end(engine, patience))?;
                    if !matches!(place, Place::Range) {
                        place::cut(outgoing.file(), outgoing.taken())?;
                    }
                    *ending = if *durable {
                        let file = outgoing.file().clone();
                        let sync = Submission::without_buffer(Direction::Sync, 0);
                        Ending::Syncing(ready!(
                            outgoing.poll_request(engine, &file, sync, patience)
                        ))
                    } else {
                        Ending::Written
                    };
                }
                Ending::Written => {
                    place.name(path)?;
                    *ending = if *durable {
                        let directory = engine.open_directory(place::directory(path))?;
                        let sync = Submission::without_buffer(Direction::SyncAll, 0);
                        Ending::SyncingName(ready!(
                            outgoing.poll_request(engine, &directory, sync, patience)
                        ))
                    } else {
                        Ending::Finished
                    };
                }
                Ending::Syncing(_) => {
                    ready!(poll_ticket(ending, Ending::Written, Ending::Syncing, patience))?;
                }
                Ending::SyncingName(_) => {
                    let next = Ending::Finished;
                    ready!(poll_ticket(ending, next, Ending::SyncingName, patience))?;
                }
                Ending::Finished => return Poll::Ready(Ok(outgoing.taken())),
            }
        }
    }
}

/// Whether a writer that could not finish for this error had given the file its name before.
#[cfg(feature = "safetensors")]
pub(crate) fn was_named(error: &Error) -> bool {
    matches!(error.operation(), Operation::Open | Operation::SyncAll)
}

/// Goes on to `next` once the request that `ending` is at has ended.
fn poll_ticket(
    ending: &mut Ending,
    next: Ending,
    again: fn(Ticket<()>) -> Ending,
    patience: &mut Patience<'_, '_>,
) -> Poll<Result<(), Error>> {
    match std::mem::replace(ending, next) {
        Ending::Syncing(ticket) | Ending::SyncingName(ticket) => match patience.end_of(ticket) {
            Ok(ended) => Poll::Ready(ended.map_err(Error::from)),
            Err(ticket) => {
                *ending = again(ticket);
                Poll::Pending
            }
        },
        Ending::Writing | Ending::Written | Ending::Finished => Poll::Ready(Ok(())),
    }
}

impl<E: Deref<Target = Engine>> io::Write for FileWriter<E> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(waited(self.poll_write(bytes, &mut Patience::Wait))?)
    }

    /// Waits until the system has accepted every byte, so that whoever reads the file finds them. The
    /// file may be longer until it is finished, and nothing is durable. The page that is not full is
    /// written again later.
    fn flush(&mut self) -> io::Result<()> {
        Ok(waited(self.poll_flush(&mut Patience::Wait))?)
    }
}

impl<E: Deref<Target = Engine>> Drop for FileWriter<E> {
    fn drop(&mut self) {
        let Self { engine, outgoing, place, ending, told, .. } = self;
        // The file is the parent's, which goes on with it.
        if matches!(ending, Ending::Finished) || engine.is_forked() {
            return;
        }
        outgoing.leave(*told);
        let (file, taken) = (outgoing.file(), outgoing.taken());
        if !*told {
            let unfinished = || {
                let done = usize::try_from(taken).unwrap_or(usize::MAX);
                Error::new(Operation::Finish, ErrorKind::Unfinished.into())
                    .at_path(file.state.open.path())
                    .for_range(0, done, done)
            };
            engine.note(file, &outgoing.failure().cloned().unwrap_or_else(unfinished));
        }
        if let Err(error) = place.remove() {
            engine.note(file, &error);
        }
        if !matches!(place, Place::Range) && !matches!(ending, Ending::SyncingName(_)) {
            let sent = engine.barrier(file);
            let file = file.clone();
            let cut = move |_| drop(place::cut(&file, taken));
            if engine.is_on_worker() {
                sent.on_completion(cut);
            } else {
                // What came later would fall upon whoever writes the file anew, and would still have the
                // space of one that was removed.
                cut(sent.wait());
            }
        }
    }
}

impl<E: Deref<Target = Engine>> fmt::Debug for FileWriter<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileWriter")
            .field("path", &self.file().path())
            .field("written", &self.written())
            .finish_non_exhaustive()
    }
}
