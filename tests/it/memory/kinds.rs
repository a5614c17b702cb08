//! Buffers of every kind: parts, shared ones, foreign memory, those of other crates.

#![allow(unsafe_code, reason = "foreign memory and own buffers are unsafe contracts")]

use std::{
    ops::Bound,
    ptr::NonNull,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Sender, channel},
    },
};

use bytes::{Bytes, BytesMut};
use ds_aio::{
    AioFile, Engine, EngineSettings, ErrorKind, IoBuf, IoBufExt, IoBufMut, Operation, RawBuf, Slice,
};
use ds_aio_tests::bytes::{assert_same, pattern};
use tempfile::TempDir;

const LEN: usize = 300_000;

fn bench() -> (Engine, AioFile, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::new(&EngineSettings::default()).unwrap();
    let file = engine.create(dir.path().join("data")).unwrap();
    (engine, file, dir)
}

fn on_disk(file: &AioFile) -> Vec<u8> {
    std::fs::read(file.path()).unwrap()
}

#[test]
fn a_part_of_a_buffer_is_written_and_filled_alone() {
    let (engine, file, _dir) = bench();
    let data = pattern(1, LEN);
    let part = data.clone().into_slice(1000..200_001).unwrap();
    let part = engine.pwrite(&file, part, 0).wait().unwrap();
    assert_same(&on_disk(&file), &data[1000..200_001], &"written");
    assert_same(part.get_ref(), &data, &"the buffer");

    let target = vec![0xee; LEN].into_slice(77..=77 + 100_000).unwrap();
    assert_eq!((target.range(), target.len()), (77..100_078, 100_001));
    let filled = engine.pread(&file, target, 50_000).wait().unwrap().into_inner();
    assert_same(&filled[77..100_078], &data[51_000..151_001], &"filled");
    assert!(filled[..77].iter().chain(&filled[100_078..]).all(|&byte| byte == 0xee));
    assert_eq!(filled.len(), LEN);
}

#[test]
fn parts_are_checked_and_the_buffer_comes_back() {
    for range in [(0, 11), (11, 11), (7, 6), (11, 12), (0, usize::MAX)] {
        let failed = vec![1; 10].into_slice(range.0..range.1).unwrap_err();
        let (error, buffer) = failed.into_parts();
        assert_eq!((error.operation(), error.kind()), (Operation::View, ErrorKind::OutOfBounds));
        assert_eq!((error.limit(), buffer.unwrap().len()), (Some(10), 10));
    }
    assert!(vec![1; 10].into_slice(..=usize::MAX).is_err());
    assert!(vec![1; 10].into_slice((Bound::Excluded(usize::MAX), Bound::Unbounded)).is_err());
    assert_eq!(vec![1; 10].into_slice(10..).unwrap().len(), 0);
    assert_eq!(
        vec![1; 10].into_slice((Bound::Excluded(2), Bound::Included(4))).unwrap().range(),
        3..5
    );
    assert_eq!(vec![1; 10].into_slice(..).unwrap().into_slice(2..5).unwrap().len(), 3);
    // What a buffer for reads does not show cannot be looked at through a part of it.
    let unread = ds_aio::BufferPool::new().alloc_for_read(10).unwrap();
    assert!(Slice::new(unread, 0..1).is_err());
}

#[test]
fn an_aligned_buffer_is_shared_between_writes() {
    let (engine, file, _dir) = bench();
    let mut buffer = engine.alloc(LEN).unwrap();
    buffer.copy_from_slice(&pattern(1, LEN));
    let shared = Arc::new(buffer);
    let writes = [0, LEN as u64].map(|at| engine.pwrite(&file, Arc::clone(&shared), at));
    for write in writes {
        write.wait().unwrap();
    }
    let found = on_disk(&file);
    assert_same(&found[..LEN], &shared, &"first");
    assert_same(&found[LEN..], &shared, &"second");
}

/// Memory of a vector, and a word when it goes.
struct Owner {
    _bytes: Vec<u8>,
    gone: Sender<()>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.gone.send(());
    }
}

