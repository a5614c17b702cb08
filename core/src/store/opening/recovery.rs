//! The index of a store that was there before, and what it goes on with.

use std::{path::Path, sync::Arc};

use super::Opening;
use crate::{
    engine::Engine,
    error::Error,
    store::{
        Mode, StoreError, StoreErrorKind,
        commit::Committed,
        files::{INDEX, Kind},
        index::{self, Entry, Head, Index, NotAnIndex},
        inner::State,
        place::{Place, Shape},
        space::{PAGE, Space},
        tensor::{Record, Version},
    },
};

/// A petabyte: no file is that long, and the sum of many does not overflow.
const MOST_OF_A_FILE: u64 = 1 << 50;

impl Opening {
    /// The index of what is to be recovered, if anything is.
    pub(super) fn index(
        &self,
        engine: &Engine,
        files: &[Vec<Kind>],
    ) -> Result<Option<Index>, StoreError> {
        let has_index = |files: &Vec<Kind>| files.contains(&Kind::Index);
        if !has_index(&files[0]) {
            return Ok(None);
        }
        let path = self.directories[0].join(INDEX);
        let bytes = read(engine, &path).map_err(|error| {
            self.error(StoreErrorKind::Io).in_file(path.clone()).because_of(error)
        })?;
        let index = index::decode(bytes).map_err(|reason| match reason {
            NotAnIndex::Corrupt(what) => self.corrupt_index(what),
            NotAnIndex::UnknownVersion(version) => self
                .error(StoreErrorKind::UnknownVersion)
                .in_file(path.clone())
                .telling(format!("version {version}")),
        })?;
        if index.head.mode != self.builder.mode {
            let mode = if index.head.mode == Mode::Durable { "durable" } else { "ephemeral" };
            return Err(self.error(StoreErrorKind::WrongMode).telling(format!("it is {mode}")));
        }
        Ok(Some(index))
    }

    /// Goes on with the tensors of an index, each with its place.
    pub(super) fn recover(
        &self,
        index: Index,
        found: &[Vec<Kind>],
        spaces: &mut [Space],
        state: &mut State,
        committed: &mut Committed,
    ) -> Result<(), StoreError> {
        match self.builder.mode {
            // The process that renamed it may have died before it was durable. From here on its
            // predecessor's places are written to.
            Mode::Durable => self.sync_directory(&self.directories[0])?,
            Mode::Ephemeral => {}
        }
        for (space, of) in spaces.iter_mut().zip(&index.directories) {
            for &file in &of.files {
                if file.len % PAGE != 0 || file.len > MOST_OF_A_FILE || space.has(file.number) {
                    return Err(self.corrupt_index("a file cannot be"));
                }
                space.add(file);
            }
            space.skip_to(of.next);
        }
        let Head { generation, commit, .. } = index.head;
        (state.generation, committed.number) = (generation, commit);
        for entry in index.entries {
            let place = self.place(&entry, spaces)?;
            let Entry { name, generation, sealed, len, block, sums, .. } = entry;
            let slot = Arc::default();
            let record = Record { name, generation, sealed, len, block, sums, place, slot };
            let version = Version::ready(record);
            committed.records.extend(version.record());
            if state.tensors.insert(version).is_some() {
                return Err(self.corrupt_index("there are two tensors of one name"));
            }
        }
        // What is gone takes no new tensors. Those in it are corrupt, each when it is asked for.
        for ((space, of), found) in spaces.iter_mut().zip(&index.directories).zip(found) {
            for file in &of.files {
                if !found.contains(&Kind::Data(file.number)) {
                    space.close(file.number);
                }
            }
        }
        Ok(())
    }

    /// The place of a tensor in an index, if it has bytes.
    fn place(&self, entry: &Entry, spaces: &mut [Space]) -> Result<Option<Place>, StoreError> {
        let Entry { len, block, chunk, parts, .. } = entry;
        if *len == 0 {
            return Ok(None);
        }
        let lens = Shape::lens(*len, *block, *chunk, parts.len());
        let lens = lens.ok_or_else(|| self.corrupt_index("a place has no such parts"))?;
        let mut extents = Vec::new();
        for (part, len) in parts.iter().zip(lens) {
            let extent = spaces
                .get_mut(part.directory)
                .and_then(|space| space.occupy(part.file, part.offset, len));
            extents.extend(extent);
        }
        if extents.len() < parts.len() {
            return Err(self.corrupt_index("a place is none, or that of two"));
        }
        Ok(Some(Place::new(*chunk, extents)))
    }

    fn corrupt_index(&self, what: &str) -> StoreError {
        let path = self.directories[0].join(INDEX);
        self.error(StoreErrorKind::CorruptIndex).in_file(path).telling(what)
    }
}

fn read(engine: &Engine, path: &Path) -> Result<Vec<u8>, Error> {
    let file = engine.open(path)?;
    let len = usize::try_from(file.len()?).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    // What cannot be had is not an index, and `pread` says so of the rest.
    if bytes.try_reserve_exact(len).is_ok() {
        bytes.resize(len, 0);
    }
    Ok(engine.pread(&file, bytes, 0).wait()?)
}
