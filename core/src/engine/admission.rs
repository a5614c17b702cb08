//! How many requests the engine takes on at once.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use event_listener::{Event, EventListener, IntoNotification, Listener};

use crate::{
    engine::user_code,
    error::ErrorKind,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        lock,
    },
    sys::fork::ForkMark,
};

/// The bound on requests that were accepted and have not ended. Whoever asks for room has made sure
/// that this is not a forked child, where the event's lock may be held for ever.
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
    woken: Woken,
}

/// Room for one request, until it is dropped.
pub(crate) struct Permit(Arc<Room>);

impl Admission {
    pub(crate) fn new(capacity: usize) -> Self {
        let (free, threads, tasks) = (AtomicUsize::new(capacity), Event::new(), Event::new());
        Self { room: Arc::new(Room { free, threads, tasks, woken: Woken::default() }) }
    }

    /// None if there is no room.
    pub(crate) fn try_enter(&self) -> Option<Permit> {
        self.room.try_enter()
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
    pub(crate) fn entered(&self, process: &Arc<ForkMark>) -> Entering {
        Entering {
            room_made: None,
            seat: Arc::new(Seat { waker: Mutex::new(None), room: Arc::clone(&self.room) }),
            process: Arc::clone(process),
        }
    }
}

impl Room {
    fn try_enter(self: &Arc<Self>) -> Option<Permit> {
        let one_less = |free: usize| free.checked_sub(1);
        let taken = self.free.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        taken.is_ok().then(|| Permit(Arc::clone(self)))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.free.fetch_add(1, Ordering::SeqCst);
        self.0.threads.notify(1.additional());
        self.0.tasks.notify(1.additional());
        self.0.woken.wake();
    }
}

/// Gives room once there is some; in a forked child, where there will be none, at once an error.
pub(crate) struct Entering {
    room_made: Option<EventListener>,
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
        let seat = Arc::clone(&self.seat);
        // The same one each time, so that the event drops none that is the task's last.
        let waker = Waker::from(Arc::clone(&seat));
        loop {
            if let Some(room_made) = &mut self.room_made {
                let polled = Pin::new(room_made).poll(&mut Context::from_waker(&waker));
                if polled.is_pending() {
                    return Poll::Pending;
                }
                self.room_made = None;
            }
            let room_made = seat.room.tasks.listen();
            if let Some(permit) = seat.room.try_enter() {
                drop(room_made);
                seat.room.woken.wake();
                return Poll::Ready(Ok(permit));
            }
            self.room_made = Some(room_made);
        }
    }
}

impl Drop for Entering {
    fn drop(&mut self) {
        let room_made = self.room_made.take();
        if self.process.is_child() {
            std::mem::forget(room_made);
            return;
        }
        // One that was to be next passes its turn on.
        drop(room_made);
        self.seat.room.woken.wake();
    }
}

/// The task that waits for room with one [`Entering`].
struct Seat {
    waker: Mutex<Option<Waker>>,
    room: Arc<Room>,
}

impl Wake for Seat {
    fn wake(self: Arc<Self>) {
        let room = Arc::clone(&self.room);
        lock(&room.woken.seats).push(self);
        room.woken.any.store(true, Ordering::Release);
    }
}

/// Tasks to be woken once the event has let go of its lock, under which it calls wakers, and theirs
/// are user code. Whoever may have made it call some, calls `wake` afterwards.
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
            user_code::contain(|| {
                if let Some(waker) = waker {
                    waker.wake();
                }
            });
            user_code::contain(|| drop(seat));
        }
    }
}
