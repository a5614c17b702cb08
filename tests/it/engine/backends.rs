//! The choice of a backend, and that all tests hold on each of them.

use std::process::Command;

use ds_aio::{BackendMode, Engine, ErrorKind, Failed, IoBufExt, OpenOptions};
use ds_aio_tests::{
    bytes::pattern,
    settings::{MODES, backend, settings},
};
use proptest::{prelude::*, test_runner::Config};

use super::support::Bench;
use crate::{
    capabilities::require,
    process::{self, scenario},
};

/// This run is on the backend that an engine gets by itself, and starts one on the other.
#[test]
fn every_test_holds_on_threads() {
    if backend() == BackendMode::Threads {
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["engine::", "memory::"])
        .env("DS_AIO_BACKEND", "threads")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "on threads:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_best_that_can_be_had_is_chosen_and_told() {
    let mut settings = settings(4096, (2, 3), MODES[0]);
    let first_line = |engine: &Engine| engine.describe().lines().next().unwrap().to_owned();
    settings.backend = BackendMode::Threads;
    let engine = Engine::new(&settings).unwrap();
    assert_eq!(
        (engine.settings().backend, engine.settings().ring_unavailable()),
        ("threads", None)
    );
    assert_eq!(first_line(&engine), "backend = threads");
    if !require("io_uring") {
        return;
    }
    settings.backend = BackendMode::IoUring;
    let engine = Engine::new(&settings).unwrap();
    assert_eq!(first_line(&engine), "backend = io_uring");
    settings.backend = BackendMode::Auto;
    let engine = Engine::new(&settings).unwrap();
    assert_eq!(engine.settings().ring_unavailable(), None);
    assert_eq!(first_line(&engine), "backend = io_uring (auto: the kernel has all that it takes)");
}

