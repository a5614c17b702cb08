//! What the benches share.

use std::time::Duration;

use criterion::{Criterion, measurement::Measurement};
use ds_aio::{Engine, EngineSettings};

pub fn criterion<M: Measurement + 'static>(clock: M) -> Criterion<M> {
    Criterion::default()
        .with_measurement(clock)
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
}

/// How an engine is set up, but for its block size.
#[derive(Clone, Copy)]
pub struct Setup {
    pub thread_count: usize,
    pub queue_depth: usize,
    pub single_submit: bool,
    pub overlap_events: bool,
}

impl Setup {
    /// The default way of handing out and taking blocks.
    pub const fn shaped(thread_count: usize, queue_depth: usize) -> Self {
        Self { thread_count, queue_depth, single_submit: false, overlap_events: true }
    }

    pub fn engine(self, block_size: usize) -> Engine {
        let mut settings = EngineSettings::default();
        settings.block_size = block_size;
        settings.thread_count = self.thread_count;
        settings.queue_depth = self.queue_depth;
        settings.single_submit = self.single_submit;
        settings.overlap_events = self.overlap_events;
        Engine::new(&settings).unwrap()
    }

    /// As `T1 Q8`, and the flags that differ from the defaults.
    pub fn name(self) -> String {
        let Self { thread_count, queue_depth, single_submit, overlap_events } = self;
        let single = if single_submit { " single_submit" } else { "" };
        let batches = if overlap_events { "" } else { " no overlap_events" };
        format!("T{thread_count} Q{queue_depth}{single}{batches}")
    }
}
