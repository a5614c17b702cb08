//! Reading tensors and parts of them, block by block against their checksums.

use std::{
    ops::{Bound, RangeBounds},
    sync::Arc,
};

use crate::{
    buf::{AioBuf, IoBuf, IoBufExt, IoBufMut, PartMut},
    engine::Failed,
    error::{Error, ErrorKind},
    store::{
        StoreError, StoreErrorKind, StoreFailed, StoreOperation, StoreTicket,
        checksum::Seal,
        entry::Entry,
        inner::Inner,
        lives::Flight,
        memory::Share,
        place::OpenPlace,
        tensor::{Found, Record},
        ticket::Promise,
    },
    sync::{Mutex, lock},
};

/// A request to read, once it is known what of.
struct Request<B> {
    inner: Arc<Inner>,
    record: Arc<Record>,
    promise: Promise<B>,
    entry: Entry,
}

/// The whole tensor in a buffer that is made for it.
pub(super) fn get(inner: &Arc<Inner>, name: &str, entry: Entry) -> StoreTicket<AioBuf> {
    begin(inner, StoreOperation::Get, name, entry, (), |request, ()| {
        let len = request.record.len;
        request.start_in_new(0, len);
    })
}

/// The whole tensor in a buffer of its length.
pub(super) fn get_into<B: IoBufMut>(
    inner: &Arc<Inner>,
    name: &str,
    buffer: B,
    entry: Entry,
) -> StoreTicket<B> {
    begin(inner, StoreOperation::Get, name, entry, buffer, |request, buffer| {
        let (len, wanted) = (request.record.len, buffer.wanted() as u64);
        if len == wanted {
            request.start(0, buffer, true);
        } else {
            let told = format!("{wanted} bytes against {len}");
            request.refuse(StoreErrorKind::WrongLength, told, Some(buffer));
        }
    })
}

/// The whole tensor in memory, once there is memory for it.
pub(super) fn prefetch(inner: &Arc<Inner>, name: &str, entry: Entry) -> StoreTicket<()> {
    begin(inner, StoreOperation::Prefetch, name, entry, Given(None), |request, _| {
        if request.is_in_memory() {
            return request.promise.keep(Ok(()));
        }
        let memory = Arc::clone(&request.inner.memory);
        let flight = request.inner.flights.begin();
        let len = request.record.len;
        let then = move |share: Option<Share>| {
            // Another may have brought it meanwhile.
            if request.is_in_memory() {
                request.promise.keep(Ok(()));
            } else {
                request.bring(share);
            }
            drop(flight);
        };
        memory.reserve_in_turn(len, Box::new(then));
    })
}

/// As [`prefetch`], if there is memory for it now.
pub(super) fn try_prefetch(inner: &Arc<Inner>, name: &str) -> StoreTicket<()> {
    begin(inner, StoreOperation::Prefetch, name, Entry::Waits, Given(None), |request, _| {
        if request.is_in_memory() {
            return request.promise.keep(Ok(()));
        }
        let share = request.inner.memory.reserve(request.record.len);
        request.bring(share);
    })
}

impl Request<()> {
    fn is_in_memory(&self) -> bool {
        self.inner.memory.get(&self.record.slot).is_some()
    }

    /// Reads the tensor into its share of the memory.
    fn bring(self, share: Option<Share>) {
        let Self { inner, record, promise, entry } = self;
        let Some(share) = share else {
            return promise.refuse(StoreErrorKind::Full, None);
        };
        let (ticket, reads) = inner.promise(StoreOperation::Prefetch, Some(&record.name));
        let (of, slot) = (Arc::clone(&inner), Arc::clone(&record.slot));
        ticket.on_completion(move |result: Result<AioBuf, StoreFailed<AioBuf>>| match result {
            Ok(bytes) => {
                of.memory.keep(&slot, bytes, share);
                promise.keep(Ok(()));
            }
            Err(failed) => {
                drop(share);
                promise.fail(failed.into(), None);
            }
        });
        let len = record.len;
        Request { inner, record, promise: reads, entry }.start_in_new(0, len);
    }
}

/// A part of a tensor in a buffer that is made for it.
pub(super) fn get_range(
    inner: &Arc<Inner>,
    name: &str,
    range: impl RangeBounds<u64>,
    entry: Entry,
) -> StoreTicket<AioBuf> {
    let bounds = (range.start_bound().cloned(), range.end_bound().cloned());
    begin(inner, StoreOperation::GetRange, name, entry, (), move |request, ()| {
        let len = request.record.len;
        match within(bounds, len) {
            Some((from, count)) => request.start_in_new(from, count),
            None => {
                let told = format!("{bounds:?} of {len} bytes");
                request.refuse(StoreErrorKind::OutOfBounds, told, None);
            }
        }
    })
}

