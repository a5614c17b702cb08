//! Overwriting a part of a tensor.
//!
//! Where nobody else has the tensor's place that happens there, block by block; otherwise the tensor is
//! copied to another place on the way, a few requests at a time.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    buf::{AioBuf, IoBuf, IoBufExt, Part},
    error::ErrorKind,
    store::{
        StoreError, StoreErrorKind, StoreOperation, StoreTicket,
        change::{Change, Target},
        entry::Entry,
        inner::Inner,
        pieces::{Piece, each_piece, pieces},
        place::OpenPlace,
        tensor::{Calls, Heir, Inheritance, Record, Version},
        ticket::Promise,
    },
    sync::{Mutex, lock},
};

/// Requests that copy what stays as it is, at the same time.
const COPIES: usize = 4;

/// A change that was accepted.
struct Accepted<B> {
    inner: Arc<Inner>,
    version: Arc<Version>,
    generation: u64,
    /// Where in the tensor the bytes belong.
    at: u64,
    part: Part<B>,
    promise: Promise<B>,
    entry: Entry,
    /// The tensor's place, if its files were opened in advance.
    opened: Option<OpenPlace>,
}

pub(super) fn put_range<B: IoBuf>(
    inner: &Arc<Inner>,
    name: &str,
    at: u64,
    buffer: B,
    entry: Entry,
) -> StoreTicket<B> {
    let name: Arc<str> = Arc::from(name);
    let (ticket, promise) = inner.promise(StoreOperation::PutRange, Some(&name));
    let part = buffer.into_part();
    let opened = match inner.open_place_of(&name) {
        Ok(opened) => opened,
        Err(error) => {
            promise.fail(error, part.into_whole());
            return ticket;
        }
    };
    let mut calls = Calls::new();
    let mut state = match inner.changeable() {
        Ok(state) => state,
        Err(error) => {
            promise.fail(error, part.into_whole());
            return ticket;
        }
    };
    let Some(before) = state.tensors.get(&name).cloned() else {
        drop(state);
        promise.refuse(StoreErrorKind::NotFound, part.into_whole());
        return ticket;
    };
    let generation = state.next_generation();
    let version = Version::pending(name, before.len, Some(Arc::clone(&before)));
    state.tensors.insert(Arc::clone(&version));
    let inner = Arc::clone(inner);
    let heir = Heir::new(entry, move |inheritance, entry| {
        let accepted = Accepted { inner, version, generation, at, part, promise, entry, opened };
        accepted.proceed(inheritance);
    });
    before.inherit(heir, &mut calls);
    drop(state);
    calls.into_iter().for_each(|call| call());
    ticket
}

impl<B: IoBuf> Accepted<B> {
    /// The version before has settled.
    fn proceed(self, inheritance: Inheritance) {
        let refusal = match &inheritance {
            Inheritance::Missing(kind) => Some(self.promise.error(*kind)),
            Inheritance::Own(Record { len, .. }) => self.beyond(*len),
            Inheritance::Shared(record) => self.beyond(record.len),
        };
        match (refusal, inheritance) {
            (Some(error), Inheritance::Own(record)) => self.undo(record, Some(error)),
            (Some(error), _) => self.fail(error),
            (None, Inheritance::Own(record)) if self.part.is_empty() => self.undo(record, None),
            (None, Inheritance::Own(record)) => self.overwrite(record),
            (None, Inheritance::Shared(record)) => self.copy(record),
            (None, Inheritance::Missing(kind)) => {
                let error = self.promise.error(kind);
                self.fail(error);
            }
        }
    }

    fn beyond(&self, len: u64) -> Option<StoreError> {
        let count = self.part.len() as u64;
        let fits = self.at.checked_add(count).is_some_and(|end| end <= len);
        let error = || {
            let told = format!("{count} bytes from {} on of {len} bytes", self.at);
            self.promise.error(StoreErrorKind::OutOfBounds).telling(told)
        };
        (!fits).then(error)
    }

    /// Nothing was changed: the version is what the one before was.
    fn undo(self, record: Record, error: Option<StoreError>) {
        // Others that go on here may wait for room.
        drop(self.entry);
        self.inner.succeed(&self.version, record);
        match (error, self.part.into_whole()) {
            (Some(error), buffer) => self.promise.fail(error, buffer),
            (None, Some(buffer)) => self.promise.keep(Ok(buffer)),
            (None, None) => drop(self.promise),
        }
    }

    fn fail(self, error: StoreError) {
        drop(self.entry);
        self.promise.note(&error);
        self.inner.fail(&self.version, false);
        self.promise.fail(error, self.part.into_whole());
    }