fn foreign(mut bytes: Vec<u8>, gone: &Sender<()>) -> RawBuf {
    let (start, len) = (NonNull::from(&mut bytes[..]).cast(), bytes.len());
    let owner = Owner { _bytes: bytes, gone: gone.clone() };
    // SAFETY: the owner keeps the vector's bytes in place and gives nobody access to them.
    unsafe { RawBuf::new(start, len, owner) }
}

#[test]
fn foreign_memory_keeps_its_owner_until_the_engine_is_done() {
    let (engine, file, _dir) = bench();
    let (gone, is_gone) = channel();
    let data = pattern(1, LEN);
    let buffer = engine.pwrite(&file, foreign(data.clone(), &gone), 0).wait().unwrap();
    assert_same(&buffer, &data, &"the bytes");
    assert!(is_gone.try_recv().is_err());
    drop(buffer);
    is_gone.try_recv().unwrap();

    let mut buffer = engine.pread(&file, foreign(vec![0; LEN], &gone), 0).wait().unwrap();
    assert_same(&buffer, &data, &"read");
    buffer[0] ^= 1;
    drop(engine.pwrite(&file, buffer, 0));
    engine.sync(&file).unwrap();
    assert_eq!(on_disk(&file)[0], data[0] ^ 1);
    drop(engine);
    is_gone.try_recv().unwrap();
    assert!(is_gone.try_recv().is_err(), "dropped once each");
}

#[test]
fn buffers_of_the_crate_bytes_go_both_ways() {
    let (engine, file, _dir) = bench();
    let data = pattern(1, LEN);
    let whole = Bytes::from(data.clone());
    engine.pwrite(&file, whole.slice(1..LEN - 1), 0).wait().unwrap();
    assert_same(&on_disk(&file), &data[1..LEN - 1], &"written");
    engine.pwrite(&file, BytesMut::from(&data[..]), 0).wait().unwrap();
    let mut target = BytesMut::with_capacity(2 * LEN);
    target.resize(LEN, 0);
    let read = engine.pread(&file, target, 0).wait().unwrap();
    assert_same(&read, &data, &"read, by length");
}

/// A buffer of a user's that counts what it is told.
#[derive(Debug)]
struct Told {
    bytes: Box<[u8]>,
    told: Arc<AtomicUsize>,
    times: Arc<AtomicUsize>,
}

// SAFETY: the box's bytes stay in place and are the value's alone.
unsafe impl IoBuf for Told {
    fn as_ptr(&self) -> *const u8 {
        self.bytes.as_ptr()
    }

    fn len(&self) -> usize {
        // It shows nothing.
        0
    }
}

// SAFETY: as above.
unsafe impl IoBufMut for Told {
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.bytes.as_mut_ptr()
    }

    fn wanted(&self) -> usize {
        self.bytes.len()
    }

    unsafe fn filled(&mut self, bytes: usize) {
        self.told.store(bytes, Ordering::Relaxed);
        if self.times.fetch_add(1, Ordering::Relaxed) == 2 {
            panic!("the third time");
        }
    }
}

#[test]
fn a_buffer_of_the_users_is_told_once_a_read_how_much_it_got() {
    let (engine, file, _dir) = bench();
    engine.pwrite(&file, vec![5_u8; 1000], 0).wait().unwrap();
    let (told, times) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
    let mut buffer =
        Told { bytes: vec![0; 600].into(), told: Arc::clone(&told), times: Arc::clone(&times) };
    buffer = engine.pread(&file, buffer, 0).wait().unwrap();
    assert_eq!((told.load(Ordering::Relaxed), times.load(Ordering::Relaxed)), (600, 1));
    let (error, back) = engine.pread(&file, buffer, 900).wait().unwrap_err().into_parts();
    assert_eq!((error.done(), told.load(Ordering::Relaxed)), (100, 100));
    buffer = back.unwrap();
    // Its panic is its own: the result is delivered, and the engine works on.
    buffer = engine.pread(&file, buffer, 0).wait().unwrap();
    assert_eq!(times.load(Ordering::Relaxed), 3);
    assert!(buffer.bytes.iter().all(|&byte| byte == 5));
    // A write tells nothing.
    engine.pwrite(&file, buffer, 0).wait().unwrap();
    assert_eq!(times.load(Ordering::Relaxed), 3);
}
