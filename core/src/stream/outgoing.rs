//! The bytes of a writer on their way: in a buffer that is filled, and in requests.

use std::{
    collections::VecDeque,
    task::{Poll, ready},
};

use super::{ahead::Ahead, buffers::Buffers, patience::Patience};
use crate::{
    buf::{AioBuf, IoBufExt, Slice, copy},
    engine::{AioFile, Engine, Entering, Submission, Ticket},
    error::{Error, ErrorKind, Operation},
};

pub(super) struct Outgoing {
    file: AioFile,
    /// Where in the file the stream begins.
    start: u64,
    /// How long it may become.
    limit: u64,
    buffers: Buffers,
    /// How many buffers there are, wherever they are.
    made: usize,
    filling: Option<Filling>,
    spare: Vec<AioBuf>,
    /// In file order.
    sent: VecDeque<Sent>,
    entering: Option<Entering>,
    ahead: Ahead,
    failure: Option<Error>,
    /// Bytes taken from the caller.
    taken: u64,
}

/// A buffer that takes bytes.
struct Filling {
    buffer: AioBuf,
    /// Where in the stream it begins: a multiple of the border in the file.
    at: u64,
    filled: usize,
    /// Those of `filled` that a flush has written.
    flushed: usize,
}

/// A request that writes a buffer.
struct Sent {
    ticket: Ticket<Slice<AioBuf>>,
    /// Where in the stream its buffer begins, and how much of it was filled, if it was sent to flush
    /// it: then it takes more bytes once it is back.
    refill: Option<(u64, usize)>,
}

impl Outgoing {
    pub(super) fn new(
        file: AioFile,
        (start, limit): (u64, u64),
        buffers: Buffers,
        ahead: Ahead,
    ) -> Self {
        Self {
            file,
            start,
            limit,
            buffers,
            made: 0,
            filling: None,
            spare: Vec::new(),
            sent: VecDeque::new(),
            entering: None,
            ahead,
            failure: None,
            taken: 0,
        }
    }

    pub(super) fn file(&self) -> &AioFile {
        &self.file
    }

    pub(super) fn buffers(&self) -> Buffers {
        self.buffers
    }

    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// What went wrong first.
    pub(super) fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    /// From now on there is this error, unless there was one before.
    pub(super) fn fail(&mut self, error: Error) -> Error {
        self.failure.get_or_insert(error).clone()
    }

    fn check(&self) -> Result<(), Error> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    /// Takes some of `bytes`, and tells how many.
    pub(super) fn poll_take(
        &mut self,
        engine: &Engine,
        bytes: &[u8],
        patience: &mut Patience<'_, '_>,
    ) -> Poll<Result<usize, Error>> {
        self.check()?;
        let left = self.limit - self.taken;
        let Some(filling) = ready!(self.poll_filling(engine, bytes.len().min(1), patience))? else {
            return Poll::Ready(Ok(0));
        };
        let room = &mut filling.buffer[filling.filled..];
        let fits = usize::try_from(left).map_or(room.len(), |left| left.min(room.len()));
        let count = fits.min(bytes.len());
        if count == 0 {
            let error = Error::new(Operation::Write, ErrorKind::RangeFull.into())
                .at_path(self.file.state.open.path())
                .for_range(self.start + self.taken, bytes.len(), 0);
            return Poll::Ready(Err(error));
        }
        copy(&mut room[..count], &bytes[..count]);
        filling.filled += count;
        self.taken += count as u64;
        if self.is_full() {
            // The device should not wait for the next call. If there is no room, or this fails, that
            // call will see.
            let _ = self.poll_send(engine, false, patience);
            // Others may be waiting for room that this stream is not waiting for.
            self.entering = None;
        }
        Poll::Ready(Ok(count))
    }

    /// A buffer with room for `wanted` bytes, which is 1 or 0; none if 0 are.
    fn poll_filling(
        &mut self,
        engine: &Engine,
        wanted: usize,
        patience: &mut Patience<'_, '_>,
    ) -> Poll<Result<Option<&mut Filling>, Error>> {
        if wanted == 0 {
            return Poll::Ready(Ok(None));
        }
        if self.is_full() {
            ready!(self.poll_send(engine, false, patience))?;
        }
        while self.filling.is_none() {
            let flushing = self.sent.back().is_some_and(|sent| sent.refill.is_some());
            let ended = self.sent.front().is_some_and(|sent| sent.ticket.is_done());
            if flushing || ended {
                ready!(self.poll_back(patience))?;
            } else if let Some(buffer) = self.spare.pop() {
                self.filling = Some(Filling { buffer, at: self.taken, filled: 0, flushed: 0 });
            } else if self.made < self.buffers.most {
                match engine.alloc(self.buffers.len) {
                    Ok(buffer) => {
                        self.made += 1;
                        self.spare.push(buffer);
                    }
                    // It goes on with those it has.
                    Err(_) if self.made > 0 => self.buffers.most = self.made,
                    Err(error) => return Poll::Ready(Err(self.fail(error))),
                }
            } else {
                ready!(self.poll_back(patience))?;
            }
        }
        Poll::Ready(Ok(self.filling.as_mut()))
    }