    /// The place is this version's own.
    fn overwrite(mut self, mut record: Record) {
        // There are bytes, so there is a place.
        let Some(place) = record.place.take() else { return };
        let opened = self.opened.take().filter(|open| open.is_of(&place));
        let open = match opened.map_or_else(|| self.inner.open_place(&place), Ok) {
            Ok(open) => open,
            Err(error) => {
                record.place = Some(place);
                return self.undo(record, Some(error));
            }
        };
        let record = Arc::new(record);
        let old = Old { place: open.clone(), record: Arc::clone(&record) };
        self.start(old, Target { place, open, before: Some(record) }, Vec::new());
    }

    /// The place stays as it is, for others.
    fn copy(mut self, record: Arc<Record>) {
        // Not held open for longer than the change is.
        self.opened = None;
        let Some(place) = record.place.as_ref().filter(|_| !self.part.is_empty()) else {
            // No bytes change: it gives way to the version before.
            drop(self.entry);
            self.inner.fail(&self.version, false);
            return match self.part.into_whole() {
                Some(buffer) => self.promise.keep(Ok(buffer)),
                None => drop(self.promise),
            };
        };
        let opened = self.inner.open_place(place);
        let targeted = opened.and_then(|open| Ok((open, self.inner.allocate(&place.shape())?)));
        let (open, target) = match targeted {
            Ok(targeted) => targeted,
            Err(error) => return self.fail(error),
        };
        let (block, len, part) = (record.block, record.len, self.inner.options.part);
        let end = self.at + self.part.len() as u64;
        let (first, last) = (self.at - self.at % block, record.block_end((end - 1) / block));
        let mut copies = pieces(0, first, &record, part, open.chunk());
        copies.extend(pieces(last, len - last, &record, part, open.chunk()));
        let old = Old { place: open, record: Arc::clone(&record) };
        self.start(old, target, copies);
    }

    /// Reads the blocks that are overwritten in part, and then writes.
    fn start(self, old: Old, target: Target, copies: Vec<Piece>) {
        let Self { inner, version, generation, at, part, promise, entry, .. } = self;
        let record = Record { generation, ..old.record.without_place() };
        let (len, chunk) = (part.len() as u64, target.open.chunk());
        let pieces = pieces(at, len, &record, inner.options.part, chunk);
        let (steps, refusal) = (pieces.len() + copies.len(), target.refusal(&pieces, &record));
        let change = Change::new(&inner, version, target, record, promise, steps, entry);
        let (mut edges, mut writes) = (Vec::new(), Vec::new());
        each_piece(part, &pieces, Part::split_at, |piece, part| match &refusal {
            Some(error) => change.refused(error, part),
            None if piece.is_whole => writes.push(Write::Given { at: piece.at, part }),
            None => edges.push((piece.at, part)),
        });
        if refusal.is_some() {
            drop(old);
            return change.let_go();
        }
        let held = Mutex::new(Held { edges: edges.len(), writes, has_failed: false });
        let copying = Arc::new(Copying { change, old, held, queue: Mutex::new(copies.into()) });
        if edges.is_empty() {
            return copying.begin();
        }
        for (at, part) in edges {
            Arc::clone(&copying).merge(at, part);
        }
        copying.let_go();
    }
}

/// What was there before, and where.
struct Old {
    place: OpenPlace,
    /// Keeps the place from others, if it is not this change's own.
    record: Arc<Record>,
}

/// The steps that need what was there before, and those that wait for them.
struct Copying<B> {
    change: Arc<Change<B>>,
    old: Old,
    held: Mutex<Held<B>>,
    queue: Mutex<VecDeque<Piece>>,
}

/// What is not written before all blocks that are overwritten in part have been read: without one of them
/// nothing is.
struct Held<B> {
    /// Those that have not been read.
    edges: usize,
    writes: Vec<Write<B>>,
    has_failed: bool,
}

/// Whole blocks to be written.
enum Write<B> {
    Given {
        at: u64,
        part: Part<B>,
    },
    /// A block that `part` was merged into.
    Merged {
        at: u64,
        block: AioBuf,
        part: Part<B>,
    },
}

impl<B: IoBuf> Copying<B> {
    /// Reads the block that `part`, from `at` on, is some bytes of.
    fn merge(self: Arc<Self>, at: u64, mut part: Part<B>) {
        let number = at / self.old.record.block;
        let start = number * self.old.record.block;
        let end = self.old.record.block_end(number);
        self.read(start, end - start, move |copying, read| match read {
            Ok(mut block) => {
                let from = usize::try_from(at - start).unwrap_or(usize::MAX);
                let bytes = part.bytes();
                if let Some(target) =
                    block.get_mut(from..).and_then(|rest| rest.get_mut(..bytes.len()))
                {
                    target.copy_from_slice(bytes);
                }
                copying.edge_ended(Some(Write::Merged { at: start, block, part }));
            }
            Err(error) => {
                copying.change.step_ended(number, Err(error), part.into_whole());
                copying.edge_ended(None);
            }
        });
    }

