//! How many requests the engine takes on at once.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use async_lock::{Semaphore, SemaphoreGuardArc, futures::AcquireArc};

use crate::{
    engine::worker,
    error::ErrorKind,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        lock,
    },
    sys::fork::ForkMark,
};

/// The bound on requests that were accepted and have not ended. Whoever asks for room has made sure
/// that this is not a forked child, where the semaphore's lock may be held for ever.
pub(crate) struct Admission {
    room: Arc<Semaphore>,
    woken: Arc<Woken>,
}

/// Room for one request, until it is dropped.
pub(crate) struct Permit {
    room: Option<SemaphoreGuardArc>,
    woken: Arc<Woken>,
}

impl Admission {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { room: Arc::new(Semaphore::new(capacity)), woken: Arc::default() }
    }

    /// None if there is no room.
    pub(crate) fn try_enter(&self) -> Option<Permit> {
        self.room.try_acquire_arc().map(|room| self.permit(room))
    }

    /// Waits for room.
    pub(crate) fn enter(&self) -> Permit {
        let permit = self.permit(self.room.acquire_arc_blocking());
        self.woken.wake();
        permit
    }

    /// Awaits room.
    pub(crate) fn entered(&self, process: &Arc<ForkMark>) -> Entering {
        Entering {
            room: Some(Box::pin(self.room.acquire_arc())),
            seat: Arc::new(Seat { waker: Mutex::new(None), woken: Arc::clone(&self.woken) }),
            process: Arc::clone(process),
        }
    }

    fn permit(&self, room: SemaphoreGuardArc) -> Permit {
        Permit { room: Some(room), woken: Arc::clone(&self.woken) }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        drop(self.room.take());
        self.woken.wake();
    }
}

/// Gives room once there is some; in a forked child, where there will be none, at once an error.
pub(crate) struct Entering {
    /// There until it is dropped.
    room: Option<Pin<Box<AcquireArc>>>,
    seat: Arc<Seat>,
    process: Arc<ForkMark>,
}

impl Future for Entering {
    type Output = Result<Permit, ErrorKind>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.process.is_child() {
            return Poll::Ready(Err(ErrorKind::Forked));
        }
        let task = context.waker().clone();
        let earlier = lock(&self.seat.waker).replace(task);
        drop(earlier);
        let woken = Arc::clone(&self.seat.woken);
        // The same one each time, so that the semaphore drops none that is the task's last.
        let seat = Waker::from(Arc::clone(&self.seat));
        let Some(room) = &mut self.room else {
            return Poll::Pending;
        };
        let polled = room.as_mut().poll(&mut Context::from_waker(&seat));
        woken.wake();
        polled.map(|room| Ok(Permit { room: Some(room), woken }))
    }
}

impl Drop for Entering {
    fn drop(&mut self) {
        let room = self.room.take();
        if self.process.is_child() {
            std::mem::forget(room);
            return;
        }
        // One that was to be next passes its turn on.
        drop(room);
        self.seat.woken.wake();
    }
}

/// The task that waits for room with one [`Entering`].
struct Seat {
    waker: Mutex<Option<Waker>>,
    woken: Arc<Woken>,
}

impl Wake for Seat {
    fn wake(self: Arc<Self>) {
        let woken = Arc::clone(&self.woken);
        lock(&woken.seats).push(self);
        woken.any.store(true, Ordering::Release);
    }
}

/// Tasks to be woken once the semaphore has let go of its lock, under which it calls wakers, and
/// theirs are user code. Whoever may have made it call some, calls `wake` afterwards.
#[derive(Default)]
struct Woken {
    seats: Mutex<Vec<Arc<Seat>>>,
    /// False only if there are none but those that other threads are about to wake.
    any: AtomicBool,
}

impl Woken {
    fn wake(&self) {
        if !self.any.load(Ordering::Acquire) || !self.any.swap(false, Ordering::AcqRel) {
            return;
        }
        let seats = std::mem::take(&mut *lock(&self.seats));
        for seat in seats {
            let waker = lock(&seat.waker).take();
            worker::contain(|| {
                if let Some(waker) = waker {
                    waker.wake();
                }
            });
            worker::contain(|| drop(seat));
        }
    }
}
