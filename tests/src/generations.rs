//! Files whose every sector says which sector it is and when it was written.

use crate::bytes::pattern;

/// As many bytes as no device tears, in which every one is therefore of one generation.
pub const SECTOR: usize = 512;

/// `sectors` sectors from number `first` on, as they are in that generation.
#[must_use]
pub fn sectors(first: usize, sectors: usize, generation: u64) -> Vec<u8> {
    (first..first + sectors).flat_map(|number| sector(number, generation)).collect()
}

/// The generation of each sector of a file; none for one that is not whole, or not in its place.
#[must_use]
pub fn generations(file: &[u8]) -> Vec<Option<u64>> {
    let generation = |(number, found): (usize, &[u8])| {
        let generation = u64::from_le_bytes(*found.first_chunk()?);
        (found == sector(number, generation)).then_some(generation)
    };
    file.chunks(SECTOR).enumerate().map(generation).collect()
}

fn sector(number: usize, generation: u64) -> Vec<u8> {
    let mut bytes = generation.to_le_bytes().to_vec();
    bytes.extend(pattern((number as u64) << 32 ^ generation, SECTOR - bytes.len()));
    bytes
}
