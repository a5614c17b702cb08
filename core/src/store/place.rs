//! Where a tensor's bytes lie: in one extent, or in chunks that go round several.

use std::path::Path;

use crate::{
    buf::{IoBuf, IoBufMut},
    engine::Ticket,
    error::Error,
    store::{
        entry::Entry,
        handles::DataFile,
        space::{Extent, PAGE, pages},
    },
};

/// How the bytes of a tensor are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// Bytes after which the next part has its turn; of a single part none asks for it.
    chunk: u64,
    /// The directory of each part, and its bytes in whole pages.
    parts: Vec<(usize, u64)>,
}

impl Shape {
    /// All of `len` bytes in that directory.
    pub(super) fn whole(len: u64, directory: usize) -> Self {
        Self { chunk: 0, parts: vec![(directory, pages(len))] }
    }

    /// `len` bytes in chunks that go round `directories` of them, from number `first` on.
    pub(super) fn striped(len: u64, chunk: u64, first: usize, directories: usize) -> Self {
        let chunks = len.div_ceil(chunk);
        let count = usize::try_from(chunks).map_or(directories, |chunks| chunks.min(directories));
        if count < 2 {
            return Self::whole(len, first);
        }
        let lens = striped(len, chunk, count).enumerate();
        let parts = lens.map(|(part, len)| ((first + part) % directories, len));
        Self { chunk, parts: parts.collect() }
    }

    /// The bytes of the parts of a place, in whole pages; none if a tensor with blocks of `block` bytes
    /// has no such place.
    pub(super) fn lens(len: u64, block: u64, chunk: u64, parts: usize) -> Option<Vec<u64>> {
        match parts {
            0 => None,
            1 => (chunk == 0).then(|| vec![pages(len)]),
            _ => {
                let is_whole = |of: u64| chunk.checked_rem(of) == Some(0);
                let suits = chunk > 0 && is_whole(PAGE) && is_whole(block);
                let has_chunks = suits && len.div_ceil(chunk) >= parts as u64;
                has_chunks.then(|| striped(len, chunk, parts).collect())
            }
        }
    }

    pub(super) fn chunk(&self) -> u64 {
        self.chunk
    }

    pub(super) fn parts(&self) -> &[(usize, u64)] {
        &self.parts
    }
}

/// The bytes of each part of `len` bytes in chunks that go round so many, in whole pages.
fn striped(len: u64, chunk: u64, parts: usize) -> impl Iterator<Item = u64> {
    let (whole, round) = (len / chunk, parts as u64);
    (0..round).map(move |part| {
        let chunks = whole / round + u64::from(part < whole % round);
        let rest = if part == whole % round { len % chunk } else { 0 };
        pages(chunks * chunk + rest)
    })
}

/// The extents of a tensor, its to read and, with no other owner, to write.
#[derive(Debug)]
pub(super) struct Place {
    /// As in [`Shape`].
    chunk: u64,
    parts: Vec<Extent>,
}

impl Place {
    pub(super) fn new(chunk: u64, parts: Vec<Extent>) -> Self {
        Self { chunk, parts }
    }

    pub(super) fn chunk(&self) -> u64 {
        self.chunk
    }

    pub(super) fn parts(&self) -> &[Extent] {
        &self.parts
    }

    pub(super) fn shape(&self) -> Shape {
        let parts = self.parts.iter().map(|part| (part.file.directory, part.len));
        Shape { chunk: self.chunk, parts: parts.collect() }
    }

    pub(super) fn has_shape(&self, shape: &Shape) -> bool {
        let parts = self.parts.iter().map(|part| (part.file.directory, part.len));
        self.chunk == shape.chunk && parts.eq(shape.parts.iter().copied())
    }
}

/// A place whose files are open.
#[derive(Clone)]
pub(super) struct OpenPlace {
    chunk: u64,
    parts: Vec<OpenPart>,
}

#[derive(Clone)]
struct OpenPart {
    file: DataFile,
    /// Where in the file the part begins.
    offset: u64,
}

impl OpenPlace {
    /// `open` opens the file of an extent.
    pub(super) fn new<E>(
        place: &Place,
        open: impl Fn(&Extent) -> Result<DataFile, E>,
    ) -> Result<Self, E> {
        let part = |extent| Ok(OpenPart { file: open(extent)?, offset: extent.offset });
        let parts = place.parts.iter().map(part).collect::<Result<_, _>>()?;
        Ok(Self { chunk: place.chunk, parts })
    }

    /// Whether it is that place.
    pub(super) fn is_of(&self, place: &Place) -> bool {
        let theirs = place.parts.iter().map(|part| (part.file, part.offset));
        let ours = self.parts.iter().map(|part| (part.file.id, part.offset));
        self.chunk == place.chunk && ours.eq(theirs)
    }

    pub(super) fn chunk(&self) -> u64 {
        self.chunk
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &DataFile> {
        self.parts.iter().map(|part| &part.file)
    }

    /// Writes the tensor's bytes from `at` on, none beyond the chunk.
    pub(super) fn pwrite<B: IoBuf>(&self, entry: &Entry, at: u64, bytes: B) -> Ticket<B> {
        let (OpenPart { file, .. }, offset) = self.locate(at);
        entry.pwrite(&file.engine, &file.file, bytes, offset)
    }

    /// Reads the tensor's bytes from `at` on, none beyond the chunk.
    pub(super) fn pread<B: IoBufMut>(&self, entry: &Entry, at: u64, buffer: B) -> Ticket<B> {
        let (OpenPart { file, .. }, offset) = self.locate(at);
        entry.pread(&file.engine, &file.file, buffer, offset)
    }

    /// Why its engine would write none of `len` bytes of the tensor from `at` on, if it would not.
    pub(super) fn write_refusal(&self, at: u64, len: u64) -> Option<Error> {
        let (OpenPart { file, .. }, offset) = self.locate(at);
        file.file.write_refusal(offset, usize::try_from(len).unwrap_or(usize::MAX))
    }

    /// The file with the tensor's byte number `at`.
    pub(super) fn path(&self, at: u64) -> &Path {
        self.locate(at).0.file.file.path()
    }

    /// The part with the tensor's byte number `at`, and where in its file that is.
    fn locate(&self, at: u64) -> (&OpenPart, u64) {
        if let [only] = &self.parts[..] {
            return (only, only.offset + at);
        }
        let (number, round) = (at / self.chunk, self.parts.len() as u64);
        let part = &self.parts[(number % round) as usize];
        (part, part.offset + number / round * self.chunk + at % self.chunk)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_striped_tensor_hold_its_chunks_and_no_more_than_a_page_besides() {
        for (len, chunk, directories) in [
            (1, 4096, 3),
            (4096, 4096, 3),
            (4097, 4096, 3),
            (8192, 4096, 2),
            (100_000, 8192, 3),
            (3 * 8192, 8192, 3),
            (3 * 8192 + 1, 8192, 3),
            (1 << 20, 12_288, 7),
        ] {
            let mut bytes = vec![0; directories];
            for number in 0..u64::div_ceil(len, chunk) {
                let at = number * chunk;
                bytes[(2 + number as usize) % directories] += chunk.min(len - at);
            }
            let shape = Shape::striped(len, chunk, 2 % directories, directories);
            let mut found = vec![0; directories];
            for &(directory, len) in shape.parts() {
                assert_eq!(found[directory], 0, "two parts in one directory");
                found[directory] = len;
            }
            let expected: Vec<_> = bytes.into_iter().map(pages).collect();
            assert_eq!(found, expected, "{len} bytes in chunks of {chunk} in {directories}");
        }
    }
}
