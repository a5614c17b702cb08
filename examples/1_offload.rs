//! Writes files and generated tensors to swap files, reads them back and compares every byte.
//!
//! `cargo run --release --example offload -- [FILE...] [--dir DIR]`, with `DS_AIO_*` in front.

use std::{error::Error, process::ExitCode};

use ds_aio::{AioConfig, Engine, Error as IoError, OpenOptions};
use ds_aio_examples::{Arguments, Speed, compare, each_chunk};

fn main() -> ExitCode {
    let loaded = match AioConfig::loader().env().load() {
        Ok(loaded) => loaded,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(2);
        }
    };
    for warning in loaded.warnings() {
        eprintln!("{warning}");
    }
    println!("{}", loaded.explain());
    if let Err(error) = offload(&loaded.value) {
        eprintln!("offload: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn offload(config: &AioConfig) -> Result<(), Box<dyn Error>> {
    let Arguments { sources, dir } = Arguments::from_command_line()?;
    let dir = tempfile::tempdir_in(dir)?;
    let engine = Engine::new(config)?;
    let (backend, groups) = (engine.settings().backend, engine.settings().thread_count);
    println!("{backend} backend, {groups} x {} blocks in flight", engine.settings().queue_depth);

    let mut buf = engine.alloc(64 << 20)?;
    let (mut write_speed, mut read_speed) = (Speed::default(), Speed::default());
    for (number, source) in sources.iter().enumerate() {
        let options = OpenOptions::new().create_new().preallocate(source.len()?);
        let swap = engine.open_with(dir.path().join(format!("{number}.swp")), &options)?;
        each_chunk(source, &mut buf, "written", |contents, chunk, offset| {
            contents.read_exact(chunk)?;
            write_speed.measure(chunk.len(), || {
                engine.scope(|s| {
                    s.pwrite(&swap, chunk, offset).wait().map(drop).map_err(IoError::from)
                })
            })??;
            Ok(())
        })?;
        each_chunk(source, &mut buf, "read back", |contents, chunk, offset| {
            chunk.fill(0);
            read_speed.measure(chunk.len(), || {
                engine.scope(|s| {
                    s.pread(&swap, chunk, offset).wait().map(drop).map_err(IoError::from)
                })
            })??;
            compare(contents, chunk)
        })?;
        println!("{source}: {} bytes, every one the same", source.len()?);
    }

    println!("\nwrite {write_speed}, read {read_speed}");
    let stats = engine.stats();
    let direct = stats.direct_bytes + stats.bounced_bytes;
    println!("{direct} bytes with O_DIRECT, {} through the page cache", stats.buffered_bytes);
    Ok(())
}
