//! Tickets of whatever buffers, and requests made in whatever way.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use super::scenario::{Ask, Way};
use crate::{
    engine::{AioFile, Engine, Failed, Ticket},
    error::Error,
    sys::{Direction, sim::Counted},
};

/// A result, and the buffers that came with it.
pub(super) struct Outcome {
    pub(super) told: Result<(), Error>,
    pub(super) buffers: Option<Vec<Counted>>,
}

/// The buffers of a request: one, several or none.
pub(super) trait Buffers: Send + Sized + 'static {
    fn into_vec(self) -> Vec<Counted>;

    /// The ticket if it is of one buffer.
    fn single(ticket: Ticket<Self>) -> Result<Ticket<Counted>, Box<dyn Promise>> {
        Err(Box::new(ticket))
    }
}

impl Buffers for () {
    fn into_vec(self) -> Vec<Counted> {
        Vec::new()
    }
}

impl Buffers for Counted {
    fn into_vec(self) -> Vec<Counted> {
        vec![self]
    }

    fn single(ticket: Ticket<Self>) -> Result<Ticket<Counted>, Box<dyn Promise>> {
        Ok(ticket)
    }
}

impl Buffers for Vec<Counted> {
    fn into_vec(self) -> Vec<Counted> {
        self
    }
}

pub(super) fn outcome<B: Buffers>(result: Result<B, Failed<B>>) -> Outcome {
    let (told, buffers) = match result {
        Ok(buffers) => (Ok(()), Some(buffers)),
        Err(failed) => {
            let (error, buffers) = failed.into_parts();
            (Err(error), buffers)
        }
    };
    Outcome { told, buffers: buffers.map(B::into_vec) }
}

/// A ticket.
pub(super) trait Promise: Send {
    fn wait(self: Box<Self>) -> Outcome;
    fn wait_timeout(self: Box<Self>, timeout: Duration) -> Result<Outcome, Box<dyn Promise>>;
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Outcome>;
    fn is_done(&self) -> bool;
    /// Bytes moved and bytes asked for.
    fn progress(&self) -> (usize, usize);
    fn cancel(&self);
    fn on_completion(self: Box<Self>, then: Box<dyn FnOnce(Outcome) + Send>);
    fn single(self: Box<Self>) -> Result<Ticket<Counted>, Box<dyn Promise>>;
}

impl<B: Buffers> Promise for Ticket<B> {
    fn wait(self: Box<Self>) -> Outcome {
        outcome(Ticket::wait(*self))
    }

    fn wait_timeout(self: Box<Self>, timeout: Duration) -> Result<Outcome, Box<dyn Promise>> {
        match Ticket::wait_timeout(*self, timeout) {
            Ok(result) => Ok(outcome(result)),
            Err(again) => Err(Box::new(again)),
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Outcome> {
        Future::poll(Pin::new(self), context).map(outcome)
    }

    fn is_done(&self) -> bool {
        Self::is_done(self)
    }

    fn progress(&self) -> (usize, usize) {
        let progress = Self::progress(self);
        (progress.done, progress.wanted)
    }

    fn cancel(&self) {
        Self::cancel(self);
    }

    fn on_completion(self: Box<Self>, then: Box<dyn FnOnce(Outcome) + Send>) {
        Ticket::on_completion(*self, move |result| then(outcome(result)));
    }

    fn single(self: Box<Self>) -> Result<Ticket<Counted>, Box<dyn Promise>> {
        B::single(*self)
    }
}

/// A request that is made once there is room.
pub(super) type Later = Pin<Box<dyn Future<Output = Box<dyn Promise>>>>;

pub(super) enum Submitted {
    Accepted(Box<dyn Promise>),
    /// There was no room.
    Full(Outcome),
    Later(Later),
}

impl Submitted {
    fn accepted<B: Buffers>(ticket: Ticket<B>) -> Self {
        Self::Accepted(Box::new(ticket))
    }

    fn tried<B: Buffers>(tried: Result<Ticket<B>, Failed<B>>) -> Self {
        tried.map_or_else(|failed| Self::Full(outcome(Err::<B, _>(failed))), Self::accepted)
    }
}

macro_rules! in_that_way {
    ($engine:ident, $file:ident, $ask:ident, $wait:ident, $try:ident, $await:ident, $($argument:expr),*) => {
        match $ask.way {
            Way::Waiting => Submitted::accepted($engine.$wait(&$file, $($argument),*)),
            Way::Try => Submitted::tried($engine.$try(&$file, $($argument),*)),
            Way::Async | Way::AsyncDropped => {
                let engine = Arc::clone($engine);
                Submitted::Later(Box::pin(async move {
                    let ticket = engine.$await(&$file, $($argument),*).await;
                    Box::new(ticket) as Box<dyn Promise>
                }))
            }
        }
    };
}

/// Makes the request.
pub(super) fn submit(
    engine: &Arc<Engine>,
    file: AioFile,
    ask: &Ask,
    mut buffers: Vec<Counted>,
) -> Submitted {
    let (at, end) = (ask.range.start as u64, ask.range.end as u64);
    if let Direction::Read | Direction::Write = ask.direction
        && !ask.several
    {
        let one = buffers.pop().expect("a buffer");
        return match ask.direction {
            Direction::Read => {
                in_that_way!(engine, file, ask, pread, try_pread, pread_async, one, at)
            }
            _ if ask.whole => {
                in_that_way!(engine, file, ask, write_file, try_write_file, write_file_async, one)
            }
            _ => in_that_way!(engine, file, ask, pwrite, try_pwrite, pwrite_async, one, at),
        };
    }
    match ask.direction {
        Direction::Read => {
            in_that_way!(engine, file, ask, preadv, try_preadv, preadv_async, buffers, at)
        }
        Direction::Write => {
            in_that_way!(engine, file, ask, pwritev, try_pwritev, pwritev_async, buffers, at)
        }
        Direction::Sync => {
            in_that_way!(engine, file, ask, fdatasync, try_fdatasync, fdatasync_async,)
        }
        Direction::SyncAll => in_that_way!(engine, file, ask, fsync, try_fsync, fsync_async,),
        Direction::Flush(u64::MAX) => {
            in_that_way!(engine, file, ask, flush, try_flush, flush_async, at..)
        }
        Direction::Flush(_) => {
            in_that_way!(engine, file, ask, flush, try_flush, flush_async, at..end)
        }
        Direction::Allocate(len) => {
            in_that_way!(engine, file, ask, allocate, try_allocate, allocate_async, at, len)
        }
    }
}
