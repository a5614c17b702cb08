//! A cache of attention's keys and values: more blocks of tokens than it may hold. Those that were used least
//! recently make room, and are computed again when they are asked for; a prompt that all begin with stays.
//!
//! `cargo run --release --example kv_cache -- [--dir DIR]`, with `DS_AIO_*` in front.

use std::{
    error::Error,
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use ds_aio::{AioConfig, Engine, OffloadStore, Pin, StoreErrorKind};
use ds_aio_examples::Arguments;

/// Bytes of a block: the keys and values of 64 tokens, say.
const BLOCK: usize = 1 << 20;
const BLOCKS: usize = 4;
const SEQUENCES: usize = 16;
/// For three blocks of four.
const CAPACITY: u64 = (SEQUENCES * BLOCKS * 3 / 4 * BLOCK) as u64;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir_in(Arguments::dir_alone()?)?;
    let engine = Arc::new(Engine::new(&AioConfig::from_env()?)?);
    let evicted = Arc::new(AtomicUsize::new(0));
    let told = Arc::clone(&evicted);
    let store = OffloadStore::builder(directory.path().join("kv"))
        .capacity(CAPACITY)
        .on_evict(move |_| {
            told.fetch_add(1, Ordering::Relaxed);
        })
        .open(&engine)?;

    // The first sequence is the prompt: pinned before it is there.
    let prompt: Vec<Pin> = (0..BLOCKS).map(|block| store.pin(&name((0, block)))).collect();
    let (mut hits, mut computed) = (0, 0);
    for turn in 0..6 * SEQUENCES {
        // Some sequences go on more often than others.
        let sequence = if turn % 3 == 0 { turn % 5 } else { turn % SEQUENCES };
        let blocks = [0, sequence].into_iter().flat_map(|of| (0..BLOCKS).map(move |n| (of, n)));
        // Read ahead of the attention that is computed with them.
        for (block, found) in blocks.clone().zip(store.stream(blocks.map(name), 4)) {
            match found {
                Ok(bytes) => {
                    assert!(bytes.iter().all(|&byte| byte == value(block)), "{}", bytes.name());
                    hits += 1;
                }
                Err(error) if error.kind() == StoreErrorKind::NotFound => {
                    let mut bytes = engine.alloc(BLOCK)?;
                    bytes.fill(value(block));
                    store.put(&name(block), bytes).wait()?;
                    computed += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    let evicted = evicted.load(Ordering::Relaxed);
    if let Some(pin) = prompt.iter().find(|pin| !store.contains(pin.name())) {
        return Err(format!("{} was pinned, and is gone", pin.name()).into());
    }
    writeln!(
        std::io::stdout(),
        "{hits} blocks found, {computed} computed, {evicted} evicted; {} are there, the prompt's \
         among them",
        store.len(),
    )?;
    store.close()?;
    Ok(())
}

fn name((sequence, block): (usize, usize)) -> String {
    format!("{sequence}/{block}")
}

fn value((sequence, block): (usize, usize)) -> u8 {
    (1 + sequence * BLOCKS + block) as u8
}
