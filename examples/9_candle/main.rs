//! Checkpoints the weights of a `candle` model, each time replacing the checkpoint before as a whole, and
//! loads the last one into another model, which then is the same bit for bit.
//!
//! `cargo run --release --manifest-path examples/9_candle/Cargo.toml`, with `DS_AIO_*` in front.

use std::{collections::BTreeMap, error::Error, io::Write, path::Path};

use candle_core::{DType, Device, Module, Tensor};
use candle_nn::{Activation, Optimizer, SGD, Sequential, VarBuilder, VarMap, linear, loss, seq};
use ds_aio::{
    AioConfig, Engine, Priority, WriterOptions,
    safetensors::{Model, save},
};

const WIDTH: usize = 512;

fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("model.safetensors");
    let engine = Engine::new(&AioConfig::from_env()?)?;

    let (variables, network) = network()?;
    let mut optimizer = SGD::new(variables.all_vars(), 0.01)?;
    let input = Tensor::randn(0_f32, 1., (64, WIDTH), &Device::Cpu)?;
    for step in 1..=3 {
        let loss = loss::mse(&network.forward(&input)?, &input)?;
        optimizer.backward_step(&loss)?;
        let len = checkpoint(&engine, &path, &variables, step)?;
        writeln!(std::io::stdout(), "step {step}: {len} bytes, loss {}", loss.to_scalar::<f32>()?)?;
    }

    let (mut variables, restored) = self::network()?;
    let step = restore(&engine, &path, &mut variables)?;
    if bits(&network.forward(&input)?)? != bits(&restored.forward(&input)?)? {
        return Err("the restored model computes something else".into());
    }
    writeln!(std::io::stdout(), "step {step} restored, and the same bit for bit")?;
    Ok(())
}

/// A network with random weights.
fn network() -> candle_core::Result<(VarMap, Sequential)> {
    let variables = VarMap::new();
    let builder = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
    let (first, last) = (builder.pp("first"), builder.pp("last"));
    let network = seq().add(linear(WIDTH, 4 * WIDTH, first)?).add(Activation::Gelu);
    Ok((variables, network.add(linear(4 * WIDTH, WIDTH, last)?)))
}

fn bits(tensor: &Tensor) -> candle_core::Result<Vec<u32>> {
    let numbers = tensor.flatten_all()?.to_vec1::<f32>()?;
    Ok(numbers.into_iter().map(f32::to_bits).collect())
}

fn checkpoint(
    engine: &Engine,
    path: &Path,
    variables: &VarMap,
    step: u32,
) -> Result<u64, Box<dyn Error>> {
    let variables = variables.data().lock().map_err(|error| error.to_string())?;
    let weights = variables.iter().map(|(name, variable)| (name, variable.as_tensor()));
    let metadata = BTreeMap::from([("step".to_owned(), step.to_string())]);
    // What training itself reads and writes goes first.
    let options = WriterOptions::new().replace().priority(Priority::Background);
    Ok(save(engine, path, weights, &metadata, &options)?)
}

/// Loads a checkpoint, and tells of which step it is.
fn restore(engine: &Engine, path: &Path, variables: &mut VarMap) -> Result<String, Box<dyn Error>> {
    let model = Model::open(engine, path)?;
    for (name, tensor) in model.load()? {
        let (dtype, shape) = (tensor.dtype().try_into()?, tensor.shape());
        let weights = Tensor::from_raw_buffer(tensor.data(), dtype, shape, &Device::Cpu)?;
        variables.set_one(name, weights)?;
    }
    Ok(model.metadata().get("step").cloned().ok_or("the checkpoint is of no step")?)
}
