//! The bytes of a reader on their way: in the buffer it is at, and in requests ahead of it.

use std::{
    collections::VecDeque,
    task::{Poll, ready},
};

use super::{buffers::Buffers, patience::Patience};
use crate::{
    buf::AioBuf,
    engine::{AioFile, Engine, Entering, Submission, Ticket},
    error::{Error, ErrorKind, Operation},
};

pub(super) struct Incoming {
    file: AioFile,
    buffers: Buffers,
    /// Where in the file the next byte for the caller is.
    position: u64,
    /// Where the reader ends, whatever the file has.
    limit: u64,
    /// Where the file ends as far as is known.
    end: u64,
    /// A length that the file was said to have when it had ended before.
    refuted: Option<u64>,
    current: Option<Piece<AioBuf>>,
    spare: Vec<AioBuf>,
    /// In file order, from the current buffer's end on without gaps.
    ahead: VecDeque<Piece<Ticket<AioBuf>>>,
    /// How many requests to have ahead: more as more is read from one place on.
    depth: usize,
    /// Where the next request begins.
    next: u64,
    entering: Option<Entering>,
    failure: Option<Error>,
}

/// A part of the file.
struct Piece<T> {
    at: u64,
    len: usize,
    of: T,
}

impl<T> Piece<T> {
    fn end(&self) -> u64 {
        self.at + self.len as u64
    }

    fn has(&self, position: u64) -> bool {
        (self.at..self.end()).contains(&position)
    }
}

impl Incoming {
    pub(super) fn new(
        file: AioFile,
        buffers: Buffers,
        start: u64,
        limit: u64,
    ) -> Result<Self, Error> {
        let end = match file.len()? {
            // Of a device, or a file of the kernel's that is made as it is read.
            0 => u64::MAX,
            len => len,
        };
        Ok(Self {
            file,
            buffers,
            position: start,
            limit,
            end,
            refuted: None,
            current: None,
            spare: Vec::new(),
            ahead: VecDeque::new(),
            depth: 1,
            next: buffers.floor(start),
            entering: None,
            failure: None,
        })
    }

    pub(super) fn file(&self) -> &AioFile {
        &self.file
    }

    pub(super) fn buffers(&self) -> Buffers {
        self.buffers
    }

    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Where the reader ends now.
    pub(super) fn end(&self) -> Result<u64, Error> {
        if self.limit < u64::MAX { Ok(self.limit) } else { self.file.len() }
    }

    /// The bytes at the position, as many as there are; none at the end.
    pub(super) fn poll_fill(
        &mut self,
        engine: &Engine,
        patience: &mut Patience<'_, '_>,
    ) -> Poll<Result<&[u8], Error>> {
        while !self.current.as_ref().is_some_and(|current| current.has(self.position)) {
            if self.position >= self.limit {
                return Poll::Ready(Ok(&[]));
            }
            self.put_away();
            if self.position >= self.end {
                // It may have grown.
                let len = self.file.len()?;
                if len <= self.position || self.refuted == Some(len) {
                    return Poll::Ready(Ok(&[]));
                }
                self.restart();
                self.end = len;
            }
            if self.ahead.is_empty()
                && let Some(failure) = &self.failure
            {
                return Poll::Ready(Err(failure.clone()));
            }
            ready!(self.poll_ask(engine, patience))?;
            ready!(self.poll_next(patience));
        }
        // What there is comes before what may come.
        let _ = self.poll_ask(engine, patience);
        // Others may be waiting for room that this stream is not waiting for.
        self.entering = None;
        let Some(Piece { at, of: buffer, .. }) = &self.current else {
            return Poll::Ready(Ok(&[]));
        };
        let skipped = (self.position - at) as usize;
        let left = usize::try_from(self.limit - self.position).unwrap_or(usize::MAX);
        let bytes = &buffer[skipped..];
        Poll::Ready(Ok(&bytes[..bytes.len().min(left)]))
    }

    /// The caller has had so many bytes of those that `poll_fill` gave.
    pub(super) fn consume(&mut self, bytes: usize) {
        let end = self.current.as_ref().map_or(0, Piece::end).min(self.limit);
        if self.position < end {
            self.position = self.position.saturating_add(bytes as u64).min(end);
        }
    }

