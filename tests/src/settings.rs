//! The settings that tests go through.

use ds_aio::EngineSettings;

/// How blocks are handed out and taken: `(single_submit, overlap_events)`.
pub type Mode = (bool, bool);

/// All modes.
pub const MODES: [Mode; 4] = [(false, true), (false, false), (true, true), (true, false)];

/// `(thread_count, queue_depth)` from none in parallel to as many as an engine starts.
pub const SHAPES: [(usize, usize); 4] = [(1, 1), (1, 8), (2, 4), (4, 32)];

/// Settings in one line.
#[must_use]
pub fn settings(
    block_size: usize,
    (thread_count, queue_depth): (usize, usize),
    (single_submit, overlap_events): Mode,
) -> EngineSettings {
    let mut settings = EngineSettings::default();
    settings.block_size = block_size;
    settings.queue_depth = queue_depth;
    settings.thread_count = thread_count;
    settings.single_submit = single_submit;
    settings.overlap_events = overlap_events;
    settings
}
