//! Writes to a file system of 16 MiB until it is full: `no_space CASE`.

use std::{fs, io::Write, path::Path, sync::Arc};

use ds_aio::{
    Engine, Error, ErrorKind, FileWriter, OffloadStore, OpenOptions, Operation, WriterOptions,
};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    process::{die_if_hung, not_possible_here},
    settings::{MODES, SHAPES, settings},
    small_disk::SmallDisk,
};
use nix::errno::Errno;

const MIB: usize = 1 << 20;
const SPACE: usize = 16 * MIB;
const WANTED: usize = 64 * MIB;

pub(crate) fn run(arguments: &[&str]) {
    die_if_hung(100);
    let [case] = *arguments else { panic!("usage: no_space CASE") };
    let dir = tempfile::tempdir().unwrap();
    let file_system = if case == "without fallocate" { "ramfs" } else { "tmpfs" };
    let disk = match SmallDisk::mount(file_system, SPACE, dir.path()) {
        Ok(disk) => disk,
        Err(error) => {
            drop(dir);
            not_possible_here(error)
        }
    };
    let at = |name: &str| disk.path().join(name);
    let data = pattern(1, WANTED);
    for mode in MODES {
        for shape in SHAPES {
            let engine = Engine::new(&settings(MIB, shape, mode)).unwrap();
            match case {
                "probe" => {}
                "waited" => waited(&engine, &at("waited"), &data, shape),
                "detached" => detached(engine, &at("detached"), &data),
                "preallocated" => preallocated(&engine, &at("preallocated")),
                "allocated" => allocated(&engine, &at("allocated"), &data),
                "stored" => stored(engine, &at("stored"), &data),
                "streamed" => streamed(engine, &at("streamed"), &data),
                "without fallocate" => without_fallocate(&engine, &at("sparse")),
                other => panic!("no case {other:?}"),
            }
        }
    }
}

fn waited(engine: &Engine, path: &Path, data: &[u8], shape: (usize, usize)) {
    let file = engine.create(path).unwrap();
    let failed = engine.pwrite(&file, data.to_vec(), 0).wait().unwrap_err();
    let (error, buffer) = failed.into_parts();
    assert_no_space(&error, path);
    assert_same(&buffer.unwrap(), data, &"the buffer given back");
    if shape == (1, 1) {
        assert_eq!(error.done(), SPACE);
    }
    let found = fs::read(path).unwrap();
    let told = format!("the {} bytes done, {:?}", error.done(), engine.settings());
    assert_same(&found[..error.done()], &data[..error.done()], &told);

    // Room again: the engine works on.
    drop(engine.create(path).unwrap());
    engine.pwrite(&file, data[..MIB].to_vec(), 0).wait().unwrap();
    engine.sync(&file).unwrap();
    drop(file);
    fs::remove_file(path).unwrap();
}

fn detached(engine: Engine, path: &Path, data: &[u8]) {
    let file = engine.create(path).unwrap();
    drop(engine.pwrite(&file, data.to_vec(), 0));
    let failures = engine.sync(&file).unwrap_err();
    assert_eq!((failures.errors().len(), failures.omitted()), (1, 0), "{failures}");
    assert_no_space(&failures.errors()[0], path);
    engine.sync(&file).unwrap();

    drop(engine.pwrite(&file, data.to_vec(), 0));
    drop(file);
    let failures = engine.close().unwrap_err();
    assert_eq!((failures.errors().len(), failures.omitted()), (1, 0), "{failures}");
    assert_no_space(&failures.errors()[0], path);
    fs::remove_file(path).unwrap();
}

fn preallocated(engine: &Engine, path: &Path) {
    let options = OpenOptions::new().create().preallocate(WANTED as u64);
    let error = engine.open_with(path, &options).unwrap_err();
    assert_eq!(error.operation(), Operation::Preallocate);
    assert_eq!(error.kind(), ErrorKind::NoSpace);
    assert_eq!((error.path(), error.wanted()), (Some(path), WANTED));
    fs::remove_file(path).unwrap();
}

fn allocated(engine: &Engine, path: &Path, data: &[u8]) {
    let file = engine.create(path).unwrap();
    engine.pwrite(&file, data[..MIB].to_vec(), 0).wait().unwrap();
    let error = engine.allocate(&file, 100, WANTED as u64).wait().unwrap_err().into_parts().0;
    assert_eq!(error.operation(), Operation::Preallocate);
    assert_eq!(error.kind(), ErrorKind::NoSpace);
    assert_eq!(error.errno(), Some(Errno::ENOSPC as i32));
    assert_eq!((error.path(), error.offset(), error.wanted()), (Some(path), 100, WANTED));
    assert_same(&fs::read(path).unwrap()[..MIB], &data[..MIB], &"written before");
    engine.allocate(&file, MIB as u64, MIB as u64).wait().unwrap();
    assert_eq!(file.len().unwrap(), 2 * MIB as u64);
    drop(engine.allocate(&file, 0, WANTED as u64));
    let failures = engine.sync(&file).unwrap_err();
    assert_eq!(failures.errors()[0].operation(), Operation::Preallocate);
    drop(file);
    fs::remove_file(path).unwrap();
}

