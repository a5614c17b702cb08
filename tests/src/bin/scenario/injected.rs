//! Work during which system calls are made to fail from outside (`strace --inject`):
//! `injected WORK DIRECTORY EXPECTED [DONE [UNTOUCHED]]`.
//!
//! EXPECTED is `ok` or the number of the error, DONE the bytes that are good, UNTOUCHED how many
//! bytes from there on were said to be moved and were not.

use std::path::Path;

use ds_aio::{AioBuf, Engine, Error, ErrorKind, OpenOptions, Operation, StartError};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    cache::evict,
    process::{descriptors, die_if_hung, settles_to, threads},
    settings::{MODES, settings},
};

const BLOCK: usize = 64 << 10;
const LEN: usize = 8 * BLOCK;
/// Groups and depth of the engine whose workers are all struck.
const MANY: (usize, usize) = (2, 3);

struct Expected {
    errno: Option<i32>,
    done: usize,
    untouched: usize,
}

pub(crate) fn run(arguments: &[&str]) {
    die_if_hung(60);
    let [work, directory, errno, bytes @ ..] = arguments else {
        panic!("usage: injected WORK DIRECTORY EXPECTED [DONE [UNTOUCHED]]");
    };
    let errno = (*errno != "ok").then(|| errno.parse().unwrap());
    let bytes = |at: usize| bytes.get(at).map_or(0, |text| text.parse().unwrap());
    let expected = Expected { errno, done: bytes(0), untouched: bytes(1) };
    let path = Path::new(directory).join("data");
    let before = (threads().unwrap(), descriptors().unwrap());
    for mode in MODES {
        // Threads are struck by the number of their calls, and each mode has new ones.
        match *work {
            "write" => write(&engine(mode), &path, &expected),
            "read" => read(&engine(mode), &path, &expected),
            "many" => many(&Engine::new(&settings(BLOCK, MANY, mode)).unwrap(), &path, &expected),
            "sync" => return sync(&engine(mode), &path, &expected),
            "start" => return start(&expected),
            "alone" => return alone(&path),
            other => panic!("no work is called {other:?}"),
        }
        settles_to(before);
    }
}

/// With one worker, which makes all calls in file order.
fn engine(mode: (bool, bool)) -> Engine {
    Engine::new(&settings(BLOCK, (1, 1), mode)).unwrap()
}

fn buffer(bytes: &[u8]) -> AioBuf {
    let mut buffer = AioBuf::zeroed(bytes.len()).unwrap();
    buffer.copy_from_slice(bytes);
    buffer
}

fn write(engine: &Engine, path: &Path, expected: &Expected) {
    let (old, new) = (pattern(1, LEN), pattern(2, LEN));
    std::fs::write(path, &old).unwrap();
    let file = engine.open_with(path, &OpenOptions::new().write()).unwrap();
    let result = engine.pwrite(&file, buffer(&new), 0).wait();
    let good = match (result, expected.errno) {
        (Ok(_), None) => LEN,
        (Err(failed), Some(errno)) => {
            let (error, back) = failed.into_parts();
            assert_is(&error, Operation::Write, errno, path);
            assert_eq!(error.done(), expected.done);
            assert_same(&back.unwrap(), &new, &"the buffer given back");
            error.done()
        }
        (result, errno) => panic!("{result:?}, and the error number was to be {errno:?}"),
    };
    let mut written = old;
    written[..good].copy_from_slice(&new[..good]);
    // What was said to be written and was not.
    let not_written = expected.done..expected.done + expected.untouched;
    written[not_written.clone()].copy_from_slice(&pattern(1, LEN)[not_written]);
    assert_same(&std::fs::read(path).unwrap(), &written, &"the file");

    engine.pwrite(&file, buffer(&new), 0).wait().unwrap();
    engine.sync(&file).unwrap();
    assert_same(&std::fs::read(path).unwrap(), &new, &"the file, written again");
}

