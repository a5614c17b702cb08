//! The settings the engine runs on, and how any struct hands them over.

use super::diagnostic::{ConfigErrors, Diagnostic, DiagnosticKind};
use super::raw::RawValue;
use super::source::Place;
use super::{AioConfig, BackendMode, ConfigSchema, DirectMode, Outline, check_values, written};

/// What the engine needs to know: plain data, taken from an [`AioConfig`] or any other struct
/// through [`EngineConfig`]. The default is `AioConfig`'s.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EngineSettings {
    /// Bytes per I/O request.
    pub block_size: usize,
    /// Blocks in flight per worker group.
    pub queue_depth: usize,
    /// Worker groups that share the blocks of every request.
    pub thread_count: usize,
    /// Submit each block on its own instead of in batches.
    pub single_submit: bool,
    /// Refill the queue as blocks complete instead of waiting for the whole batch.
    pub overlap_events: bool,
    /// How blocks reach the kernel.
    pub backend: BackendMode,
    /// Whether requests bypass the page cache with O_DIRECT.
    pub direct: DirectMode,
    /// Requests accepted and not ended; beyond it submitting waits for room.
    pub queue_capacity: usize,
    /// Bytes per second for requests of background priority; 0 is no cap.
    pub background_rate: u64,
}

impl EngineSettings {
    /// Checks every setting against the rules of [`AioConfig`]'s fields, and that
    /// `thread_count × queue_depth × block_size` bytes can be addressed.
    ///
    /// # Errors
    ///
    /// Every setting that is not allowed, each with its value and what is allowed.
    pub fn check(&self) -> Result<(), ConfigErrors> {
        let values = self.to_config().to_values();
        let mut diagnostics = check_values(&Outline::of::<AioConfig>(), &values);
        diagnostics.extend(self.check_bytes_in_flight());
        ConfigErrors::check(diagnostics)
    }

    /// The section `aio` of a configuration for DeepSpeed, as a JSON document: what its own parser
    /// reads, under its names (`intra_op_parallelism` for `thread_count`), and nothing else. It says
    /// `use_gds: false`, and is read back by [`AioConfig`].
    ///
    /// The values are those given, checked or not.
    #[must_use]
    pub fn to_deepspeed_json(&self) -> String {
        let keys: [(&str, RawValue); 6] = [
            ("block_size", self.block_size.into()),
            ("queue_depth", self.queue_depth.into()),
            ("intra_op_parallelism", self.thread_count.into()),
            ("single_submit", self.single_submit.into()),
            ("overlap_events", self.overlap_events.into()),
            ("use_gds", false.into()),
        ];
        written::json_document("aio", keys.map(|(key, value)| (key.to_owned(), value)).into())
    }

    fn to_config(&self) -> AioConfig {
        AioConfig {
            block_size: self.block_size,
            queue_depth: self.queue_depth,
            thread_count: self.thread_count,
            single_submit: self.single_submit,
            overlap_events: self.overlap_events,
            backend: self.backend,
            direct: self.direct,
            queue_capacity: self.queue_capacity,
            background_rate: self.background_rate,
        }
    }

    fn check_bytes_in_flight(&self) -> Option<Diagnostic> {
        let bytes = self
            .thread_count
            .checked_mul(self.queue_depth)
            .and_then(|requests| requests.checked_mul(self.block_size));
        if bytes.is_some_and(|bytes| isize::try_from(bytes).is_ok()) {
            return None;
        }
        let key = "thread_count × queue_depth × block_size";
        let value = format!("{} × {} × {}", self.thread_count, self.queue_depth, self.block_size);
        let message = format!("{key} = {value} is more bytes than can be in flight");
        Some(
            Diagnostic::new(DiagnosticKind::NotAllowed, message, Place::Memory)
                .with_key(key)
                .with_value(&value)
                .expecting(format!("a product of at most {} bytes", isize::MAX)),
        )
    }
}

impl Default for EngineSettings {
    fn default() -> Self {
        let AioConfig {
            block_size,
            queue_depth,
            thread_count,
            single_submit,
            overlap_events,
            backend,
            direct,
            queue_capacity,
            background_rate,
        } = AioConfig::DEFAULT;
        Self {
            block_size,
            queue_depth,
            thread_count,
            single_submit,
            overlap_events,
            backend,
            direct,
            queue_capacity,
            background_rate,
        }
    }
}

/// A configuration that can start an engine.
///
/// `#[config(engine)]` on a struct with `#[derive(Config)]` implements it: fields whose keys are
/// those of [`EngineSettings`] are taken, the others keep `AioConfig`'s defaults.
pub trait EngineConfig {
    /// The settings for the engine, unchecked.
    fn engine_settings(&self) -> EngineSettings;
}

impl EngineConfig for EngineSettings {
    fn engine_settings(&self) -> EngineSettings {
        self.clone()
    }
}