    /// Keeps the buffer for another request.
    fn put_away(&mut self) {
        if let Some(Piece { len, of: buffer, .. }) = self.current.take()
            && len == self.buffers.len
        {
            self.spare.push(buffer);
        }
    }

    /// Has as many requests ahead as there are to be.
    fn poll_ask(
        &mut self,
        engine: &Engine,
        patience: &mut Patience<'_, '_>,
    ) -> Poll<Result<(), Error>> {
        let end = self.end.min(self.limit);
        while self.ahead.len() < self.depth && self.next < end && self.failure.is_none() {
            let left = usize::try_from(end - self.next).unwrap_or(usize::MAX);
            let len = left.min(self.buffers.len);
            let room = match patience.room(engine, &mut self.entering) {
                Poll::Ready(room) => room,
                // There are others to wait for.
                Poll::Pending if !self.ahead.is_empty() => break,
                Poll::Pending => return Poll::Pending,
            };
            // One that is too long for the last piece makes room for another.
            let spare = self.spare.pop().filter(|_| len == self.buffers.len);
            let buffer = match spare.map_or_else(|| engine.alloc_for_read(len), Ok) {
                Ok(buffer) => buffer,
                // It goes on with those it has.
                Err(_) if !self.ahead.is_empty() => {
                    self.depth = self.ahead.len();
                    self.buffers.most = self.depth + 1;
                    break;
                }
                Err(error) => return Poll::Ready(Err(error)),
            };
            let submission = Submission::read(buffer, self.next);
            let of = engine.submit_in(room, &self.file, submission);
            self.ahead.push_back(Piece { at: self.next, len, of });
            self.next += len as u64;
        }
        Poll::Ready(Ok(()))
    }

    /// Goes on to the next buffer.
    fn poll_next(&mut self, patience: &mut Patience<'_, '_>) -> Poll<()> {
        let Some(Piece { at, len, of: ticket }) = self.ahead.pop_front() else {
            return Poll::Ready(());
        };
        match patience.end_of(ticket) {
            Ok(Ok(buffer)) => {
                self.current = Some(Piece { at, len, of: buffer });
                self.depth = (self.depth * 2).min(self.buffers.most - 1);
            }
            Ok(Err(failed)) => {
                let (error, buffer) = failed.into_parts();
                // What was read before the failure comes first.
                let len = buffer.as_deref().map_or(0, <[u8]>::len);
                if error.kind() == ErrorKind::UnexpectedEof {
                    self.end = at + len as u64;
                    self.refuted = self.file.len().ok();
                } else {
                    self.failure = Some(error);
                }
                self.forget_ahead();
                self.current = buffer.map(|buffer| Piece { at, len, of: buffer });
            }
            Err(ticket) => {
                self.ahead.push_front(Piece { at, len, of: ticket });
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// Moves the position. What was read around it is kept.
    pub(super) fn seek(&mut self, position: u64) {
        self.position = position;
        if self.current.as_ref().is_some_and(|current| current.has(position)) {
            return;
        }
        self.put_away();
        let passed = self.ahead.iter().take_while(|ahead| ahead.end() <= position).count();
        self.ahead.drain(..passed).for_each(|piece| forget(piece.of));
        if !self.ahead.front().is_some_and(|front| front.has(position)) {
            self.restart();
        }
    }

    /// Begins anew at the position.
    fn restart(&mut self) {
        self.forget_ahead();
        self.failure = None;
        self.next = self.buffers.floor(self.position);
        self.depth = 1;
    }

    /// Goes on with other buffers.
    pub(super) fn resize(&mut self, buffers: Buffers) {
        self.current = None;
        self.spare.clear();
        self.buffers = buffers;
        self.restart();
    }

    /// Gives up what was asked for and is not needed.
    pub(super) fn forget_ahead(&mut self) {
        self.ahead.drain(..).for_each(|piece| forget(piece.of));
    }

    /// That the stream has no such position.
    pub(super) fn no_position(&self, wanted: i128) -> Error {
        let offset = u64::try_from(wanted).unwrap_or(if wanted < 0 { 0 } else { u64::MAX });
        Error::new(Operation::Seek, ErrorKind::InvalidRange.into())
            .at_path(self.file.state.open.path())
            .for_range(offset, 0, 0)
    }
}

/// Whether it fails, nobody needs to know.
fn forget(ticket: Ticket<AioBuf>) {
    ticket.cancel();
    ticket.on_completion(drop);
}