/// As many bytes from `offset` on as the buffer has.
pub(super) fn get_range_into<B: IoBufMut>(
    inner: &Arc<Inner>,
    name: &str,
    offset: u64,
    buffer: B,
    entry: Entry,
) -> StoreTicket<B> {
    begin(inner, StoreOperation::GetRange, name, entry, buffer, move |request, buffer| {
        let (len, wanted) = (request.record.len, buffer.wanted() as u64);
        if offset.checked_add(wanted).is_some_and(|end| end <= len) {
            request.start(offset, buffer, true);
        } else {
            let told = format!("{wanted} bytes from {offset} on of {len} bytes");
            request.refuse(StoreErrorKind::OutOfBounds, told, Some(buffer));
        }
    })
}

/// Start and length of a range of a tensor; none if it is not within it.
fn within((start, end): (Bound<u64>, Bound<u64>), len: u64) -> Option<(u64, u64)> {
    let start = match start {
        Bound::Included(start) => start,
        Bound::Excluded(before) => before.checked_add(1)?,
        Bound::Unbounded => 0,
    };
    let end = match end {
        Bound::Included(last) => last.checked_add(1)?,
        Bound::Excluded(end) => end,
        Bound::Unbounded => len,
    };
    (end <= len).then_some(())?;
    Some((start, end.checked_sub(start)?))
}

/// Looks the tensor up and goes on with `then`, at once or when it is there. `given` is what the
/// caller gave.
fn begin<B: Send + 'static, G: Into<Given<B>> + Send + 'static>(
    inner: &Arc<Inner>,
    operation: StoreOperation,
    name: &str,
    entry: Entry,
    given: G,
    then: impl FnOnce(Request<B>, G) + Send + 'static,
) -> StoreTicket<B> {
    let name: Arc<str> = Arc::from(name);
    let (ticket, promise) = inner.promise::<B>(operation, Some(&name));
    let of = Arc::clone(inner);
    inner.find(&name, move |found| match found {
        Found::Record(record) => then(Request { inner: of, record, promise, entry }, given),
        Found::Missing(kind) => promise.refuse(kind, given.into().0),
    });
    ticket
}

/// The caller's buffer, if there is one.
struct Given<B>(Option<B>);

impl<B> From<()> for Given<B> {
    fn from((): ()) -> Self {
        Self(None)
    }
}

impl<B: IoBufMut> From<B> for Given<B> {
    fn from(buffer: B) -> Self {
        Self(Some(buffer))
    }
}

impl<B: Send + 'static> Request<B> {
    fn refuse(self, kind: StoreErrorKind, told: String, buffer: Option<B>) {
        let error = self.promise.error(kind).telling(told);
        self.promise.fail(error, buffer);
    }
}

impl Request<AioBuf> {
    fn start_in_new(self, from: u64, len: u64) {
        let Ok(len) = usize::try_from(len) else {
            let told = "it is longer than a buffer can be".to_owned();
            return self.refuse(StoreErrorKind::OutOfBounds, told, None);
        };
        match self.inner.engine.alloc_for_read(len) {
            Ok(buffer) => self.start(from, buffer, false),
            Err(error) => {
                let error = self.promise.error(StoreErrorKind::Io).because_of(error);
                self.promise.fail(error, None);
            }
        }
    }
}

