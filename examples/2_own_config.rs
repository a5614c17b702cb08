//! A configuration struct of one's own: other defaults, a field of its own, the same engine.
//!
//! `KV_CACHE_QUEUE_DEPTH=4 cargo run --example own_config`

use std::{error::Error, path::PathBuf, process::ExitCode};

use ds_aio::{Config, Engine};

/// Where a KV cache goes when memory is full, and how.
#[derive(Debug, Config)]
#[config(section = "kv_cache", env_prefix = "KV_CACHE", engine)]
struct KvCacheConfig {
    /// Bytes per I/O request.
    #[config(default = 256 << 10, bytes, range = 4096..=1 << 26, multiple_of = 4096)]
    block_size: usize,
    /// Blocks in flight per worker group.
    #[config(default = 32, range = 1..=256)]
    queue_depth: usize,
    /// Bytes of one cached page.
    #[config(default = 2 << 20, bytes, range = 4096..)]
    page_bytes: usize,
    /// The directory of the cache; the system's temporary directory if empty.
    #[config(default = "")]
    dir: PathBuf,
}

fn main() -> ExitCode {
    match KvCacheConfig::from_env() {
        Err(errors) => {
            eprintln!("{errors}");
            ExitCode::from(2)
        }
        Ok(config) => match evict_and_restore(&config) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("own_config: {error}");
                ExitCode::FAILURE
            }
        },
    }
}

fn evict_and_restore(config: &KvCacheConfig) -> Result<(), Box<dyn Error>> {
    // The fields that the struct has drive the engine; for those it lacks AioConfig's defaults do.
    let engine = Engine::new(config)?;
    println!("{config:#?}\n{:#?}", engine.settings());

    let in_temp_dir = config.dir.as_os_str().is_empty();
    let parent = if in_temp_dir { std::env::temp_dir() } else { config.dir.clone() };
    let dir = tempfile::tempdir_in(parent)?;
    let file = engine.create(dir.path().join("pages"))?;

    let offset = |page: u8| u64::from(page) * config.page_bytes as u64;
    let mut evicted = Vec::new();
    for page in 0..8 {
        let mut buf = engine.alloc(config.page_bytes)?;
        buf.fill(page);
        evicted.push(engine.pwrite(&file, buf, offset(page)));
    }
    for (page, ticket) in (0..).zip(evicted) {
        let buf = engine.pread(&file, ticket.wait()?, offset(page)).wait()?;
        if buf.iter().any(|&byte| byte != page) {
            return Err(format!("page {page} came back changed").into());
        }
    }
    println!("8 pages of {} bytes evicted and restored", config.page_bytes);
    Ok(())
}
