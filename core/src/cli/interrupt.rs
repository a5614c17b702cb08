//! Signals that ask the command to end.

use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
};

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

use super::exit::Failure;

/// Whether the user wants it to stop.
#[derive(Debug, Clone, Default)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Takes the signals that end programs (SIGINT, SIGTERM, SIGHUP): the first asks to stop, the
    /// second ends the process on the spot. Before any other thread is begun.
    pub(super) fn watch() -> Result<Self, Failure> {
        let signals = ending();
        signals.thread_block().map_err(Failure::failed)?;
        let asked = Self::default();
        let told = asked.clone();
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            while signals.wait().is_ok() {
                if told.0.swap(true, Relaxed) {
                    process::exit(130);
                }
            }
        })?;
        Ok(asked)
    }

    pub(super) fn asked(&self) -> bool {
        self.0.load(Relaxed)
    }
}

/// Runs something that no signal may end halfway.
pub(super) fn later<R>(run: impl FnOnce() -> R) -> R {
    let before = ending().thread_swap_mask(SigmaskHow::SIG_BLOCK);
    let result = run();
    if let Ok(before) = before {
        // It was a mask just now.
        let _ = before.thread_set_mask();
    }
    result
}

fn ending() -> SigSet {
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect()
}
