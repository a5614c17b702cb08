//! Reproducible randomness, and bytes that tell where they belong.

use std::hash::{BuildHasher, RandomState};

/// A seeded generator (SplitMix64), so that a failing run can be replayed.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// The generator of that seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.bits() % limit as u64) as usize
    }

    /// One of `choices`, of which there are some.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Brings `items` into a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// The seed of `DS_AIO_TEST_SEED` to replay a run, or a new one.
#[must_use]
pub fn seed() -> u64 {
    std::env::var("DS_AIO_TEST_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| RandomState::new().hash_one(std::process::id()))
}

/// `len` bytes without any period, so that blocks in each other's place are seen.
#[must_use]
pub fn pattern(seed: u64, len: usize) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        bytes.extend_from_slice(&rng.bits().to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Panics with the first difference where `found` is not `expected`; printing megabytes helps
/// nobody.
///
/// # Panics
///
/// If they differ.
#[track_caller]
#[expect(clippy::panic, reason = "an assertion")]
pub fn assert_same(found: &[u8], expected: &[u8], what: &dyn std::fmt::Display) {
    if found == expected {
        return;
    }
    let first = found.iter().zip(expected).position(|(a, b)| a != b);
    let differing = found.iter().zip(expected).filter(|(a, b)| a != b).count();
    let (found, expected) = (found.len(), expected.len());
    panic!(
        "{what}: {found} bytes against {expected} expected, the first difference at {first:?}, \
         {differing} bytes differ"
    );
}
