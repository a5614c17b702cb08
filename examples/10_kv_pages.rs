//! Puts the keys and values of many sequences aside, in pages of one file: a sequence that is preempted
//! writes its own to free pages, reads them again when it goes on, and then they are free for others.
//!
//! `cargo run --release --example kv_pages -- [--dir DIR]`, with `DS_AIO_*` in front.

use std::{error::Error, io::Write, sync::Arc};

use ds_aio::{AioBuf, AioConfig, AioFile, Engine, OpenOptions};
use ds_aio_examples::Arguments;
use futures_util::future::try_join_all;
use tokio::{runtime::Runtime, sync::Mutex, task::JoinSet};

/// Bytes of a page: 16 tokens of 8 heads of 128 numbers, keys and values, in 4 layers of BF16.
const PAGE: usize = 16 * 8 * 128 * 2 * 4 * 2;
const SEQUENCES: u64 = 32;
const PAGES_EACH: u64 = 8;

struct Pages {
    engine: Engine,
    file: AioFile,
    /// Where in the file pages are free.
    free: Mutex<Vec<u64>>,
}

impl Pages {
    /// Writes buffers to free pages, all at once, and tells where.
    async fn put(&self, buffers: Vec<AioBuf>) -> Result<Vec<u64>, Box<dyn Error + Send + Sync>> {
        let (mut pages, mut writes) = (Vec::new(), Vec::new());
        for buffer in buffers {
            let page = self.free.lock().await.pop().ok_or("no page is free")?;
            writes.push(self.engine.pwrite_async(&self.file, buffer, page).await);
            pages.push(page);
        }
        try_join_all(writes).await?;
        Ok(pages)
    }

    /// Reads pages, which are free then.
    async fn take(&self, pages: Vec<u64>) -> Result<Vec<AioBuf>, Box<dyn Error + Send + Sync>> {
        let mut reads = Vec::new();
        for &page in &pages {
            let buffer = self.engine.alloc_for_read(PAGE)?;
            reads.push(self.engine.pread_async(&self.file, buffer, page).await);
        }
        let buffers = try_join_all(reads).await?;
        self.free.lock().await.extend(pages);
        Ok(buffers)
    }
}

/// A sequence that is preempted again and again, each time with one page more.
async fn sequence(pages: Arc<Pages>, number: u64) -> Result<(), Box<dyn Error + Send + Sync>> {
    let own = |page| (number * PAGES_EACH + page) as u8;
    let mut cache = Vec::new();
    for page in 0..PAGES_EACH {
        let mut computed = pages.engine.alloc(PAGE)?;
        computed.fill(own(page));
        cache.push(computed);
        cache = pages.take(pages.put(cache).await?).await?;
    }
    let is_own = |(page, bytes): (u64, &AioBuf)| bytes.iter().all(|&byte| byte == own(page));
    assert!((0..).zip(&cache).all(is_own), "sequence {number} has pages of others");
    Ok(())
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let dir = tempfile::tempdir_in(Arguments::dir_alone().map_err(|error| error.to_string())?)?;
    let len = SEQUENCES * PAGES_EACH * PAGE as u64;
    let engine = Engine::new(&AioConfig::from_env()?)?;
    // No write makes the file longer then, which would cost more than the write itself.
    let options = OpenOptions::new().create_new().preallocate(len);
    let file = engine.open_with(dir.path().join("pages"), &options)?;
    let free = Mutex::new((0..len).step_by(PAGE).collect());
    let pages = Arc::new(Pages { engine, file, free });
    let tasks = (0..SEQUENCES).map(|number| sequence(Arc::clone(&pages), number));
    let ended = Runtime::new()?.block_on(async { tasks.collect::<JoinSet<_>>().join_all().await });
    ended.into_iter().collect::<Result<(), _>>()?;
    writeln!(std::io::stdout(), "{SEQUENCES} sequences, each with its own bytes in {len}")?;
    Ok(())
}
