//! The index of a store that was there before, and what it goes on with.

use std::{fs::File, io::Read, path::Path, sync::Arc};

use super::Opening;
use crate::{
    engine::{Engine, OpenOptions},
    error::Error,
    store::{
        Mode, StoreError, StoreErrorKind,
        commit::Committed,
        files::{FIRST_UNUSED, INDEX, Kind},
        index::{self, Entry, HEAD, Head, Index, NotAnIndex},
        inner::State,
        place::{Place, Shape},
        space::{PAGE, Space},
        tensor::{Record, Version},
    },
};

/// A petabyte: no file is that long.
const MOST_OF_A_FILE: u64 = 1 << 50;

/// Nor are all together so long that sums of bytes overflow.
const MOST_OF_ALL: u64 = 1 << 62;

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
        let bytes = self.read_index(engine, &path)?;
        let index = index::decode(bytes).map_err(|reason| self.not_an_index(reason))?;
        if index.head.mode != self.builder.mode {
            let mode = if index.head.mode == Mode::Durable { "durable" } else { "ephemeral" };
            return Err(self.error(StoreErrorKind::WrongMode).telling(format!("it is {mode}")));
        }
        Ok(Some(index))
    }

    /// The bytes of the index, which is not read whole unless its head suits its length.
    fn read_index(&self, engine: &Engine, path: &Path) -> Result<Vec<u8>, StoreError> {
        let io = || self.error(StoreErrorKind::Io).in_file(path.to_owned());
        let failed = |error: Error| io().because_of(error);
        let file = engine.open_own(path, &OpenOptions::new()).map_err(failed)?;
        let len = file.len().map_err(failed)?;
        let count = usize::try_from(len).unwrap_or(usize::MAX);
        let mut head = Vec::new();
        let opened = File::open(path).map(|file| file.take(HEAD as u64));
        let read = opened.and_then(|mut file| file.read_to_end(&mut head));
        read.map_err(|error| self.system_error(path, error))?;
        index::check_head(&head, len).map_err(|reason| self.not_an_index(reason))?;
        let mut bytes = Vec::new();
        if let Err(error) = bytes.try_reserve_exact(count) {
            return Err(io().telling(format!("no memory for its {len} bytes: {error}")));
        }
        bytes.resize(count, 0);
        engine.pread(&file, bytes, 0).wait().map_err(|error| failed(error.into()))
    }

    fn not_an_index(&self, reason: NotAnIndex) -> StoreError {
        match reason {
            NotAnIndex::Corrupt(what) => self.corrupt_index(what),
            NotAnIndex::UnknownVersion(version) => self
                .error(StoreErrorKind::UnknownVersion)
                .in_file(self.directories[0].join(INDEX))
                .telling(format!("version {version}")),
        }
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
        let mut total = 0;
        for (space, of) in spaces.iter_mut().zip(&index.directories) {
            if of.next > FIRST_UNUSED {
                return Err(self.corrupt_index("there are not so many files"));
            }
            for &file in &of.files {
                let cannot_be = file.len % PAGE != 0
                    || file.len > MOST_OF_A_FILE
                    || file.number >= FIRST_UNUSED
                    || space.has(file.number);
                if cannot_be || total + file.len > MOST_OF_ALL {
                    return Err(self.corrupt_index("a file cannot be"));
                }
                total += file.len;
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
