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
    space::{FileId, NewFile, Space},
    tensor::Record,
};

const MAGIC: [u8; 8] = *b"ds-aio\0s";
const VERSION: u32 = 1;
const HEAD: usize = 56;

/// What an index says.
pub(super) struct Index {
    pub(super) mode: Mode,
    pub(super) store: u64,
    pub(super) commit: u64,
    /// Of the last change.
    pub(super) generation: u64,
    /// Data files from this number on have not been made.
    pub(super) next_file: FileId,
    pub(super) files: Vec<NewFile>,
    pub(super) entries: Vec<Entry>,
}

/// A tensor of an index.
pub(super) struct Entry {
    pub(super) name: Arc<str>,
    pub(super) generation: u64,
    pub(super) sealed: u64,
    pub(super) len: u64,
    pub(super) block: u64,
    pub(super) file: FileId,
    pub(super) offset: u64,
    pub(super) sums: Vec<u64>,
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
    next_file: u64,
    /// Number, length, and whether it is a slab.
    files: Vec<(u64, u64, bool)>,
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
    file: u64,
    offset: u64,
}

/// The bytes of an index.
pub(super) fn encode(
    mode: Mode,
    store: u64,
    commit: u64,
    generation: u64,
    space: &Space,
    records: &[Arc<Record>],
) -> Result<Vec<u8>, postcard::Error> {
    let places = records.iter().filter_map(|record| record.extent.as_ref());
    let in_use: BTreeSet<_> = places.map(|extent| extent.file).collect();
    let files = space.files().filter(|file| in_use.contains(&file.id));
    let files = files.map(|NewFile { id, len, is_slab }| (id, len, is_slab)).collect();
    let tensors = records.iter().map(|record| {
        let Record { ref name, generation, sealed, len, block, .. } = **record;
        let (file, offset) = record.extent.as_ref().map_or((0, 0), |at| (at.file, at.offset));
        Tensor { name, generation, sealed, len, block, file, offset }
    });
    let body = Body { generation, next_file: space.next(), files, tensors: tensors.collect() };
    let mut bytes = postcard::to_extend(&body, vec![0; HEAD])?;
    let body_len = (bytes.len() - HEAD) as u64;
    for record in records {
        for sum in &record.sums {
            bytes.extend_from_slice(&sum.to_le_bytes());
        }
    }
    let sums_len = bytes.len() as u64 - body_len - HEAD as u64;
    let durable = u32::from(mode == Mode::Durable);
    let mut head = Vec::with_capacity(HEAD);
    head.extend_from_slice(&MAGIC);
    head.extend_from_slice(&VERSION.to_le_bytes());
    head.extend_from_slice(&durable.to_le_bytes());
    for number in [store, commit, body_len, sums_len] {
        head.extend_from_slice(&number.to_le_bytes());
    }
    bytes[..head.len()].copy_from_slice(&head);
    // The checksum's own place is zero until here.
    let sum = of_index(&bytes);
    bytes[HEAD - 8..HEAD].copy_from_slice(&sum.to_le_bytes());
    Ok(bytes)
}

/// Reads an index; any bytes may be given.
pub(super) fn decode(mut bytes: Vec<u8>) -> Result<Index, NotAnIndex> {
    use NotAnIndex::Corrupt;

    let head: [u8; HEAD] = *bytes.first_chunk().ok_or(Corrupt("it is too short"))?;
    if head[..8] != MAGIC {
        return Err(Corrupt("it does not begin as one"));
    }
    let small =
        |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let number = |at: usize| u64::from(small(at)) | u64::from(small(at + 4)) << 32;
    if small(8) != VERSION {
        return Err(NotAnIndex::UnknownVersion(small(8)));
    }
    bytes[HEAD - 8..HEAD].fill(0);
    if of_index(&bytes) != number(HEAD - 8) {
        return Err(Corrupt("its checksum is another"));
    }
    let mode = match small(12) {
        0 => Mode::Ephemeral,
        1 => Mode::Durable,
        _ => return Err(Corrupt("its mode is none")),
    };
    let (body_len, sums_len) = (number(32), number(40));
    let rest = &bytes[HEAD..];
    if body_len.checked_add(sums_len) != Some(rest.len() as u64) {
        return Err(Corrupt("its length is another"));
    }
    // Not longer than the rest.
    let (body, sums) = rest.split_at(usize::try_from(body_len).unwrap_or(usize::MAX));
    let body: Body<'_> = postcard::from_bytes(body).map_err(|_| Corrupt("it cannot be read"))?;
    let mut sums = sums.chunks_exact(8).map(|sum| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(sum);
        u64::from_le_bytes(bytes)
    });
    let mut entries = Vec::new();
    for tensor in body.tensors {
        let Tensor { name, generation, sealed, len, block, file, offset } = tensor;
        if block == 0 {
            return Err(Corrupt("a block is empty"));
        }
        let count = usize::try_from(len.div_ceil(block)).unwrap_or(usize::MAX);
        if count > sums.len() {
            return Err(Corrupt("there are too few checksums"));
        }
        let sums = sums.by_ref().take(count).collect();
        let name = Arc::from(name);
        entries.push(Entry { name, generation, sealed, len, block, file, offset, sums });
    }
    if sums.next().is_some() {
        return Err(Corrupt("there are too many checksums"));
    }
    let file = |(id, len, is_slab)| NewFile { id, len, is_slab };
    Ok(Index {
        mode,
        store: number(16),
        commit: number(24),
        generation: body.generation,
        next_file: body.next_file,
        files: body.files.into_iter().map(file).collect(),
        entries,
    })
}
