//! The engine: from a request to blocks, to the workers that run them, and back through the ticket.
//!
//! The rule that everything else rests on: **every accepted request completes exactly once, and
//! not before the last of its blocks has**, on errors, on shutdown and on a worker's panic too.
//! Until then the engine has the request's buffer; from then on its owner does.

mod crew;
mod file;
mod ledger;
#[cfg(all(test, loom))]
mod loom_tests;
pub(crate) mod plan;
mod queue;
mod request;
mod scope;
mod stats;
#[cfg(all(test, not(loom)))]
mod tests;
mod ticket;
mod worker;

use std::{fmt, path::Path, sync::Arc};

use crate::{
    buf::{self, AioBuf, BufferPool, Filled, IoBuf, IoBufMut, Memory},
    config::{EngineConfig, EngineSettings},
    error::{Error, ErrorKind, Failures, StartError},
    sys::{Backend, Direction, file::OpenFile, threads::Threads},
};
use crew::Crew;
use file::FileState;
use ledger::{EngineId, Ledger};
use plan::Plan;
use queue::Refill;
use request::{Asked, Delivery, Request};
use ticket::TicketState;

pub use crate::sys::file::OpenOptions;
pub use file::AioFile;
pub use scope::{Scope, ScopedTicket};
pub use stats::Stats;
pub use ticket::{Failed, Progress, Ticket};

/// Moves bytes between memory and files on worker threads of its own, as its settings say.
///
/// Requests return at once with a [`Ticket`]. They are cut into blocks of `block_size` bytes,
/// which `thread_count` groups of workers take from a common queue, each group with up to
/// `queue_depth` blocks in flight. Any offset, length and memory address works; what is aligned
/// for it bypasses the page cache where the file system has O_DIRECT.
///
/// Requests that overlap and are in flight at the same time are unordered. A completed write has
/// been accepted by the system; [`Engine::sync`] makes it durable.
///
/// Dropping the engine waits for every request it accepted. Share it by reference or in an `Arc`.
///
/// ```
/// use ds_aio::{Engine, EngineSettings};
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("t0.swp");
/// let engine = Engine::new(&EngineSettings::default())?;
/// let file = engine.create(&path)?;
/// let mut buf = engine.alloc(3 << 20)?;
/// buf.fill(7);
///
/// let buf = engine.pwrite(&file, buf, 0).wait()?;
/// let buf = engine.pread(&file, buf, 0).wait()?;
/// assert!(buf.iter().all(|&byte| byte == 7));
/// engine.sync(&file)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Engine {
    crew: Arc<Crew>,
    ledger: Arc<Ledger>,
    settings: EffectiveSettings,
    pool: BufferPool,
}

/// What an engine runs with: the settings asked for, and what became of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EffectiveSettings {
    /// The settings the engine was given.
    pub asked: EngineSettings,
    /// How blocks reach the kernel: `threads`.
    pub backend: &'static str,
    /// Worker groups. At most 128.
    pub thread_count: usize,
    /// Blocks in flight per group at most. Below what was asked if 128 workers, the most that an
    /// engine starts, do not suffice for all groups.
    pub queue_depth: usize,
}

impl Engine {
    /// Starts an engine with one worker for each of the `thread_count` groups; more follow when
    /// there is work for them.
    ///
    /// # Errors
    ///
    /// [`StartError::Settings`] with every setting outside its range, wherever it came from.
    /// [`StartError::Thread`] if the system has no thread to give.
    pub fn new<C: EngineConfig + ?Sized>(config: &C) -> Result<Self, StartError> {
        Self::with_pool(config, BufferPool::default())
    }

    /// As [`Engine::new`], and [`Engine::alloc`] takes its buffers from `pool`, which several
    /// engines may share.
    ///
    /// # Errors
    ///
    /// As for [`Engine::new`].
    pub fn with_pool<C: EngineConfig + ?Sized>(
        config: &C,
        pool: BufferPool,
    ) -> Result<Self, StartError> {
        let settings = config.engine_settings();
        settings.check()?;
        let backend = Threads::new(settings.thread_count, settings.queue_depth);
        let mut engine = Self::with_backend(settings, Box::new(backend))?;
        engine.pool = pool;
        Ok(engine)
    }

    fn with_backend(
        settings: EngineSettings,
        backend: Box<dyn Backend>,
    ) -> Result<Self, StartError> {
        let id = EngineId::next();
        let shape = backend.shape();
        let effective = EffectiveSettings {
            backend: backend.name(),
            thread_count: shape.groups,
            queue_depth: shape.group_depth(),
            asked: settings,
        };
        let refill = if effective.asked.overlap_events {
            Refill::AsBlocksComplete
        } else {
            Refill::AfterBatch
        };
        let EngineSettings { block_size, single_submit, .. } = effective.asked;
        let crew = Crew::start(id, backend, block_size, single_submit, refill)
            .map_err(StartError::Thread)?;
        let ledger = Arc::new(Ledger::new(id));
        Ok(Self { crew, ledger, settings: effective, pool: BufferPool::default() })
    }