/// What a store keeps to use again gives way to what needs the room.
fn stored(engine: Engine, path: &Path, data: &[u8]) {
    let store = OffloadStore::builder(path)
        .slab_limit(4096)
        .slab_size(MIB as u64)
        .open(&Arc::new(engine))
        .unwrap();
    let (small, large) = (&data[..4 * MIB], &data[..6 * MIB]);
    for name in ["kept", "removed"] {
        store.put(name, large.to_vec()).wait().unwrap();
    }
    assert!(store.remove("removed").unwrap());
    store.put("small", small.to_vec()).wait().unwrap();
    let failed = store.put("none", large.to_vec()).wait().unwrap_err();
    let cause = failed.error().engine_error().map(Error::kind);
    assert_eq!(cause, Some(ErrorKind::NoSpace), "{failed}");
    assert_same(&store.get("kept").wait().unwrap(), large, &"kept");
    assert_same(&store.get("small").wait().unwrap(), small, &"small");
    store.close().unwrap();
}

/// A stream that finds no room says so once and for all, and leaves what it was to replace.
fn streamed(engine: Engine, path: &Path, data: &[u8]) {
    fs::write(path, "old").unwrap();
    for options in [WriterOptions::new().replace(), WriterOptions::new().replace().memory(1)] {
        let mut writer = FileWriter::create_with(&engine, path, &options).unwrap();
        let temporary = writer.file().path().to_owned();
        let error = writer.write_all(data).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
        let first = error.downcast::<Error>().unwrap();
        assert_eq!(first.operation(), Operation::Write);
        assert_eq!((first.kind(), first.path()), (ErrorKind::NoSpace, Some(&*temporary)));
        for _ in 0..2 {
            let again = writer.write(&[1]).unwrap_err().downcast::<Error>().unwrap();
            assert_eq!(again, first);
        }
        assert_eq!(writer.flush().unwrap_err().downcast::<Error>().unwrap(), first);
        assert_eq!(writer.finish().unwrap_err(), first);
        assert!(!temporary.exists());
    }
    let options = WriterOptions::new().replace().preallocate(WANTED as u64);
    let error = FileWriter::create_with(&engine, path, &options).unwrap_err();
    assert_eq!((error.operation(), error.kind()), (Operation::Preallocate, ErrorKind::NoSpace));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    assert_eq!(fs::read(path).unwrap(), b"old");
    // What fits is written, though it is not far from the end.
    let mut writer = FileWriter::create(&engine, path).unwrap();
    writer.write_all(&data[..SPACE - MIB]).unwrap();
    writer.finish().unwrap();
    assert_same(&fs::read(path).unwrap(), &data[..SPACE - MIB], &"what fits");
    engine.close().unwrap();
    fs::remove_file(path).unwrap();
}

/// A file system that knows no fallocate has sparse files.
fn without_fallocate(engine: &Engine, path: &Path) {
    let probe = fs::File::create(path).unwrap();
    let flags = nix::fcntl::FallocateFlags::empty();
    assert_eq!(nix::fcntl::fallocate(&probe, flags, 0, 1), Err(Errno::EOPNOTSUPP));
    let file = engine.create(path).unwrap();
    let data = pattern(1, 10_000);
    engine.pwrite(&file, data.clone(), 0).wait().unwrap();
    for (offset, len, expected) in
        [(0, 5_000, 10_000), (100, 9_900, 10_000), (9_999, 2, 10_001), (50_000, MIB, MIB + 50_000)]
    {
        engine.allocate(&file, offset, len as u64).wait().unwrap();
        assert_eq!(file.len().unwrap(), expected as u64);
        let found = fs::read(path).unwrap();
        assert_same(&found[..data.len()], &data, &"written before");
        assert!(found[data.len()..].iter().all(|&byte| byte == 0));
    }
    let options = OpenOptions::new().write().preallocate(3 * MIB as u64);
    assert_eq!(engine.open_with(path, &options).unwrap().len().unwrap(), 3 * MIB as u64);
    engine.write_file(&file, data.clone()).wait().unwrap();
    assert_same(&fs::read(path).unwrap(), &data, &"the whole file");
    engine.sync(&file).unwrap();
    drop(file);
    fs::remove_file(path).unwrap();
}

fn assert_no_space(error: &Error, path: &Path) {
    assert_eq!(error.operation(), Operation::Write);
    assert_eq!(error.kind(), ErrorKind::NoSpace);
    assert_eq!(error.errno(), Some(Errno::ENOSPC as i32));
    assert_eq!((error.path(), error.offset()), (Some(path), 0));
    assert_eq!(error.wanted(), WANTED);
    assert!(error.done() <= SPACE, "{error}");
    assert!(error.to_string().contains("free space"), "{error}");
}
