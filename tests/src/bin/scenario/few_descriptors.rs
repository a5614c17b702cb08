//! Files opened with one descriptor left, where a file that goes direct wants two.

use std::{fs::File, os::fd::AsRawFd};

use ds_aio::{Engine, ErrorKind, OpenOptions, Operation};
use ds_aio_tests::{
    process::{die_if_hung, not_possible_here},
    settings::{MODES, settings},
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

pub(crate) fn run(_arguments: &[&str]) {
    die_if_hung(100);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    let engine = Engine::new(&settings(4096, (1, 1), MODES[0])).unwrap();
    if let Some(reason) = engine.create(&path).unwrap().not_direct() {
        not_possible_here(reason);
    }
    // It has the lowest number that is free, and so has the next one.
    let last = File::open("/dev/null").unwrap();
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, last.as_raw_fd() as u64 + 2, hard).unwrap();
    let new = dir.path().join("new");
    for (path, options) in [
        (&path, OpenOptions::new().write()),
        (&new, OpenOptions::new().create_new().preallocate(100_000)),
    ] {
        let error = engine.open_with(path, &options).unwrap_err();
        assert_eq!(
            (error.operation(), error.kind()),
            (Operation::Open, ErrorKind::TooManyOpenFiles)
        );
        assert!(error.to_string().contains("ulimit -n"), "{error}");
    }
    assert!(!new.exists(), "made for nobody");
    drop(last);
    assert_eq!(engine.open(&path).unwrap().not_direct(), None);
}
