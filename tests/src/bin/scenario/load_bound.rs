//! How much memory it takes to load some of a model, besides its tensors: `load_bound MIB` prints a table
//! for a model of so many MiB, each case in a process of its own. The model is sparse and lies in `TMPDIR`.

use std::{fs::File, os::unix::fs::FileExt, path::Path};

use ds_aio::{
    Engine,
    safetensors::{Model, Piece, TensorInfo},
};
use ds_aio_tests::{
    process::{die_if_hung, memory},
    settings::settings,
};

use super::this_program;

const MIB: usize = 1 << 20;
/// What stays the same however large the model: stacks, the engine, headers, the pool's last huge page.
const CONSTANT: usize = 16 * MIB;
/// What a stream may have.
const STREAMED: usize = 8 * MIB;
/// Bytes of tensors, again and again: most begin within a page, and few fill their last huge page.
const LENS: [usize; 7] =
    [33 * MIB + 2, 100, 8 * MIB + 324_288, MIB - 2, 0, 5000, 12 * MIB + 700_002];
/// The first and the last bytes of a tensor tell which one it is.
const MARK: usize = 8;
/// `(thread_count, queue_depth)` and KiB of a block.
const CASES: [((usize, usize), usize); 3] = [((1, 1), 1024), ((2, 4), 256), ((4, 32), 1024)];

pub(crate) fn run(arguments: &[&str]) {
    let number = |text: &str| -> usize { text.parse().unwrap() };
    match *arguments {
        [mib] => table(number(mib) * MIB),
        [way, path, threads, depth, block] => {
            die_if_hung(500);
            let shape = (number(threads), number(depth));
            let bound = case(way, Path::new(path), shape, number(block) << 10);
            assert!(bound, "more memory than the bound");
        }
        _ => panic!("usage: load_bound MIB"),
    }
}

fn table(len: usize) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    make(&path, len);
    println!("          T   Q block KiB  loaded MiB  beyond them KiB    bound KiB");
    let mut kept = true;
    for way in ["load", "stream"] {
        for ((threads, depth), block) in CASES {
            let arguments = [threads, depth, block].map(|number| number.to_string());
            let mut this = this_program("load_bound");
            let this = this.arg(way).arg(&path).args(arguments);
            kept &= this.status().unwrap().success();
        }
    }
    assert!(kept, "a case failed");
}

/// A model of `len` bytes and a little more, of which only the marks are there.
fn make(path: &Path, len: usize) {
    let (mut entries, mut marks, mut end) = (Vec::new(), Vec::new(), 0);
    for number in 0.. {
        let (start, of_this) = (end, LENS[number % LENS.len()]);
        end += of_this;
        entries.push(format!(
            "\"layers.{number}\":{{\"dtype\":\"U8\",\"shape\":[{of_this}],\
             \"data_offsets\":[{start},{end}]}}"
        ));
        if of_this > 0 {
            marks.push((number, start, end - MARK));
        }
        if end >= len {
            break;
        }
    }
    let header = format!("{{{}}}", entries.join(","));
    let file = File::create(path).unwrap();
    file.write_all_at(&(header.len() as u64).to_le_bytes(), 0).unwrap();
    file.write_all_at(header.as_bytes(), 8).unwrap();
    let data = 8 + header.len();
    for (number, first, last) in marks {
        for at in [first, last] {
            file.write_all_at(&mark(number), (data + at) as u64).unwrap();
        }
    }
    file.set_len((data + end) as u64).unwrap();
}

fn mark(number: usize) -> [u8; MARK] {
    (number as u64 + 1).to_le_bytes()
}

fn number(tensor: &TensorInfo) -> usize {
    tensor.name().trim_start_matches("layers.").parse().unwrap()
}

/// Loads some of the model, and tells whether it kept to the bound.
fn case(way: &str, path: &Path, shape: (usize, usize), block: usize) -> bool {
    let before = memory("status", "VmHWM").unwrap();
    let engine = Engine::new(&settings(block, shape, (false, true))).unwrap();
    let model = Model::open(&engine, path).unwrap();
    let is_wanted = |tensor: &TensorInfo| number(tensor) % 2 == 1;
    let selected = model.tensors().iter().filter(|tensor| is_wanted(tensor));
    let wanted: usize = selected.clone().map(TensorInfo::len).sum();
    let loader = model.loader().filter(is_wanted);
    let (threads, depth) = (engine.settings().thread_count, engine.settings().queue_depth);
    let (kept, allowed) = match way {
        "load" => {
            let loaded = loader.load().unwrap();
            for tensor in selected {
                let data = loaded[tensor.name()].data();
                assert_eq!(data.len(), tensor.len());
                let mark = if data.is_empty() { Vec::new() } else { mark(number(tensor)).to_vec() };
                assert!(data.starts_with(&mark) && data.ends_with(&mark), "{}", tensor.name());
            }
            (wanted, threads * depth * block)
        }
        "stream" => {
            let mut streamed = 0;
            let take = |piece: Piece<'_>| {
                streamed += piece.bytes.len();
                Ok(())
            };
            loader.memory(STREAMED).stream(take).unwrap();
            assert_eq!(streamed, wanted);
            (0, STREAMED)
        }
        other => panic!("no way {other:?}"),
    };
    let beyond = (memory("status", "VmHWM").unwrap() - before).saturating_sub(kept);
    let bound = allowed + CONSTANT;
    println!(
        "{way:>6} {threads:>3} {depth:>3} {:>9} {:>11} {:>16} {:>12}",
        block >> 10,
        wanted / MIB,
        beyond >> 10,
        bound >> 10,
    );
    beyond <= bound
}
