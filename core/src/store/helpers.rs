//! Threads that compute checksums, so that the engine's workers, which may be one for all that goes
//! direct, keep the device busy meanwhile.

use std::{
    cell::Cell,
    collections::VecDeque,
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::{self, JoinHandle, available_parallelism},
};

use crate::{
    engine::sees_to_ends,
    sync::{Condvar, Mutex, lock, wait},
    sys::signals,
};

/// From so many bytes on a checksum takes longer than waking a thread for it.
const WORTH_A_THREAD: usize = 64 << 10;

/// As many are faster than any device.
const MOST: usize = 4;

thread_local! {
    static IS_HELPER: Cell<bool> = const { Cell::new(false) };
}

/// Whether the calling thread is one, of any store: it must not wait for what it may have to do itself.
pub(super) fn is_one() -> bool {
    IS_HELPER.with(Cell::get)
}

/// The calling thread counts as one from here on.
pub(super) fn become_one() {
    IS_HELPER.with(|is_helper| is_helper.set(true));
}

type Work = Box<dyn FnOnce() + Send>;

/// The helpers of one store. They start when there is work for them, and end with it.
#[derive(Default, Clone)]
pub(super) struct Helpers {
    line: Arc<Line>,
}

#[derive(Default)]
struct Line {
    state: Mutex<State>,
    more: Condvar,
}

#[derive(Default)]
struct State {
    work: VecDeque<Work>,
    idle: usize,
    threads: Vec<JoinHandle<()>>,
    /// Helpers there may be, once that was asked.
    most: Option<usize>,
    is_closed: bool,
}

impl Helpers {
    /// Does what takes so many bytes' time: here if these are few, or no helper can be had.
    pub(super) fn see_to(&self, bytes: usize, work: impl FnOnce() + Send + 'static) {
        if bytes < WORTH_A_THREAD || is_one() {
            return work();
        }
        let mut state = lock(&self.line.state);
        if !state.has_one_for_more(&self.line) {
            drop(state);
            return work();
        }
        state.work.push_back(Box::new(work));
        drop(state);
        self.line.more.notify_one();
    }

    /// Has a helper do it, never the caller, who may have a lock. Whether there is one.
    pub(super) fn hand_over(&self, work: impl FnOnce() + Send + 'static) -> bool {
        let mut state = lock(&self.line.state);
        if !state.has_one_for_more(&self.line) {
            return false;
        }
        state.work.push_back(Box::new(work));
        drop(state);
        self.line.more.notify_one();
        true
    }

    /// Whether there is one, or was not until now.
    pub(super) fn are_there(&self) -> bool {
        let mut state = lock(&self.line.state);
        !state.threads.is_empty() || state.start_another(&self.line)
    }

    /// Ends them all, once they have done what there is to do.
    pub(super) fn close(&self) {
        let mut state = lock(&self.line.state);
        state.is_closed = true;
        let threads = std::mem::take(&mut state.threads);
        drop(state);
        self.line.more.notify_all();
        // One of them does not wait for the others, nor for itself.
        if !is_one() {
            for thread in threads {
                // Its work's panics stay there.
                let _ = thread.join();
            }
        }
    }
}

impl State {
    /// Whether some helper will do what is added to the work.
    fn has_one_for_more(&mut self, line: &Arc<Line>) -> bool {
        self.idle > self.work.len() || self.start_another(line)
    }

    /// Whether there are helpers, this one perhaps the first.
    fn start_another(&mut self, line: &Arc<Line>) -> bool {
        // Asking reads files of the system, which takes longer than most of the work.
        let most = *self
            .most
            .get_or_insert_with(|| available_parallelism().map_or(1, NonZero::get).min(MOST));
        if self.threads.len() < most && !self.is_closed {
            let line = Arc::clone(line);
            let name = format!("ds-aio store {}", self.threads.len());
            let started = thread::Builder::new().name(name).spawn(move || line.help());
            self.threads.extend(started.ok());
        }
        !self.threads.is_empty()
    }
}

impl Line {
    fn help(&self) {
        signals::leave_to_others();
        become_one();
        // Requests whose ends wait for it have the room that it would wait for.
        sees_to_ends();
        let mut state = lock(&self.state);
        loop {
            if let Some(work) = state.work.pop_front() {
                drop(state);
                // The payload is forgotten, since dropping it may panic again.
                let _ = catch_unwind(AssertUnwindSafe(work)).map_err(std::mem::forget);
                state = lock(&self.state);
            } else if state.is_closed {
                return;
            } else {
                state.idle += 1;
                state = wait(&self.more, state);
                state.idle -= 1;
            }
        }
    }
}
