//! Memory pressure: a process that takes most of what is free and lets it go again, and page caches that
//! are emptied.

use std::{
    env, fs,
    io::{self, Read},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use ds_aio_tests::bytes::Rng;

use crate::{BALLAST, round::Round};

const CHUNK: usize = 64 << 20;

/// The process that takes memory; it ends with this one.
pub(crate) struct Ballast(Child);

impl Ballast {
    /// Has it fill the machine's memory, again and again, until so many percent of it are in use.
    pub(crate) fn start(percent: u64) -> io::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command.arg(BALLAST).arg(percent.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.spawn().map(Self)
    }

    /// Ends it; what it has to say, or that the system ended it.
    pub(crate) fn end(mut self) -> io::Result<String> {
        drop(self.0.stdin.take());
        let mut said = String::new();
        if let Some(mut out) = self.0.stdout.take() {
            out.read_to_string(&mut said)?;
        }
        let status = self.0.wait()?;
        Ok(if status.success() { said } else { format!("memory pressure: {status}\n") })
    }
}

/// What that process does: until its input ends.
pub(crate) fn hold(percent: u64) -> io::Result<String> {
    // Where memory runs out for good it is the one to go.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    let ended = AtomicBool::new(false);
    let (mut most, mut times) = (0, 0_u64);
    thread::scope(|threads| {
        threads.spawn(|| {
            let _ = io::stdin().read_to_end(&mut Vec::new());
            ended.store(true, Ordering::Relaxed);
        });
        let mut held: Vec<Vec<u8>> = Vec::new();
        while !ended.load(Ordering::Relaxed) {
            let (total, available) = memory()?;
            let wanted = total / 100 * (100 - percent);
            if available > wanted + CHUNK as u64 {
                held.push(vec![1; CHUNK]);
            } else {
                // Held for a moment, and then all of it let go.
                times += 1;
                thread::sleep(Duration::from_secs(3));
                held.clear();
            }
            most = most.max(held.len() * CHUNK);
            thread::sleep(Duration::from_millis(10));
        }
        Ok(format!(
            "memory pressure: {times} times up to {percent} % in use, {} MiB at most\n",
            most >> 20
        ))
    })
}

/// The machine's memory, and what of it could be had, in bytes.
fn memory() -> io::Result<(u64, u64)> {
    let text = fs::read_to_string("/proc/meminfo")?;
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_suffix("kB"));
        let kib: Option<u64> = line.and_then(|line| line.trim().parse().ok());
        kib.map(|kib| kib << 10).ok_or_else(|| io::Error::other(format!("no {name} in meminfo")))
    };
    Ok((field("MemTotal:")?, field("MemAvailable:")?))
}

/// Empties the machine's page cache now and then, where this process may.
pub(crate) fn drop_caches(round: &Round<'_>, rng: &mut Rng) {
    if round.presses && rng.below(4) == 0 && fs::write("/proc/sys/vm/drop_caches", "1").is_ok() {
        round.tally.fault("page cache of the machine emptied");
    }
}
