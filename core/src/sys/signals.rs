//! Which signals the crate's own threads take.

use nix::sys::signal::{SigSet, Signal};

/// Leaves signals to the program's own threads; SIGXFSZ among them, which would end the process and so
/// becomes EFBIG. Not those that a thread causes itself (blocking them kills the process without a
/// word) and not a profiler's.
pub(crate) fn leave_to_others() {
    let mut signals = SigSet::all();
    for own in [
        Signal::SIGSEGV,
        Signal::SIGBUS,
        Signal::SIGFPE,
        Signal::SIGILL,
        Signal::SIGTRAP,
        Signal::SIGSYS,
        Signal::SIGABRT,
        Signal::SIGPROF,
    ] {
        signals.remove(own);
    }
    // Nothing is lost if the mask cannot be set.
    let _ = signals.thread_set_mask();
}
