//! The settings that tests go through.

use ds_aio::{BackendMode, Engine, EngineSettings};

/// How blocks are handed out and taken: `(single_submit, overlap_events)`.
pub type Mode = (bool, bool);

/// All modes.
pub const MODES: [Mode; 4] = [(false, true), (false, false), (true, true), (true, false)];

/// `(thread_count, queue_depth)` from none in parallel to as many as an engine starts.
pub const SHAPES: [(usize, usize); 4] = [(1, 1), (1, 8), (2, 4), (4, 32)];

/// What `DS_AIO_BACKEND` says, so that all tests run on either backend.
///
/// # Panics
///
/// If it says something else.
#[must_use]
pub fn backend() -> BackendMode {
    let name = std::env::var("DS_AIO_BACKEND").unwrap_or_default();
    match &*name {
        "" | "auto" => BackendMode::Auto,
        "threads" => BackendMode::Threads,
        "io_uring" => BackendMode::IoUring,
        other => panic!("DS_AIO_BACKEND is {other:?}"),
    }
}

/// As many workers an engine of that shape may start.
#[must_use]
pub fn most_workers(engine: &Engine) -> u64 {
    let settings = engine.settings();
    let (threads, depth) = (settings.thread_count, settings.queue_depth);
    let workers = match settings.backend {
        // A ring, and threads for what is copied.
        "io_uring" => threads * (1 + depth.min(128 / threads)),
        _ => threads * depth,
    };
    workers as u64
}

/// Settings in one line.
#[must_use]
pub fn settings(
    block_size: usize,
    (thread_count, queue_depth): (usize, usize),
    (single_submit, overlap_events): Mode,
) -> EngineSettings {
    let mut settings = EngineSettings::default();
    settings.backend = backend();
    settings.block_size = block_size;
    settings.queue_depth = queue_depth;
    settings.thread_count = thread_count;
    settings.single_submit = single_submit;
    settings.overlap_events = overlap_events;
    settings
}
