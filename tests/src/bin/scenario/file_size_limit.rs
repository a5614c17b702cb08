//! Writes beyond the process's limit on file sizes, which sends SIGXFSZ to whoever does it:
//! `file_size_limit CASE`.

use std::{fs, path::Path};

use ds_aio::{Engine, Error, ErrorKind, OpenOptions, Operation};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    process::die_if_hung,
    settings::{MODES, SHAPES, settings},
};
use nix::{
    errno::Errno,
    sys::resource::{Resource, getrlimit, setrlimit},
};

const BLOCK: usize = 64 << 10;
/// Within a block and within a page.
const LIMIT: usize = 40 * BLOCK + 5000;
const WANTED: usize = 100 * BLOCK + 77;

pub(crate) fn run(arguments: &[&str]) {
    die_if_hung(100);
    let [case] = *arguments else { panic!("usage: file_size_limit CASE") };
    let dir = tempfile::tempdir().unwrap();
    let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, LIMIT as u64, hard).unwrap();
    let data = pattern(1, WANTED);
    for mode in MODES {
        for shape in SHAPES {
            let engine = Engine::new(&settings(BLOCK, shape, mode)).unwrap();
            match case {
                "waited" => waited(&engine, &dir.path().join("waited"), &data),
                "detached" => detached(engine, &dir.path().join("detached"), &data),
                "preallocated" => preallocated(&engine, &dir.path().join("preallocated")),
                "allocated" => allocated(&engine, &dir.path().join("allocated"), &data),
                other => panic!("no case {other:?}"),
            }
        }
    }
}

fn waited(engine: &Engine, path: &Path, data: &[u8]) {
    for offset in [0, 4096, 5001] {
        let file = engine.create(path).unwrap();
        let write = engine.pwrite(&file, data.to_vec(), offset as u64);
        let (error, buffer) = write.wait().unwrap_err().into_parts();
        assert_too_large(&error, path, offset);
        assert_same(&buffer.unwrap(), data, &"the buffer given back");
        let found = fs::read(path).unwrap();
        assert_eq!(found.len(), LIMIT);
        let told = format!("bytes before the limit, {:?}", engine.settings());
        assert_same(&found[offset..], &data[..LIMIT - offset], &told);
    }
}

fn detached(engine: Engine, path: &Path, data: &[u8]) {
    let file = engine.create(path).unwrap();
    drop(engine.pwrite(&file, data.to_vec(), 0));
    std::mem::forget(engine.pwrite(&file, data.to_vec(), 4096));
    let failures = engine.sync(&file).unwrap_err();
    assert_eq!((failures.errors().len(), failures.omitted()), (1, 0), "{failures}");
    assert_too_large(&failures.errors()[0], path, 0);
    engine.sync(&file).unwrap();
    let failures = engine.close().unwrap_err();
    assert_eq!((failures.errors().len(), failures.omitted()), (1, 0), "{failures}");
    assert_too_large(&failures.errors()[0], path, 4096);
}

fn preallocated(engine: &Engine, path: &Path) {
    let options = OpenOptions::new().create().preallocate(WANTED as u64);
    let error = engine.open_with(path, &options).unwrap_err();
    assert_eq!(error.operation(), Operation::Preallocate);
    assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    assert_eq!(error.errno(), Some(Errno::EFBIG as i32));
    assert_eq!((error.path(), error.wanted()), (Some(path), WANTED));
}

fn allocated(engine: &Engine, path: &Path, data: &[u8]) {
    let file = engine.create(path).unwrap();
    engine.pwrite(&file, data[..BLOCK].to_vec(), 0).wait().unwrap();
    for (offset, len) in [(0, LIMIT + 1), (LIMIT, 1), (BLOCK, WANTED)] {
        let ticket = engine.allocate(&file, offset as u64, len as u64);
        let error = ticket.wait().unwrap_err().into_parts().0;
        assert_eq!(error.operation(), Operation::Preallocate);
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        assert_eq!((error.offset(), error.wanted()), (offset as u64, len));
        assert_same(&fs::read(path).unwrap(), &data[..BLOCK], &"as it was");
    }
    engine.allocate(&file, 0, LIMIT as u64).wait().unwrap();
    assert_eq!(file.len().unwrap(), LIMIT as u64);
    let error = engine.write_file(&file, data.to_vec()).wait().unwrap_err().into_parts().0;
    assert_too_large(&error, path, 0);
}

fn assert_too_large(error: &Error, path: &Path, offset: usize) {
    assert_eq!(error.operation(), Operation::Write);
    assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    assert_eq!(error.errno(), Some(Errno::EFBIG as i32));
    assert_eq!((error.path(), error.offset()), (Some(path), offset as u64));
    assert_eq!((error.wanted(), error.done()), (WANTED, LIMIT - offset));
    assert!(error.to_string().contains("ulimit -f"), "{error}");
}
