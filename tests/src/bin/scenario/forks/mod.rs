//! Forks with an engine at work, and what its parts do in the child: `forks CASE`.

#![allow(unsafe_code, reason = "a fork")]

mod callbacks;
mod calls;
mod children;
mod held;
mod tickets;

use std::{
    fmt::Debug,
    pin::pin,
    task::{Context, Poll, Waker},
};

use ds_aio::{EngineSettings, ErrorKind, Failed, Failures, Operation};
use ds_aio_tests::{process::die_if_hung, settings::settings};

const BLOCK: usize = 4096;
const LEN: usize = 64 * BLOCK;

pub(crate) fn run(arguments: &[&str]) {
    die_if_hung(200);
    let [case] = *arguments else { panic!("usage: forks CASE") };
    let dir = tempfile::tempdir().unwrap();
    match case {
        "calls" => calls::calls(dir.path()),
        "tickets" => tickets::tickets(dir.path()),
        "scope" => tickets::scope(dir.path()),
        "elsewhere" => children::elsewhere(dir.path()),
        "own" => children::own(dir.path()),
        "returns" => callbacks::returns(dir.path()),
        "returns-idle" => callbacks::returns_idle(dir.path()),
        other => panic!("no case {other:?}"),
    }
}

/// Checks that a request was refused in the child, and gives the buffer, which has to be there.
#[track_caller]
fn refused<B>(result: Result<B, Failed<B>>, operation: Operation) -> B {
    let (error, buffer) = result.err().expect("a request that is refused").into_parts();
    assert_eq!((error.operation(), error.kind()), (operation, ErrorKind::Forked), "{error}");
    assert!(error.path().is_some(), "{error}");
    assert!(error.to_string().contains("fork"), "{error}");
    buffer.expect("the buffer of a request that was not made")
}

/// Checks that waiting for a request of the parent's was refused.
#[track_caller]
fn unknown<B>(result: Result<B, Failed<B>>) {
    let (error, buffer) = result.err().expect("a wait that is refused").into_parts();
    assert_eq!((error.operation(), error.kind()), (Operation::Wait, ErrorKind::Forked), "{error}");
    assert!(buffer.is_none(), "the buffer is the parent's");
}

#[track_caller]
fn forked<T: Debug>(result: Result<T, Failures>, operation: Operation) {
    let failures = result.expect_err("a call that is refused");
    let [error] = failures.errors() else { panic!("{failures}") };
    assert_eq!((error.operation(), error.kind()), (operation, ErrorKind::Forked), "{error}");
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[track_caller]
fn ready<F: Future>(future: F) -> F::Output {
    let Poll::Ready(output) = poll_once(future) else { panic!("pending") };
    output
}

fn busy_settings() -> EngineSettings {
    let mut settings = settings(BLOCK, (2, 2), (false, true));
    // Fewer than the threads that ask, so that they contend for room, too.
    settings.queue_capacity = 4;
    settings
}
