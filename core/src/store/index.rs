//! The index file: which bytes of which file are which tensor, and their checksums.
//!
//! It is written whole: a head of fixed length, the tensors and files (postcard), then all checksums as
//! numbers of 8 bytes. All numbers of the head are little-endian:
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | `ds-aio\0s` |
//! | 4 | version of this format |
//! | 4 | mode: 0 ephemeral, 1 durable |
//! | 8 | the store's number |
//! | 8 | number of the commit |
//! | 8 | bytes of the second part |
//! | 8 | bytes of the third part |
//! | 8 | checksum (XXH3) of all other bytes |

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::store::{
    Mode,
    checksum::of_index,
    place::Place,
    space::{Extent, FileId, FileNumber, NewFile, Space},
    tensor::Record,
};

const MAGIC: [u8; 8] = *b"ds-aio\0s";
const VERSION: u32 = 1;
pub(super) const HEAD: usize = 56;

/// What an index says.
pub(super) struct Index {
    pub(super) head: Head,
    /// The store's directories, this one first.
    pub(super) directories: Vec<Files>,
    pub(super) entries: Vec<Entry>,
}

/// What an index says of the store as a whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) mode: Mode,
    pub(super) store: u64,
    pub(super) commit: u64,
    /// Of the last change.
    pub(super) generation: u64,
}

/// The data files of a directory.
#[derive(Serialize, Deserialize)]
pub(super) struct Files {
    /// Those from this number on have not been made.
    pub(super) next: FileNumber,
    pub(super) files: Vec<NewFile>,
}

/// A tensor of an index.
pub(super) struct Entry {
    pub(super) name: Arc<str>,
    pub(super) generation: u64,
    pub(super) sealed: u64,
    pub(super) len: u64,
    pub(super) block: u64,
    /// Of its place; 0 if that has one part.
    pub(super) chunk: u64,
    pub(super) parts: Vec<Part>,
    pub(super) sums: Vec<u64>,
}

/// Where a part of a tensor's place begins.
#[derive(Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) directory: usize,
    pub(super) file: FileNumber,
    pub(super) offset: u64,
}

/// Why bytes are not an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotAnIndex {
    UnknownVersion(u32),
    Corrupt(&'static str),
}

#[derive(Serialize, Deserialize)]
struct Body<'a> {
    generation: u64,
    directories: Vec<Files>,
    #[serde(borrow)]
    tensors: Vec<Tensor<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Tensor<'a> {
    name: &'a str,
    generation: u64,
    sealed: u64,
    len: u64,
    block: u64,
    chunk: u64,
    parts: Vec<Part>,
}

/// The bytes of an index. `spaces` are those of the store's directories.
pub(super) fn encode<'a>(
    head: Head,
    spaces: impl Iterator<Item = &'a Space>,
    records: &[Arc<Record>],
) -> Result<Vec<u8>, postcard::Error> {
    let Head { mode, store, commit, generation } = head;
    let places = records.iter().filter_map(|record| record.place.as_ref());
    let in_use: BTreeSet<_> = places.flat_map(Place::parts).map(|extent| extent.file).collect();
    let directories = spaces.enumerate().map(|(directory, space)| {
        let is_in_use =
            |file: &NewFile| in_use.contains(&FileId { directory, number: file.number });
        Files { next: space.next(), files: space.files().filter(is_in_use).collect() }
    });
    let tensors = records.iter().map(|record| {
        let Record { ref name, generation, sealed, len, block, .. } = **record;
        let chunk = record.place.as_ref().map_or(0, Place::chunk);
        let extents = record.place.as_ref().map_or(&[][..], Place::parts);
        let part = |extent: &Extent| {
            let FileId { directory, number } = extent.file;
            Part { directory, file: number, offset: extent.offset }
        };
        let parts = extents.iter().map(part).collect();
        Tensor { name, generation, sealed, len, block, chunk, parts }
    });
    let body = Body { generation, directories: directories.collect(), tensors: tensors.collect() };
    let mut bytes = postcard::to_extend(&body, vec![0; HEAD])?;
    let body_len = (bytes.len() - HEAD) as u64;
    for record in records {
        for sum in &record.sums {
            bytes.extend_from_slice(&sum.to_le_bytes());
        }
    }
    let sums_len = bytes.len() as u64 - body_len - HEAD as u64;
    let durable = u32::from(mode == Mode::Durable);
    let mut first = Vec::with_capacity(HEAD);
    first.extend_from_slice(&MAGIC);
    first.extend_from_slice(&VERSION.to_le_bytes());
    first.extend_from_slice(&durable.to_le_bytes());
    for number in [store, commit, body_len, sums_len] {
        first.extend_from_slice(&number.to_le_bytes());
    }
    bytes[..first.len()].copy_from_slice(&first);
    // The checksum's own place is zero until here.
    let sum = of_index(&bytes);
    bytes[HEAD - 8..HEAD].copy_from_slice(&sum.to_le_bytes());
    Ok(bytes)
}

