//! What an engine really gets in a directory: tried with its settings, in a file without a name.

use std::path::Path;

use ds_aio::{
    AioBuf, AioConfig, AioFile, BackendMode, DirectAlignment, DirectMode, Engine, EngineConfig,
    EngineSettings, Error, ErrorKind, HugePages, NotDirect, RingUnavailable, StartError,
};

use crate::cli::{exit::Failure, output::bytes, place::Place};

/// What was found by trying.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    pub(super) place: Place,
    /// What O_DIRECT asks for, or why there is none.
    pub(super) direct: Result<DirectAlignment, NotDirect>,
    /// Whether aligned bytes really went past the page cache.
    pub(super) went_direct: bool,
    /// Why there is no io_uring; none where there is.
    pub(super) ring: Option<RingUnavailable>,
    /// On what pages buffers lie; none where the system does not tell.
    pub(super) pages: Option<HugePages>,
    /// The settings that were asked for.
    pub(super) asked: EngineSettings,
    /// What an engine makes of them.
    pub(super) effective: Effective,
}

/// What an engine runs with.
#[derive(Debug, Clone)]
pub(super) struct Effective {
    pub(super) thread_count: usize,
    pub(super) queue_depth: usize,
    /// Each setting that is not what was asked for, and why.
    pub(super) differences: Vec<String>,
}

impl Effective {
    /// The most blocks in flight.
    pub(super) fn blocks(&self) -> u64 {
        self.thread_count as u64 * self.queue_depth as u64
    }
}

/// How much is written: enough to show on what pages buffers lie.
const WRITTEN: usize = 8 << 20;

impl Probe {
    /// Tries it in `place`.
    pub(super) fn of(place: Place, config: &AioConfig) -> Result<Self, Failure> {
        let asked = config.engine_settings();
        let ring = ring_unavailable(&asked)?;
        let mut settings = asked.clone();
        // Whether what was asked for can be had is judged later.
        settings.direct = DirectMode::Auto;
        if ring.is_some() {
            settings.backend = BackendMode::Auto;
        }
        let engine = Engine::new(&settings)?;
        let file = engine.adopt(place.new_file()?)?;
        let mut buffer = engine.alloc(WRITTEN)?;
        buffer.fill(0x5a);
        // Where there is no /proc that is told of elsewhere.
        let pages = engine.pool().huge_pages().unwrap_or_default();
        let went_direct = writes_and_reads(&engine, &file, buffer)
            .map_err(|error| cannot_write(&place.path, &error))?;
        let direct = match (file.direct_alignment(), file.not_direct()) {
            (Some(alignment), _) => Ok(alignment),
            (None, reason) => Err(reason.unwrap_or(NotDirect::NoSystemSupport)),
        };
        let effective = Effective {
            thread_count: engine.settings().thread_count,
            queue_depth: engine.settings().queue_depth,
            differences: engine.settings().differences().map(ToString::to_string).collect(),
        };
        Ok(Self { place, direct, went_direct, ring, pages, asked, effective })
    }
}

fn writes_and_reads(engine: &Engine, file: &AioFile, buffer: AioBuf) -> Result<bool, Error> {
    let len = buffer.len();
    let buffer = engine.pwrite(file, buffer, 0).wait()?;
    engine.pread(file, buffer, 0).wait()?;
    Ok(engine.stats().direct_bytes >= len as u64)
}

/// What the engine itself says when it is to use io_uring.
fn ring_unavailable(settings: &EngineSettings) -> Result<Option<RingUnavailable>, Failure> {
    let mut settings = settings.clone();
    settings.backend = BackendMode::IoUring;
    match Engine::new(&settings) {
        Ok(_) => Ok(None),
        Err(StartError::Ring(reason)) => Ok(Some(reason)),
        Err(error) => Err(error.into()),
    }
}

fn cannot_write(dir: &Path, error: &Error) -> Failure {
    let mut message =
        format!("a temporary file in {} cannot be written and read: {error}", dir.display());
    if matches!(error.kind(), ErrorKind::NoSpace | ErrorKind::QuotaExceeded) {
        message += &format!("; give a directory that has {} left", bytes(WRITTEN as u64));
    }
    Failure::failed(message)
}
