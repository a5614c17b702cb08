//! Which backend an engine gets.

use crate::{
    config::{BackendMode, EngineSettings},
    error::RingUnavailable,
    sys::{Backend, ring::Rings, threads::Threads},
};

/// Why an engine has the backend it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Because {
    /// The settings say so, or a test.
    Asked,
    /// It is the best.
    Best,
    /// The best cannot be had.
    Unavailable(RingUnavailable),
}

/// The backend for these settings, which have been checked.
pub(crate) fn choose(
    settings: &EngineSettings,
) -> Result<(Box<dyn Backend>, Because), RingUnavailable> {
    let EngineSettings { thread_count, queue_depth, .. } = *settings;
    let threads = || Box::new(Threads::new(thread_count, queue_depth));
    let rings = || Rings::new(thread_count, queue_depth).map(Box::new);
    Ok(match settings.backend {
        BackendMode::Threads => (threads(), Because::Asked),
        BackendMode::IoUring => (rings()?, Because::Asked),
        BackendMode::Auto => match rings() {
            Ok(rings) => (rings, Because::Best),
            Err(reason) => (threads(), Because::Unavailable(reason)),
        },
    })
}
