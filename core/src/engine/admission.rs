//! How many requests the engine takes on at once.

use std::sync::Arc;

use async_lock::{Semaphore, SemaphoreGuardArc};

/// The bound on requests that were accepted and have not ended.
pub(crate) struct Admission {
    room: Arc<Semaphore>,
}

/// Room for one request, until it is dropped.
pub(crate) type Permit = SemaphoreGuardArc;

impl Admission {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { room: Arc::new(Semaphore::new(capacity)) }
    }

    /// None if there is no room.
    pub(crate) fn try_enter(&self) -> Option<Permit> {
        self.room.try_acquire_arc()
    }

    /// Waits for room.
    pub(crate) fn enter(&self) -> Permit {
        self.room.acquire_arc_blocking()
    }

    /// Awaits room.
    pub(crate) async fn entered(&self) -> Permit {
        self.room.acquire_arc().await
    }
}