impl<B: IoBufMut> Request<B> {
    /// Fills the buffer with the tensor's bytes from `from` on, which there are. `gives_back`: whether
    /// the caller gets the buffer on failure, too.
    fn start(self, from: u64, buffer: B, gives_back: bool) {
        let Self { inner, record, promise, entry } = self;
        let mut whole = buffer.into_part_mut();
        if let Some(resident) = inner.memory.get(&record.slot) {
            let flight = inner.flights.begin();
            drop(record);
            return inner.helpers.see_to(whole.wanted(), move || {
                let from = usize::try_from(from).unwrap_or(usize::MAX);
                whole.fill_from(resident.bytes.get(from..).unwrap_or_default());
                // The memory is free for others before anybody is told.
                drop(resident);
                match whole.into_whole() {
                    Some(buffer) => promise.keep(Ok(buffer)),
                    None => drop(promise),
                }
                drop(flight);
            });
        }
        let Some(place) = record.place.as_ref().filter(|_| whole.wanted() > 0) else {
            match whole.into_whole() {
                Some(buffer) => promise.keep(Ok(buffer)),
                None => drop(promise),
            }
            return;
        };
        let place = match inner.open_place(place) {
            Ok(place) => place,
            Err(error) => return promise.fail(error, whole.into_whole().filter(|_| gives_back)),
        };
        let len = whole.wanted() as u64;
        let pieces = pieces(from, len, &record, inner.options.part, place.chunk());
        let progress = Progress {
            promise: Some(promise),
            left: pieces.len(),
            error: None,
            buffer: None,
            flight: Some(inner.flights.begin()),
            record: Some(Arc::clone(&record)),
        };
        let seal = record.seal(inner.store);
        let (len, block) = (record.len, record.block);
        drop(record);
        let reading = Reading {
            inner,
            len,
            block,
            place,
            seal,
            gives_back,
            entry,
            progress: Mutex::new(progress),
        };
        let reading = Arc::new(reading);
        let mut rest = Some(whole);
        for piece in pieces {
            let Some(part) = rest.take() else { return };
            let is_last = part.wanted() as u64 == piece.len;
            let part = if is_last {
                part
            } else {
                // Never out of bounds: the pieces are the buffer's length together.
                let len = usize::try_from(piece.len).unwrap_or(usize::MAX);
                let Ok((part, others)) = part.split_at(len) else { return };
                rest = Some(others);
                part
            };
            if piece.is_whole {
                reading.read(piece.at, part);
            } else {
                reading.read_edge(piece.at, part);
            }
        }
    }
}

/// A part of a tensor that is read by one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where in the tensor it begins.
    pub(super) at: u64,
    pub(super) len: u64,
    /// Whether it is whole blocks, and not a part of one.
    pub(super) is_whole: bool,
}

/// The pieces of `len` bytes of a tensor from `from` on: whole blocks in pieces of `part` bytes, none
/// of which is in two chunks of the tensor's place. A chunk is whole blocks, or 0 if there is one.
pub(super) fn pieces(from: u64, len: u64, record: &Record, part: usize, chunk: u64) -> Vec<Piece> {
    let (mut at, end, block) = (from, from + len, record.block);
    let part = (part as u64 / block).max(1) * block;
    let chunk_end = |at: u64| at.checked_div(chunk).map_or(u64::MAX, |number| (number + 1) * chunk);
    let mut pieces = Vec::new();
    while at < end {
        let number = at / block;
        let is_whole = at == number * block && end >= record.block_end(number);
        let until = if is_whole {
            let whole = if end == record.len { end } else { end - end % block };
            whole.min(at + part).min(chunk_end(at))
        } else {
            end.min(record.block_end(number))
        };
        pieces.push(Piece { at, len: until - at, is_whole });
        at = until;
    }
    pieces
}

/// A read under way.
struct Reading<B> {
    inner: Arc<Inner>,
    /// Bytes of the tensor, and per checksum.
    len: u64,
    block: u64,
    place: OpenPlace,
    seal: Seal,
    gives_back: bool,
    entry: Entry,
    progress: Mutex<Progress<B>>,
}

struct Progress<B> {
    promise: Option<Promise<B>>,
    left: usize,
    /// The first in the tensor's order, and where that is.
    error: Option<(u64, StoreError)>,
    buffer: Option<B>,
    flight: Option<Flight>,
    /// Let go with the last piece, so that whoever is told that the tensor was read can put another in its
    /// place.
    record: Option<Arc<Record>>,
}

impl<B: IoBufMut> Reading<B> {
    /// Reads whole blocks from `at` on to where they belong.
    fn read(self: &Arc<Self>, at: u64, part: PartMut<B>) {
        let ticket = self.place.pread(&self.entry, at, part);
        let reading = Arc::clone(self);
        ticket.on_completion(move |result| match result {
            Ok(mut part) => {
                let inner = Arc::clone(&reading.inner);
                inner.helpers.see_to(part.len(), move || {
                    let verified = reading.verify(at, part.bytes());
                    reading.piece_ended(at, verified, part.into_whole());
                });
            }
            Err(failed) => {
                let (error, part) = reading.request_failed(at, failed);
                reading.piece_ended(at, Err(error), part.and_then(PartMut::into_whole));
            }
        });
    }

