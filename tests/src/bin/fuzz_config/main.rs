//! Loads mutated documents, variables and texts: whatever they hold, the loader returns a value that
//! keeps the rules or errors that can be printed, and never panics.
//!
//! - `fuzz_config count [INPUTS [SEED]]`: so many inputs, each of a seed of its own, from SEED on
//! - `fuzz_config seconds SECONDS [SEED]`: for so long, from a random seed unless one is given
//! - `fuzz_config each INPUTS SEED`: each input is printed before it is loaded, for those that end the
//!   process
//! - `fuzz_config replay 'STRUCT SOURCE BYTES'`: one input, as a failure prints it
//!
//! Fails too if fewer documents than usual get past the parser: then the mutations test it alone.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails is to end the run")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command for developers")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use ds_aio::AioConfig;
use ds_aio_tests::{
    bytes::{Rng, seed},
    process::die_if_hung,
};

mod corpus;
mod escape;
mod mutate;
mod sources;
mod subjects;
mod tally;

use corpus::Corpus;
use sources::{Outcome, Source};
use subjects::{EveryType, Subject};
use tally::Tally;

const INPUTS: u64 = 12_000;
const SEED: u64 = 1;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse().expect("a number");
    let dir = tempfile::tempdir().unwrap();
    let mut fuzzer = Fuzzer::new(dir.path());
    match arguments[..] {
        [] | ["count"] => fuzzer.count(INPUTS, SEED),
        ["count", inputs] => fuzzer.count(number(inputs), SEED),
        ["count", inputs, seed] => fuzzer.count(number(inputs), number(seed)),
        ["seconds", seconds] => fuzzer.seconds(number(seconds), seed()),
        ["seconds", seconds, seed] => fuzzer.seconds(number(seconds), number(seed)),
        ["each", inputs, seed] => {
            fuzzer.prints_each = true;
            fuzzer.count(number(inputs), number(seed));
        }
        ["replay", input] => fuzzer.replay(input),
        _ => panic!("no such arguments: {arguments:?}"),
    }
    fuzzer.end()
}

/// A struct and a source, and what inputs for them begin as.
struct Target {
    subject: &'static str,
    source: Source,
    corpus: Corpus,
    load: fn(Source, &[u8], &Path) -> Outcome,
    tally: Tally,
}

impl Target {
    fn of<T: Subject>(source: Source) -> Self {
        let (subject, corpus) = (T::NAME, Corpus::of::<T>(source));
        Self { subject, source, corpus, load: sources::load::<T>, tally: Tally::default() }
    }

    fn line(&self, input: &[u8]) -> String {
        format!("{} {} {}", self.subject, self.source.name(), escape::escaped(input))
    }
}

struct Fuzzer<'a> {
    dir: &'a Path,
    targets: Vec<Target>,
    prints_each: bool,
    failures: usize,
}

impl<'a> Fuzzer<'a> {
    fn new(dir: &'a Path) -> Self {
        let targets = Source::ALL
            .into_iter()
            .flat_map(|source| [Target::of::<AioConfig>(source), Target::of::<EveryType>(source)]);
        Self { dir, targets: targets.collect(), prints_each: false, failures: 0 }
    }

    fn count(&mut self, inputs: u64, first: u64) {
        (0..inputs).for_each(|input| self.seed(first.wrapping_add(input), input % 1000 == 0));
    }

    fn seconds(&mut self, seconds: u64, first: u64) {
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut input = 0;
        while Instant::now() < end {
            self.seed(first.wrapping_add(input), input % 1000 == 0);
            input += 1;
        }
    }

    /// The input of that seed.
    fn seed(&mut self, seed: u64, tells: bool) {
        if tells {
            // Ends the process when an input hangs; where it hung is told beforehand.
            die_if_hung(120);
            eprint!("\rfrom seed {seed}, {} failures    ", self.failures);
        }
        let mut rng = Rng::new(seed);
        let index = rng.below(self.targets.len());
        let input = mutate::mutated(&mut rng, &self.targets[index].corpus);
        self.run(index, &input);
    }

    fn replay(&mut self, line: &str) {
        let mut parts = line.splitn(3, ' ');
        let mut next = || parts.next().expect("STRUCT SOURCE BYTES");
        let (subject, source, input) = (next(), next(), escape::unescaped(next()));
        let meant = |target: &Target| target.subject == subject && target.source.name() == source;
        let index = self.targets.iter().position(meant).expect("a struct and a source");
        self.run(index, &input);
    }

    fn run(&mut self, index: usize, input: &[u8]) {
        let target = &mut self.targets[index];
        if self.prints_each {
            eprintln!("{}", target.line(input));
        }
        let begin = Instant::now();
        let loaded =
            catch_unwind(AssertUnwindSafe(|| (target.load)(target.source, input, self.dir)));
        let took = begin.elapsed();
        match loaded {
            Ok(outcome) => target.tally.count(&outcome, took, input),
            Err(_) => {
                self.failures += 1;
                eprintln!("\nreplay with: fuzz_config replay '{}'\n", target.line(input));
            }
        }
    }

    fn end(&self) -> ExitCode {
        eprintln!();
        println!("{}", tally::HEADER);
        let mut sound = self.failures == 0;
        for Target { subject, source, tally, .. } in &self.targets {
            let keeps_floor = tally.keeps_floor(*source);
            let shown = if keeps_floor { "" } else { "  too one-sided" };
            println!("{subject:7}{:11}{tally}{shown}", source.name());
            sound &= keeps_floor;
        }
        println!("{}", tally::kinds(self.targets.iter().map(|target| &target.tally)));
        let slowest = self.targets.iter().max_by_key(|target| target.tally.slowest.0);
        if let Some(slowest) = slowest {
            let (took, input) = &slowest.tally.slowest;
            let mut line = slowest.line(input);
            line.truncate(200);
            println!("the slowest took {took:?}: {line}");
        }
        println!("{} failures", self.failures);
        if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
