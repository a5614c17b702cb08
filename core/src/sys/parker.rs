//! A token that one thread waits for and any thread may leave.

use crate::sync::{Condvar, Mutex, lock, wait};

/// Blocks a worker until it is woken; a wake before the park is kept.
#[derive(Debug, Default)]
pub(crate) struct Parker {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Parker {
    pub(crate) fn park(&self) {
        let mut woken = lock(&self.woken);
        while !*woken {
            woken = wait(&self.changed, woken);
        }
        *woken = false;
    }

    pub(crate) fn wake(&self) {
        *lock(&self.woken) = true;
        self.changed.notify_one();
    }
}
