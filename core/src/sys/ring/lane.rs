//! A group's ring, driven by one worker.

use std::{
    collections::VecDeque,
    io,
    os::fd::AsRawFd,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use io_uring::{
    IoUring, cqueue, opcode, squeue,
    types::{Fd, SubmitArgs, Timespec},
};
use nix::{errno::Errno, libc, sys::eventfd::EventFd};

use crate::sys::{
    Completion, Direction, Lane, Transfer,
    ring::entry::{entry_of, vector_of},
    threads::perform,
};

/// So long a wait for several completions is one.
const PATIENCE: Duration = Duration::from_millis(50);

/// What is said of entries that are no transfers, whose tokens are small numbers.
const WAKE: u64 = u64::MAX;
const CANCEL: u64 = u64::MAX - 1;

pub(super) struct RingLane {
    ring: IoUring,
    waker: Arc<EventFd>,
    /// The transfers that have not completed, by their tokens.
    ///
    /// **Invariant.** What an entry refers to stays as it is until its completion has been seen, or
    /// the ring is lost before the kernel took the entry: the vector and the descriptor are here, the
    /// segment's memory is the worker's claim.
    held: Vec<Option<Held>>,
    /// The entries, by what is said of them, that the kernel has not taken yet.
    waiting: VecDeque<u64>,
    /// Completed without the ring.
    ended: Vec<Completion>,
    /// Whether the kernel watches `waker`.
    watched: bool,
    woken: bool,
    /// Whether the ring cannot be entered any more, as when a sandbox closes in on the process. From
    /// then on transfers are blocking calls.
    lost: bool,
}

struct Held {
    transfer: Transfer,
    /// Whether the kernel was asked to let go of it.
    cancelled: bool,
    _vector: Box<[libc::iovec]>,
}

impl RingLane {
    pub(super) fn new(ring: IoUring, waker: Arc<EventFd>, depth: usize) -> Self {
        Self {
            ring,
            waker,
            held: (0..depth).map(|_| None).collect(),
            waiting: VecDeque::with_capacity(depth + 2),
            ended: Vec::new(),
            watched: false,
            woken: false,
            lost: false,
        }
    }

    /// Puts an entry into the ring's queue.
    ///
    /// # Safety
    ///
    /// What it refers to is kept as `held` promises.
    unsafe fn queue(&mut self, entry: &squeue::Entry) {
        // SAFETY: the caller's promise.
        while unsafe { self.ring.submission().push(entry) }.is_err() {
            if self.lost {
                return;
            }
            self.enter(0, None);
        }
        self.waiting.push_back(entry.get_user_data());
    }

    /// Has the kernel tell of wakes, from now on.
    fn watch(&mut self) {
        if !self.watched && !self.lost {
            self.watched = true;
            let events = u32::from(libc::POLLIN.cast_unsigned());
            let poll = opcode::PollAdd::new(Fd(self.waker.as_raw_fd()), events).multi(true);
            // SAFETY: it refers to the waker alone, which the lane has for as long as the ring.
            unsafe { self.queue(&poll.build().user_data(WAKE)) };
        }
    }

    /// Hands the kernel what waits, and returns when `want` completions are there, the time has come,
    /// or it was interrupted.
    fn enter(&mut self, want: usize, until: Option<Instant>) {
        if self.lost {
            return;
        }
        let submitter = self.ring.submitter();
        let entered = match until {
            None => submitter.submit_and_wait(want),
            Some(until) => {
                let left = Timespec::from(until.saturating_duration_since(Instant::now()));
                submitter.submit_with_args(want, &SubmitArgs::new().timespec(&left))
            }
        };
        let left = self.ring.submission().len();
        self.waiting.drain(..self.waiting.len().saturating_sub(left));
        let Err(error) = entered else {
            return;
        };
        match errno_of(&error) {
            Errno::EINTR | Errno::ETIME => {}
            // No memory for a request, or too many completions that nobody has seen: those in flight
            // make room.
            Errno::EAGAIN | Errno::EBUSY | Errno::ENOMEM => rest(),
            _ => self.lose(),
        }
    }

    /// The ring cannot be entered. What the kernel has not taken it never will, and what it has taken
    /// it completes.
    fn lose(&mut self) {
        self.lost = true;
        for said in std::mem::take(&mut self.waiting) {
            if let Some(token) = self.token(said)
                && let Some(held) = self.held[token].take()
            {
                self.perform(held.transfer);
            }
        }
    }

    fn perform(&mut self, mut transfer: Transfer) {
        let result = perform(&mut transfer);
        self.ended.push(Completion { token: transfer.token, result });
    }

    fn token(&self, said: u64) -> Option<usize> {
        usize::try_from(said).ok().filter(|&token| token < self.held.len())
    }

    /// Takes what has completed.
    fn reap(&mut self, completions: &mut Vec<Completion>) {
        completions.append(&mut self.ended);
        loop {
            let next = self.ring.completion().next();
            let Some(entry) = next else {
                return;
            };
            if entry.user_data() == WAKE {
                self.woken = true;
                self.watched = cqueue::more(entry.flags());
                if entry.result() < 0 {
                    rest();
                }
            } else if let Some(token) = self.token(entry.user_data())
                && let Some(held) = self.held[token].take()
            {
                completions.push(held.completed(token, entry.result()));
            }
        }
    }

    fn in_flight(&self) -> usize {
        self.held.iter().flatten().count()
    }
}

impl Held {
    fn completed(self, token: usize, result: i32) -> Completion {
        let mut transfer = self.transfer;
        let result = match usize::try_from(result) {
            Ok(count) => Ok(count),
            Err(_) => match (Errno::from_raw(-result), transfer.direction) {
                // A descriptor that does not block, or an operation that its file system has no other
                // way for: a blocking call is one.
                (Errno::EAGAIN | Errno::EOPNOTSUPP, _)
                | (Errno::ENOSYS | Errno::EINVAL, Direction::Allocate(_)) => perform(&mut transfer),
                (Errno::ECANCELED, _) if !self.cancelled => perform(&mut transfer),
                // One that ran on a thread of the kernel's was interrupted.
                (Errno::EINTR, _) if self.cancelled => Err(Errno::ECANCELED),
                (errno, _) => Err(errno),
            },
        };
        Completion { token, result }
    }
}

impl Lane for RingLane {
    fn push(&mut self, transfer: Transfer) {
        let token = transfer.token;
        let vector = vector_of(&transfer.segment);
        let Some(entry) = entry_of(&transfer, &vector).filter(|_| !self.lost) else {
            return self.perform(transfer);
        };
        self.held[token] = Some(Held { transfer, cancelled: false, _vector: vector });
        // SAFETY: `held` has it now.
        unsafe { self.queue(&entry.user_data(token as u64)) };
        if self.lost
            && let Some(held) = self.held[token].take()
        {
            self.perform(held.transfer);
        }
    }

    fn submit(&mut self) {
        if !self.waiting.is_empty() {
            self.enter(0, None);
        }
    }

    fn wait(&mut self, at_least: usize, until: Option<Instant>, completions: &mut Vec<Completion>) {
        self.watch();
        self.reap(completions);
        // A wake is one completion, and does not end the wait for several. It does once these take
        // longer than a device does.
        let mut patience = (at_least > 1).then(|| Instant::now() + PATIENCE);
        loop {
            let mut want = at_least.saturating_sub(completions.len());
            if patience.is_some_and(|patience| patience <= Instant::now()) {
                patience = None;
            }
            let until_all = patience.filter(|_| want > 1);
            if until_all.is_none() {
                want = want.min(1);
            }
            let woken = std::mem::take(&mut self.woken);
            let over = want == 0 || woken || until.is_some_and(|until| until <= Instant::now());
            if over && (self.lost || self.waiting.is_empty()) {
                return;
            }
            if self.lost {
                rest();
                // Nobody else tells of wakes.
                self.woken |= self.waker.read().is_ok();
            } else {
                let until = until.into_iter().chain(until_all).min();
                self.enter(if over { 0 } else { want }, until.filter(|_| !over));
            }
            self.reap(completions);
            if over {
                return;
            }
        }
    }

    fn park(&mut self, until: Option<Instant>) {
        let mut none = Vec::new();
        self.wait(1, until, &mut none);
    }

    fn cancel(&mut self, token: usize) {
        if let Some(held) = &mut self.held[token]
            && !held.cancelled
            && !self.lost
        {
            held.cancelled = true;
            let cancel = opcode::AsyncCancel::new(token as u64).build().user_data(CANCEL);
            // SAFETY: it refers to no memory.
            unsafe { self.queue(&cancel) };
        }
    }
}

impl Drop for RingLane {
    /// After a panic the kernel may have transfers: they end before their memory is let go.
    fn drop(&mut self) {
        let mut completions = Vec::new();
        let mut in_flight = self.in_flight();
        while in_flight > 0 {
            completions.clear();
            self.wait(in_flight, None, &mut completions);
            in_flight = self.in_flight();
        }
    }
}

/// A pause where there is nothing to wait for.
fn rest() {
    thread::sleep(Duration::from_millis(1));
}

fn errno_of(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}
