//! A change of a tensor under way, of all its bytes or a part: requests that write, each followed by
//! the checksums of what it wrote, and what happens when the last of them has ended.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    buf::{IoBuf, IoBufExt, Part},
    engine::{Failed, Ticket},
    error::{Error, ErrorKind},
    store::{
        StoreError, StoreErrorKind,
        checksum::Seal,
        entry::Entry,
        inner::Inner,
        lives::Flight,
        pieces::Piece,
        place::{OpenPlace, Place},
        tensor::{Record, Version},
        ticket::Promise,
    },
    sync::{Mutex, lock},
};

/// A place to write to.
pub(super) struct Target {
    pub(super) place: Place,
    pub(super) open: OpenPlace,
    /// What lies there, without its place; none if it is no place of the tensor's.
    pub(super) before: Option<Arc<Record>>,
}

impl Target {
    /// Why the engine would refuse to write one of the pieces of that record, if it would: to be asked before
    /// any is written in the place of what is there.
    pub(super) fn refusal(&self, pieces: &[Piece], record: &Record) -> Option<Error> {
        self.before.as_ref()?;
        pieces.iter().find_map(|piece| {
            let (at, len) = piece.whole_blocks(record);
            self.open.write_refusal(at, len)
        })
    }
}

pub(super) struct Change<B> {
    pub(super) inner: Arc<Inner>,
    version: Arc<Version>,
    pub(super) place: OpenPlace,
    pub(super) seal: Seal,
    /// As in [`Target`].
    before: Option<Arc<Record>>,
    /// Whether the engine was given something to write.
    has_begun: AtomicBool,
    pub(super) entry: Entry,
    progress: Mutex<Progress<B>>,
}

struct Progress<B> {
    /// What there will be; its checksums come in one by one.
    record: Option<Record>,
    promise: Option<Promise<B>>,
    /// Steps that have not ended.
    left: usize,
    error: Option<StoreError>,
    buffer: Option<B>,
    /// Whether the engine gave a request up whose bytes may yet be moved.
    still_moves: bool,
    flight: Option<Flight>,
}

