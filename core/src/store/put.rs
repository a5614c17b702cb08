//! Storing whole tensors.

use std::sync::Arc;

use crate::{
    buf::{IoBuf, IoBufExt},
    store::{
        StoreError, StoreErrorKind, StoreOperation, StoreTicket,
        catalog::Evicted,
        change::{Change, Target, each_piece},
        entry::Entry,
        inner::Inner,
        space::pages,
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
            let steps = part.len().div_ceil(inner.options.part);
            let change = Change::new(inner, version, target, record, promise, steps, entry);
            each_piece(part, inner.options.part, |at, piece| {
                let at = at as u64;
                change.write(at / inner.options.block, at, piece);
            });
            // With nothing left to be done, should the user's code panic.
            inner.tell_evicted(evicted);
        }
    }
    ticket
}

fn record(inner: &Inner, name: Arc<str>, generation: u64, len: u64) -> Record {
    let block = inner.options.block;
    let blocks = usize::try_from(len.div_ceil(block)).unwrap_or(usize::MAX);
    let (sealed, sums, extent, slot) = (generation, vec![0; blocks], None, Arc::default());
    Record { name, generation, sealed, len, block, sums, extent, slot }
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
    let place = pages(len);
    // Where nobody reads it the new bytes take the place of the old ones. The file may have to be
    // opened for that, without the lock, so it is looked up first.
    let mut file = inner.open_place_to_take_over(name, place)?;
    let mut target = None;
    loop {
        let mut state = inner.changeable()?;
        let Some(evicted) = state.tensors.make_room(name, len) else {
            return Err(inner.error(StoreErrorKind::Full));
        };
        let before = state.tensors.get(name).cloned();
        if let (Some((id, file)), Some(version), true) = (file.take(), &before, len > 0)
            && let Some(extent) =
                version.take_over(|extent| (extent.file, extent.len) == (id, place))
        {
            target = Some(Target { extent, file, in_place: true });
        }
        if target.is_none() && len > 0 {
            drop(state);
            // The places of those that made room are free now.
            inner.tell_evicted(evicted);
            target = Some(inner.allocate(place)?);
            continue;
        }
        let generation = state.next_generation();
        let version = Version::pending(Arc::clone(name), len, before);
        state.tensors.insert(Arc::clone(&version));
        drop(state);
        return Ok(Begun { version, generation, target, evicted });
    }
}