    /// What the engine runs with.
    #[must_use]
    pub fn settings(&self) -> &EffectiveSettings {
        &self.settings
    }

    /// The engine's counters now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.crew.counters().snapshot()
    }

    /// Opens an existing file to read.
    ///
    /// # Errors
    ///
    /// What the system answers: [`ErrorKind::NotFound`], [`ErrorKind::PermissionDenied`] and
    /// others. Directories and pipes open; requests on them fail.
    pub fn open<P: AsRef<Path>>(&self, path: P) -> Result<AioFile, Error> {
        self.open_with(path, &OpenOptions::new())
    }

    /// Makes an empty file to write and read, emptying one that exists.
    ///
    /// To overwrite a file in place, or to reserve its space, use [`Engine::open_with`].
    ///
    /// # Errors
    ///
    /// As for [`Engine::open`], and [`ErrorKind::IsDirectory`], [`ErrorKind::NoSpace`].
    pub fn create<P: AsRef<Path>>(&self, path: P) -> Result<AioFile, Error> {
        self.open_with(path, &OpenOptions::new().create().truncate())
    }

    /// Opens a file as `options` say.
    ///
    /// # Errors
    ///
    /// As for [`Engine::create`], and [`ErrorKind::AlreadyExists`]. If space could not be
    /// reserved, a file that was made stays, with none or a part of it.
    pub fn open_with<P: AsRef<Path>>(
        &self,
        path: P,
        options: &OpenOptions,
    ) -> Result<AioFile, Error> {
        let open = OpenFile::open(path.as_ref(), options)?;
        Ok(AioFile { state: Arc::new(FileState::new(self.id(), open)) })
    }

    /// A zeroed buffer of `len` bytes from the engine's pool, made for the fastest transfers; see
    /// [`BufferPool::alloc`].
    ///
    /// # Errors
    ///
    /// As for [`BufferPool::alloc`].
    pub fn alloc(&self, len: usize) -> Result<AioBuf, Error> {
        self.pool.alloc(len)
    }

    /// A buffer for a read of `len` bytes that need not be zeroed, since it is empty until the
    /// read has filled it; see [`BufferPool::alloc_for_read`].
    ///
    /// # Errors
    ///
    /// As for [`BufferPool::alloc`].
    pub fn alloc_for_read(&self, len: usize) -> Result<AioBuf, Error> {
        self.pool.alloc_for_read(len)
    }

    /// A zeroed buffer for the `len` bytes of a file from `offset` on, which need not be aligned;
    /// see [`BufferPool::alloc_at`].
    ///
    /// # Errors
    ///
    /// As for [`BufferPool::alloc`].
    pub fn alloc_at(&self, offset: u64, len: usize) -> Result<AioBuf, Error> {
        self.pool.alloc_at(offset, len)
    }

    /// Where the engine's buffers come from: its own pool, without a limit, or that of
    /// [`Engine::with_pool`].
    #[must_use]
    pub fn pool(&self) -> &BufferPool {
        &self.pool
    }

    /// Fills `buffer` with the `buffer.len()` bytes of `file` from `offset` on.
    ///
    /// The request's errors come with its ticket: [`ErrorKind::UnexpectedEof`] if the file ends
    /// before the range does (the bytes before the end are read, [`Error::done`] counts them),
    /// [`ErrorKind::IsDirectory`], [`ErrorKind::NotSeekable`], [`ErrorKind::InvalidRange`],
    /// [`ErrorKind::Io`], [`ErrorKind::ForeignFile`], [`ErrorKind::Closed`],
    /// [`ErrorKind::Poisoned`]. Bytes of the buffer from [`Error::done`] on are unspecified then.
    pub fn pread<B: IoBufMut>(&self, file: &AioFile, buffer: B, offset: u64) -> Ticket<B> {
        let filled = Some(buf::filled());
        self.request(file, Direction::Read, buffer, offset, Memory::of_mut, filled)
    }

    /// Writes `buffer` to `file` from `offset` on, extending the file as needed.
    ///
    /// The request's errors come with its ticket: [`ErrorKind::NoSpace`],
    /// [`ErrorKind::QuotaExceeded`], [`ErrorKind::FileTooLarge`],
    /// [`ErrorKind::WrongAccessMode`], and those of [`Engine::pread`] but for the end of file.
    /// The first [`Error::done`] bytes are written then; any of those after may be, too.
    pub fn pwrite<B: IoBuf>(&self, file: &AioFile, buffer: B, offset: u64) -> Ticket<B> {
        self.request(file, Direction::Write, buffer, offset, |buffer| Memory::of(buffer), None)
    }

    /// Runs requests on borrowed slices, and returns when all of them have ended.
    ///
    /// It waits without a deadline, and on unwind too. Each request's ticket may be waited for to
    /// get its slice back earlier.
    ///
    /// ```
    /// # use ds_aio::{Engine, EngineSettings, Error};
    /// # let dir = tempfile::tempdir()?;
    /// # let engine = Engine::new(&EngineSettings::default())?;
    /// # let file = engine.create(dir.path().join("weights"))?;
    /// let weights = vec![1_u8; 10_000];
    /// let mut back = vec![0_u8; 10_000];
    /// engine.scope(|s| -> Result<(), Error> {
    ///     s.pwrite(&file, &weights, 4096).wait()?;
    ///     let (front, rest) = back.split_at_mut(5_000);
    ///     let front = s.pread(&file, front, 4096);
    ///     let rest = s.pread(&file, rest, 4096 + 5_000);
    ///     front.wait()?;
    ///     rest.wait()?;
    ///     Ok(())
    /// })??;
    /// assert_eq!(weights, back);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The failures of all requests whose ticket was not waited for; what the closure returned is
    /// lost then. [`ErrorKind::WouldDeadlock`] on one of the engine's workers, without running
    /// the closure.
    pub fn scope<'env, F, R>(&self, make_requests: F) -> Result<R, Failures>
    where
        F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    {
        scope::run(self, make_requests)
    }

    /// Waits for the requests on `file` that were made before, then makes what was written
    /// durable (`fdatasync`). The name of a new file is durable once its directory is synced, which
    /// this does not do.
    ///
    /// # Errors
    ///
    /// The failures on this file of requests whose tickets were dropped, each reported once, and
    /// that of the sync itself. After a failed sync nothing is known of any write since the last
    /// one that succeeded, and repeating it tells nothing (the system reports such an error once).
    /// [`ErrorKind::WouldDeadlock`] on one of the engine's workers.
    pub fn sync(&self, file: &AioFile) -> Result<(), Failures> {
        if worker::is_of(self.id()) {
            return Err(Failures::one(worker::would_deadlock()));
        }
        if file.state.engine == self.id() {
            file.state.flights.wait_for_earlier();
        }
        let ledger = Arc::clone(&self.ledger);
        let (state, memory) = TicketState::new((), ledger, file.state.id, |()| Memory::EMPTY, None);
        let request = self.submit(file, Direction::Sync, memory, 0, Arc::clone(&state) as _);
        let failure = Ticket::new(state, request).wait().err().map(Error::from);
        self.ledger.take_abandoned(file.state.id, failure)
    }

    /// Waits for every request and ends the engine.
    ///
    /// # Errors
    ///
    /// Every failure that nobody has been told of: of tickets that were dropped or forgotten, or
    /// are still held and were not waited for. [`ErrorKind::WouldDeadlock`] besides on one of the
    /// engine's own workers: the engine then ends without anybody waiting for it, and failures
    /// yet to come are told to their tickets alone.
    pub fn close(self) -> Result<(), Failures> {
        self.crew.finish();
        let on_worker = worker::is_of(self.id()).then(worker::would_deadlock);
        self.ledger.take_all(on_worker)
    }

    fn id(&self) -> EngineId {
        self.crew.engine()
    }

    fn request<B: IoBuf>(
        &self,
        file: &AioFile,
        direction: Direction,
        buffer: B,
        offset: u64,
        memory_of: impl FnOnce(&mut B) -> Memory,
        filled: Option<Filled<B>>,
    ) -> Ticket<B> {
        let ledger = Arc::clone(&self.ledger);
        let (state, memory) = TicketState::new(buffer, ledger, file.state.id, memory_of, filled);
        let request = self.submit(file, direction, memory, offset, Arc::clone(&state) as _);
        Ticket::new(state, request)
    }

    /// Accepts a request and queues its blocks; whatever is wrong with it is delivered.
    fn submit(
        &self,
        file: &AioFile,
        direction: Direction,
        memory: Memory,
        offset: u64,
        delivery: Arc<dyn Delivery>,
    ) -> Arc<Request> {
        let open = &file.state.open;
        let plan = Plan::new(
            direction == Direction::Write,
            offset,
            memory.len(),
            memory.address(),
            self.settings.asked.block_size,
            open.alignment(),
        );
        let end = offset.checked_add(memory.len() as u64);
        let refusal = if file.state.engine != self.id() {
            Some(ErrorKind::ForeignFile)
        } else if end.is_none_or(|end| i64::try_from(end).is_err()) {
            Some(ErrorKind::InvalidRange)
        } else {
            None
        };
        let asked = Asked { direction, memory, offset, plan };
        let counters = Arc::clone(self.crew.counters());
        let request = Request::accept(asked, &file.state, counters, delivery);
        let submitted = refusal.map_or_else(|| self.crew.queue().submit(&request), Err);
        match submitted {
            Ok(dispatch) => self.crew.dispatch(dispatch),
            Err(reason) => request.refuse(reason),
        }
        request
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.crew.finish();
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("settings", &self.settings).finish_non_exhaustive()
    }
}
