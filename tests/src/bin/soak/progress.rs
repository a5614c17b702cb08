//! A line now and then about how far it is.

use std::{
    io::{IsTerminal, Write, stdout},
    sync::{Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use crate::tally::Tally;

/// What is told of the round under way.
pub(crate) struct Progress(Mutex<(u64, u64)>);

impl Progress {
    /// Does `work` and shows meanwhile how far it is: in place on a terminal, else in lines.
    pub(crate) fn shown<R>(tally: &Tally, work: impl FnOnce(&Self) -> R) -> R {
        let this = Self(Mutex::new((0, 0)));
        let (ended, end) = mpsc::channel::<()>();
        thread::scope(|threads| {
            let this = &this;
            threads.spawn(move || this.show(tally, &end));
            let result = work(this);
            drop(ended);
            result
        })
    }

    /// That round begins.
    pub(crate) fn round(&self, number: u64, seed: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (number, seed);
    }

    fn show(&self, tally: &Tally, end: &mpsc::Receiver<()>) {
        let begin = Instant::now();
        let in_place = stdout().is_terminal();
        let interval = Duration::from_secs(if in_place { 1 } else { 10 });
        while end.recv_timeout(interval) == Err(mpsc::RecvTimeoutError::Timeout) {
            let (round, seed) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let seconds = begin.elapsed().as_secs();
            let (minutes, seconds, brief) = (seconds / 60, seconds % 60, tally.brief());
            let line = format!("{minutes:>3}:{seconds:02} round {round}, seed {seed}: {brief}");
            if in_place {
                print!("\r\x1b[2K{line}");
                let _ = stdout().flush();
            } else {
                println!("{line}");
            }
        }
        if in_place {
            println!();
        }
    }
}
