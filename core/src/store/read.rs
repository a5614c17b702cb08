//! Requests for tensors and parts of them, and where they find these.

use std::{
    ops::{Bound, RangeBounds},
    sync::Arc,
};

use crate::{
    buf::{AioBuf, IoBufExt, IoBufMut, PartMut},
    store::{
        StoreErrorKind, StoreFailed, StoreOperation, StoreTicket,
        entry::Entry,
        inner::Inner,
        lives::Flight,
        memory::{InLine, Share},
        pieces::{each_piece, pieces},
        reading::Reading,
        tensor::{Found, Record},
        ticket::Promise,
    },
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
        memory.reserve_in_turn(len, Box::new(Prefetch { request, flight }));
    })
}

/// A request for a tensor in memory that may have to wait for its turn.
struct Prefetch {
    request: Request<()>,
    flight: Flight,
}

impl InLine for Prefetch {
    fn waits(&mut self) {
        drop(self.request.entry.give_back());
    }

    fn go_on(self: Box<Self>, share: Option<Share>) {
        let Self { request, flight } = *self;
        // Another may have brought it meanwhile.
        if request.is_in_memory() {
            request.promise.keep(Ok(()));
        } else {
            request.bring(share);
        }
        drop(flight);
    }
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
    inner.find(&name, entry, move |found, entry| match found {
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
        let reading = Reading::new(inner, record, place, promise, gives_back, entry);
        each_piece(whole, &pieces, PartMut::split_at, |piece, part| {
            if piece.is_whole {
                reading.read(piece.at, part);
            } else {
                reading.read_edge(piece.at, part);
            }
        });
        reading.let_go();
    }
}
