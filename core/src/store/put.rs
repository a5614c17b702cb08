//! Storing whole tensors.

use std::sync::Arc;

use crate::{
    buf::{IoBuf, IoBufExt, Part},
    store::{
        StoreError, StoreErrorKind, StoreOperation, StoreTicket,
        catalog::Evicted,
        change::{Change, Target},
        entry::Entry,
        inner::Inner,
        pieces::{each_piece, pieces},
        tensor::{Record, Version},
    },
};

pub(super) fn put<B: IoBuf>(
    inner: &Arc<Inner>,
    name: &str,
    buffer: B,
    entry: Entry,
) -> StoreTicket<B> {
    let name: Arc<str> = Arc::from(name);
    let (ticket, promise) = inner.promise(StoreOperation::Put, Some(&name));
    let part = buffer.into_part();
    let len = part.len() as u64;
    match begin(inner, &name, len) {
        Err(error) => promise.fail(error, part.into_whole()),
        Ok(Begun { version, generation, target: None, evicted }) => {
            inner.succeed(&version, record(inner, name, generation, len));
            match part.into_whole() {
                Some(buffer) => promise.keep(Ok(buffer)),
                None => drop(promise),
            }
            inner.tell_evicted(evicted);
        }
        Ok(Begun { version, generation, target: Some(target), evicted }) => {
            let record = record(inner, name, generation, len);
            let block = record.block;
            let pieces = pieces(0, len, &record, inner.options.part, target.open.chunk());
            let (steps, refusal) = (pieces.len(), target.refusal(&pieces, &record));
            let change = Change::new(inner, version, target, record, promise, steps, entry);
            each_piece(part, &pieces, Part::split_at, |piece, part| match &refusal {
                None => change.write(piece.at / block, piece.at, part),
                Some(error) => change.refused(error, part),
            });
            change.let_go();
            // With nothing left to be done, should the user's code panic.
            inner.tell_evicted(evicted);
        }
    }
    ticket
}

fn record(inner: &Inner, name: Arc<str>, generation: u64, len: u64) -> Record {
    let block = inner.options.block;
    let blocks = usize::try_from(len.div_ceil(block)).unwrap_or(usize::MAX);
    let (sealed, sums, place, slot) = (generation, vec![0; blocks], None, Arc::default());
    Record { name, generation, sealed, len, block, sums, place, slot }
}

/// A put that was accepted.
struct Begun {
    version: Arc<Version>,
    generation: u64,
    /// None if there are no bytes.
    target: Option<Target>,
    /// Who made room for it and is to be told of.
    evicted: Vec<Evicted>,
}

/// Accepts a put: from here on it is what the name stands for.
fn begin(inner: &Inner, name: &Arc<str>, len: u64) -> Result<Begun, StoreError> {
    let shape = inner.shape(name, len);
    // Where nobody reads it the new bytes take the place of the old ones. The files may have to be
    // opened for that, without the lock, so they are looked up first.
    let mut open = inner.open_place_to_take_over(name, &shape)?;
    let mut target = None;
    loop {
        let mut state = inner.changeable()?;
        let Some(evicted) = state.tensors.make_room(name, len) else {
            return Err(inner.error(StoreErrorKind::Full));
        };
        let before = state.tensors.get(name).cloned();
        if let (Some(open), Some(version)) = (open.take(), &before)
            && let Some(mut record) = version.take_over(|place| open.is_of(place))
            && let Some(place) = Arc::get_mut(&mut record).and_then(|record| record.place.take())
        {
            target = Some(Target { place, open, before: Some(record) });
        }
        if target.is_none() && len > 0 {
            drop(state);
            // The places of those that made room are free now.
            inner.tell_evicted(evicted);
            target = Some(inner.allocate(&shape)?);
            continue;
        }
        let generation = state.next_generation();
        let version = Version::pending(Arc::clone(name), len, before);
        state.tensors.insert(Arc::clone(&version));
        drop(state);
        return Ok(Begun { version, generation, target, evicted });
    }
}
