//! How much memory a request on unaligned memory takes besides its buffer: `memory_bound MIB` prints a
//! table for requests of so many MiB, each case in a process of its own. Files lie in `TMPDIR`; those that are read are sparse.

use std::fs::{self, File};

use ds_aio::{Engine, IoBufExt, OpenOptions};
use ds_aio_tests::{
    process::{die_if_hung, memory},
    settings::settings,
};

use super::this_program;

const MIB: usize = 1 << 20;
/// What stays the same however large the request: stacks, the engine, the pool's last huge page.
const CONSTANT: usize = 8 * MIB;
/// `(thread_count, queue_depth)` and KiB of a block.
const CASES: [((usize, usize), usize); 5] =
    [((1, 1), 1024), ((1, 8), 1024), ((2, 4), 256), ((4, 8), 4096), ((4, 32), 1024)];

pub(crate) fn run(arguments: &[&str]) {
    let number = |text: &str| -> usize { text.parse().unwrap() };
    match *arguments {
        [mib] => table(number(mib)),
        [way, mib, threads, depth, block] => {
            die_if_hung(500);
            let shape = (number(threads), number(depth));
            let bound = case(way, number(mib) * MIB, shape, number(block) << 10);
            assert!(bound, "more memory than the bound");
        }
        _ => panic!("usage: memory_bound MIB"),
    }
}

fn table(mib: usize) {
    println!(
        "      MiB   T   Q block KiB  beyond the buffer KiB    bound KiB  bounced MiB  direct MiB"
    );
    let mut kept = true;
    for way in ["read", "write"] {
        for ((threads, depth), block) in CASES {
            let arguments = [mib, threads, depth, block].map(|number| number.to_string());
            let mut this = this_program("memory_bound");
            kept &= this.arg(way).args(arguments).status().unwrap().success();
        }
    }
    assert!(kept, "a case failed");
}

/// One request, and whether it kept to the bound.
fn case(way: &str, len: usize, shape: (usize, usize), block: usize) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    let engine = Engine::new(&settings(block, shape, (false, true))).unwrap();
    let before = memory("status", "VmHWM").unwrap();
    // A byte off whatever the heap gives, so that no device takes it as it is.
    let mut heap = vec![0_u8; len + 1];
    match way {
        "read" => {
            File::create(&path).unwrap().set_len(len as u64).unwrap();
            let file = engine.open(&path).unwrap();
            let buffer = heap.into_slice(1..).unwrap();
            heap = engine.pread(&file, buffer, 0).wait().unwrap().into_inner();
        }
        "write" => {
            heap.fill(7);
            let options = OpenOptions::new().create_new().preallocate(len as u64);
            let file = engine.open_with(&path, &options).unwrap();
            let buffer = heap.into_slice(1..).unwrap();
            heap = engine.pwrite(&file, buffer, 0).wait().unwrap().into_inner();
        }
        other => panic!("no way {other:?}"),
    }
    let beyond = (memory("status", "VmHWM").unwrap() - before)
        .checked_sub(heap.len())
        .expect("the buffer itself is counted");
    let effective = engine.settings();
    let (threads, depth) = (effective.thread_count, effective.queue_depth);
    let bound = threads * depth * block + CONSTANT;
    let stats = engine.stats();
    println!(
        "{way:>5} {:>6} {threads:>3} {depth:>3} {:>9} {:>22} {:>12} {:>12} {:>11}",
        len / MIB,
        block >> 10,
        beyond >> 10,
        bound >> 10,
        stats.bounced_bytes / MIB as u64,
        stats.direct_bytes / MIB as u64,
    );
    assert!(stats.bounced_bytes == 0 || some_memory_is_kept_from_children());
    beyond <= bound
}

/// Whether the kernel has been told not to copy some of this process's memory on fork.
fn some_memory_is_kept_from_children() -> bool {
    let smaps = fs::read_to_string("/proc/self/smaps").unwrap();
    let mut flags = smaps.lines().filter_map(|line| line.strip_prefix("VmFlags:"));
    flags.any(|flags| flags.split(' ').any(|flag| flag == "dc"))
}
