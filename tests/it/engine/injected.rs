//! System calls that fail, come up short or take their time because a tracer makes them
//! (`strace --inject`), each scenario in a process of its own.

use std::process::Command;

use nix::errno::Errno;

use crate::{
    capabilities::require,
    process::{SCENARIO, run},
};

const BLOCK: usize = 64 << 10;
const EVERY_ROUTE: [(&str, &str); 2] = [("write", "pwrite64"), ("read", "pread64")];

/// Runs `work` with `injected` done to its system calls; strace counts those of each thread alone.
fn inject(injected: &str, work: &str, expected: &[usize]) {
    if !require("strace") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let call = injected.split(':').next().unwrap();
    let expected = expected.iter().enumerate().map(|(at, number)| match (at, number) {
        (0, 0) => "ok".to_owned(),
        _ => number.to_string(),
    });
    let mut strace = Command::new("strace");
    // The calls of a ring are none that strace can make fail.
    strace.env("DS_AIO_BACKEND", "threads");
    if !call.starts_with("clone") {
        // The dynamic loader reads, too.
        strace.arg("-P").arg(dir.path().join("data"));
    }
    let trace = dir.path().join("trace");
    run(strace
        .arg("-o")
        .arg(&trace)
        .args(["-f", "-qq", "-e", &format!("trace={call}")])
        .args(["-e", &format!("inject={injected}"), SCENARIO, "injected", work])
        .arg(dir.path())
        .args(expected));
    let trace = std::fs::read_to_string(trace).unwrap();
    let struck = trace.contains("INJECTED") || trace.contains("DELAYED");
    assert!(struck, "{injected} never struck:\n{trace}");
}

#[test]
fn an_error_of_the_third_call_leaves_two_blocks_and_an_engine_that_goes_on() {
    for (work, call) in EVERY_ROUTE {
        for errno in [Errno::EIO, Errno::ENOSPC, Errno::EDQUOT, Errno::EAGAIN] {
            let expected = [errno as usize, 2 * BLOCK];
            inject(&format!("{call}:error={errno:?}:when=3"), work, &expected);
        }
    }
}

#[test]
fn interrupted_calls_are_repeated() {
    for (work, call) in EVERY_ROUTE {
        inject(&format!("{call}:error=EINTR:when=1+2"), work, &[0]);
    }
}

#[test]
fn direct_calls_that_are_refused_go_through_the_page_cache() {
    for (work, call) in EVERY_ROUTE {
        if require("direct") {
            inject(&format!("{call}:error=EINVAL:when=1+2"), work, &[0]);
        }
    }
}

#[test]
fn short_counts_are_continued_where_they_stopped() {
    for (work, call) in EVERY_ROUTE {
        // The call is not made: so many bytes stay as they were, and all others are moved.
        for short in [1, 512, 4096, BLOCK - 1] {
            let expected = [0, 2 * BLOCK, short];
            inject(&format!("{call}:retval={short}:when=3"), work, &expected);
        }
    }
}

#[test]
fn a_call_that_moves_nothing_is_an_error() {
    inject("pwrite64:retval=0:when=3", "write", &[Errno::EIO as usize, 2 * BLOCK]);
}

#[test]
fn calls_that_take_their_time_change_nothing() {
    for (work, call) in EVERY_ROUTE {
        inject(&format!("{call}:delay_enter=3000:when=1+3"), work, &[0]);
        inject(&format!("{call}:delay_exit=3000:when=2+3"), work, &[0]);
    }
}

#[test]
fn an_error_in_each_of_many_workers_fails_one_request_at_a_time() {
    inject("pwrite64:error=EIO:when=3", "many", &[Errno::EIO as usize]);
    inject("pwrite64:error=ENOSPC:when=2", "many", &[Errno::ENOSPC as usize]);
}

#[test]
fn a_sync_that_fails_is_told_once() {
    inject("fdatasync:error=EIO:when=1", "sync", &[Errno::EIO as usize]);
}

#[test]
fn an_engine_without_threads_does_not_start_and_leaves_nothing() {
    for when in [1, 2, 3] {
        let injected = format!("clone,clone3:error=EAGAIN:when={when}");
        inject(&injected, "start", &[Errno::EAGAIN as usize]);
    }
}

#[test]
fn an_engine_works_with_the_threads_it_gets() {
    inject("clone,clone3:error=EAGAIN:when=2+", "alone", &[0]);
}
