//! A file system that is full: what fails on it says so, and harms nothing else.

use std::{
    fs,
    io::Write,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use ds_aio::{Engine, Error, ErrorKind, FileWriter, OffloadStore, StoreErrorKind, WriterOptions};
use ds_aio_tests::{
    bytes::{Rng, pattern},
    small_disk::SmallDisk,
};

use crate::{
    requests::{Requests, Way},
    round::Round,
};

/// Bytes that it has room for.
pub(crate) const SPACE: usize = 16 << 20;

pub(crate) fn run(round: &Round<'_>, rng: &mut Rng) {
    let Some(disk) = round.disk else { return };
    // The disk is this thread's alone, and empty before and after each.
    file(round, disk, rng);
    stream(round, disk, rng);
    store(round, disk, rng);
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 0, "files are left");
}

fn file(round: &Round<'_>, disk: &SmallDisk, rng: &mut Rng) {
    round.tally.fault("disk full: write");
    let path = disk.path().join("file");
    let engine = round.engine(rng);
    let file = engine.create(&path).unwrap();
    let data = pattern(rng.bits(), SPACE + 1 + rng.below(SPACE));
    let requests = Requests { engine: &engine, file: &file, tally: round.tally };
    let (error, back) = requests.write(&data, 0, Way::Wait, rng)().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSpace, "{error}");
    round.tally.error(error.kind());
    round.tally.compare(&back, &data, &"a buffer given back");
    let found = fs::read(&path).unwrap();
    let done = error.done();
    round.tally.compare(&found[..done], &data[..done], &"written before the disk was full");

    // Room again: the engine works on.
    fs::File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
    let data = &data[..SPACE / 2];
    requests.write(data, 0, Way::Wait, rng)().unwrap();
    engine.sync(&file).unwrap();
    round.tally.compare(&fs::read(&path).unwrap(), data, &"written once there was room");
    drop(file);
    fs::remove_file(&path).unwrap();
}

/// A file that is to be replaced by one that is too large stays.
fn stream(round: &Round<'_>, disk: &SmallDisk, rng: &mut Rng) {
    round.tally.fault("disk full: stream");
    let path = disk.path().join("stream");
    let old = pattern(rng.bits(), SPACE / 4);
    fs::write(&path, &old).unwrap();
    let engine = round.engine(rng);
    let options = WriterOptions::new().replace().memory(1 << rng.below(24));
    let written = too_much(&engine, &path, &options, rng);
    let error = written.unwrap_err().downcast::<Error>().unwrap();
    assert_eq!(error.kind(), ErrorKind::NoSpace, "{error}");
    round.tally.error(error.kind());
    round.tally.compare(&fs::read(&path).unwrap(), &old, &"the file that was to be replaced");
    fs::remove_file(&path).unwrap();
}

fn too_much(
    engine: &Engine,
    path: &Path,
    options: &WriterOptions,
    rng: &mut Rng,
) -> std::io::Result<()> {
    let mut writer = FileWriter::create_with(engine, path, options)?;
    writer.write_all(&pattern(rng.bits(), SPACE))?;
    writer.finish()?;
    Ok(())
}

/// Tensors that found no room are not there, the others are whole.
fn store(round: &Round<'_>, disk: &SmallDisk, rng: &mut Rng) {
    round.tally.fault("disk full: store");
    let engine = round.engine(rng);
    let path = disk.path().join("store");
    let builder = OffloadStore::builder(&path).block_size(4096);
    let store = builder.slab_limit(128 << 10).slab_size(1 << 20).open(&engine).unwrap();
    let tensors: Vec<_> = (0..60)
        .map(|number| {
            let len = rng.pick(&[5000, 100_000, 700_000, 1 << 20]);
            (number.to_string(), pattern(rng.bits(), len))
        })
        .collect();
    let puts: Vec<_> = tensors.iter().map(|(name, data)| store.put(name, data.clone())).collect();
    let mut there = Vec::new();
    for ((name, data), put) in tensors.iter().zip(puts) {
        round.tally.operation("store: put on a full disk", data.len());
        match put.wait() {
            Ok(_) => there.push((name, data)),
            Err(failed) => {
                let error = failed.error();
                assert_eq!(error.kind(), StoreErrorKind::Io, "{error}");
                assert!(!store.contains(name), "{error}");
                round.tally.error(error.kind());
            }
        }
    }
    for (name, data) in &there {
        round.tally.compare(&store.get(name).wait().unwrap(), data, name);
    }
    for (name, _) in &there {
        assert!(store.remove(name).unwrap());
    }
    let (name, data) = &tensors[0];
    put_once_there_is_room(round, &store, name, data);
    round.tally.compare(&store.get(name).wait().unwrap(), data, name);
    store.close().unwrap();
}

/// Whoever still has a file that was removed open keeps its space: a child that was forked meanwhile until
/// it ends, and the kernel's thread that reserved it for a moment.
fn put_once_there_is_room(round: &Round<'_>, store: &OffloadStore, name: &str, data: &[u8]) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while let Err(failed) = store.put(name, data.to_vec()).wait() {
        let error = failed.error();
        let no_space = error.engine_error().is_some_and(|error| error.kind() == ErrorKind::NoSpace);
        assert!(no_space && Instant::now() < deadline, "{error}");
        round.tally.error(error.kind());
        thread::yield_now();
    }
}