    fn is_full(&self) -> bool {
        self.filling.as_ref().is_some_and(|filling| filling.filled == filling.buffer.len())
    }

    /// Sends what the buffer has that was not written before.
    fn poll_send(
        &mut self,
        engine: &Engine,
        flush: bool,
        patience: &mut Patience<'_, '_>,
    ) -> Poll<Result<(), Error>> {
        let Some(Filling { at, filled, flushed, .. }) = self.filling else {
            return Poll::Ready(Ok(()));
        };
        if filled == flushed && flush {
            return Poll::Ready(Ok(()));
        }
        if !flush && self.is_full() {
            let end = self.start + at + filled as u64;
            ready!(self.ahead.poll_reach(engine, &self.file, end, patience));
        }
        let room = if filled > flushed {
            Some(ready!(patience.room(engine, &mut self.entering)))
        } else {
            None
        };
        let Some(Filling { buffer, .. }) = self.filling.take() else {
            return Poll::Ready(Ok(()));
        };
        let Some(room) = room else {
            self.spare.push(buffer);
            return Poll::Ready(Ok(()));
        };
        // A page whose first bytes were flushed is written again as a whole.
        let first = flushed - flushed % self.buffers.border;
        let offset = self.start + at + first as u64;
        match buffer.into_slice(first..filled) {
            Ok(slice) => {
                let submission = Submission::write(slice, offset);
                let ticket = engine.submit_in(room, &self.file, submission);
                self.sent.push_back(Sent { ticket, refill: flush.then_some((at, filled)) });
                Poll::Ready(Ok(()))
            }
            Err(failed) => Poll::Ready(Err(self.fail(failed.into()))),
        }
    }

    /// Waits for the request that was sent first, and has its buffer back.
    fn poll_back(&mut self, patience: &mut Patience<'_, '_>) -> Poll<Result<(), Error>> {
        let Some(Sent { ticket, refill }) = self.sent.pop_front() else {
            return Poll::Ready(Ok(()));
        };
        match patience.end_of(ticket) {
            Ok(Ok(slice)) => {
                let buffer = slice.into_inner();
                match refill {
                    Some((at, filled)) => {
                        self.filling = Some(Filling { buffer, at, filled, flushed: filled });
                    }
                    None => self.spare.push(buffer),
                }
                Poll::Ready(Ok(()))
            }
            Ok(Err(failed)) => Poll::Ready(Err(self.fail(failed.into()))),
            Err(ticket) => {
                self.sent.push_front(Sent { ticket, refill });
                Poll::Pending
            }
        }
    }

    /// Writes all that was taken and waits for it; bytes may follow.
    pub(super) fn poll_flush(
        &mut self,
        engine: &Engine,
        patience: &mut Patience<'_, '_>,
    ) -> Poll<Result<(), Error>> {
        self.check()?;
        if self.is_full() {
            ready!(self.poll_send(engine, false, patience))?;
        }
        ready!(self.poll_send(engine, true, patience))?;
        while !self.sent.is_empty() {
            ready!(self.poll_back(patience))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes all that was taken and waits for it and for whatever else was asked for.
    pub(super) fn poll_end(
        &mut self,
        engine: &Engine,
        patience: &mut Patience<'_, '_>,
    ) -> Poll<Result<(), Error>> {
        self.check()?;
        while self.filling.is_some() || !self.sent.is_empty() {
            ready!(self.poll_send(engine, false, patience))?;
            ready!(self.poll_back(patience))?;
        }
        self.spare.clear();
        self.made = 0;
        self.ahead.poll_settled(patience).map(Ok)
    }

    /// A request that syncs `file`.
    pub(super) fn poll_request(
        &mut self,
        engine: &Engine,
        file: &AioFile,
        submission: Submission<()>,
        patience: &mut Patience<'_, '_>,
    ) -> Poll<Ticket<()>> {
        let room = ready!(patience.room(engine, &mut self.entering));
        Poll::Ready(engine.submit_in(room, file, submission))
    }

    /// Leaves what was sent to itself. The engine keeps its failures, unless the caller is `told` of one
    /// before them or wants to know of none.
    pub(super) fn leave(&mut self, told: bool) {
        self.ahead.leave();
        for Sent { ticket, .. } in self.sent.drain(..) {
            if told {
                ticket.on_completion(drop);
            }
        }
    }
}
