//! How many requests the engine takes on at once.

use std::sync::Arc;

use event_listener::{Event, IntoNotification, Listener};

use crate::sync::atomic::{AtomicUsize, Ordering};

/// The bound on requests that were accepted and have not ended.
pub(crate) struct Admission {
    room: Arc<Room>,
}

struct Room {
    /// How many more requests there is room for.
    free: AtomicUsize,
    /// What waiting threads and waiting tasks listen to. Each permit that is given back wakes one
    /// more of either: the task need not run before the thread does, which may be its executor's,
    /// and whoever was woken before may not have run yet.
    threads: Event,
    tasks: Event,
}

/// Room for one request, until it is dropped.
pub(crate) struct Permit(Arc<Room>);

impl Admission {
    pub(crate) fn new(capacity: usize) -> Self {
        let (free, threads, tasks) = (AtomicUsize::new(capacity), Event::new(), Event::new());
        Self { room: Arc::new(Room { free, threads, tasks }) }
    }

    /// None if there is no room.
    pub(crate) fn try_enter(&self) -> Option<Permit> {
        let free = &self.room.free;
        let taken =
            free.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |free| free.checked_sub(1));
        taken.is_ok().then(|| Permit(Arc::clone(&self.room)))
    }

    /// Waits for room.
    pub(crate) fn enter(&self) -> Permit {
        loop {
            let room_made = self.room.threads.listen();
            if let Some(permit) = self.try_enter() {
                return permit;
            }
            room_made.wait();
        }
    }

    /// Awaits room.
    pub(crate) async fn entered(&self) -> Permit {
        loop {
            let room_made = self.room.tasks.listen();
            if let Some(permit) = self.try_enter() {
                return permit;
            }
            room_made.await;
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.free.fetch_add(1, Ordering::SeqCst);
        self.0.threads.notify(1.additional());
        self.0.tasks.notify(1.additional());
    }
}
