//! Waiting on the caller's thread or in its task: one course of things for both.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use crate::{
    engine::{Engine, Entering, Failed, Room, Ticket},
    error::{Error, ErrorKind, Operation},
};

/// What to do until something has ended.
pub(super) enum Patience<'a, 'b> {
    /// Block the thread.
    Wait,
    /// Return, and have the task woken.
    Await(&'a mut Context<'b>),
}

impl Patience<'_, '_> {
    /// How a request ended; its ticket if it has not.
    pub(super) fn end_of<B>(
        &mut self,
        mut ticket: Ticket<B>,
    ) -> Result<Result<B, Failed<B>>, Ticket<B>> {
        match self {
            Self::Wait => Ok(ticket.wait()),
            Self::Await(context) => match Pin::new(&mut ticket).poll(context) {
                Poll::Ready(ended) => Ok(ended),
                Poll::Pending => Err(ticket),
            },
        }
    }

    /// Room for a request.
    pub(super) fn room(&mut self, engine: &Engine, entering: &mut Option<Entering>) -> Poll<Room> {
        match self {
            Self::Wait => Poll::Ready(engine.room()),
            Self::Await(context) => engine.poll_room(entering, context),
        }
    }
}

/// What a call that waits has come to.
pub(super) fn waited<T>(result: Poll<Result<T, Error>>) -> Result<T, Error> {
    match result {
        Poll::Ready(result) => result,
        Poll::Pending => Err(Error::new(Operation::Wait, ErrorKind::WouldDeadlock.into())),
    }
}
