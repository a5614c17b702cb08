//! The requests that move bytes, and the three ways to make each: waiting for room in the queue,
//! only if there is room, and awaiting it.

#[cfg(doc)]
use crate::{Error, ErrorKind};
use crate::{
    buf::{IoBuf, IoBufMut},
    engine::{AioFile, Engine, Failed, Ticket, submit::Submission},
};

/// # Reading
impl Engine {
    /// Fills `buffer` with the `buffer.len()` bytes of `file` from `offset` on.
    ///
    /// While `queue_capacity` requests are under way it waits for one of them to end (but not on
    /// one of the engine's own workers, in a callback say).
    ///
    /// The request's errors come with its ticket: [`ErrorKind::UnexpectedEof`] if the file ends
    /// before the range does (the bytes before the end are read, [`Error::done`] counts them),
    /// [`ErrorKind::IsDirectory`], [`ErrorKind::NotSeekable`], [`ErrorKind::InvalidRange`],
    /// [`ErrorKind::WrongAccessMode`] for a file that is not open for it, [`ErrorKind::Io`],
    /// [`ErrorKind::ForeignFile`], [`ErrorKind::Cancelled`], [`ErrorKind::Closed`],
    /// [`ErrorKind::ShutDown`], [`ErrorKind::Forked`], [`ErrorKind::Poisoned`]; and if the setting
    /// `direct` is `always` [`ErrorKind::NotDirect`], if offset or length is no multiple of what the
    /// file asks for or a transfer is refused, and [`ErrorKind::OutOfMemory`], if there is none to
    /// copy what is not aligned. Bytes of the buffer from
    /// [`Error::done`] on are unspecified then.
    pub fn pread<B: IoBufMut>(&self, file: &AioFile, buffer: B, offset: u64) -> Ticket<B> {
        self.submit(file, Submission::read(buffer, offset))
    }

    /// As [`Engine::pread`], without waiting for room.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::QueueFull`] with the buffer, if `queue_capacity` requests are under way.
    pub fn try_pread<B: IoBufMut>(
        &self,
        file: &AioFile,
        buffer: B,
        offset: u64,
    ) -> Result<Ticket<B>, Failed<B>> {
        self.try_submit(file, Submission::read(buffer, offset))
    }

    /// As [`Engine::pread`], awaiting room: the future gives the ticket, which is to be awaited in
    /// turn. Dropped before, it has made no request and drops the buffer. Once it was polled, poll
    /// it when it wakes its task or drop it: until then it keeps its place before others that wait.
    pub async fn pread_async<B: IoBufMut>(
        &self,
        file: &AioFile,
        buffer: B,
        offset: u64,
    ) -> Ticket<B> {
        self.submit_async(file, Submission::read(buffer, offset)).await
    }

    /// Fills several buffers, one after the other, with the bytes of `file` from `offset` on, as
    /// one request: `preadv`.
    ///
    /// Everything is as for [`Engine::pread`]; lengths and [`Error::done`] are those of all buffers
    /// together. Blocks are cut without regard to where buffers end. A block goes direct from the
    /// device to its buffers if each of its parts is aligned in address and length, through a
    /// bounce buffer otherwise.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let engine = ds_aio::Engine::new(&ds_aio::EngineSettings::default())?;
    /// # let file = engine.create(dir.path().join("t0.swp"))?;
    /// let weights = [vec![1; 3_000], vec![2; 50_000], vec![3; 7]];
    /// engine.pwritev(&file, weights.to_vec(), 0).wait()?;
    /// let back = weights.iter().map(|tensor| vec![0; tensor.len()]).collect();
    /// assert_eq!(engine.preadv(&file, back, 0).wait()?, weights);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn preadv<B: IoBufMut>(
        &self,
        file: &AioFile,
        buffers: Vec<B>,
        offset: u64,
    ) -> Ticket<Vec<B>> {
        self.submit(file, Submission::read_all(buffers, offset))
    }

    /// As [`Engine::preadv`], without waiting for room.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::QueueFull`] with the buffers, if `queue_capacity` requests are under way.
    pub fn try_preadv<B: IoBufMut>(
        &self,
        file: &AioFile,
        buffers: Vec<B>,
        offset: u64,
    ) -> Result<Ticket<Vec<B>>, Failed<Vec<B>>> {
        self.try_submit(file, Submission::read_all(buffers, offset))
    }

    /// As [`Engine::preadv`], awaiting room as [`Engine::pread_async`] does.
    pub async fn preadv_async<B: IoBufMut>(
        &self,
        file: &AioFile,
        buffers: Vec<B>,
        offset: u64,
    ) -> Ticket<Vec<B>> {
        self.submit_async(file, Submission::read_all(buffers, offset)).await
    }
}

