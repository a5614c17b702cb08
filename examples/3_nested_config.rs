//! A tool's own configuration, with the engine's settings as a table of it, twice: once for each
//! device that it copies between.
//!
//! `MIRROR_TO_QUEUE_DEPTH=2 cargo run --example nested_config -- [mirror.toml]`

use std::{error::Error, process::ExitCode};

use ds_aio::{AioConfig, Config, ConfigErrors, Engine, Loaded};

/// Copies swap files from one device to another.
#[derive(Debug, Config)]
#[config(section = "mirror", env_prefix = "MIRROR")]
struct MirrorConfig {
    /// Bytes of one file.
    #[config(default = 16 << 20, bytes, range = 1..)]
    file_bytes: usize,
    /// How files are read; `DS_AIO_*` variables set it.
    #[config(nested)]
    from: AioConfig,
    /// How files are written; `MIRROR_TO_*` variables set it.
    #[config(nested(env_prefix = "MIRROR_TO"))]
    to: AioConfig,
}

fn main() -> ExitCode {
    match load() {
        Err(errors) => {
            eprintln!("{errors}\n\nA file to begin with:\n\n{}", MirrorConfig::TOML_TEMPLATE);
            ExitCode::from(2)
        }
        Ok(loaded) => match mirror(&loaded) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("nested_config: {error}");
                ExitCode::FAILURE
            }
        },
    }
}

fn load() -> Result<Loaded<MirrorConfig>, ConfigErrors> {
    let loader = MirrorConfig::loader().env();
    match std::env::args_os().nth(1) {
        Some(path) => loader.file(path).load(),
        None => loader.load(),
    }
}

fn mirror(loaded: &Loaded<MirrorConfig>) -> Result<(), Box<dyn Error>> {
    print!("{}", loaded.explain());
    let config = &loaded.value;
    let (reader, writer) = (Engine::new(&config.from)?, Engine::new(&config.to)?);

    let (left, right) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let original = reader.create(left.path().join("0.swp"))?;
    let mut tensor = reader.alloc(config.file_bytes)?;
    tensor.iter_mut().enumerate().for_each(|(index, byte)| *byte = index as u8);
    let tensor = reader.pwrite(&original, tensor, 0).wait()?;

    // A buffer of one engine's memory is a buffer to the other.
    let tensor = reader.pread(&original, tensor, 0).wait()?;
    let copy = writer.create(right.path().join("0.swp"))?;
    let tensor = writer.pwrite(&copy, tensor, 0).wait()?;
    let read_back = writer.pread(&copy, vec![0; config.file_bytes], 0).wait()?;
    if read_back[..] != tensor[..] {
        return Err("the copy differs from the original".into());
    }
    println!("{} bytes mirrored", config.file_bytes);
    Ok(())
}
