//! Streams next to the bare engine and to `std::fs::File`, models next to `memmap2` and a copy.
//!
//! ```sh
//! cargo bench -p ds-aio-benches --bench streams                       # all, 1 GiB, 15 pairs
//! cargo bench -p ds-aio-benches --bench streams -- write cold         # those whose name has it
//! DS_AIO_BENCH_DIR=/mnt/nvme DS_AIO_BENCH_MIB=4096 DS_AIO_BENCH_PAIRS=30 cargo bench ...
//! ```
//!
//! Each line is a race of pairs, first one side and then the other, on the same file system: the median
//! of the ratios of speeds (above 1: ours is faster) with its 90 % bootstrap interval, the median speed of
//! each side, and the same of the processor seconds of the whole process: the ratio (below 1: ours takes
//! less) and the seconds a GB. The first line races the engine against itself, which tells how much of
//! the rest is noise.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    unsafe_code,
    missing_docs,
    reason = "a command for developers, which maps a file of its own"
)]

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use ds_aio::{
    AioBuf, BufferPool, Engine, EngineSettings, FileReader, FileWriter, OpenOptions, WriterOptions,
    safetensors::{Dtype, Model, TensorView, save},
};
use nix::{
    fcntl::{PosixFadviseAdvice, posix_fadvise},
    sys::resource::{UsageWho, getrusage},
};

fn main() {
    let number = |name: &str, default: usize| {
        std::env::var(name).map_or(default, |text| text.parse().unwrap())
    };
    let (len, pairs) = (number("DS_AIO_BENCH_MIB", 1024) << 20, number("DS_AIO_BENCH_PAIRS", 15));
    let dir = std::env::var_os("DS_AIO_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = tempfile::tempdir_in(dir).unwrap();
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let bench = Bench { engine: Engine::new(&EngineSettings::default()).unwrap(), dir, len, pairs };
    println!("{}", bench.engine.describe());
    let races: [(&str, Race); 9] = [
        ("write: engine / engine", engine_against_itself),
        ("write: stream / engine", stream_against_engine),
        ("write: stream, preallocated / engine", preallocated_stream_against_engine),
        ("write: stream / file, 8 KiB, durable", stream_against_file),
        ("read: stream / engine", reading),
        ("load, cold: model / map and copy", |bench, name| loading(bench, name, Load::Cold)),
        ("load, cold, memory kept: model / map", |bench, name| loading(bench, name, Load::Again)),
        ("load, warm: model / map and copy", |bench, name| loading(bench, name, Load::Warm)),
        ("save: model / engine", saving),
    ];
    for (name, race) in races {
        if wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str())) {
            race(&bench, name);
        }
    }
}

/// A line of the table.
type Race = fn(&Bench, &str);

struct Bench {
    engine: Engine,
    dir: tempfile::TempDir,
    len: usize,
    pairs: usize,
}

/// What one side took.
#[derive(Clone, Copy)]
struct Cost {
    seconds: f64,
    processor: f64,
}

