//! How well an update of a store hides reading and writing behind a computation; to run by hand, in a
//! release build:
//!
//! ```sh
//! cargo run --release -p ds-aio-tests --bin update_speed -- /mnt/nvme                # 64 groups of 4 × 16 MiB
//! cargo run --release -p ds-aio-tests --bin update_speed -- /mnt/nvme 64 16777216 3 5
//! ```
//!
//! The arguments are a directory, the number of groups (parameter, momentum and variance to be updated,
//! gradient to be read), the bytes of a tensor, the memory in groups, and rounds. Each round measures the
//! update without a computation, then Adam alone on one thread, as many steps as take about as long as that,
//! then both together, and the update without a computation once more; input and output count as the mean of
//! the two.

#![allow(clippy::unwrap_used, reason = "how a helper fails: its caller shows the message")]

use std::{
    fs,
    io::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use ds_aio::{AioConfig, Engine, OffloadStore, TensorGroup, UpdateGroup, Updated};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().expect("a directory");
    let mut number = |default| arguments.next().map_or(default, |text| text.parse().unwrap());
    let (count, len, in_memory, rounds) = (number(64), number(16 << 20), number(3), number(5));
    let dir = tempfile::tempdir_in(directory).unwrap();
    let engine = Arc::new(Engine::new(&AioConfig::from_env().unwrap()).unwrap());
    let store = OffloadStore::builder(dir.path().join("store")).open(&engine).unwrap();
    let name = |kind: &str, group: usize| format!("layers/{group}/{kind}");
    let mut buffer = engine.alloc(len).unwrap();
    buffer.as_mut_slice_of::<f32>().unwrap().fill(0.5);
    for group in 0..count {
        for kind in ["parameter", "momentum", "variance", "gradient"] {
            buffer = store.put(&name(kind, group), buffer).wait().unwrap();
        }
    }
    let groups = || {
        (0..count).map(|group| {
            let updated = ["parameter", "momentum", "variance"].map(|kind| name(kind, group));
            UpdateGroup::new(updated).reading([name("gradient", group)])
        })
    };
    let memory = 4 * in_memory * len.next_multiple_of(4096);
    let update = |elements: usize| -> (Duration, Updated) {
        let began = Instant::now();
        let updated = store.update(groups(), memory as u64).run(|group| adam(group, elements));
        (began.elapsed(), updated.unwrap())
    };

    let mut out = std::io::stdout();
    let mut ratios = Vec::new();
    let mut tensors = [const { Vec::new() }; 4].map(|_: Vec<f32>| vec![0.5_f32; len / 4]);
    for round in 0..rounds {
        let (io, _) = update(0);
        let elements = calibrated(&mut tensors, io / count as u32);
        let began = Instant::now();
        (0..count).for_each(|_| pass(&mut tensors, elements));
        let compute = began.elapsed();
        engine.pool().trim();
        let before = forget_peak();
        let (wall, updated) = update(elements);
        let peak = status("VmHWM") - before;
        // A device is not as fast at all times.
        let io = (io + update(0).0) / 2;
        let ratio = wall.as_secs_f64() / io.max(compute).as_secs_f64();
        ratios.push(ratio);
        let speed = (updated.bytes_read + updated.bytes_written) as f64 / 1e9 / io.as_secs_f64();
        writeln!(
            out,
            "round {round}: I/O {io:.2?} ({speed:.2} GB/s), compute {compute:.2?}, both {wall:.2?}, \
             waited {:.2?}, ratio {ratio:.3}; {} MiB more of a memory of {} MiB",
            updated.waited,
            peak >> 20,
            memory >> 20,
        )
        .unwrap();
    }
    ratios.sort_by(f64::total_cmp);
    writeln!(out, "both / the longer of the two: median {:.3}", ratios[ratios.len() / 2]).unwrap();
    store.close().unwrap();
}

/// As many elements as Adam takes that long for.
fn calibrated(tensors: &mut [Vec<f32>; 4], target: Duration) -> usize {
    let mut elements = tensors[0].len();
    for _ in 0..3 {
        let began = Instant::now();
        (0..CALIBRATING).for_each(|_| pass(tensors, elements));
        let fraction =
            target.as_secs_f64() * f64::from(CALIBRATING) / began.elapsed().as_secs_f64();
        elements = (elements as f64 * fraction) as usize;
    }
    elements
}

/// Passes that are timed to find out how long one is.
const CALIBRATING: u32 = 8;

fn adam(
    group: &mut TensorGroup,
    elements: usize,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let ([parameter, momentum, variance], [gradient]) = group.arrays_of()?;
    step(parameter, momentum, variance, gradient, elements);
    Ok(())
}

fn pass([parameter, momentum, variance, gradient]: &mut [Vec<f32>; 4], elements: usize) {
    step(parameter, momentum, variance, gradient, elements);
}

/// Elements of each tensor that a processor's cache holds.
const CACHED: usize = 16 << 10;

/// Adam on all elements, on each so often that there are `elements` steps: those of a cached block one after
/// the other, as a computation that is as slow as the device, and not as memory, has them.
fn step(
    parameter: &mut [f32],
    momentum: &mut [f32],
    variance: &mut [f32],
    gradient: &[f32],
    elements: usize,
) {
    let blocks = gradient.len().div_ceil(CACHED);
    for (block, first) in (0..gradient.len()).step_by(CACHED).enumerate() {
        let last = (first + CACHED).min(gradient.len());
        let mut steps = elements * (block + 1) / blocks - elements * block / blocks;
        while steps > 0 {
            let until = last.min(first + steps);
            for at in first..until {
                let slope = gradient[at];
                momentum[at] = 0.9 * momentum[at] + 0.1 * slope;
                variance[at] = 0.999 * variance[at] + 0.001 * slope * slope;
                parameter[at] -= 1e-3 * momentum[at] / (variance[at].sqrt() + 1e-8);
            }
            steps -= until - first;
        }
    }
}

/// The memory that the process has now, from where its peak is counted anew.
fn forget_peak() -> u64 {
    fs::write("/proc/self/clear_refs", "5").unwrap();
    status("VmRSS")
}

fn status(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    line.unwrap().trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}
