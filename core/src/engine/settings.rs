//! What an engine runs with, and why that is not what it was asked for.

use std::fmt;

use crate::{
    config::{
        AIO_BACKEND, AIO_BACKGROUND_RATE, AIO_BLOCK_SIZE, AIO_DIRECT, AIO_OVERLAP_EVENTS,
        AIO_QUEUE_CAPACITY, AIO_QUEUE_DEPTH, AIO_SINGLE_SUBMIT, AIO_THREAD_COUNT, EngineSettings,
    },
    error::RingUnavailable,
    sys::choice::Because,
};

/// What an engine runs with: the settings asked for, and what became of them.
///
/// Shown (`{}`), it is one line a setting, with the reason where it differs from what was asked.
///
/// ```
/// use ds_aio::{AioConfig, BackendMode, Engine};
///
/// let config = AioConfig::builder()
///     .backend(BackendMode::Threads)
///     .thread_count(4)
///     .queue_depth(64)
///     .build()?;
/// let engine = Engine::new(&config)?;
/// for difference in engine.settings().differences() {
///     assert_eq!(difference.setting, "queue_depth");
///     assert_eq!((&*difference.asked, &*difference.effective), ("64", "32"));
///     println!("{difference}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EffectiveSettings {
    /// The settings the engine was given.
    pub asked: EngineSettings,
    /// How blocks reach the kernel: `io_uring` or `threads`.
    pub backend: &'static str,
    pub(crate) because: Because,
    /// Worker groups. At most 128.
    pub thread_count: usize,
    /// Blocks in flight per group at most. Below what was asked if, on threads, the 128 workers that
    /// an engine starts at most do not suffice for all groups; on io_uring, above 16,384.
    pub queue_depth: usize,
    pub(crate) differences: Vec<Difference>,
}

impl EffectiveSettings {
    /// The settings that are not, or not wholly, what was asked for, each with the reason. What
    /// depends on a file is not among them; see [`AioFile::is_direct`](crate::AioFile::is_direct).
    pub fn differences(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter()
    }
}

impl EffectiveSettings {
    /// Why the setting `backend` = `auto` came to threads; none if it did not.
    #[must_use]
    pub fn ring_unavailable(&self) -> Option<RingUnavailable> {
        if let Because::Unavailable(reason) = self.because { Some(reason) } else { None }
    }
}

impl fmt::Display for EffectiveSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EngineSettings {
            block_size,
            queue_depth: _,
            thread_count: _,
            single_submit,
            overlap_events,
            backend: _,
            direct,
            queue_capacity,
            background_rate,
        } = self.asked;
        write!(f, "{AIO_BACKEND} = {}", self.backend)?;
        match self.because {
            Because::Asked => {}
            Because::Best => f.write_str(" (auto: the kernel has all that it takes)")?,
            Because::Unavailable(reason) => write!(f, " (auto: no io_uring, {reason})")?,
        }
        let values: [(&str, &dyn fmt::Display); 8] = [
            (AIO_BLOCK_SIZE, &block_size),
            (AIO_QUEUE_DEPTH, &self.queue_depth),
            (AIO_THREAD_COUNT, &self.thread_count),
            (AIO_SINGLE_SUBMIT, &single_submit),
            (AIO_OVERLAP_EVENTS, &overlap_events),
            (AIO_DIRECT, &direct),
            (AIO_QUEUE_CAPACITY, &queue_capacity),
            (AIO_BACKGROUND_RATE, &background_rate),
        ];
        for (setting, value) in values {
            match self.differences().find(|difference| difference.setting == setting) {
                Some(difference) => write!(f, "\n{difference}")?,
                None => write!(f, "\n{setting} = {value}")?,
            }
        }
        Ok(())
    }
}

/// A setting that is not, or not wholly, what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The setting's key.
    pub setting: &'static str,
    /// The value asked for.
    pub asked: String,
    /// What became of it.
    pub effective: String,
    /// Why.
    pub reason: String,
}

impl Difference {
    pub(crate) fn new(
        setting: &'static str,
        asked: impl fmt::Display,
        effective: impl fmt::Display,
        reason: impl fmt::Display,
    ) -> Self {
        let (asked, effective) = (asked.to_string(), effective.to_string());
        Self { setting, asked, effective, reason: reason.to_string() }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { setting, asked, effective, reason } = self;
        write!(f, "{setting} = {effective} (asked for {asked}: {reason})")
    }
}
