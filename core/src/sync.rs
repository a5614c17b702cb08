//! The synchronization primitives of the engine: the standard library's, or loom's under
//! `--cfg loom`, so that the model checker runs the types that are shipped.
//!
//! `Arc` stays the standard one in both: the engine coerces it to trait objects, which loom's
//! cannot do.

use std::time::Instant;

#[cfg(all(loom, test))]
pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard, atomic};
#[cfg(not(all(loom, test)))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, atomic};

/// Locks, whether or not a thread panicked while it held the lock.
///
/// No user code and no backend runs under any of the engine's locks, and no critical section can
/// panic half way, so a poisoned lock protects nothing that is broken.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Waits on `condvar` under the same rule as [`lock`].
pub(crate) fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condvar.wait(guard).unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Waits on `condvar` until `condition` holds or the time has come.
pub(crate) fn wait_until<'a, T>(
    condvar: &Condvar,
    mut guard: MutexGuard<'a, T>,
    until: Option<Instant>,
    condition: impl Fn(&T) -> bool,
) -> MutexGuard<'a, T> {
    while !condition(&guard) {
        let Some(until) = until else {
            guard = wait(condvar, guard);
            continue;
        };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        let waited = condvar.wait_timeout(guard, left);
        guard = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
    }
    guard
}
