//! A read under way: requests, each followed by a look at the checksums of what it read, and what happens
//! when the last of them has ended.

use std::sync::Arc;

use crate::{
    buf::{IoBuf, IoBufExt, IoBufMut, PartMut},
    engine::Failed,
    error::{Error, ErrorKind},
    store::{
        StoreError, StoreErrorKind, checksum::Seal, entry::Entry, inner::Inner, lives::Flight,
        place::OpenPlace, tensor::Record, ticket::Promise,
    },
    sync::{Mutex, lock},
};

/// A read under way.
pub(super) struct Reading<B> {
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
    /// The first in the tensor's order, and where that is.
    error: Option<(u64, StoreError)>,
    buffer: Option<B>,
    flight: Option<Flight>,
    /// Let go with the last piece, so that whoever is told that the tensor was read can put another in its
    /// place.
    record: Option<Arc<Record>>,
}

impl<B: IoBufMut> Reading<B> {
    /// A read that ends once whoever has it has let it go, its pieces among them.
    pub(super) fn new(
        inner: Arc<Inner>,
        record: Arc<Record>,
        place: OpenPlace,
        promise: Promise<B>,
        gives_back: bool,
        entry: Entry,
    ) -> Arc<Self> {
        let (len, block, seal) = (record.len, record.block, record.seal(inner.store));
        let progress = Progress {
            promise: Some(promise),
            error: None,
            buffer: None,
            flight: Some(inner.flights.begin()),
            record: Some(record),
        };
        let progress = Mutex::new(progress);
        Arc::new(Self { inner, len, block, place, seal, gives_back, entry, progress })
    }

    /// Reads whole blocks from `at` on to where they belong.
    pub(super) fn read(self: &Arc<Self>, at: u64, part: PartMut<B>) {
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
    pub(super) fn read_edge(self: &Arc<Self>, at: u64, mut part: PartMut<B>) {
        let start = at - at % self.block;
        let len = self.block.min(self.len - start);
        let reading = Arc::clone(self);
        let block =
            match self.inner.engine.alloc_for_read(usize::try_from(len).unwrap_or(usize::MAX)) {
                Ok(block) => block,
                Err(error) => {
                    let error = self.error(StoreErrorKind::Io).because_of(error);
                    return reading.piece_ended(at, Err(error), part.into_whole());
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

    fn piece_ended(self: Arc<Self>, at: u64, ended: Result<(), StoreError>, buffer: Option<B>) {
        let mut progress = lock(&self.progress);
        if buffer.is_some() {
            progress.buffer = buffer;
        }
        if let Err(error) = ended
            && progress.error.as_ref().is_none_or(|(first, _)| at < *first)
        {
            progress.error = Some((at, error));
        }
        drop(progress);
        self.let_go();
    }

    /// Ends the read if nobody else has it. Its files are closed before anybody is told, so that the space
    /// of one that is removed then is free.
    pub(super) fn let_go(self: Arc<Self>) {
        let Some(Self { place, progress, gives_back, .. }) = Arc::into_inner(self) else {
            return;
        };
        drop(place);
        let mut progress = lock(&progress);
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
            (Some((_, error)), buffer) => promise.fail(error, buffer.filter(|_| gives_back)),
        }
        drop(flight);
    }
}
