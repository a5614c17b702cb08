//! Seeds: engines, files, requests, cancels and faults by chance, against a model.
//!
//! One number decides everything but how the threads are scheduled: what is asked for, what becomes
//! of each ticket, and the fate of each transfer, by its request, place and attempt. A seed that
//! found something therefore finds it again, if not at every try.
//!
//! - `DS_AIO_SEEDS=20000` runs that many, where the default suits every run of the tests, from
//!   `DS_AIO_FIRST_SEED=60000` on. Tickets are forgotten, so that each takes a little memory with it.
//! - `DS_AIO_SEED=17` runs that one alone, again and again (`DS_AIO_SEEDS` times).

mod drive;
mod ending;
mod generate;
mod make;
mod promise;
mod scenario;
mod settle;
mod verify;
mod wakes;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{RecvTimeoutError, channel},
    },
    thread,
    time::Duration,
};

use drive::Place;

const SEEDS: u64 = 8000;
/// Long enough for any machine; a seed that takes longer hangs.
const HUNG: Duration = Duration::from_secs(60);

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.trim().parse().unwrap_or_else(|_| panic!("{variable} is not a number: {text:?}")))
}

#[test]
fn seeds() {
    let (one, count) = (number("DS_AIO_SEED"), number("DS_AIO_SEEDS").unwrap_or(SEEDS));
    let first = number("DS_AIO_FIRST_SEED").unwrap_or(0);
    let runners = thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 16));
    let next = Arc::new(AtomicU64::new(0));
    let (tell, told) = channel();
    for runner in 0..runners {
        let (tell, next) = (tell.clone(), Arc::clone(&next));
        thread::spawn(move || {
            let mut place = Place::new();
            loop {
                let turn = next.fetch_add(1, Ordering::Relaxed);
                let begun = (turn < count).then(|| one.unwrap_or(first + turn));
                if tell.send((runner, begun, Vec::new())).is_err() {
                    return;
                }
                let Some(seed) = begun else {
                    return;
                };
                let ran = catch_unwind(AssertUnwindSafe(|| drive::run(seed, &mut place)));
                let wrong = ran.unwrap_or_else(|_| vec!["the test panicked, see above".into()]);
                let failed = !wrong.is_empty();
                if tell.send((runner, begun, wrong)).is_err() || failed {
                    return;
                }
            }
        });
    }
    let mut running = vec![None; runners];
    let mut ended = 0;
    while ended < runners {
        match told.recv_timeout(HUNG) {
            Ok((runner, seed, wrong)) => {
                running[runner] = seed;
                ended += usize::from(seed.is_none());
                if let (Some(seed), false) = (seed, wrong.is_empty()) {
                    let ran = next.load(Ordering::Relaxed);
                    panic!(
                        "seed {seed}, about the {ran}th:\n- {}\n{}",
                        wrong.join("\n- "),
                        replay(seed)
                    );
                }
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let hang: Vec<u64> = running.into_iter().flatten().collect();
                let commands: Vec<String> = hang.iter().map(|&seed| replay(seed)).collect();
                panic!("no end of one of the seeds {hang:?}\n{}", commands.join("\n"));
            }
        }
    }
}

fn replay(seed: u64) -> String {
    format!("to replay it: DS_AIO_SEED={seed} cargo test -p ds-aio --lib engine::tests::seeds")
}