#[cfg(target_os = "linux")]
#[test]
fn in_a_sandbox_without_io_uring_threads_do_its_work_and_the_reason_is_told() {
    use nix::errno::Errno;

    if !require("io_uring") {
        return;
    }
    for errno in [Errno::EPERM, Errno::ENOSYS, Errno::ENOMEM, Errno::EINVAL] {
        for denied in ["setup", "enter"] {
            scenario("sandboxed", &[denied, &(errno as i32).to_string()]);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_engine_whose_rings_are_taken_from_it_goes_on() {
    if require("io_uring") && require("direct") {
        let errno = nix::errno::Errno::EPERM as i32;
        scenario("sandboxed", &["later", &errno.to_string()]);
    }
}

/// Blocks of the request that is watched.
const BLOCKS: usize = 64;
const DEPTH: usize = 8;

/// By itself a test like any other; under strace it shows how its blocks are submitted.
#[test]
fn a_write_of_64_blocks() {
    let mode = std::env::var("DS_AIO_TEST_MODE").map_or(0, |mode| mode.parse().unwrap());
    let bench = Bench::new(settings(4096, (1, DEPTH), MODES[mode]));
    let path = bench.filled("data", &[7; BLOCKS * 4096]);
    let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    let buffer = bench.engine.alloc(BLOCKS * 4096).unwrap();
    bench.engine.pwrite(&file, buffer, 0).wait().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), [0; BLOCKS * 4096]);
}

/// Entries submitted, and completions waited for, by each call of io_uring_enter.
#[cfg(target_os = "linux")]
fn enters(mode: usize) -> Vec<(usize, usize)> {
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("trace");
    let mut strace = Command::new("strace");
    strace.arg("-o").arg(&trace).args(["-f", "-qq", "-e", "trace=io_uring_enter"]);
    let this = std::env::current_exe().unwrap();
    process::run(
        strace
            .arg(this)
            .args(["--exact", "engine::backends::a_write_of_64_blocks"])
            .env("DS_AIO_BACKEND", "io_uring")
            .env("DS_AIO_TEST_MODE", mode.to_string()),
    );
    let numbers = |line: &str| {
        let mut arguments = line.split_once("io_uring_enter(")?.1.split(", ").skip(1);
        Some((arguments.next()?.parse().ok()?, arguments.next()?.parse().ok()?))
    };
    std::fs::read_to_string(trace).unwrap().lines().filter_map(numbers).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn the_four_modes_are_seen_in_the_calls_of_a_ring() {
    if !(require("strace") && require("io_uring") && require("direct")) {
        return;
    }
    for (mode, (single_submit, overlap_events)) in MODES.into_iter().enumerate() {
        let enters = enters(mode);
        let told = format!("single_submit {single_submit}, overlap_events {overlap_events}");
        let most = enters.iter().map(|&(submitted, _)| submitted).max().unwrap();
        let waits = enters.iter().map(|&(_, awaited)| awaited).max().unwrap();
        let submitting = enters.iter().filter(|&&(submitted, _)| submitted > 0).count();
        match (single_submit, overlap_events) {
            (true, _) => assert!(most == 1 && submitting >= BLOCKS, "{told}: {enters:?}"),
            // Some of the first batch, with the poll for wakes, and one or a few as blocks end.
            (false, true) => assert!((1..=5).contains(&most), "{told}: {enters:?}"),
            (false, false) => {
                let batches = enters.iter().filter(|&&(submitted, _)| submitted >= DEPTH).count();
                assert_eq!(batches, BLOCKS / DEPTH, "{told}: {enters:?}");
            }
        }
        // Those that have completed before the wait are not waited for.
        let expected = match (single_submit, overlap_events) {
            (_, true) => 1..=1,
            (false, false) => DEPTH..=DEPTH,
            (true, false) => 1..=DEPTH,
        };
        assert!(expected.contains(&waits), "{told}: {enters:?}");
        let waiting = enters.iter().filter(|&&(_, awaited)| awaited > 0).count();
        // One a batch, besides parking.
        assert!(overlap_events || waiting <= BLOCKS / DEPTH + 4, "{told}: {enters:?}");
    }
}

/// A request of one file, waited for before the next.
#[derive(Debug, Clone)]
enum Step {
    Read { offset: u64, len: usize, skew: usize },
    Write { offset: u64, len: usize, skew: usize },
    Several { offset: u64, lens: Vec<usize>, writes: bool },
    Whole { len: usize },
    Allocate { offset: u64, len: u64 },
    Sync,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = || prop_oneof![(0_u64..40).prop_map(|page| page * 4096), 0_u64..160_000];
    let len = || prop_oneof![(0_usize..30).prop_map(|pages| pages * 4096), 0_usize..120_000];
    let skew = || prop_oneof![Just(0_usize), Just(512), 0_usize..4096];
    let step = prop_oneof![
        3 => (place(), len(), skew()).prop_map(|(offset, len, skew)| Step::Read { offset, len, skew }),
        3 => (place(), len(), skew()).prop_map(|(offset, len, skew)| Step::Write { offset, len, skew }),
        2 => (place(), prop::collection::vec(len(), 0..5), any::<bool>())
            .prop_map(|(offset, lens, writes)| Step::Several { offset, lens, writes }),
        1 => len().prop_map(|len| Step::Whole { len }),
        1 => (place(), 0_u64..50_000).prop_map(|(offset, len)| Step::Allocate { offset, len }),
        1 => Just(Step::Sync),
    ];
    prop::collection::vec(step, 1..12)
}

/// What came of a step: the failure's kind and the bytes before it, and what was read.
type Came = (Option<(ErrorKind, usize)>, Vec<u8>);

fn came<B>(result: Result<B, Failed<B>>, bytes: impl FnOnce(&B) -> Vec<u8>) -> Came {
    match result {
        Ok(buffer) => (None, bytes(&buffer)),
        Err(failed) => {
            let (error, buffer) = failed.into_parts();
            let mut bytes = buffer.as_ref().map(bytes).unwrap_or_default();
            bytes.truncate(error.done());
            (Some((error.kind(), error.done())), bytes)
        }
    }
}

fn run(bench: &Bench, steps: &[Step]) -> (Vec<Came>, Vec<u8>) {
    let engine = &bench.engine;
    let path = bench.filled("data", &pattern(1, 100_000));
    let file = engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    let skewed = |skew: usize, bytes: Vec<u8>| {
        let mut memory = engine.alloc(skew + bytes.len()).unwrap();
        memory[skew..].copy_from_slice(&bytes);
        memory.into_slice(skew..).unwrap()
    };
    let none = |_: &_| Vec::new();
    let step = |(seed, step): (usize, &Step)| match step {
        &Step::Read { offset, len, skew } => {
            came(engine.pread(&file, skewed(skew, vec![0; len]), offset).wait(), |read| {
                read.get_ref()[skew..].to_vec()
            })
        }
        &Step::Write { offset, len, skew } => {
            let bytes = skewed(skew, pattern(seed as u64, len));
            came(engine.pwrite(&file, bytes, offset).wait(), |_| Vec::new())
        }
        Step::Several { offset, lens, writes } => {
            let buffers = lens.iter().map(|&len| pattern(seed as u64, len)).collect::<Vec<_>>();
            if *writes {
                came(engine.pwritev(&file, buffers, *offset).wait(), |_| Vec::new())
            } else {
                came(engine.preadv(&file, buffers, *offset).wait(), |read| read.concat())
            }
        }
        &Step::Whole { len } => {
            came(engine.write_file(&file, pattern(seed as u64, len)).wait(), |_| Vec::new())
        }
        &Step::Allocate { offset, len } => came(engine.allocate(&file, offset, len).wait(), none),
        Step::Sync => came(engine.fdatasync(&file).wait(), none),
    };
    let came = steps.iter().enumerate().map(step).collect();
    (came, std::fs::read(path).unwrap())
}

proptest! {
    // Persistence would write into the source tree; the minimal case is printed anyway.
    #![proptest_config(Config { cases: 64, failure_persistence: None, ..Config::default() })]

    #[test]
    fn both_backends_do_the_same(
        steps in steps(),
        block_size in prop::sample::select(vec![512_usize, 1536, 4096, 8192, 65_536]),
        shape in (1_usize..4, 1_usize..9),
        mode in any::<(bool, bool)>(),
    ) {
        let on = |backend| {
            let mut settings = settings(block_size, shape, mode);
            settings.backend = backend;
            run(&Bench::new(settings), &steps)
        };
        let (on_threads, on_either) = (on(BackendMode::Threads), on(BackendMode::Auto));
        prop_assert_eq!(&on_threads.0, &on_either.0);
        prop_assert!(on_threads.1 == on_either.1, "the files differ");
    }
}
