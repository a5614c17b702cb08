//! What processes of the tests tell and are told.

use std::{
    fmt::Display,
    fs, io, process, thread,
    time::{Duration, Instant},
};

/// The exit code by which a process says that the machine does not let it run its scenario.
pub const NOT_POSSIBLE_HERE: i32 = 77;

/// Says so, and why, and ends this process. What its caller has is not dropped.
pub fn not_possible_here(why: impl Display) -> ! {
    eprintln!("not possible here: {why}");
    process::exit(NOT_POSSIBLE_HERE)
}

/// Ends this process by SIGALRM after so many seconds, so that a hang is a failure of one test and
/// not of the whole run.
pub fn die_if_hung(seconds: u32) {
    nix::unistd::alarm::set(seconds);
}

/// A line of `/proc/self/<file>` such as `VmHWM:  12 kB`, in bytes.
///
/// # Errors
///
/// Where there is no such line.
pub fn memory(file: &str, field: &str) -> io::Result<usize> {
    let text = fs::read_to_string(format!("/proc/self/{file}"))?;
    let kib = text.lines().find_map(|line| {
        let rest = line.strip_prefix(field)?.strip_prefix(':')?;
        rest.trim().strip_suffix(" kB")?.trim().parse::<usize>().ok()
    });
    kib.map(|kib| kib << 10).ok_or_else(|| io::Error::other(format!("no {field} in {file}")))
}

/// Threads of this process.
///
/// # Errors
///
/// Where there is no `/proc`.
pub fn threads() -> io::Result<usize> {
    Ok(fs::read_dir("/proc/self/task")?.count())
}

/// Open descriptors of this process, but for the one that counts them.
///
/// # Errors
///
/// Where there is no `/proc`.
pub fn descriptors() -> io::Result<usize> {
    Ok(fs::read_dir("/proc/self/fd")?.count() - 1)
}

/// Waits until this process has as many threads and open descriptors as it had before: a thread
/// that was joined stays visible for a moment.
///
/// # Panics
///
/// If that does not happen.
#[track_caller]
pub fn settles_to(before: (usize, usize)) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let now = (threads().unwrap_or_default(), descriptors().unwrap_or_default());
        if now == before {
            return;
        }
        assert!(Instant::now() < deadline, "threads and descriptors: {now:?}, before {before:?}");
        thread::yield_now();
    }
}
