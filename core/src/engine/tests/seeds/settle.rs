//! Waits for tickets, in every way there is.

use std::{
    sync::{Arc, mpsc::Receiver},
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use super::{
    drive::{Called, Drive, Made},
    promise::{Outcome, Promise, outcome},
    scenario::{Ask, Cancel, Fate, Memory},
    wakes::Wakes,
};
use crate::{
    engine::Ticket,
    sys::{
        Direction,
        sim::{Counted, Drops},
    },
};

impl Drive<'_> {
    /// With another waker than the last one's, which must not be woken any more.
    pub(super) fn poll_once(&mut self, at: usize) {
        let Made { ticket, waker, .. } = &mut self.made[at];
        let Some(mut polled) = ticket.take() else {
            return;
        };
        // It may have awaited room.
        *waker = Arc::new(Wakes::new());
        let stale = Arc::new(Wakes::new());
        let first = Waker::from(Arc::clone(&stale));
        if let Poll::Ready(result) = polled.poll(&mut Context::from_waker(&first)) {
            return self.resolved(at, result);
        }
        let waker = Waker::from(Arc::clone(waker));
        match polled.poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => self.resolved(at, result),
            Poll::Pending => {
                self.made[at].ticket = Some(polled);
                self.made[at].stale_waker = Some(stale);
            }
        }
    }

    pub(super) fn settle(&mut self, at: usize) {
        let fate = self.made[at].asked.fate;
        match fate {
            Fate::Keep => return,
            Fate::Callback(_) => return self.await_call(at),
            Fate::WaitAll => return self.wait_for_all(),
            Fate::WaitAny => return self.wait_for_each(),
            _ => {}
        }
        let made = &mut self.made[at];
        let Some(mut ticket) = made.ticket.take() else {
            return;
        };
        let result = match fate {
            Fate::DropAtOnce | Fate::DropLater => return drop(ticket),
            Fate::Forget => {
                made.forgotten = true;
                return std::mem::forget(ticket);
            }
            Fate::WaitElsewhere => thread::spawn(move || ticket.wait()).join().unwrap(),
            Fate::WaitTimeout => loop {
                match ticket.wait_timeout(Duration::from_micros(50)) {
                    Ok(result) => break result,
                    Err(again) => ticket = again,
                }
            },
            Fate::Await => {
                while !made.waker.take() {
                    thread::park();
                }
                let waker = Waker::from(Arc::clone(&made.waker));
                match ticket.poll(&mut Context::from_waker(&waker)) {
                    Poll::Ready(result) => result,
                    Poll::Pending => {
                        self.wrong.push(format!("request {at}: woken before it had ended"));
                        ticket.wait()
                    }
                }
            }
            Fate::Watch => {
                while !ticket.is_done() {
                    thread::yield_now();
                }
                let (progress, known) = (ticket.progress(), self.sim.track(made.number).0);
                let known = (known.bytes_reported(), known.len());
                if progress != known {
                    self.wrong.push(format!("request {at}: {progress:?}, but {known:?} moved"));
                }
                ticket.wait()
            }
            _ => ticket.wait(),
        };
        self.resolved(at, result);
    }

    /// The callback tells the result, and perhaps of a further request.
    pub(super) fn await_call(&mut self, at: usize) {
        let Some(called) = self.made[at].called.take() else {
            return;
        };
        let Ok(Called { outcome, next }) = called.recv() else {
            let asked = self.made[at].described();
            return self.wrong.push(format!("{asked}: the callback was never called"));
        };
        if called.recv().is_ok() {
            self.wrong.push(format!("request {at}: the callback was called twice"));
        }
        self.resolved(at, outcome);
        if let Some(next) = self.follow(next)
            && let Some(ticket) = self.made[next].ticket.take()
        {
            self.resolved(next, ticket.wait());
        }
    }

    fn follow(&mut self, next: Option<Made>) -> Option<usize> {
        self.made.push(next?);
        self.followers += 1;
        Some(self.made.len() - 1)
    }

    /// Takes what callbacks have told so far, and waits for nothing.
    pub(super) fn hear_calls(&mut self) {
        for at in 0..self.made.len() {
            let called = self.made[at].called.as_ref();
            if let Some(Ok(Called { outcome, next })) = called.map(Receiver::try_recv) {
                self.made[at].called = None;
                self.resolved(at, outcome);
                self.follow(next);
            }
        }
    }

    /// The tickets of that fate that are of one buffer; the others are waited for.
    fn take_together(&mut self, fate: Fate) -> (Vec<usize>, Vec<Ticket<Counted>>) {
        let mut taken = (Vec::new(), Vec::new());
        for at in self.last_round..self.made.len() {
            if self.made[at].asked.fate != fate {
                continue;
            }
            self.cancel(at, Cancel::BeforeItsWait);
            match self.made[at].ticket.take().map(Promise::single) {
                Some(Ok(ticket)) => {
                    taken.0.push(at);
                    taken.1.push(ticket);
                }
                Some(Err(other)) => {
                    let result = other.wait();
                    self.resolved(at, result);
                }
                None => {}
            }
        }
        taken
    }

    fn wait_for_all(&mut self) {
        let (made, tickets) = self.take_together(Fate::WaitAll);
        for (at, result) in made.into_iter().zip(Ticket::wait_all(tickets)) {
            self.resolved(at, outcome(result));
        }
    }

    fn wait_for_each(&mut self) {
        let (mut made, mut tickets) = self.take_together(Fate::WaitAny);
        while let Some((index, result)) = Ticket::wait_any(&mut tickets) {
            let at = made.remove(index);
            self.resolved(at, outcome(result));
        }
        if !made.is_empty() || !tickets.is_empty() {
            self.wrong.push(format!("wait_any left {made:?}"));
        }
    }

    /// Requests on borrowed memory, which the scope waits for.
    pub(super) fn scope(&mut self, asks: &[Ask]) {
        let mut mades = Vec::new();
        let mut memory: Vec<Vec<u8>> = Vec::new();
        for ask in asks {
            let key = self.next_key();
            let asked = self.asked(ask, key);
            let skew = if let Memory::Skewed(skew) = ask.buffers[0].1 { skew } else { 0 };
            let mut bytes = vec![0xee; skew % 512 + asked.bytes.len()];
            if asked.direction == Direction::Write {
                let start = bytes.len() - asked.bytes.len();
                bytes[start..].copy_from_slice(&asked.bytes);
            }
            memory.push(bytes);
            mades.push((key, asked));
        }
        let (engine, watch) = (Arc::clone(self.engine()), self.watch());
        let files = self.files.clone();
        let mut waited = vec![None; asks.len()];
        let first = self.made.len();
        let mut numbers = Vec::new();
        let mut must_have_ended = Vec::new();
        let told = engine.scope(|scope| {
            let mut tickets: Vec<Box<dyn FnOnce() -> Option<crate::Error> + '_>> = Vec::new();
            for ((bytes, ask), (key, asked)) in memory.iter_mut().zip(asks).zip(&mades) {
                let start = bytes.len() - asked.bytes.len();
                let slice = &mut bytes[start..];
                let range = slice.as_ptr().addr()..slice.as_ptr().addr() + slice.len();
                let ranges = Some(range).filter(|range| !range.is_empty());
                let (file, offset) = (&files[ask.file], ask.range.start as u64);
                let (ranges, drops) = (ranges.into_iter().collect(), Vec::<Drops>::new());
                let at = ask.range.start;
                let number = watch.of(*key, file, ask.direction, at, ranges, drops);
                numbers.push(number);
                macro_rules! made {
                    ($ticket:expr) => {{
                        let ticket = $ticket;
                        if ask.cancel.is_some() {
                            ticket.cancel();
                            must_have_ended.push(watch.sim.cancelled(number) && !ticket.is_done());
                        }
                        match ask.fate {
                            Fate::Wait => {
                                tickets.push(Box::new(move || {
                                    ticket.wait().err().map(crate::Error::from)
                                }));
                            }
                            Fate::Forget => std::mem::forget(ticket),
                            _ => drop(ticket),
                        }
                    }};
                }
                match ask.direction {
                    Direction::Write => made!(scope.pwrite(file, slice, offset)),
                    _ => made!(scope.pread(file, slice, offset)),
                }
            }
            let waits = asks.iter().zip(&mut waited).filter(|(ask, _)| ask.fate == Fate::Wait);
            for ((_, waited), ticket) in waits.zip(tickets) {
                *waited = Some(ticket());
            }
        });
        if must_have_ended.contains(&true) {
            self.wrong.push("a scoped request was cancelled and has not ended".into());
        }
        let failures = told.map_or_else(|told| told.errors().to_vec(), |()| Vec::new());
        for ((number, ask), (_, asked)) in numbers.into_iter().zip(asks).zip(mades) {
            let file = &self.files[ask.file];
            self.made.push(Made::new(number, file, asked, &[]));
        }
        for (index, (bytes, waited)) in memory.into_iter().zip(waited).enumerate() {
            let at = first + index;
            let found = &bytes[bytes.len() - self.made[at].asked.bytes.len()..];
            let error = waited.unwrap_or_else(|| {
                failures.iter().find(|error| self.made[at].is_named_by(error)).cloned()
            });
            let told = error.map_or(Ok(()), Err);
            self.resolved(at, Outcome { told, buffers: Some(vec![Counted::vec(found)]) });
            self.made[at].drops.clear();
        }
    }
}