/// # Writing
impl Engine {
    /// Writes `buffer` to `file` from `offset` on, extending the file as needed.
    ///
    /// It waits for room as [`Engine::pread`] does.
    ///
    /// The request's errors come with its ticket: [`ErrorKind::NoSpace`],
    /// [`ErrorKind::QuotaExceeded`], [`ErrorKind::FileTooLarge`],
    /// [`ErrorKind::WrongAccessMode`], and those of [`Engine::pread`] but for the end of file.
    /// The first [`Error::done`] bytes are written then; any of those after may be, too.
    pub fn pwrite<B: IoBuf>(&self, file: &AioFile, buffer: B, offset: u64) -> Ticket<B> {
        self.submit(file, Submission::write(buffer, offset))
    }

    /// As [`Engine::pwrite`], without waiting for room.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::QueueFull`] with the buffer, if `queue_capacity` requests are under way.
    pub fn try_pwrite<B: IoBuf>(
        &self,
        file: &AioFile,
        buffer: B,
        offset: u64,
    ) -> Result<Ticket<B>, Failed<B>> {
        self.try_submit(file, Submission::write(buffer, offset))
    }

    /// As [`Engine::pwrite`], awaiting room as [`Engine::pread_async`] does.
    pub async fn pwrite_async<B: IoBuf>(
        &self,
        file: &AioFile,
        buffer: B,
        offset: u64,
    ) -> Ticket<B> {
        self.submit_async(file, Submission::write(buffer, offset)).await
    }

    /// Writes several buffers, one after the other, to `file` from `offset` on, as one request:
    /// `pwritev`. Otherwise as [`Engine::pwrite`], and as [`Engine::preadv`] where there are
    /// several buffers.
    pub fn pwritev<B: IoBuf>(
        &self,
        file: &AioFile,
        buffers: Vec<B>,
        offset: u64,
    ) -> Ticket<Vec<B>> {
        self.submit(file, Submission::write_all(buffers, offset))
    }

    /// As [`Engine::pwritev`], without waiting for room.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::QueueFull`] with the buffers, if `queue_capacity` requests are under way.
    pub fn try_pwritev<B: IoBuf>(
        &self,
        file: &AioFile,
        buffers: Vec<B>,
        offset: u64,
    ) -> Result<Ticket<Vec<B>>, Failed<Vec<B>>> {
        self.try_submit(file, Submission::write_all(buffers, offset))
    }

    /// As [`Engine::pwritev`], awaiting room as [`Engine::pread_async`] does.
    pub async fn pwritev_async<B: IoBuf>(
        &self,
        file: &AioFile,
        buffers: Vec<B>,
        offset: u64,
    ) -> Ticket<Vec<B>> {
        self.submit_async(file, Submission::write_all(buffers, offset)).await
    }

    /// Makes `buffer` the whole file: writes it from the file's beginning, in place, and then cuts
    /// the file to its length if it was longer.
    ///
    /// Otherwise as [`Engine::pwrite`]. The file is cut only once every byte has been written; if
    /// that fails its error is [`Operation::Truncate`](crate::Operation::Truncate)'s, with all
    /// bytes done. Other writes to the file should not be in flight: what they add beyond the new
    /// end may be cut off.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let engine = ds_aio::Engine::new(&ds_aio::EngineSettings::default())?;
    /// # let file = engine.create(dir.path().join("t0.swp"))?;
    /// engine.pwrite(&file, vec![1; 100_000], 0).wait()?;
    /// engine.write_file(&file, vec![2; 12_345]).wait()?;
    /// assert_eq!(file.len()?, 12_345);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_file<B: IoBuf>(&self, file: &AioFile, buffer: B) -> Ticket<B> {
        self.submit(file, Submission::write_whole(buffer))
    }

    /// As [`Engine::write_file`], without waiting for room.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::QueueFull`] with the buffer, if `queue_capacity` requests are under way.
    pub fn try_write_file<B: IoBuf>(
        &self,
        file: &AioFile,
        buffer: B,
    ) -> Result<Ticket<B>, Failed<B>> {
        self.try_submit(file, Submission::write_whole(buffer))
    }

    /// As [`Engine::write_file`], awaiting room as [`Engine::pread_async`] does.
    pub async fn write_file_async<B: IoBuf>(&self, file: &AioFile, buffer: B) -> Ticket<B> {
        self.submit_async(file, Submission::write_whole(buffer)).await
    }
}
