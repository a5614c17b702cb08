//! A durable store whose tensors all are of one round, which a process that may be killed goes through.

use std::path::{Path, PathBuf};

use ds_aio::{OffloadStore, Placement, StoreBuilder, StoreConfig};

use crate::bytes::{assert_same, pattern};

/// Tensors of each round.
pub const ROUNDS_TENSORS: u64 = 12;

/// Small blocks and slabs, and some tensors with files of their own.
#[must_use]
pub fn builder(directory: &Path) -> StoreBuilder {
    small(OffloadStore::builder(directory))
}

/// The same in several directories, in which tensors are striped; or in one.
///
/// # Panics
///
/// If there is none.
#[must_use]
#[allow(clippy::unwrap_used, reason = "how a helper fails: its caller shows the message")]
pub fn builder_in(directories: &[PathBuf]) -> StoreBuilder {
    if let [only] = directories {
        return builder(only);
    }
    let placement = Placement::Stripe { chunk: 16 << 10 };
    let config = StoreConfig::builder().dirs(directories.to_vec()).placement(placement);
    let environment: [(&str, &str); 0] = [];
    small(OffloadStore::configured(&config.build().unwrap(), &environment).unwrap())
}

fn small(builder: StoreBuilder) -> StoreBuilder {
    builder.durable().block_size(4096).slab_limit(64 << 10).slab_size(512 << 10)
}

/// Name and bytes of a tensor in a round.
#[must_use]
pub fn tensor(number: u64, round: u64) -> (String, Vec<u8>) {
    let len = [100, 5000, 40_000, 120_000][(number % 4) as usize];
    (format!("tensor {number}"), pattern(round << 16 | number, len))
}

/// Name and bytes of the one that is of its round alone.
#[must_use]
pub fn passing(round: u64) -> (String, Vec<u8>) {
    (format!("of round {round}"), pattern(round, 3000))
}

/// The round that the store is in, with every byte compared; 0 if it is empty.
///
/// # Errors
///
/// What reading says.
///
/// # Panics
///
/// If its tensors are not of one round.
pub fn of(store: &OffloadStore) -> Result<u64, Box<dyn std::error::Error>> {
    if store.is_empty() {
        return Ok(0);
    }
    let round =
        store.tensors().find_map(|tensor| tensor.name.strip_prefix("of round ")?.parse().ok());
    let round = round.ok_or("no tensor tells the round")?;
    let tensors = (0..ROUNDS_TENSORS).map(|number| tensor(number, round));
    let tensors: Vec<_> = tensors.chain([passing(round)]).collect();
    assert_eq!(store.len(), tensors.len(), "tensors of round {round}");
    for (name, bytes) in tensors {
        assert_same(&store.get(&name).wait()?, &bytes, &format!("{name} in round {round}"));
    }
    Ok(round)
}