    /// A block that is overwritten in part is there to be written, or is not to be had.
    fn edge_ended(self: Arc<Self>, write: Option<Write<B>>) {
        let mut held = lock(&self.held);
        held.has_failed |= write.is_none();
        held.writes.extend(write);
        held.edges -= 1;
        let is_last = held.edges == 0;
        drop(held);
        if is_last { self.begin() } else { self.let_go() }
    }

    /// Writes, and copies, unless something is missing.
    fn begin(self: Arc<Self>) {
        let mut held = lock(&self.held);
        let (writes, has_failed) = (std::mem::take(&mut held.writes), held.has_failed);
        drop(held);
        for write in writes {
            match write {
                Write::Given { part, .. } | Write::Merged { part, .. } if has_failed => {
                    self.change.step_ended(0, Ok(Vec::new()), part.into_whole());
                }
                Write::Given { at, part } => {
                    self.change.write(at / self.old.record.block, at, part);
                }
                Write::Merged { at, block, part } => {
                    Arc::clone(&self).write(at, block, Some(part));
                }
            }
        }
        if !has_failed {
            (0..COPIES).for_each(|_| Arc::clone(&self).copy_next());
        }
        self.let_go();
    }

    /// Copies the next piece, if there is one, and then those after it.
    fn copy_next(self: Arc<Self>) {
        let next = lock(&self.queue).pop_front();
        let Some(Piece { at, len, .. }) = next else {
            return self.let_go();
        };
        self.read(at, len, move |copying, read| match read {
            Ok(bytes) => copying.write(at, bytes, None),
            Err(error) => {
                copying.change.step_ended(at / copying.old.record.block, Err(error), None);
                copying.copy_next();
            }
        });
    }

    /// Ends the change if nobody else has it, and before that lets go of what was there before.
    fn let_go(self: Arc<Self>) {
        if let Some(Self { change, old, .. }) = Arc::into_inner(self) {
            drop(old);
            change.let_go();
        }
    }

    /// Reads whole blocks as they were before, from `at` on.
    fn read(
        self: Arc<Self>,
        at: u64,
        len: u64,
        then: impl FnOnce(Arc<Self>, Result<AioBuf, StoreError>) + Send + 'static,
    ) {
        let engine = &self.change.inner.engine;
        let buffer = match engine.alloc_for_read(usize::try_from(len).unwrap_or(usize::MAX)) {
            Ok(buffer) => buffer,
            Err(error) => {
                let error = self.change.engine_error(error);
                return then(self, Err(error));
            }
        };
        let ticket = self.old.place.pread(&self.change.entry, at, buffer);
        ticket.on_completion(move |result| match result {
            Ok(buffer) => {
                let inner = Arc::clone(&self.change.inner);
                inner.helpers.see_to(buffer.len(), move || {
                    let verified = self.verified(at, buffer);
                    then(self, verified);
                });
            }
            Err(failed) => {
                let error = failed.into_parts().0;
                let error = match error.kind() {
                    ErrorKind::UnexpectedEof => {
                        let block = (at + error.done() as u64) / self.old.record.block;
                        self.corrupt(block).because_of(error)
                    }
                    _ => self.change.engine_error(error),
                };
                then(self, Err(error));
            }
        });
    }

    fn verified(&self, at: u64, bytes: AioBuf) -> Result<AioBuf, StoreError> {
        let first = at / self.old.record.block;
        let wrong = self.change.seal.mismatch(&self.old.record.sums, first, &bytes);
        wrong.map_or(Ok(bytes), |block| Err(self.corrupt(block)))
    }

    fn corrupt(&self, block: u64) -> StoreError {
        let path = self.old.place.path(block * self.old.record.block).to_owned();
        self.change.error(StoreErrorKind::Corrupt).in_file(path).at_block(block)
    }

    /// Writes whole blocks from `at` on, which `part` was merged into if there is one.
    fn write(self: Arc<Self>, at: u64, bytes: AioBuf, part: Option<Part<B>>) {
        let first = at / self.old.record.block;
        let ticket = self.change.pwrite(at, bytes);
        ticket.on_completion(move |result| {
            let bytes = match result {
                Ok(bytes) => Ok(bytes),
                Err(failed) => Err(self.change.request_failed(failed).0),
            };
            let inner = Arc::clone(&self.change.inner);
            inner.helpers.see_to(bytes.as_ref().map_or(0, |bytes| bytes.len()), move || {
                let seal = self.change.seal;
                let ended = bytes.map(|bytes| seal.of_blocks(first, &bytes).collect());
                let is_copy = part.is_none();
                self.change.step_ended(first, ended, part.and_then(Part::into_whole));
                if is_copy {
                    self.copy_next();
                } else {
                    self.let_go();
                }
            });
        });
    }
}
