//! Bytes that tell where they belong and how often they were written.

/// Added to each word of eight bytes, in place of what an optimizer does to its state.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// What an extent holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Contents {
    start: u64,
    generation: u64,
}

impl Contents {
    /// Those of an extent, by its number, when it was written for the so many-th time.
    pub(super) fn new(seed: u64, extent: usize, generation: u64) -> Self {
        Self { start: mixed(seed ^ mixed(extent as u64)), generation }
    }

    pub(super) fn fill(self, bytes: &mut [u8]) {
        for (number, word) in bytes.chunks_mut(8).enumerate() {
            word.copy_from_slice(&self.word(number)[..word.len()]);
        }
    }

    /// The first byte that is another.
    pub(super) fn difference(self, bytes: &[u8]) -> Option<usize> {
        let mut words = bytes.chunks(8).enumerate();
        let (number, word) =
            words.find(|(number, word)| **word != self.word(*number)[..word.len()])?;
        let differs = |(found, expected): (&u8, u8)| *found != expected;
        let within = word.iter().zip(self.word(number)).position(differs);
        Some(number * 8 + within.unwrap_or(0))
    }

    fn word(self, number: usize) -> [u8; 8] {
        let word = mixed(self.start.wrapping_add(number as u64));
        word.wrapping_add(self.generation.wrapping_mul(STEP)).to_le_bytes()
    }
}

/// Makes the contents of one generation those of the next: a pass through all of the memory.
pub(super) fn update(bytes: &mut [u8]) {
    for word in bytes.chunks_mut(8) {
        let mut whole = [0; 8];
        whole[..word.len()].copy_from_slice(word);
        let next = u64::from_le_bytes(whole).wrapping_add(STEP).to_le_bytes();
        word.copy_from_slice(&next[..word.len()]);
    }
}

/// Spreads the bits of a number over all others (the finish of SplitMix64).
pub(in crate::cli) fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_found_where_it_is() {
        for len in [1, 7, 8, 9, 4096, 4099] {
            let contents = Contents::new(1, 2, 3);
            let mut bytes = vec![0; len];
            contents.fill(&mut bytes);
            assert_eq!(contents.difference(&bytes), None);
            for at in [0, len / 2, len - 1] {
                bytes[at] ^= 1;
                assert_eq!(contents.difference(&bytes), Some(at));
                bytes[at] ^= 1;
            }
            for other in [Contents::new(0, 2, 3), Contents::new(1, 1, 3), Contents::new(1, 2, 2)] {
                assert!(len < 8 || other.difference(&bytes).is_some());
            }
        }
    }

    #[test]
    fn an_update_is_the_next_generation() {
        for len in [3, 8, 1003] {
            let mut bytes = vec![0; len];
            Contents::new(7, 1, 4).fill(&mut bytes);
            update(&mut bytes);
            assert_eq!(Contents::new(7, 1, 5).difference(&bytes), None);
        }
    }
}