    /// Reads the block that `part`, from `at` on, is some bytes of.
    fn read_edge(self: &Arc<Self>, at: u64, mut part: PartMut<B>) {
        let start = at - at % self.block;
        let len = self.block.min(self.len - start);
        let reading = Arc::clone(self);
        let block =
            match self.inner.engine.alloc_for_read(usize::try_from(len).unwrap_or(usize::MAX)) {
                Ok(block) => block,
                Err(error) => {
                    let error = self.error(StoreErrorKind::Io).because_of(error);
                    return self.piece_ended(at, Err(error), part.into_whole());
                }
            };
        let ticket = self.place.pread(&self.entry, start, block);
        ticket.on_completion(move |result| match result {
            Ok(block) => {
                let inner = Arc::clone(&reading.inner);
                inner.helpers.see_to(block.len(), move || {
                    let from = usize::try_from(at - start).unwrap_or(usize::MAX);
                    let verified = reading.verify(start, &block);
                    if verified.is_ok() {
                        part.fill_from(block.get(from..).unwrap_or_default());
                    }
                    reading.piece_ended(at, verified, part.into_whole());
                });
            }
            Err(failed) => {
                let error = reading.request_failed(start, failed).0;
                reading.piece_ended(at, Err(error), part.into_whole());
            }
        });
    }

    /// Whether the bytes are those that were stored from `at` on, where a block begins.
    fn verify(&self, at: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let Some(record) = lock(&self.progress).record.clone() else {
            return Err(self.error(StoreErrorKind::Closed));
        };
        let wrong = self.seal.mismatch(&record.sums, at / self.block, bytes);
        wrong.map_or(Ok(()), |block| Err(self.corrupt(block)))
    }

    fn corrupt(&self, block: u64) -> StoreError {
        let path = self.place.path(block * self.block).to_owned();
        self.error(StoreErrorKind::Corrupt).in_file(path).at_block(block)
    }

    fn error(&self, kind: StoreErrorKind) -> StoreError {
        lock(&self.progress)
            .promise
            .as_ref()
            .map_or_else(|| self.inner.error(kind), |promise| promise.error(kind))
    }

    fn request_failed<P>(&self, at: u64, failed: Failed<P>) -> (StoreError, Option<P>) {
        let (error, part) = failed.into_parts();
        let error = match error.kind() {
            // A file that ends early was torn.
            ErrorKind::UnexpectedEof => {
                let block = (at + Error::done(&error) as u64) / self.block;
                self.corrupt(block).because_of(error)
            }
            _ => self.error(StoreErrorKind::Io).because_of(error),
        };
        (error, part)
    }

    fn piece_ended(&self, at: u64, ended: Result<(), StoreError>, buffer: Option<B>) {
        let mut progress = lock(&self.progress);
        if buffer.is_some() {
            progress.buffer = buffer;
        }
        if let Err(error) = ended
            && progress.error.as_ref().is_none_or(|(first, _)| at < *first)
        {
            progress.error = Some((at, error));
        }
        progress.left -= 1;
        if progress.left > 0 {
            return;
        }
        let (error, buffer) = (progress.error.take(), progress.buffer.take());
        let (promise, flight) = (progress.promise.take(), progress.flight.take());
        let record = progress.record.take();
        drop(progress);
        drop(record);
        let Some(promise) = promise else {
            return;
        };
        match (error, buffer) {
            (None, Some(buffer)) => promise.keep(Ok(buffer)),
            (None, None) => drop(promise),
            (Some((_, error)), buffer) => promise.fail(error, buffer.filter(|_| self.gives_back)),
        }
        drop(flight);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn check(len: u64, from: u64, end: u64, chunk: u64) {
        let record = Record::for_tests(len, 4096);
        let mut at = from;
        for piece in pieces(from, end - from, &record, 8192, chunk) {
            let until = piece.at + piece.len;
            assert_eq!(piece.at, at);
            let begins = piece.at % 4096 == 0;
            let ends = until % 4096 == 0 || until == len;
            assert_eq!(piece.is_whole, begins && ends, "{piece:?} of {len}");
            assert!(piece.len <= 8192 && piece.len > 0);
            let is_in_one = chunk == 0 || piece.at / chunk == (until - 1) / chunk;
            assert!(is_in_one, "{piece:?}, chunks of {chunk}");
            at = until;
        }
        assert_eq!(at, end);
    }

    #[test]
    fn pieces_are_the_range_and_whole_ones_are_whole_blocks() {
        for len in [1_u64, 4095, 4096, 4097, 20_000, 5 * 4096] {
            for from in [0, 1, 4095, 4096, 5000, 8192, 12_288] {
                for end in [1, 4096, 4097, 8192, 12_000, 16_384, 20_000, 20_480] {
                    if from >= end || end > len {
                        continue;
                    }
                    for chunk in [0, 4096, 12_288] {
                        check(len, from, end, chunk);
                    }
                }
            }
        }
    }
}