fn read(engine: &Engine, path: &Path, expected: &Expected) {
    let data = pattern(1, LEN);
    std::fs::write(path, &data).unwrap();
    evict(path);
    let file = engine.open(path).unwrap();
    let (good, found) = match (engine.pread(&file, buffer(&[0; LEN]), 0).wait(), expected.errno) {
        (Ok(found), None) => (LEN, found),
        (Err(failed), Some(errno)) => {
            let (error, found) = failed.into_parts();
            assert_is(&error, Operation::Read, errno, path);
            assert_eq!(error.done(), expected.done);
            (error.done(), found.unwrap())
        }
        (result, errno) => panic!("{result:?}, and the error number was to be {errno:?}"),
    };
    let mut known = data.clone();
    known[expected.done..expected.done + expected.untouched].fill(0);
    assert_same(&found[..good], &known[..good], &"the bytes read");
    evict(path);
    let found = engine.pread(&file, found, 0).wait().unwrap();
    assert_same(&found, &data, &"read again");
}

/// Each worker is struck once, in whatever request.
fn many(engine: &Engine, path: &Path, expected: &Expected) {
    let file = engine.create(path).unwrap();
    let mut struck = 0;
    for round in 0..40 {
        let old = std::fs::read(path).unwrap();
        let new = pattern(round, LEN);
        let good = match engine.pwrite(&file, buffer(&new), 0).wait() {
            Ok(_) => LEN,
            Err(failed) => {
                let error = failed.into_parts().0;
                assert_is(&error, Operation::Write, expected.errno.unwrap(), path);
                struck += 1;
                error.done()
            }
        };
        let found = std::fs::read(path).unwrap();
        assert_same(&found[..good], &new[..good], &format!("the {good} bytes done"));
        for (number, block) in found.chunks(BLOCK).enumerate().skip(good.div_ceil(BLOCK)) {
            let at = number * BLOCK..number * BLOCK + block.len();
            let known = block == &new[at.clone()] || old.get(at).is_none_or(|old| block == old);
            assert!(known || block.iter().all(|&byte| byte == 0), "block {number} is torn");
        }
    }
    let workers = engine.stats().workers as usize;
    assert!(0 < struck && struck <= workers, "{struck} requests failed, {workers} workers");
}

fn sync(engine: &Engine, path: &Path, expected: &Expected) {
    let file = engine.create(path).unwrap();
    engine.pwrite(&file, pattern(1, LEN), 0).wait().unwrap();
    let failures = engine.sync(&file).unwrap_err();
    assert_eq!((failures.errors().len(), failures.omitted()), (1, 0), "{failures}");
    assert_is(&failures.errors()[0], Operation::Sync, expected.errno.unwrap(), path);
    engine.sync(&file).unwrap();
}

fn start(expected: &Expected) {
    let before = (threads().unwrap(), descriptors().unwrap());
    match Engine::new(&settings(BLOCK, (3, 2), MODES[0])) {
        Err(StartError::Thread(error)) => assert_eq!(error.raw_os_error(), expected.errno),
        other => panic!("no thread, and yet {other:?}"),
    }
    settles_to(before);
    drop(Engine::new(&settings(BLOCK, (3, 2), MODES[0])).unwrap());
    settles_to(before);
}

/// With no thread to be had but the first that each thread starts: a worker may start another.
fn alone(path: &Path) {
    let before = (threads().unwrap(), descriptors().unwrap());
    for mode in MODES {
        let engine = Engine::new(&settings(BLOCK, (1, 8), mode));
        let Ok(engine) = engine else {
            // The thread that may be started was the last engine's.
            assert_ne!(mode, MODES[0]);
            continue;
        };
        let file = engine.create(path).unwrap();
        let data = pattern(1, LEN);
        let tickets: Vec<_> = (0..4).map(|_| engine.pwrite(&file, data.clone(), 0)).collect();
        for ticket in tickets {
            ticket.wait().unwrap();
        }
        assert_same(&std::fs::read(path).unwrap(), &data, &"the file");
    }
    settles_to(before);
}

#[track_caller]
fn assert_is(error: &Error, operation: Operation, errno: i32, path: &Path) {
    use nix::errno::Errno;

    let kind = match Errno::from_raw(errno) {
        Errno::ENOSPC => ErrorKind::NoSpace,
        Errno::EDQUOT => ErrorKind::QuotaExceeded,
        _ => ErrorKind::Io,
    };
    assert_eq!((error.operation(), error.kind()), (operation, kind), "{error}");
    assert_eq!((error.errno(), error.path()), (Some(errno), Some(path)), "{error}");
}
