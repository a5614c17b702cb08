//! A waker that counts.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Wake,
    thread::{self, Thread},
};

/// Wakes the thread that made it, and counts.
pub(super) struct Wakes {
    thread: Thread,
    woken: AtomicBool,
    count: AtomicUsize,
}

impl Wakes {
    pub(super) fn new() -> Self {
        let thread = thread::current();
        Self { thread, woken: AtomicBool::new(false), count: AtomicUsize::new(0) }
    }

    /// Whether it was woken since this was asked last.
    pub(super) fn take(&self) -> bool {
        self.woken.swap(false, Ordering::AcqRel)
    }

    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.count.fetch_add(1, Ordering::AcqRel);
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}
