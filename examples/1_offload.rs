//! Writes files and generated tensors to swap files, reads them back and compares every byte.
//!
//! `cargo run --release --example offload -- [FILE...] [--dir DIR]`, with `DS_AIO_*` in front.

use std::{error::Error, fs, io::Write, process::ExitCode};

use ds_aio::{AioConfig, Engine, Error as IoError, Loaded, OpenOptions};
use ds_aio_examples::{Arguments, Progress, Speed, compare};

fn main() -> ExitCode {
    let loaded = match AioConfig::loader().env().load() {
        Ok(loaded) => loaded,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(2);
        }
    };
    if let Err(error) = offload(&loaded) {
        eprintln!("offload: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn offload(loaded: &Loaded<AioConfig>) -> Result<(), Box<dyn Error>> {
    let Arguments { sources, dir } = Arguments::from_command_line()?;
    let mut out = std::io::stdout();
    for warning in loaded.warnings() {
        eprintln!("{warning}");
    }
    writeln!(out, "{}", loaded.explain())?;

    let engine = Engine::new(&loaded.value)?;
    let settings = engine.settings();
    let (groups, depth) = (settings.thread_count, settings.queue_depth);
    writeln!(out, "{} backend, up to {groups} x {depth} blocks in flight", settings.backend)?;

    // A request that can fill the queue, and is large enough to tell a speed.
    let in_flight = (groups * depth).saturating_mul(loaded.value.block_size);
    let mut buf = engine.alloc(in_flight.clamp(64 << 20, 1 << 30))?;
    let mut progress = Progress::of(&sources)?;
    let (mut write_speed, mut read_speed) = (Speed::default(), Speed::default());
    let dir = tempfile::tempdir_in(dir)?;
    for source in &sources {
        let options = OpenOptions::new().create_new().preallocate(source.len()?);
        let swap = engine.open_with(dir.path().join("swap"), &options)?;
        // An open file outlives its name, and goes with the process, however that ends.
        fs::remove_file(swap.path())?;
        progress.each_chunk(source, "writing", &mut buf, |contents, chunk, offset| {
            contents.read_exact(chunk)?;
            Ok(write_speed.measure(chunk.len(), || {
                engine.scope(|s| {
                    s.pwrite(&swap, chunk, offset).wait().map(drop).map_err(IoError::from)
                })
            })??)
        })?;
        progress.each_chunk(source, "reading", &mut buf, |contents, chunk, offset| {
            chunk.fill(0);
            read_speed.measure(chunk.len(), || {
                engine.scope(|s| {
                    s.pread(&swap, chunk, offset).wait().map(drop).map_err(IoError::from)
                })
            })??;
            compare(contents, chunk)
        })?;
        writeln!(out, "{source}: {} bytes, every one the same", source.len()?)?;
    }

    writeln!(out, "\nwrite {write_speed}, read {read_speed}")?;
    let stats = engine.stats();
    let direct = stats.direct_bytes + stats.bounced_bytes;
    writeln!(out, "{direct} bytes with O_DIRECT, {} through the page cache", stats.buffered_bytes)?;
    Ok(())
}
