//! Writes files and generated tensors to swap files, reads them back and compares every byte.
//!
//! `cargo run --release --example offload -- [FILE...] [--dir DIR]`, with `DS_AIO_*` in front.

use std::{
    error::Error,
    io::Read,
    process::ExitCode,
    time::{Duration, Instant},
};

use ds_aio::{AioBuf, AioConfig, AioFile, Engine, Error as IoError, OpenOptions};
use ds_aio_examples::{Arguments, Source, chunks, compare, progress};

const CHUNK: usize = 256 << 20;

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
    match Engine::new(&loaded.value)
        .map_err(Into::into)
        .and_then(|engine| offload(&engine))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("offload: {error}");
            ExitCode::FAILURE
        }
    }
}

fn offload(engine: &Engine) -> Result<(), Box<dyn Error>> {
    let Arguments { sources, dir } = Arguments::from_command_line()?;
    let dir = tempfile::tempdir_in(dir)?;
    let settings = engine.settings();
    let (threads, depth) = (settings.thread_count, settings.queue_depth);
    println!(
        "{} backend: {threads} x {depth} blocks in flight",
        settings.backend
    );

    let mut buf = engine.alloc(CHUNK)?;
    let (mut bytes, mut write_time, mut read_time) = (0, Duration::ZERO, Duration::ZERO);
    for (number, source) in sources.iter().enumerate() {
        let len = source.len()?;
        let options = OpenOptions::new().create_new().preallocate(len);
        let swap = engine.open_with(dir.path().join(format!("{number}.swp")), &options)?;
        write_time += write(engine, source, &swap, &mut buf)?;
        read_time += read_back(engine, source, &swap, &mut buf)?;
        let direct = if swap.is_direct() {
            "O_DIRECT"
        } else {
            "no O_DIRECT"
        };
        println!("\r\x1b[K{source}: {len} bytes, every one the same ({direct})");
        bytes += len;
    }

    let rate = |time: Duration| bytes as f64 / 1e9 / time.as_secs_f64().max(1e-9);
    println!(
        "\nwrite {:.2} GB/s, read {:.2} GB/s",
        rate(write_time),
        rate(read_time)
    );
    let stats = engine.stats();
    let direct = stats.direct_bytes + stats.bounced_bytes;
    println!(
        "{direct} bytes with O_DIRECT, {} through the page cache",
        stats.buffered_bytes
    );
    Ok(())
}

type Timed = Result<Duration, Box<dyn Error>>;

fn write(engine: &Engine, source: &Source, swap: &AioFile, buf: &mut AioBuf) -> Timed {
    let (mut contents, len, mut time) = (source.open()?, source.len()?, Duration::ZERO);
    for (offset, chunk) in chunks(len, CHUNK) {
        let chunk = &mut buf[..chunk];
        contents.read_exact(chunk)?;
        let started = Instant::now();
        engine.scope(|s| {
            s.pwrite(swap, chunk, offset)
                .wait()
                .map(drop)
                .map_err(IoError::from)
        })??;
        time += started.elapsed();
        progress(source, "written", offset + chunk.len() as u64, len);
    }
    Ok(time)
}

fn read_back(engine: &Engine, source: &Source, swap: &AioFile, buf: &mut AioBuf) -> Timed {
    let (mut contents, len, mut time) = (source.open()?, source.len()?, Duration::ZERO);
    for (offset, chunk) in chunks(len, CHUNK) {
        let chunk = &mut buf[..chunk];
        chunk.fill(0);
        let started = Instant::now();
        engine.scope(|s| {
            s.pread(swap, chunk, offset)
                .wait()
                .map(drop)
                .map_err(IoError::from)
        })??;
        time += started.elapsed();
        compare(&mut contents, chunk)?;
        progress(source, "read back", offset + chunk.len() as u64, len);
    }
    Ok(time)
}
