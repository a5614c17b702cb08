//! The engine: from a request to blocks, to the workers that run them, and back through the ticket.
//!
//! The rule that everything else rests on: **every accepted request completes exactly once, and
//! not before the last of its blocks has**, on errors, on shutdown and on a worker's panic too.
//! Until then the engine has the request's buffer; from then on its owner does.

mod admission;
mod block_run;
mod crew;
mod file;
mod flights;
mod flush;
mod ledger;
#[cfg(all(test, loom))]
mod loom_tests;
pub(crate) mod plan;
mod queue;
mod request;
mod scope;
pub(crate) mod settings;
mod stats;
mod submit;
#[cfg(all(test, not(loom)))]
mod tests;
mod ticket;
mod trace;
mod transfers;
mod user_code;
mod worker;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    buf::{AioBuf, BufferPool},
    config::{EngineConfig, EngineSettings},
    error::{Error, ErrorKind, Failures, Operation, StartError},
    sys::{
        Backend,
        choice::{Because, choose},
        direct::least_alignment,
        fork::ForkMark,
    },
};
use admission::Admission;
use crew::Crew;
use ledger::{EngineId, Ledger};
use queue::Refill;

pub(crate) use admission::Entering;
pub(crate) use submit::{Room, Submission};
#[cfg(feature = "store")]
pub(crate) use user_code::sees_to_ends;

pub use crate::sys::file::OpenOptions;
pub use file::{AioFile, DirectAlignment, Priority};
pub use scope::{Scope, ScopedTicket};
pub use settings::{Difference, EffectiveSettings};
pub use stats::{Latencies, OperationStats, Stats};
pub use ticket::{Failed, Progress, Ticket};

/// Moves bytes between memory and files, on worker threads and through io_uring, as its settings say.
///
/// Requests return at once with a [`Ticket`]. They are cut into blocks of `block_size` bytes,
/// which `thread_count` groups of workers take from a common queue, each group with up to
/// `queue_depth` blocks in flight. Any offset, length and memory address works; what is aligned
/// for it bypasses the page cache where the file system has O_DIRECT.
///
/// Requests that overlap and are in flight at the same time are unordered. A completed write has
/// been accepted by the system; [`Engine::sync`] makes it durable.
///
/// Dropping the engine waits for every request it accepted; failures that nobody has been told of by then
/// nobody will be, which is why there is [`Engine::close`]. Share it by reference or in an `Arc`.
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
    admission: Admission,
    settings: EffectiveSettings,
    pool: BufferPool,
}

