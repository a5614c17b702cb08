//! A waker that counts.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
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

type Boxed<T> = Pin<Box<dyn Future<Output = T>>>;

/// Waits for futures on this thread: for all at once, since whichever is next may not be left
/// alone while others wait behind it.
pub(super) fn all_of<K, T>(mut futures: Vec<(K, Boxed<T>)>) -> Vec<(K, T)> {
    let wakes = Arc::new(Wakes::new());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut results = Vec::new();
    loop {
        let mut left = Vec::new();
        for (key, mut future) in futures {
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(result) => results.push((key, result)),
                Poll::Pending => left.push((key, future)),
            }
        }
        if left.is_empty() {
            return results;
        }
        futures = left;
        while !wakes.take() {
            thread::park();
        }
    }
}
