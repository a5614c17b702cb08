//! Steps of Adam over a model that takes more memory than it may: parameters, moments and gradients live in
//! a store, and pass through memory layer by layer. Compared with the same steps in memory.
//!
//! `cargo run --release --example offloaded_adam -- [--dir DIR]`, with `DS_AIO_*` in front.

use std::{error::Error, io::Write, sync::Arc};

use ds_aio::{AioConfig, Engine, OffloadStore, PodVec, UpdateGroup};
use ds_aio_examples::Arguments;

const LAYERS: usize = 16;
const VALUES: usize = 1_000_003;
const STEPS: i32 = 3;
/// For three layers at a time: one read, one computed with, one written. All of them take 256 MB.
const MEMORY: u64 = 50 << 20;
/// What changes of a layer.
const STATE: [&str; 3] = ["parameter", "momentum", "variance"];

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    let directory = tempfile::tempdir_in(Arguments::dir_alone()?)?;
    let engine = Arc::new(Engine::new(&AioConfig::from_env()?)?);
    let store = OffloadStore::builder(directory.path().join("optimizer")).open(&engine)?;
    let name = |layer, kind: &str| format!("layers/{layer}/{kind}");
    for layer in 0..LAYERS {
        for kind in STATE {
            store.put(&name(layer, kind), PodVec(initial(layer, kind))).wait()?;
        }
    }
    for step in 1..=STEPS {
        for layer in 0..LAYERS {
            // As backpropagation would.
            store.put(&name(layer, "gradient"), PodVec(gradient(layer, step))).wait()?;
        }
        let groups = (0..LAYERS).map(|layer| {
            UpdateGroup::new(STATE.map(|kind| name(layer, kind))).reading([name(layer, "gradient")])
        });
        let updated = store.update(groups, MEMORY).run(|layer| {
            let ([parameter, momentum, variance], [gradient]) = layer.arrays_of()?;
            adam(step, parameter, momentum, variance, gradient);
            Ok(())
        })?;
        writeln!(out, "step {step}: {} bytes updated", updated.bytes_written)?;
    }

    // Read ahead, while the same is computed in memory.
    let mut stored = store.stream((0..LAYERS).flat_map(|n| STATE.map(|kind| name(n, kind))), 3);
    for layer in 0..LAYERS {
        let [mut parameter, mut momentum, mut variance] = STATE.map(|kind| initial(layer, kind));
        for step in 1..=STEPS {
            adam(step, &mut parameter, &mut momentum, &mut variance, &gradient(layer, step));
        }
        for (expected, stored) in [parameter, momentum, variance].iter().zip(&mut stored) {
            assert_eq!(stored?.as_slice_of::<f32>()?, expected);
        }
    }
    writeln!(out, "every value is what it is in memory")?;
    store.close()?;
    Ok(())
}

fn adam(step: i32, parameter: &mut [f32], m: &mut [f32], v: &mut [f32], gradient: &[f32]) {
    let rate = 1e-3 * (1.0 - 0.999_f32.powi(step)).sqrt() / (1.0 - 0.9_f32.powi(step));
    for (at, slope) in gradient.iter().enumerate() {
        m[at] = 0.9 * m[at] + 0.1 * slope;
        v[at] = 0.999 * v[at] + 0.001 * slope * slope;
        parameter[at] -= rate * m[at] / (v[at].sqrt() + 1e-8);
    }
}

fn initial(layer: usize, kind: &str) -> Vec<f32> {
    let scale = if kind == "parameter" { 1e-3 } else { 0.0 };
    (0..VALUES).map(|at| scale * ((at * 31 + layer) % 2003) as f32).collect()
}

fn gradient(layer: usize, step: i32) -> Vec<f32> {
    (0..VALUES).map(|at| ((at * 7 + layer) % 1009) as f32 / 1009.0 - 0.1 * step as f32).collect()
}