impl Engine {
    /// Starts an engine with one worker for each of the `thread_count` groups; more follow when
    /// there is work for them.
    ///
    /// # Errors
    ///
    /// [`StartError::Settings`] with every setting outside its range, wherever it came from.
    /// [`StartError::Ring`] if the setting `backend` is `io_uring` and that cannot be used.
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
        let (backend, because) = choose(&settings).map_err(StartError::Ring)?;
        let mut engine = Self::with_backend(settings, backend, because)?;
        engine.pool = pool;
        Ok(engine)
    }

    pub(crate) fn with_backend(
        settings: EngineSettings,
        backend: Box<dyn Backend>,
        because: Because,
    ) -> Result<Self, StartError> {
        let id = EngineId::next();
        let shape = backend.shape();
        let mut differences = backend.differences();
        differences.extend(plan::block_size_difference(settings.block_size, least_alignment()));
        let effective = EffectiveSettings {
            backend: backend.name(),
            because,
            thread_count: shape.groups,
            queue_depth: shape.group_depth,
            asked: settings,
            differences,
        };
        let refill = if effective.asked.overlap_events {
            Refill::AsBlocksComplete
        } else {
            Refill::AfterBatch
        };
        let EngineSettings { block_size, single_submit, background_rate, .. } = effective.asked;
        let process = Arc::new(ForkMark::new());
        let mark = Arc::clone(&process);
        let crew =
            Crew::start(id, mark, backend, block_size, single_submit, refill, background_rate)
                .map_err(StartError::Thread)?;
        crew.trace().started(&effective);
        Ok(Self {
            crew,
            ledger: Arc::new(Ledger::new(id, process)),
            admission: Admission::new(effective.asked.queue_capacity),
            settings: effective,
            pool: BufferPool::default(),
        })
    }

    /// What the engine runs with.
    #[must_use]
    pub fn settings(&self) -> &EffectiveSettings {
        &self.settings
    }

    /// What the engine runs with in words, a line for each setting: which backend it has and why, and
    /// what became of settings that could not be had.
    ///
    /// ```
    /// use ds_aio::{Engine, EngineSettings};
    ///
    /// let engine = Engine::new(&EngineSettings::default())?;
    /// let text = engine.describe();
    /// assert!(text.starts_with("backend = io_uring (auto") || text.starts_with("backend = threads (auto"));
    /// println!("{text}");
    /// # Ok::<(), ds_aio::StartError>(())
    /// ```
    #[must_use]
    pub fn describe(&self) -> String {
        self.settings.to_string()
    }

    /// The engine's counters now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.crew.counters().snapshot()
    }

    /// Notes a failure on `file` that nobody is there to be told of.
    pub(crate) fn note(&self, file: &AioFile, error: &Error) {
        self.ledger.abandon(self.ledger.record(file.state.id, error));
        self.crew.trace().unfinished(error);
    }

    /// Whether this thread is one of the engine's workers, which would wait for itself.
    pub(crate) fn is_on_worker(&self) -> bool {
        user_code::is_of(self.id())
    }

    /// Whether this is a forked child of the engine's process.
    pub(crate) fn is_forked(&self) -> bool {
        self.ledger.is_forked()
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
    /// the closure. [`ErrorKind::Forked`] in a forked child: without running the closure, or, if
    /// the closure forked, once it returns there.
    pub fn scope<'env, F, R>(&self, make_requests: F) -> Result<R, Failures>
    where
        F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    {
        scope::run(self, make_requests)
    }

    /// Waits for every request and ends the engine.
    ///
    /// # Errors
    ///
    /// Every failure that nobody has been told of: of tickets that were dropped or forgotten, or
    /// are still held and were not waited for. [`ErrorKind::WouldDeadlock`] besides on one of the
    /// engine's own workers: the engine then ends without anybody waiting for it, and failures
    /// yet to come are told to their tickets alone. [`ErrorKind::Forked`] in a forked child, where
    /// there is nothing to end.
    pub fn close(self) -> Result<(), Failures> {
        self.finish(None)
    }

    /// Accepts no more requests, waits for those under way, but for no longer than `timeout`, and
    /// ends the engine.
    ///
    /// Requests that no worker has begun by then end with [`ErrorKind::ShutDown`] and their
    /// buffers; so do those whose blocks in flight end, having moved [`Error::done`] bytes. Where a
    /// block is in flight still (a device or a server that does not answer), the ticket gives
    /// [`ErrorKind::ShutDown`] without the buffer: the system may yet use the memory, so the
    /// engine keeps it, and frees it if the block ever ends. A [`Engine::scope`] keeps waiting for
    /// its own.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let engine = ds_aio::Engine::new(&ds_aio::EngineSettings::default())?;
    /// # let file = engine.create(dir.path().join("t0.swp"))?;
    /// use std::time::Duration;
    ///
    /// let ticket = engine.pwrite(&file, vec![7; 1 << 20], 0);
    /// engine.shutdown(Duration::from_secs(10))?;
    /// assert_eq!(ticket.wait()?.len(), 1 << 20);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Engine::close`], those of the requests given up among them; one that a worker is telling
    /// of at the deadline comes with the next call of this, or with [`Engine::close`]. Requests made
    /// afterwards fail with [`ErrorKind::Closed`] or [`ErrorKind::ShutDown`].
    pub fn shutdown(&self, timeout: Duration) -> Result<(), Failures> {
        self.finish(Instant::now().checked_add(timeout))
    }

    fn finish(&self, until: Option<Instant>) -> Result<(), Failures> {
        if self.ledger.is_forked() {
            let error = Error::new(Operation::Close, ErrorKind::Forked.into());
            return Err(Failures::one(error));
        }
        self.crew.finish(until);
        let on_worker = user_code::is_of(self.id()).then(user_code::would_deadlock);
        self.ledger.take_all(on_worker)
    }

    fn id(&self) -> EngineId {
        self.crew.engine()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // In a forked child there are no workers, and any lock may be held for ever.
        if !self.ledger.is_forked() {
            self.crew.finish(None);
            self.crew.trace().ended();
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("settings", &self.settings).finish_non_exhaustive()
    }
}
