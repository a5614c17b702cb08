//! Loads a model's weights with progress, cold and warm, next to what is usual: `memmap2` and a copy.
//!
//! `cargo run --release --example weights -- [MODEL] [--dir DIR]`, with `DS_AIO_*` in front. MODEL is a
//! `.safetensors` file; without one a model of 1 GiB is made.

use std::{
    collections::BTreeMap,
    error::Error,
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use ds_aio::{
    AioConfig, Engine, WriterOptions,
    safetensors::{Dtype, Model, TensorView, save},
};
use ds_aio_examples::{Arguments, Source, Speed, compare, evict, on_terminal, read_through};

type Prepare = fn(&Path) -> io::Result<()>;

fn main() -> Result<(), Box<dyn Error>> {
    let (path, dir) = Arguments::path_and_dir()?;
    let mut out = io::stdout();
    let engine = Engine::new(&AioConfig::from_env()?)?;
    let dir = tempfile::tempdir_in(dir)?;
    let path = match path {
        Some(path) if path.extension().is_some_and(|extension| extension == "safetensors") => path,
        Some(path) => return Err(format!("{}: not a .safetensors file", path.display()).into()),
        None => make(&engine, dir.path().join("model.safetensors"))?,
    };

    let model = Model::open(&engine, &path)?;
    let len = model.data_len() as usize;
    writeln!(out, "{}: {} tensors, {len} bytes", path.display(), model.tensors().len())?;
    for (state, prepare) in [("cold", evict as Prepare), ("warm", read_through)] {
        let (mut ours, mut usual) = (Speed::default(), Speed::default());
        for _ in 0..3 {
            prepare(&path)?;
            let show = |progress: ds_aio::Progress| {
                on_terminal(format_args!("{} of {} bytes", progress.done, progress.wanted));
            };
            let loaded = ours.measure(len, || model.loader().progress(show).load())?;
            prepare(&path)?;
            let copied = usual.measure(len, || map_and_copy(&path, &model))?;
            for (copy, tensor) in copied.iter().zip(model.tensors()) {
                compare(&mut &copy[..], loaded[tensor.name()].data())?;
            }
        }
        on_terminal(format_args!(""));
        writeln!(out, "{state}: {ours}, memmap2 and a copy {usual}")?;
    }
    Ok(())
}

/// Maps the file and copies each tensor out of it.
#[allow(unsafe_code, reason = "memmap2 asks that nobody changes the file meanwhile")]
fn map_and_copy(path: &Path, model: &Model<&Engine>) -> io::Result<Vec<Vec<u8>>> {
    // SAFETY: the file is this example's, or one that its user leaves alone meanwhile.
    let map = unsafe { memmap2::Mmap::map(&File::open(path)?) }?;
    let bytes = |start: u64, len: usize| map[start as usize..][..len].to_vec();
    Ok(model.tensors().iter().map(|tensor| bytes(tensor.offset(), tensor.len())).collect())
}

/// Saves weights as of a small language model, 1 GiB of them.
fn make(engine: &Engine, path: PathBuf) -> Result<PathBuf, Box<dyn Error>> {
    let shapes = [("attention", [2048, 8192]), ("mlp", [8192, 4096]), ("norm", [1, 2048])];
    let mut bytes = vec![0; (64 << 20) + 4096];
    Source::Tensor { seed: 1, len: bytes.len() as u64 }.open()?.read_exact(&mut bytes)?;
    let mut tensors = Vec::new();
    for layer in 0..11 {
        for (name, shape) in shapes {
            // Of each tensor another stretch, so that none is taken for another unnoticed.
            let data = &bytes[tensors.len()..][..shape[0] * shape[1] * 2];
            let view = TensorView::new(Dtype::BF16, shape.to_vec(), data)?;
            tensors.push((format!("layers.{layer}.{name}.weight"), view));
        }
    }
    save(engine, &path, tensors, &BTreeMap::new(), &WriterOptions::new())?;
    Ok(path)
}
