//! Checkpoints named tensors in a durable store, and finds them again at its next run.
//!
//! `cargo run --release --example store -- [DIRECTORY]`: run it twice with the same directory, or kill
//! it in the middle and run it again.

use std::{error::Error, io::Write, process::ExitCode, sync::Arc};

use ds_aio::{AioConfig, Engine, OffloadStore, StoreTicket};
use ds_aio_examples::Arguments;

const LAYERS: usize = 8;
const STEPS: u64 = 3;

fn main() -> ExitCode {
    if let Err(error) = train() {
        eprintln!("store: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn train() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    let (directory, dir) = Arguments::path_and_dir()?;
    let temporary = tempfile::tempdir_in(dir)?;
    let directory = directory.unwrap_or_else(|| temporary.path().join("checkpoint"));
    let engine = Arc::new(Engine::new(&AioConfig::from_env()?)?);
    let store = OffloadStore::builder(directory).durable().open(&engine)?;

    let name = |layer| format!("layers/{layer}/momentum");
    let mut step = match store.contains("step") {
        true => u64::from_le_bytes(store.get("step").wait()?[..].try_into()?),
        false => 0,
    };
    writeln!(out, "{} tensors of step {step} are there", store.len())?;
    let mut layers = Vec::new();
    for layer in 0..LAYERS {
        let momentum = engine.alloc((layer + 1) << 18)?;
        // All that is read is compared with its checksums.
        layers.push(match store.contains(&name(layer)) {
            true => store.get_into(&name(layer), momentum).wait()?,
            false => momentum,
        });
    }

    for _ in 0..STEPS {
        step += 1;
        for layer in &mut layers {
            layer.iter_mut().for_each(|value| *value = value.wrapping_add(1));
        }
        // All at once, while something else is computed; the buffers come back.
        let puts =
            layers.drain(..).enumerate().map(|(layer, momentum)| store.put(&name(layer), momentum));
        let puts: Vec<_> = puts.collect();
        store.put("step", step.to_le_bytes().to_vec()).wait()?;
        layers = StoreTicket::wait_all(puts).into_iter().collect::<Result<_, _>>()?;
        // From here on this step outlives a loss of power, and until here the one before does.
        let commit = store.commit()?;
        writeln!(out, "step {step}: {} bytes in commit {}", commit.bytes, commit.number)?;
    }
    let expected = step as u8;
    if layers.iter().flat_map(|layer| layer.iter()).any(|&value| value != expected) {
        return Err(format!("a value is not {expected}").into());
    }
    writeln!(out, "every value is {expected}")?;
    store.close()?;
    Ok(())
}
