//! Checksums: one a block of a tensor, bound to what the block is of.

use twox_hash::XxHash3_64;

/// What a tensor's checksums are bound to besides its bytes, so that a block of another tensor, of
/// another length or of an earlier time, or from another place in it, is not taken for its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seal {
    seed: u64,
    /// Bytes per block.
    block: u64,
}

/// Odd, so that multiplying by it loses nothing.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Seal {
    pub(super) fn new(store: u64, name: &str, generation: u64, len: u64, block: u64) -> Self {
        let mut bound = Vec::with_capacity(name.len() + 16);
        bound.extend_from_slice(&generation.to_le_bytes());
        bound.extend_from_slice(&len.to_le_bytes());
        bound.extend_from_slice(name.as_bytes());
        Self { seed: XxHash3_64::oneshot_with_seed(store, &bound), block }
    }

    /// The checksum of the block of that number.
    pub(super) fn of_block(&self, number: u64, bytes: &[u8]) -> u64 {
        let seed = self.seed ^ number.wrapping_mul(SPREAD);
        XxHash3_64::oneshot_with_seed(seed, bytes)
    }

    /// The checksums of blocks from number `first` on, which `bytes` are.
    pub(super) fn of_blocks(&self, first: u64, bytes: &[u8]) -> impl Iterator<Item = u64> {
        let block = usize::try_from(self.block).unwrap_or(usize::MAX);
        (first..).zip(bytes.chunks(block)).map(|(number, bytes)| self.of_block(number, bytes))
    }

    /// The first block, from number `first` on, of which `bytes` is not what `sums`, those of all
    /// blocks, are of.
    pub(super) fn mismatch(&self, sums: &[u64], first: u64, bytes: &[u8]) -> Option<u64> {
        let stored = sums.iter().skip(usize::try_from(first).unwrap_or(usize::MAX));
        let mut blocks = (first..).zip(self.of_blocks(first, bytes).zip(stored));
        blocks.find(|(_, (found, stored))| found != *stored).map(|(number, _)| number)
    }
}

/// The checksum of an index.
pub(super) fn of_index(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// The checksum of a text; of a tensor's name, what chooses its directory.
pub(super) fn of_text(text: &str) -> u64 {
    XxHash3_64::oneshot(text.as_bytes())
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::Seal;

    #[test]
    fn a_checksum_is_bound_to_what_its_block_is_of() {
        let seal = Seal::new(1, "tensor", 2, 10_000, 4096);
        let sum = seal.of_block(0, b"bytes");
        assert_eq!(Seal::new(1, "tensor", 2, 10_000, 4096).of_block(0, b"bytes"), sum);
        for other in [
            Seal::new(3, "tensor", 2, 10_000, 4096).of_block(0, b"bytes"),
            Seal::new(1, "tensos", 2, 10_000, 4096).of_block(0, b"bytes"),
            Seal::new(1, "tensor", 3, 10_000, 4096).of_block(0, b"bytes"),
            Seal::new(1, "tensor", 2, 10_001, 4096).of_block(0, b"bytes"),
            seal.of_block(1, b"bytes"),
            seal.of_block(0, b"bytet"),
            seal.of_block(0, b"bytes\0"),
        ] {
            assert_ne!(other, sum);
        }
        let sums: Vec<_> = seal.of_blocks(3, &[7; 5000]).collect();
        assert_eq!(sums, [seal.of_block(3, &[7; 4096]), seal.of_block(4, &[7; 904])]);
        let stored = [[0; 3].to_vec(), sums].concat();
        assert_eq!(seal.mismatch(&stored, 3, &[7; 5000]), None);
        assert_eq!(seal.mismatch(&stored, 3, &[&[7; 4096][..], &[8; 904]].concat()), Some(4));
    }
}
