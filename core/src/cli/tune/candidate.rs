//! Settings that may be the best.

use std::fmt;

use ds_aio::{AioConfig, AioConfigBuilder, BackendMode, ConfigErrors, EffectiveSettings};
use serde::{Serialize, Serializer};

use crate::cli::output::bytes;

/// The settings that decide on speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Candidate {
    pub(super) block_size: usize,
    pub(super) queue_depth: usize,
    pub(super) thread_count: usize,
    pub(super) single_submit: bool,
    pub(super) overlap_events: bool,
    #[serde(serialize_with = "by_name")]
    pub(super) backend: BackendMode,
}

/// What the search may try.
#[derive(Debug, Clone, Copy)]
pub(super) struct Space {
    /// Bytes in flight at most.
    pub(super) most_bytes: usize,
    pub(super) most_threads: usize,
    /// What the backend beside threads is called here, if there is one.
    pub(super) ring: Option<BackendMode>,
}

const BLOCK_SIZES: [usize; 4] = [128 << 10, 512 << 10, 2 << 20, 8 << 20];
/// Threads and depths.
const SHAPES: [(usize, usize); 5] = [(1, 4), (1, 16), (1, 64), (2, 16), (4, 16)];

const SMALLEST_BLOCK: usize = 64 << 10;
const LARGEST_BLOCK: usize = 64 << 20;
const DEEPEST: usize = 256;

impl Candidate {
    pub(super) fn of(config: &AioConfig) -> Self {
        let AioConfig {
            block_size,
            queue_depth,
            thread_count,
            single_submit,
            overlap_events,
            backend,
            ..
        } = *config;
        Self { block_size, queue_depth, thread_count, single_submit, overlap_events, backend }
    }

    /// A configuration with these in place of its own.
    pub(super) fn within(&self, config: &AioConfig) -> Result<AioConfig, ConfigErrors> {
        AioConfigBuilder::from(config.clone())
            .block_size(self.block_size)
            .queue_depth(self.queue_depth)
            .thread_count(self.thread_count)
            .single_submit(self.single_submit)
            .overlap_events(self.overlap_events)
            .backend(self.backend)
            .build()
    }

    /// With the numbers that an engine runs with, which has at most so many threads and rings.
    pub(super) fn as_run(self, settings: &EffectiveSettings) -> Self {
        let EffectiveSettings { thread_count, queue_depth, .. } = *settings;
        Self { thread_count, queue_depth, ..self }
    }

    /// The backend is found out by the engine.
    pub(super) fn with_any_backend(self) -> Self {
        Self { backend: BackendMode::Auto, ..self }
    }

    /// Its numbers: block_size × queue_depth × thread_count.
    pub(super) fn shape(&self) -> String {
        let size = bytes(self.block_size as u64);
        format!("{size} × {} × {}", self.queue_depth, self.thread_count)
    }

    /// What is no number, and not as by default.
    pub(super) fn switches(&self) -> Vec<String> {
        let single = self.single_submit.then(|| "single_submit".to_owned());
        let overlap = (!self.overlap_events).then(|| "no overlap_events".to_owned());
        let backend = (self.backend != BackendMode::Auto).then(|| self.backend.to_string());
        single.into_iter().chain(overlap).chain(backend).collect()
    }

    /// Whether what is no number is the same.
    pub(super) fn switched_as(&self, other: &Self) -> bool {
        let switches = |one: &Self| (one.single_submit, one.overlap_events, one.backend);
        switches(self) == switches(other)
    }

    pub(super) fn blocks(&self) -> usize {
        self.thread_count.saturating_mul(self.queue_depth)
    }

    pub(super) fn bytes(&self) -> usize {
        self.blocks().saturating_mul(self.block_size)
    }

    /// What it takes: of two that are as fast the lesser is better.
    pub(super) fn cost(&self) -> (usize, usize, usize) {
        (self.thread_count, self.bytes(), self.blocks())
    }

    /// Few that are far from each other, with the rest of the settings as they are.
    pub(super) fn coarse(&self, space: &Space) -> Vec<Self> {
        let of_block = |block_size| {
            SHAPES.map(|(thread_count, queue_depth)| Self {
                block_size,
                thread_count,
                queue_depth,
                ..*self
            })
        };
        let all = BLOCK_SIZES.into_iter().flat_map(of_block);
        all.filter(|candidate| space.has(candidate)).collect()
    }

    /// Those a step away.
    pub(super) fn neighbours(&self, space: &Space) -> Vec<Self> {
        let mut all = vec![
            Self { block_size: self.block_size.saturating_mul(2), ..*self },
            Self { block_size: self.block_size / 2, ..*self },
            Self { queue_depth: self.queue_depth.saturating_mul(2), ..*self },
            Self { queue_depth: self.queue_depth / 2, ..*self },
            Self { thread_count: self.thread_count.saturating_mul(2), ..*self },
            Self { thread_count: self.thread_count / 2, ..*self },
            // As many blocks by other threads.
            Self {
                queue_depth: self.queue_depth.saturating_mul(2),
                thread_count: self.thread_count / 2,
                ..*self
            },
            Self {
                queue_depth: self.queue_depth / 2,
                thread_count: self.thread_count.saturating_mul(2),
                ..*self
            },
            Self { single_submit: !self.single_submit, ..*self },
            Self { overlap_events: !self.overlap_events, ..*self },
        ];
        if let Some(ring) = space.ring {
            let backend = match self.backend {
                BackendMode::Threads => ring,
                _ => BackendMode::Threads,
            };
            all.push(Self { backend, ..*self });
        }
        all.retain(|candidate| space.has(candidate));
        all
    }
}

impl fmt::Display for Candidate {
    /// In short: `1 MiB × 8 × 2, single_submit`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shape())?;
        self.switches().iter().try_for_each(|switch| write!(f, ", {switch}"))
    }
}

impl Space {
    fn has(&self, candidate: &Candidate) -> bool {
        (SMALLEST_BLOCK..=LARGEST_BLOCK).contains(&candidate.block_size)
            && (1..=DEEPEST).contains(&candidate.queue_depth)
            && (1..=self.most_threads).contains(&candidate.thread_count)
            && candidate.bytes() <= self.most_bytes
    }
}

fn by_name<S: Serializer>(backend: &BackendMode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(backend)
}