impl Bench {
    fn path(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Runs both sides in turn; each prepares, and gives what is to be measured.
    fn race(&self, name: &str, mut ours: impl FnMut() -> Cost, mut theirs: impl FnMut() -> Cost) {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for pair in 0..=self.pairs {
            let costs = (ours(), theirs());
            // The first one warms up.
            if pair > 0 {
                left.push(costs.0);
                right.push(costs.1);
            }
        }
        let gigabytes = self.len as f64 / 1e9;
        let medians = |of: fn(&Cost) -> f64| {
            [&left, &right].map(|costs| median(costs.iter().map(of).collect()))
        };
        let ratios = |of: fn(&Cost, &Cost) -> f64| {
            let ratios: Vec<f64> =
                left.iter().zip(&right).map(|(left, right)| of(left, right)).collect();
            let (low, high) = interval(&ratios);
            format!("{:5.2} [{low:.2}-{high:.2}]", median(ratios))
        };
        let [ours, theirs] = medians(|cost| cost.seconds).map(|seconds| gigabytes / seconds);
        let [our_cost, their_cost] = medians(|cost| cost.processor).map(|cost| cost / gigabytes);
        println!(
            "{name:40} {}  {ours:5.2} / {theirs:5.2} GB/s  processor {}  {our_cost:.3} / {their_cost:.3} s/GB",
            ratios(|left, right| right.seconds / left.seconds),
            ratios(|left, right| left.processor / right.processor),
        );
    }
}

fn measured<R>(work: impl FnOnce() -> R) -> Cost {
    let processor = || {
        let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
        [usage.user_time(), usage.system_time()]
            .iter()
            .map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6)
            .sum::<f64>()
    };
    let (before, started) = (processor(), Instant::now());
    let result = work();
    let cost = Cost { seconds: started.elapsed().as_secs_f64(), processor: processor() - before };
    drop(result);
    cost
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

/// The 90 % interval of the median, by resampling.
fn interval(values: &[f64]) -> (f64, f64) {
    let mut state = 1_u64;
    let mut pick = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        values[(state >> 33) as usize % values.len()]
    };
    let resampled = (0..1000).map(|_| median((0..values.len()).map(|_| pick()).collect()));
    let mut resampled: Vec<f64> = resampled.collect();
    resampled.sort_by(f64::total_cmp);
    (resampled[50], resampled[950])
}

/// Bytes that no layer could make less of.
fn bytes(engine: &Engine, len: usize) -> AioBuf {
    let mut buffer = engine.alloc(len).unwrap();
    let mut state = 1_u64;
    for word in buffer.chunks_mut(8) {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        word.copy_from_slice(&state.to_le_bytes()[..word.len()]);
    }
    buffer
}

/// One request to a new file that has its space.
fn engine_writes(bench: &Bench, kept: &mut Option<AioBuf>) -> Cost {
    let _ = fs::remove_file(bench.path());
    let options = OpenOptions::new().create_new().preallocate(bench.len as u64);
    measured(|| {
        let file = bench.engine.open_with(bench.path(), &options).unwrap();
        let written = bench.engine.pwrite(&file, kept.take().unwrap(), 0).wait().unwrap();
        *kept = Some(written);
    })
}

fn stream_writes(bench: &Bench, data: &[u8], piece: usize, options: &WriterOptions) -> Cost {
    let _ = fs::remove_file(bench.path());
    measured(|| {
        let mut writer = FileWriter::create_with(&bench.engine, bench.path(), options).unwrap();
        data.chunks(piece).for_each(|piece| writer.write_all(piece).unwrap());
        writer.finish().unwrap();
    })
}

fn engine_against_itself(bench: &Bench, name: &str) {
    let data = std::cell::RefCell::new(Some(bytes(&bench.engine, bench.len)));
    let side = || engine_writes(bench, &mut data.borrow_mut());
    bench.race(name, side, side);
}

fn stream_against_engine(bench: &Bench, name: &str) {
    streaming(bench, name, &WriterOptions::new());
}

fn preallocated_stream_against_engine(bench: &Bench, name: &str) {
    streaming(bench, name, &WriterOptions::new().preallocate(bench.len as u64));
}

fn streaming(bench: &Bench, name: &str, options: &WriterOptions) {
    let mut kept = Some(bytes(&bench.engine, bench.len));
    let data = bytes(&bench.engine, bench.len);
    bench.race(
        name,
        || stream_writes(bench, &data, 1 << 20, options),
        || engine_writes(bench, &mut kept),
    );
}

fn stream_against_file(bench: &Bench, name: &str) {
    let data = bytes(&bench.engine, bench.len);
    bench.race(
        name,
        || stream_writes(bench, &data, 8 << 10, &WriterOptions::new().durable()),
        || {
            let _ = fs::remove_file(bench.path());
            measured(|| {
                let mut file = File::create(bench.path()).unwrap();
                data.chunks(8 << 10).for_each(|piece| file.write_all(piece).unwrap());
                file.sync_data().unwrap();
            })
        },
    );
}