/// The number of 4 bytes at that place of a head.
fn small(head: &[u8; HEAD], at: usize) -> u32 {
    u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]])
}

/// The number of 8 bytes at that place of a head.
fn number(head: &[u8; HEAD], at: usize) -> u64 {
    u64::from(small(head, at)) | u64::from(small(head, at + 4)) << 32
}

/// Whether `len` bytes that begin with these may be an index at all.
pub(super) fn check_head(bytes: &[u8], len: u64) -> Result<[u8; HEAD], NotAnIndex> {
    use NotAnIndex::Corrupt;

    let head: [u8; HEAD] = *bytes.first_chunk().ok_or(Corrupt("it is too short"))?;
    if head[..8] != MAGIC {
        return Err(Corrupt("it does not begin as one"));
    }
    if small(&head, 8) != VERSION {
        return Err(NotAnIndex::UnknownVersion(small(&head, 8)));
    }
    let whole = number(&head, 32).checked_add(number(&head, 40));
    if whole.and_then(|rest| rest.checked_add(HEAD as u64)) != Some(len) {
        return Err(Corrupt("its length is another"));
    }
    Ok(head)
}

/// Reads an index; any bytes may be given.
pub(super) fn decode(mut bytes: Vec<u8>) -> Result<Index, NotAnIndex> {
    use NotAnIndex::Corrupt;

    let head = check_head(&bytes, bytes.len() as u64)?;
    let (small, number) = (|at| small(&head, at), |at| number(&head, at));
    bytes[HEAD - 8..HEAD].fill(0);
    if of_index(&bytes) != number(HEAD - 8) {
        return Err(Corrupt("its checksum is another"));
    }
    let mode = match small(12) {
        0 => Mode::Ephemeral,
        1 => Mode::Durable,
        _ => return Err(Corrupt("its mode is none")),
    };
    // Not longer than the rest.
    let body_len = usize::try_from(number(32)).unwrap_or(usize::MAX);
    let (body, sums) = bytes[HEAD..].split_at(body_len);
    let body: Body<'_> = postcard::from_bytes(body).map_err(|_| Corrupt("it cannot be read"))?;
    let mut sums = sums.chunks_exact(8).map(|sum| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(sum);
        u64::from_le_bytes(bytes)
    });
    let mut entries = Vec::new();
    for tensor in body.tensors {
        let Tensor { name, generation, sealed, len, block, chunk, parts } = tensor;
        if block == 0 {
            return Err(Corrupt("a block is empty"));
        }
        let count = usize::try_from(len.div_ceil(block)).unwrap_or(usize::MAX);
        if count > sums.len() {
            return Err(Corrupt("there are too few checksums"));
        }
        let sums = sums.by_ref().take(count).collect();
        let name = Arc::from(name);
        entries.push(Entry { name, generation, sealed, len, block, chunk, parts, sums });
    }
    if sums.next().is_some() {
        return Err(Corrupt("there are too many checksums"));
    }
    let generation = body.generation;
    let head = Head { mode, store: number(16), commit: number(24), generation };
    Ok(Index { head, directories: body.directories, entries })
}
