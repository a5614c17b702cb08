//! How large the buffers of a stream are, and how many there may be.

use crate::{
    buf::page_size,
    engine::{AioFile, Engine},
};

/// What a stream's buffers take at most unless it is told otherwise.
pub(super) const MEMORY: usize = 64 << 20;

/// Smaller requests cost more than they save.
const SMALLEST: usize = 1 << 20;

/// Longer requests are no faster.
const LARGEST: usize = 8 << 20;

#[derive(Debug, Clone, Copy)]
pub(super) struct Buffers {
    /// Bytes of each, a multiple of `border`.
    pub(super) len: usize,
    /// How many there may be: two or more.
    pub(super) most: usize,
    /// Requests begin at multiples of it in the file, so that no page is written by two.
    pub(super) border: usize,
}

impl Buffers {
    /// As many as fill the engine's depth, and half as many and two more so that the depth stays full
    /// while the stream's owner is not running, within `memory` bytes as far as two buffers of a page
    /// allow.
    pub(super) fn of(engine: &Engine, file: &AioFile, memory: usize) -> Self {
        let settings = engine.settings();
        let block_size = settings.asked.block_size;
        let border = border(file);
        let fitting = (memory / 2).max(border);
        let len = block_size.clamp(SMALLEST, LARGEST).min(fitting);
        let len = (len - len % border).max(border);
        let depth = settings.thread_count.saturating_mul(settings.queue_depth);
        let in_flight = depth.saturating_mul(block_size).div_ceil(len);
        let spare = (in_flight / 2).saturating_add(2);
        let most = in_flight.saturating_add(spare).min(memory / len).max(2);
        Self { len, most, border }
    }

    /// The last multiple of `border` up to an offset.
    pub(super) fn floor(&self, offset: u64) -> u64 {
        offset - offset % self.border as u64
    }
}

/// Where direct and buffered parts of a file may meet.
pub(super) fn border(file: &AioFile) -> usize {
    let of_file = file.state.open.alignment().map_or(0, |alignment| alignment.border(true));
    of_file.max(page_size())
}
