//! A durable store whose tensors all are of one round, a process that goes through rounds until it is
//! killed, and what it leaves.

use std::{
    collections::BTreeSet,
    error::Error,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use ds_aio::{Engine, OffloadStore, Placement, StoreBuilder, StoreConfig};

use crate::{
    bytes::{Rng, assert_same, pattern},
    settings::{MODES, SHAPES, settings},
};

/// Tensors of each round.
const TENSORS: u64 = 12;

/// Small blocks and slabs, and some tensors with files of their own.
fn builder(directory: &Path) -> StoreBuilder {
    small(OffloadStore::builder(directory))
}

/// The same in several directories, in which tensors are striped; or in one.
#[allow(clippy::unwrap_used, reason = "how a helper fails: its caller shows the message")]
fn builder_in(directories: &[PathBuf]) -> StoreBuilder {
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
fn tensor(number: u64, round: u64) -> (String, Vec<u8>) {
    let len = [100, 5000, 40_000, 120_000][(number % 4) as usize];
    (format!("tensor {number}"), pattern(round << 16 | number, len))
}

/// Name and bytes of the one that is of its round alone.
fn passing(round: u64) -> (String, Vec<u8>) {
    (format!("of round {round}"), pattern(round, 3000))
}

/// The round that the store is in, with every byte compared; 0 if it is empty.
fn of(store: &OffloadStore) -> Result<u64, Box<dyn Error>> {
    if store.is_empty() {
        return Ok(0);
    }
    let round =
        store.tensors().find_map(|tensor| tensor.name.strip_prefix("of round ")?.parse().ok());
    let round = round.ok_or("no tensor tells the round")?;
    let tensors = (0..TENSORS).map(|number| tensor(number, round));
    let tensors: Vec<_> = tensors.chain([passing(round)]).collect();
    assert_eq!(store.len(), tensors.len(), "tensors of round {round}");
    for (name, bytes) in tensors {
        assert_same(&store.get(&name).wait()?, &bytes, &format!("{name} in round {round}"));
    }
    Ok(round)
}

/// Puts and commits in the store of those directories, round after round, and prints how far it is.
///
/// # Errors
///
/// What the engine, the store or the output says.
///
/// # Panics
///
/// If there is no directory.
pub fn go_on(directories: &[PathBuf]) -> Result<(), Box<dyn Error>> {
    let engine = Arc::new(Engine::new(&settings(64 << 10, SHAPES[1], MODES[0]))?);
    let store = builder_in(directories).open(&engine)?;
    let mut out = std::io::stdout();
    let first = of(&store)?;
    writeln!(out, "found {first}")?;
    for round in first + 1.. {
        for number in 0..TENSORS {
            let (name, bytes) = tensor(number, round);
            // Some are overwritten before they are committed, wholly and in part.
            if number % 3 == 0 {
                drop(store.put(&name, tensor(number, round + 1000).1));
            }
            if number % 4 == 0 {
                let at = bytes.len() / 2;
                drop(store.put(&name, [&bytes[..at], &vec![0; bytes.len() - at]].concat()));
                drop(store.put_range(&name, at as u64, bytes[at..].to_vec()));
            } else {
                drop(store.put(&name, bytes));
            }
        }
        let (name, bytes) = passing(round);
        drop(store.put(&name, bytes));
        store.remove(&passing(round - 1).0)?;
        writeln!(out, "committing {round}")?;
        store.commit()?;
        writeln!(out, "committed {round}")?;
    }
    Ok(())
}

/// A store whose owner is killed (SIGKILL) again and again.
pub struct Killed {
    path: PathBuf,
    engine: Arc<Engine>,
    /// The round that the store is in.
    pub committed: u64,
    /// How many owners were killed during a commit.
    pub in_commit: usize,
}

impl Killed {
    /// None was killed yet in that directory; `engine` looks at what is left.
    #[must_use]
    pub fn new(path: PathBuf, engine: Arc<Engine>) -> Self {
        Self { path, engine, committed: 0, in_commit: 0 }
    }

    /// Starts an owner (a process that calls [`go_on`]), kills it at any moment, and compares every byte
    /// that is left with the last commit.
    ///
    /// # Panics
    ///
    /// If the store is not as of that commit, or of the one that was under way.
    pub fn once_more(&mut self, owner: &mut Command, rng: &mut Rng) {
        let mut process = owner.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        // Killed while it opens the store, or so long after one of its next words.
        let words = rng.below(6);
        let mut said: Vec<String> = lines.by_ref().take(words).map(Result::unwrap).collect();
        let until = Instant::now() + Duration::from_micros(rng.below(2500) as u64);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        process.kill().unwrap();
        assert_eq!(process.wait().unwrap().code(), None, "it ended by itself: {said:?}");
        said.extend(lines.map(Result::unwrap));

        let told = format!("killed after {said:?}");
        if let Some(found) = last(&said, "found") {
            assert_eq!(found, self.committed, "{told}");
        }
        let at_least = last(&said, "committed").unwrap_or(self.committed);
        let at_most = last(&said, "committing").unwrap_or(self.committed);
        self.in_commit += usize::from(at_most > at_least);
        let store = builder(&self.path).open(&self.engine).unwrap();
        self.committed = of(&store).unwrap();
        assert!((at_least..=at_most).contains(&self.committed), "{}: {told}", self.committed);
        // What is there is the index's and nobody else's.
        let before = (self.committed > 0).then(|| files(&self.path));
        store.close().unwrap();
        if let Some(before) = before {
            assert_eq!(before, files(&self.path), "{told}");
            assert!(before.len() <= 2 + 3 * 2 + 4, "{before:?}: {told}");
        }
    }
}

fn files(path: &Path) -> BTreeSet<std::ffi::OsString> {
    fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}

/// The number at the end of a line that begins with `what`, of the last such line.
fn last(said: &[String], what: &str) -> Option<u64> {
    said.iter().rev().find_map(|line| line.strip_prefix(what)?.trim().parse().ok())
}
