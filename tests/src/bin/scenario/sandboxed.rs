//! Engines in a process that a seccomp filter keeps from io_uring, as a container's does.
//!
//! `sandboxed setup ERRNO`: no rings can be made. `sandboxed enter ERRNO`: they can be made, and not
//! entered. `sandboxed later ERRNO`: the filter comes when an engine has rings already,
//! which goes on without them.

use ds_aio::{
    AioBuf, BackendMode, Engine, EngineSettings, OpenOptions, RingUnavailable, StartError, Ticket,
};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    process::die_if_hung,
    seccomp::deny,
    settings::{MODES, settings},
};
use nix::{errno::Errno, libc};

const BLOCK: usize = 4096;

pub(crate) fn run(arguments: &[&str]) {
    die_if_hung(100);
    let [what, errno] = *arguments else { panic!("usage: sandboxed WHAT ERRNO") };
    let errno = Errno::from_raw(errno.parse().unwrap());
    match what {
        "setup" => {
            deny(libc::SYS_io_uring_setup, &[], errno).unwrap();
            threads_instead(errno);
        }
        "enter" => {
            deny(libc::SYS_io_uring_enter, &[], errno).unwrap();
            threads_instead(errno);
        }
        "later" => rings_that_are_lost(errno),
        other => panic!("nothing is called {other:?}"),
    }
}

fn asking_for(backend: BackendMode) -> EngineSettings {
    let mut settings = settings(BLOCK, (2, 4), MODES[0]);
    settings.backend = backend;
    settings
}

fn threads_instead(errno: Errno) {
    let expected = match errno {
        Errno::EPERM => RingUnavailable::Forbidden,
        Errno::ENOSYS => RingUnavailable::NoSystemCall,
        Errno::ENOMEM => RingUnavailable::NoMemory,
        other => RingUnavailable::Failed { errno: other as i32 },
    };
    match Engine::new(&asking_for(BackendMode::IoUring)) {
        Err(StartError::Ring(reason)) => assert_eq!(reason, expected),
        other => panic!("{other:?}"),
    }
    let engine = Engine::new(&asking_for(BackendMode::Auto)).unwrap();
    assert_eq!(engine.settings().backend, "threads");
    assert_eq!(engine.settings().ring_unavailable(), Some(expected));
    let described = engine.describe();
    let line = format!("backend = threads (auto: no io_uring, {expected})");
    assert!(described.starts_with(&line), "{described}");

    let dir = tempfile::tempdir().unwrap();
    let file = engine.create(dir.path().join("data")).unwrap();
    let data = pattern(1, 50 * BLOCK + 1);
    let data = engine.pwrite(&file, data, 1).wait().unwrap();
    let read = engine.pread(&file, vec![0; data.len()], 1).wait().unwrap();
    assert_same(&read, &data, &"through the threads");
    engine.close().unwrap();
}

fn rings_that_are_lost(errno: Errno) {
    let engine = Engine::new(&asking_for(BackendMode::IoUring)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let options = OpenOptions::new().create_new().preallocate(1 << 20);
    let file = engine.open_with(dir.path().join("data"), &options).unwrap();
    let aligned = || AioBuf::zeroed(8 * BLOCK).unwrap();
    engine.pwrite(&file, aligned(), 0).wait().unwrap();
    deny(libc::SYS_io_uring_enter, &[], errno).unwrap();
    for _ in 0..3 {
        let offset = |at: u64| at * 8 * BLOCK as u64;
        let writes = (0..20).map(|at| {
            let mut buffer = aligned();
            buffer.copy_from_slice(&pattern(at, 8 * BLOCK));
            engine.pwrite(&file, buffer, offset(at))
        });
        let writes: Vec<_> = writes.collect();
        for (at, written) in (0..).zip(Ticket::wait_all(writes)) {
            let written = written.unwrap();
            let read = engine.pread(&file, aligned(), offset(at));
            assert_same(&read.wait().unwrap(), &written, &"read back");
        }
        engine.sync(&file).unwrap();
    }
    engine.close().unwrap();
}
