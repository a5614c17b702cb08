//! User code on the engine's threads: callbacks, wakers and the drop of buffers run here, with no lock
//! held, and what panics stays here.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use crate::{
    engine::{crew::Crew, ledger::EngineId},
    error::{Error, ErrorKind, Operation},
    sys::LaneId,
};

thread_local! {
    /// The engines that this thread is a worker of, or runs user code of in the place of one.
    static WORKS_FOR: RefCell<Vec<EngineId>> = const { RefCell::new(Vec::new()) };
}

/// Whether the calling thread does a worker's part for that engine, and so must not wait for it.
pub(crate) fn is_of(engine: EngineId) -> bool {
    // A thread that is ending is nobody's worker any more.
    WORKS_FOR.try_with(|engines| engines.borrow().contains(&engine)).unwrap_or(false)
}

thread_local! {
    /// Whether this thread, although no worker, sees to the ends of requests.
    static SEES_TO_ENDS: Cell<bool> = const { Cell::new(false) };
}

/// The calling thread sees to the ends of requests from here on, so that room may be for want of it: as a
/// worker it does not wait for any.
#[cfg(feature = "store")]
pub(crate) fn sees_to_ends() {
    SEES_TO_ENDS.with(|sees_to_ends| sees_to_ends.set(true));
}

/// Whether the calling thread does a worker's part for any engine, and so must not wait for one that may
/// wait for its own.
pub(crate) fn is_workers() -> bool {
    if SEES_TO_ENDS.try_with(Cell::get).unwrap_or(false) {
        return true;
    }
    WORKS_FOR.try_with(|engines| !engines.borrow().is_empty()).unwrap_or(false)
}

/// The calling thread is a worker of that engine from here on.
pub(crate) fn works_for(engine: EngineId) {
    WORKS_FOR.with_borrow_mut(|engines| engines.push(engine));
}

pub(crate) fn would_deadlock() -> Error {
    Error::new(Operation::Wait, ErrorKind::WouldDeadlock.into())
}

/// Runs code that may panic, and keeps the panic here. `false` if there was one.
pub(crate) fn contain(code: impl FnOnce()) -> bool {
    let ended = catch_unwind(AssertUnwindSafe(code));
    // The payload is forgotten, since dropping it may panic again.
    ended.map_err(std::mem::forget).is_ok()
}

thread_local! {
    /// The crew in which this thread counts as one that copies, while it completes a copied block.
    static COPIES_FOR: RefCell<Option<(Arc<Crew>, LaneId)>> = const { RefCell::new(None) };
}

/// Completes a copied block. Whether the thread still counts as one that copies, and so has run no
/// user code meanwhile.
pub(crate) fn as_copier(crew: &Arc<Crew>, lane: LaneId, complete: impl FnOnce()) -> bool {
    COPIES_FOR.with_borrow_mut(|copies_for| *copies_for = Some((Arc::clone(crew), lane)));
    complete();
    COPIES_FOR.take().is_some()
}

/// The place of this thread among those that copy is free from here on.
fn stop_copying() {
    let crew = COPIES_FOR.try_with(|crew| crew.borrow_mut().take());
    if let Ok(Some((crew, lane))) = crew {
        let dispatch = crew.queue().copier_leaves(lane);
        crew.dispatch(dispatch);
    }
}

/// Runs user code at the end of a request. On any thread: one that cancels, shuts down or submits
/// may have the next request to end, which that code must not wait for.
pub(crate) fn run_user_code(engine: EngineId, code: impl FnOnce()) {
    stop_copying();
    run_brief_user_code(engine, code);
}

/// As [`run_user_code`], for code that waits for nothing.
pub(crate) fn run_brief_user_code(engine: EngineId, code: impl FnOnce()) {
    let is_worker = is_of(engine);
    if !is_worker {
        let _ = WORKS_FOR.try_with(|engines| engines.borrow_mut().push(engine));
    }
    contain(code);
    if !is_worker {
        let _ = WORKS_FOR.try_with(|engines| engines.borrow_mut().pop());
    }
}

/// Callbacks with the engines they are of.
type Callbacks = VecDeque<(EngineId, Box<dyn FnOnce()>)>;

thread_local! {
    /// While a callback runs on this thread, those that are to come after it.
    static NEXT_CALLBACKS: RefCell<Option<Callbacks>> = const { RefCell::new(None) };
}

/// Runs a callback, and then those that came up meanwhile.
pub(crate) fn call_back(engine: EngineId, callback: impl FnOnce()) {
    let begin = |next: &RefCell<Option<Callbacks>>| {
        let is_outermost = next.borrow().is_none();
        next.borrow_mut().get_or_insert_default();
        is_outermost
    };
    let is_outermost = NEXT_CALLBACKS.try_with(begin).unwrap_or(false);
    run_user_code(engine, callback);
    if !is_outermost {
        return;
    }
    let next = |next: &RefCell<Option<Callbacks>>| next.borrow_mut().as_mut()?.pop_front();
    while let Ok(Some((engine, callback))) = NEXT_CALLBACKS.try_with(next) {
        run_user_code(engine, callback);
    }
    let _ = NEXT_CALLBACKS.try_with(|next| next.take());
}

/// As `call_back`, but within a callback once that has returned: requests that end at once and each
/// make the next one in a callback would need ever more stack.
pub(crate) fn call_back_in_turn(engine: EngineId, callback: impl FnOnce() + 'static) {
    let mut callback = Some(callback);
    let _ = NEXT_CALLBACKS.try_with(|next| {
        if let Some(next) = &mut *next.borrow_mut()
            && let Some(callback) = callback.take()
        {
            next.push_back((engine, Box::new(callback)));
        }
    });
    if let Some(callback) = callback {
        call_back(engine, callback);
    }
}
