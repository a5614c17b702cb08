//! A token that one thread waits for and any thread may leave.

use std::time::Instant;

use crate::sync::{Condvar, Mutex, lock, wait_until};

/// Blocks a worker until it is woken; a wake before the park is kept.
#[derive(Debug, Default)]
pub(crate) struct Parker {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Parker {
    /// Returns when it is woken, or at that time.
    pub(crate) fn park(&self, until: Option<Instant>) {
        let woken = lock(&self.woken);
        let mut woken = wait_until(&self.changed, woken, until, |woken| *woken);
        *woken = false;
    }

    pub(crate) fn wake(&self) {
        *lock(&self.woken) = true;
        self.changed.notify_one();
    }
}