impl<B: Send + 'static> Change<B> {
    /// A change that ends once whoever has it has let it go, its steps among them. `record` lacks its
    /// place, which is `target`, and checksums.
    pub(super) fn new(
        inner: &Arc<Inner>,
        version: Arc<Version>,
        target: Target,
        mut record: Record,
        promise: Promise<B>,
        steps: usize,
        entry: Entry,
    ) -> Arc<Self> {
        let Target { place, open, before } = target;
        let seal = record.seal(inner.store);
        record.place = Some(place);
        let progress = Progress {
            record: Some(record),
            promise: Some(promise),
            left: steps,
            error: None,
            buffer: None,
            still_moves: false,
            flight: Some(inner.flights.begin()),
        };
        Arc::new(Self {
            inner: Arc::clone(inner),
            version,
            place: open,
            seal,
            before,
            has_begun: AtomicBool::new(false),
            entry,
            progress: Mutex::new(progress),
        })
    }

    /// An error of this change.
    pub(super) fn error(&self, kind: StoreErrorKind) -> StoreError {
        lock(&self.progress)
            .promise
            .as_ref()
            .map_or_else(|| self.inner.error(kind), |promise| promise.error(kind))
    }

    pub(super) fn engine_error(&self, error: Error) -> StoreError {
        self.error(StoreErrorKind::Io).because_of(error)
    }

    /// Has the engine write to the tensor's place.
    pub(super) fn pwrite<P: IoBuf>(&self, at: u64, bytes: P) -> Ticket<P> {
        self.has_begun.store(true, Ordering::Relaxed);
        self.place.pwrite(&self.entry, at, bytes)
    }

    /// A step has ended: blocks from number `first` on have these checksums.
    pub(super) fn step_ended(
        &self,
        first: u64,
        ended: Result<Vec<u64>, StoreError>,
        buffer: Option<B>,
    ) {
        let mut progress = lock(&self.progress);
        if buffer.is_some() {
            progress.buffer = buffer;
        }
        match ended {
            Ok(sums) => {
                let first = usize::try_from(first).unwrap_or(usize::MAX);
                let targets = progress.record.iter_mut().flat_map(|record| &mut record.sums);
                for (target, sum) in targets.skip(first).zip(sums) {
                    *target = sum;
                }
            }
            Err(error) => {
                progress.error.get_or_insert(error);
            }
        }
        progress.left -= 1;
    }

    /// Ends the change if nobody else has it. Before anybody is told it has let go of its files and its
    /// version, so that the space of what is removed then is free.
    pub(super) fn let_go(self: Arc<Self>) {
        let Some(Self { inner, version, place, before, has_begun, progress, .. }) =
            Arc::into_inner(self)
        else {
            return;
        };
        let mut progress = lock(&progress);
        let (mut record, error) = (progress.record.take(), progress.error.take());
        let (promise, flight) = (progress.promise.take(), progress.flight.take());
        let (buffer, still_moves) = (progress.buffer.take(), progress.still_moves);
        // A panic of the user's code may have come before some of them were begun.
        let is_whole = progress.left == 0;
        drop(progress);
        if let (Some(error), Some(promise)) = (&error, &promise) {
            promise.note(error);
        }
        if still_moves {
            // Its place is nobody's any more, and nobody else's are the directories.
            std::mem::forget(record);
            inner.keep_owners_for_ever();
            inner.fail(&version, before.is_some());
        } else if let Some(record) = record.take_if(|_| error.is_none() && is_whole) {
            inner.has_changed(&place);
            drop((place, before));
            inner.succeed(&version, record);
        } else {
            drop(place);
            let in_place = before.is_some();
            match before.and_then(Arc::into_inner) {
                Some(before) if !has_begun.into_inner() => {
                    let place = record.and_then(|record| record.place);
                    inner.undo(&version, Record { place, ..before });
                }
                _ => inner.fail(&version, in_place),
            }
        }
        drop(version);
        let Some(promise) = promise else {
            return;
        };
        match (error, buffer) {
            (None, Some(buffer)) if is_whole => promise.keep(Ok(buffer)),
            (None, _) => drop(promise),
            (Some(error), buffer) => promise.fail(error, buffer),
        }
        drop(flight);
    }

    /// An engine's request of this change failed.
    pub(super) fn request_failed<P>(&self, failed: Failed<P>) -> (StoreError, Option<P>) {
        let (error, part) = failed.into_parts();
        if part.is_none() && error.kind() == ErrorKind::ShutDown {
            lock(&self.progress).still_moves = true;
        }
        (self.engine_error(error), part)
    }
}

impl<B: IoBuf> Change<B> {
    /// The engine would not write all parts of the caller's buffer, so this one is not written either.
    pub(super) fn refused(&self, error: &Error, part: Part<B>) {
        let error = self.engine_error(error.clone());
        self.step_ended(0, Err(error), part.into_whole());
    }

    /// Writes a part of the caller's buffer, whole blocks from number `first` on, as one step.
    pub(super) fn write(self: &Arc<Self>, first: u64, at: u64, part: Part<B>) {
        let ticket = self.pwrite(at, part);
        let change = Arc::clone(self);
        ticket.on_completion(move |result| match result {
            Ok(mut part) => {
                let inner = Arc::clone(&change.inner);
                inner.helpers.see_to(part.len(), move || {
                    let sums = change.seal.of_blocks(first, part.bytes()).collect();
                    change.step_ended(first, Ok(sums), part.into_whole());
                    change.let_go();
                });
            }
            Err(failed) => {
                let (error, part) = change.request_failed(failed);
                change.step_ended(first, Err(error), part.and_then(Part::into_whole));
                change.let_go();
            }
        });
    }
}
