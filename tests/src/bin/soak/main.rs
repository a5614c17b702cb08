//! A mixed load with faults and memory pressure for so many minutes, with every byte compared; run for
//! a round by the tests of `it`, and by hand for long:
//!
//! ```text
//! soak [--minutes N | --rounds N] [--seed SEED] [--dir DIR] [--memory PERCENT]
//! ```
//!
//! One round follows the other, each as its seed has it: `--seed SEED --rounds 1` replays one, but for the
//! order in which its threads run. `--memory` is how much of the machine's memory is to be in use, again
//! and again, 60 percent unless it says otherwise; with 0 neither memory nor the page cache of others is
//! touched. The exit code is 1 if a byte differs, an error comes that must not, or something is left over.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command for developers"
)]

mod arguments;
mod direct;
mod endings;
mod files;
mod full;
mod leaks;
mod models;
mod pressure;
mod processes;
mod progress;
mod requests;
mod round;
mod stores;
mod streams;
mod tally;

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    process::{ExitCode, exit},
    time::{Duration, Instant},
};

use ds_aio_tests::{
    process::{NOT_POSSIBLE_HERE, die_if_hung},
    rounds,
    small_disk::SmallDisk,
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use arguments::Arguments;
use leaks::Leaks;
use pressure::Ballast;
use progress::Progress;
use round::Round;
use tally::Tally;

/// How this program is told to be a process that owns a store, or that holds memory.
const STORE_OWNER: &str = "--store-owner";
const BALLAST: &str = "--ballast";

/// The process's limit on the length of files, within a block and within a page.
const LIMIT: usize = (256 << 20) + 5000;
/// A round that takes so many seconds hangs.
const HUNG: u32 = 600;

fn main() -> ExitCode {
    if !cfg!(target_os = "linux") {
        exit(NOT_POSSIBLE_HERE);
    }
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [STORE_OWNER, directory] => {
            // Should nobody kill it.
            die_if_hung(60);
            rounds::go_on(&[directory.into()]).unwrap();
        }
        [BALLAST, percent] => print!("{}", pressure::hold(percent.parse().unwrap()).unwrap()),
        _ => match Arguments::parse(words) {
            Ok(arguments) => return soak(&arguments),
            Err(error) => {
                eprintln!("{error}; {}", arguments::USAGE);
                return ExitCode::from(2);
            }
        },
    }
    ExitCode::SUCCESS
}

fn soak(arguments: &Arguments) -> ExitCode {
    let dir = tempfile::tempdir_in(&arguments.dir).unwrap();
    // The first thread is the only one yet, as the mount and the limit want it.
    let (work, full) = (dir.path().join("work"), dir.path().join("full"));
    fs::create_dir(&work).unwrap();
    fs::create_dir(&full).unwrap();
    let disk = SmallDisk::mount("tmpfs", full::SPACE, &full);
    if let Err(error) = &disk {
        println!("no full disk: {error}");
    }
    let disk = disk.ok();
    let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, LIMIT as u64, hard).unwrap();

    let presses = arguments.memory > 0;
    let ballast = presses.then(|| Ballast::start(arguments.memory).unwrap());
    let tally = Tally::default();
    let begin = Instant::now();
    let mut seed = arguments.seed;
    let (mut round, mut longest) = (0_u64, Duration::ZERO);
    let held = Progress::shown(&tally, |progress| {
        let mut leaks = Leaks::watch(work.clone());
        while arguments.go_on(round, begin.elapsed()) {
            let its_begin = Instant::now();
            progress.round(round, seed);
            die_if_hung(HUNG);
            let ended = catch_unwind(AssertUnwindSafe(|| {
                Round::new(&work, disk.as_ref(), &tally, presses).run(seed);
                leaks.check();
            }));
            nix::unistd::alarm::cancel();
            if ended.is_err() {
                println!("round {round} failed; to replay it: soak --seed {seed} --rounds 1");
                return false;
            }
            longest = longest.max(its_begin.elapsed());
            round += 1;
            seed = seed.wrapping_add(1);
        }
        print!("{leaks}");
        if leaks.memory_grows() {
            println!("memory grows");
        }
        !leaks.memory_grows()
    });
    if let Some(ballast) = ballast {
        print!("{}", ballast.end().unwrap());
    }
    let (first, seconds) = (arguments.seed, begin.elapsed().as_secs());
    println!("{round} rounds from seed {first} on in {seconds} s, the longest {longest:.1?}");
    print!("{tally}");
    println!("{}", if held { "all of it holds" } else { "IT DOES NOT HOLD" });
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
