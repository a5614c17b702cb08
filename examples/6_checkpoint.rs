//! Writes checkpoints as tar archives: each replaces the one before as a whole, once it is durable, and is
//! read back and compared.
//!
//! `cargo run --release --example checkpoint -- [FILE...] [--dir DIR]`, with `DS_AIO_*` in front.

use std::{
    error::Error,
    fs, io,
    io::{Read, Write},
    path::Path,
};

use ds_aio::{AioConfig, Engine, FileReader, FileWriter, Priority, WriterOptions};
use ds_aio_examples::{Arguments, Source, Speed, compare};

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { sources, dir } = Arguments::from_command_line()?;
    let mut out = io::stdout();
    let engine = Engine::new(&AioConfig::from_env()?)?;
    let dir = tempfile::tempdir_in(dir)?;
    let path = dir.path().join("checkpoint.tar");
    let len = sources.iter().map(Source::len).sum::<io::Result<u64>>()? as usize;

    let (mut writing, mut reading) = (Speed::default(), Speed::default());
    for step in [1000, 2000] {
        writing.measure(len, || write(&engine, &path, step, &sources))?;
        reading.measure(len, || read(&engine, &path, &sources))?;
        writeln!(out, "step {step}: {} bytes, every one the same", fs::metadata(&path)?.len())?;
    }
    writeln!(out, "write {writing} (durable, generating the tensors), read {reading} (comparing)")?;
    engine.close()?;
    Ok(())
}

fn write(
    engine: &Engine,
    path: &Path,
    step: u32,
    sources: &[Source],
) -> Result<(), Box<dyn Error>> {
    // What training itself reads and writes goes first.
    let options = WriterOptions::new().replace().priority(Priority::Background);
    let mut archive = tar::Builder::new(FileWriter::create_with(engine, path, &options)?);
    for source in sources {
        let mut header = tar::Header::new_gnu();
        let len = source.len()?;
        header.set_size(len);
        archive.append_data(&mut header, "tensor", source.open()?.take(len))?;
    }
    let state = format!("{{\"step\": {step}}}");
    let mut header = tar::Header::new_gnu();
    header.set_size(state.len() as u64);
    archive.append_data(&mut header, "state.json", state.as_bytes())?;
    // A crash before this leaves the checkpoint of the step before.
    archive.into_inner()?.finish()?;
    Ok(())
}

fn read(engine: &Engine, path: &Path, sources: &[Source]) -> Result<(), Box<dyn Error>> {
    let mut archive = tar::Archive::new(FileReader::open(engine, path)?);
    let mut piece = vec![0; 1 << 20];
    for (entry, source) in archive.entries()?.zip(sources) {
        let (mut entry, mut expected) = (entry?, source.open()?);
        loop {
            let count = entry.read(&mut piece)?;
            if count == 0 {
                break;
            }
            compare(&mut expected, &piece[..count])?;
        }
    }
    Ok(())
}