fn evict(path: &Path) {
    let file = File::open(path).unwrap();
    file.sync_all().unwrap();
    posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED).unwrap();
}

fn reading(bench: &Bench, name: &str) {
    let data = bytes(&bench.engine, bench.len);
    stream_writes(bench, &data, 1 << 20, &WriterOptions::new());
    let mut kept = Some(data);
    let mut piece = vec![0; 1 << 20];
    bench.race(
        name,
        || {
            evict(&bench.path());
            measured(|| {
                let mut reader = FileReader::open(&bench.engine, bench.path()).unwrap();
                while reader.read(&mut piece).unwrap() > 0 {}
            })
        },
        || {
            evict(&bench.path());
            measured(|| {
                let file = bench.engine.open(bench.path()).unwrap();
                kept = Some(bench.engine.pread(&file, kept.take().unwrap(), 0).wait().unwrap());
            })
        },
    );
}

/// The layers of a model: a few large tensors and many small ones.
fn layers(data: &[u8]) -> Vec<(String, TensorView<'_>)> {
    let (mut rest, mut layers) = (data, Vec::new());
    while !rest.is_empty() {
        let len = if layers.len() % 3 == 2 { 8 << 10 } else { 24 << 20 };
        let (tensor, left) = rest.split_at(len.min(rest.len()));
        let view = TensorView::new(Dtype::BF16, vec![tensor.len() / 2], tensor).unwrap();
        layers.push((format!("layers.{}.weight", layers.len()), view));
        rest = left;
    }
    layers
}

fn saves(bench: &Bench, layers: &[(String, TensorView<'_>)]) -> Cost {
    let _ = fs::remove_file(bench.path());
    measured(|| {
        let layers = layers.iter().cloned();
        save(&bench.engine, bench.path(), layers, &BTreeMap::new(), &WriterOptions::new()).unwrap()
    })
}

fn saving(bench: &Bench, name: &str) {
    let mut kept = Some(bytes(&bench.engine, bench.len));
    let data = bytes(&bench.engine, bench.len);
    let layers = layers(&data);
    bench.race(name, || saves(bench, &layers), || engine_writes(bench, &mut kept));
}

/// What is there before a model is loaded.
enum Load {
    /// Nothing.
    Cold,
    /// The memory of the one before, which the pool has kept: what it costs to load one model after the
    /// other.
    Again,
    /// The file, in the page cache.
    Warm,
}

fn loading(bench: &Bench, name: &str, load: Load) {
    let data = bytes(&bench.engine, bench.len);
    saves(bench, &layers(&data));
    drop(data);
    let mut pool = BufferPool::builder();
    if matches!(load, Load::Again) {
        pool = pool.idle_limit(2 * bench.len);
    }
    let engine = Engine::with_pool(&EngineSettings::default(), pool.build()).unwrap();
    let prepare = || match load {
        Load::Cold | Load::Again => evict(&bench.path()),
        Load::Warm => {
            std::io::copy(&mut File::open(bench.path()).unwrap(), &mut std::io::sink()).unwrap();
        }
    };
    bench.race(
        name,
        || {
            prepare();
            measured(|| Model::open(&engine, bench.path()).unwrap().load().unwrap())
        },
        || {
            prepare();
            measured(|| {
                let model = Model::open(&engine, bench.path()).unwrap();
                let file = File::open(bench.path()).unwrap();
                // SAFETY: nobody else has the file.
                let map = unsafe { memmap2::Mmap::map(&file) }.unwrap();
                let tensors = model.tensors().iter();
                let copy = |start: u64, len: usize| map[start as usize..][..len].to_vec();
                tensors.map(|tensor| copy(tensor.offset(), tensor.len())).collect::<Vec<_>>()
            })
        },
    );
}
