//! Signals that ask the command to end.

use std::{
    process,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

use super::{doctor::Machine, exit::Failure};

/// What is not to be ended halfway holds it, and so does who ends the process.
static WHOLE: Mutex<()> = Mutex::new(());

/// Signals that come so soon after the first are the same: `timeout` sends one to the process, and one to
/// all of its group.
const AT_ONCE: Duration = Duration::from_millis(200);

/// Whether the user wants it to stop, or its time is over.
#[derive(Debug, Clone, Default)]
pub(super) struct Interrupt {
    asked: Arc<AtomicBool>,
    end: Option<Instant>,
}

impl Interrupt {
    /// Takes the signals that end programs (SIGINT, SIGTERM, SIGHUP), but for those that whoever
    /// started it has ignored, as `nohup` does: the first asks to stop, the second ends the process
    /// on the spot. Before any other thread is begun.
    pub(super) fn watch() -> Result<Self, Failure> {
        let signals = not_ignored(&Machine::here());
        signals.thread_block().map_err(Failure::failed)?;
        let asked = Self::default();
        let told = asked.clone();
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let mut first = None;
            while signals.wait().is_ok() {
                told.asked.store(true, Relaxed);
                if is_another(*first.get_or_insert_with(Instant::now), Instant::now()) {
                    let _whole = whole();
                    process::exit(130);
                }
            }
        })?;
        Ok(asked)
    }

    /// One that asks to stop after a time, too.
    pub(super) fn or_after(&self, time: Duration) -> Self {
        Self { asked: Arc::clone(&self.asked), end: Instant::now().checked_add(time) }
    }

    pub(super) fn asked(&self) -> bool {
        self.asked.load(Relaxed) || self.end.is_some_and(|end| Instant::now() >= end)
    }
}

/// Runs something that no signal may end halfway.
pub(super) fn later<R>(run: impl FnOnce() -> R) -> R {
    let _whole = whole();
    let before = ending().thread_swap_mask(SigmaskHow::SIG_BLOCK);
    let result = run();
    if let Ok(before) = before {
        // It was a mask just now.
        let _ = before.thread_set_mask();
    }
    result
}

fn is_another(first: Instant, now: Instant) -> bool {
    now.saturating_duration_since(first) > AT_ONCE
}

fn whole() -> MutexGuard<'static, ()> {
    WHOLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waiting for a signal that is ignored would bring it back.
fn not_ignored(machine: &Machine) -> SigSet {
    let ignored = machine.line("/proc/self/status", "SigIgn:");
    let ignored = ignored.and_then(|mask| u64::from_str_radix(&mask, 16).ok()).unwrap_or(0);
    let is_ignored = |signal: &Signal| ignored & (1 << (*signal as u64 - 1)) != 0;
    ending().iter().filter(|signal| !is_ignored(signal)).collect()
}

fn ending() -> SigSet {
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_comes_twice_at_once_is_one() {
        let first = Instant::now();
        for (after, another) in [(0, false), (50, false), (500, true)] {
            assert_eq!(is_another(first, first + Duration::from_millis(after)), another);
        }
    }

    #[test]
    fn nothing_ends_the_process_while_something_is_to_be_whole() {
        later(|| assert!(WHOLE.try_lock().is_err()));
    }
}
