//! The setting `direct`: around the page cache always, never, or where that is best.

use std::{fs::File, os::unix::fs::FileExt};

use ds_aio::{
    AioFile, DirectMode, Engine, ErrorKind, FileWriter, NotDirect, OpenOptions, Operation,
    WriterOptions,
};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    cache::evict,
    settings::settings,
};
use nix::{errno::Errno, sys::stat::Mode, unistd::mkfifo};

use super::{
    page_cache::{page_size, resident},
    support::Bench,
    told::{Told, assert_tells, buffer_after, end_of_file},
};
use crate::capabilities::require;

const BLOCK: usize = 64 << 10;
const PAGES: usize = 256;

fn bench(mode: DirectMode) -> Bench {
    let mut settings = settings(BLOCK, (1, 8), (false, true));
    settings.direct = mode;
    Bench::new(settings)
}

fn write(bench: &Bench, path: &std::path::Path) -> AioFile {
    bench.engine.open_with(path, &OpenOptions::new().write()).unwrap()
}

fn cached_pages(path: &std::path::Path) -> usize {
    resident(path).iter().filter(|&&cached| cached).count()
}

/// Direct and bounced, buffered, and of these read because they were cached.
fn routes(engine: &Engine) -> (u64, u64, u64) {
    let stats = engine.stats();
    (stats.direct_bytes + stats.bounced_bytes, stats.buffered_bytes, stats.cached_bytes)
}

#[test]
fn never_goes_through_the_page_cache_and_reads_ahead() {
    let bench = bench(DirectMode::Never);
    let data = pattern(1, PAGES * page_size());
    let path = bench.filled("data", &data);
    let file = write(&bench, &path);
    assert_eq!((file.is_direct(), file.not_direct()), (false, Some(NotDirect::Never)));
    evict(&path);
    let head = bench.engine.pread(&file, vec![0; page_size()], 0).wait().unwrap();
    assert_same(&head, &data[..page_size()], &"read");
    if require("direct") {
        assert_eq!(resident(&path)[..2], [true, true], "the page that was read, and the next");
    }
    let buffer = bench.engine.alloc(data.len()).unwrap();
    let buffer = bench.engine.pread(&file, buffer, 0).wait().unwrap();
    bench.engine.pwrite(&file, buffer, 0).wait().unwrap();
    assert_eq!(cached_pages(&path), PAGES);
    assert_eq!(routes(&bench.engine), (0, (2 * data.len() + page_size()) as u64, 0));
    assert_eq!(std::fs::read(&path).unwrap(), data);
}

/// A request within a page goes through the page cache, and takes nothing else along.
#[test]
fn auto_does_not_read_ahead() {
    if !require("direct") {
        return;
    }
    let bench = bench(DirectMode::Auto);
    let data = pattern(1, PAGES * page_size());
    let path = bench.filled("data", &data);
    evict(&path);
    let file = bench.engine.open(&path).unwrap();
    assert_eq!((file.is_direct(), file.not_direct()), (true, None));
    let head = bench.engine.pread(&file, vec![0; 100], 0).wait().unwrap();
    assert_same(&head, &data[..100], &"read");
    assert_eq!(cached_pages(&path), 1);
}

#[test]
fn auto_reads_from_the_page_cache_what_it_has_in_full() {
    if !(require("direct") && require("cachestat")) {
        return;
    }
    let bench = bench(DirectMode::Auto);
    let data = pattern(2, PAGES * page_size());
    let path = bench.filled("data", &data);
    let whole = data.len() as u64;
    let file = bench.engine.open(&path).unwrap();
    for shift in [0, 1] {
        let mut memory = bench.engine.alloc(data.len() + shift).unwrap();
        let slice = &mut memory[shift..];
        bench.engine.scope(|s| s.pread(&file, slice, 0).wait().map(drop)).unwrap().unwrap();
        assert_same(&memory[shift..], &data, &"read from the page cache");
    }
    assert_eq!(routes(&bench.engine), (0, 2 * whole, 2 * whole));

    // Without one of its pages a block is not worth the page cache; the others are.
    evict(&path);
    cache_all_but(&path, BLOCK / page_size() * 5 + 1);
    let blocks = PAGES * page_size() / BLOCK - 1;
    let read = bench.engine.pread(&file, vec![0; data.len()], 0).wait().unwrap();
    assert_same(&read, &data, &"read both ways");
    let warm = (blocks * BLOCK) as u64;
    assert_eq!(routes(&bench.engine), (whole - warm, 2 * whole + warm, 2 * whole + warm));

    evict(&path);
    let read = bench.engine.pread(&file, vec![0; data.len()], 0).wait().unwrap();
    assert_same(&read, &data, &"read around the page cache");
    assert_eq!(routes(&bench.engine).0, 2 * whole - warm);
    assert_eq!(cached_pages(&path), 0);
}

/// Reads every page of a file but one through the page cache, and nothing ahead.
fn cache_all_but(path: &std::path::Path, absent: usize) {
    let file = File::open(path).unwrap();
    let advice = nix::fcntl::PosixFadviseAdvice::POSIX_FADV_RANDOM;
    nix::fcntl::posix_fadvise(&file, 0, 0, advice).unwrap();
    for page in (0..PAGES).filter(|&page| page != absent) {
        let mut bytes = vec![0; page_size()];
        file.read_exact_at(&mut bytes, (page * page_size()) as u64).unwrap();
    }
    assert_eq!(cached_pages(path), PAGES - 1);
}

#[test]
fn auto_writes_around_what_is_cached() {
    if !require("direct") {
        return;
    }
    let bench = bench(DirectMode::Auto);
    let data = pattern(3, PAGES * page_size());
    let path = bench.filled("data", &vec![0; data.len()]);
    assert_eq!(cached_pages(&path), PAGES);
    let file = write(&bench, &path);
    bench.engine.pwrite(&file, data.clone(), 0).wait().unwrap();
    assert_eq!(routes(&bench.engine), (data.len() as u64, 0, 0));
    assert_eq!(cached_pages(&path), 0);
    assert_eq!(std::fs::read(&path).unwrap(), data);
}

#[test]
fn always_is_direct_from_any_memory_whatever_is_cached() {
    if !require("direct") {
        return;
    }
    let bench = bench(DirectMode::Always);
    let mut data = pattern(4, PAGES * page_size());
    let path = bench.filled("data", &data);
    let file = write(&bench, &path);
    assert!(file.is_direct());
    for shift in [0, 1] {
        let mut memory = bench.engine.alloc(data.len() + shift).unwrap();
        let slice = &mut memory[shift..];
        bench.engine.scope(|s| s.pread(&file, slice, 0).wait().map(drop)).unwrap().unwrap();
        assert_same(&memory[shift..], &data, &"read");
        data.reverse();
        memory[shift..].copy_from_slice(&data);
        let slice = &memory[shift..];
        bench.engine.scope(|s| s.pwrite(&file, slice, 0).wait().map(drop)).unwrap().unwrap();
        assert_same(&std::fs::read(&path).unwrap(), &data, &"written");
    }
    bench.engine.sync(&file).unwrap();
    assert_eq!(routes(&bench.engine), (4 * data.len() as u64, 0, 0));
}

/// What this file system asks of offsets, found out without the engine.
fn unit(path: &std::path::Path) -> usize {
    use std::os::unix::fs::OpenOptionsExt;

    let file = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_DIRECT)
        .open(path)
        .unwrap();
    let mut buffer = ds_aio::AioBuf::zeroed(4096).unwrap();
    [512, 1024, 2048]
        .into_iter()
        .find(|&unit| file.read_exact_at(&mut buffer[..unit], unit as u64).is_ok())
        .unwrap_or(4096)
}

#[test]
fn always_refuses_requests_that_are_not_aligned() {
    if !require("direct") {
        return;
    }
    let bench = bench(DirectMode::Always);
    let data = pattern(5, PAGES * page_size());
    let path = bench.filled("data", &data);
    let (file, unit) = (write(&bench, &path), unit(&path));
    for (offset, len) in
        [(1, unit), (0, 1), (unit - 1, unit), (unit, 3 * BLOCK + 1), (1, 3 * BLOCK)]
    {
        let told = |operation| Told {
            operation,
            kind: ErrorKind::NotDirect,
            errno: None,
            offset: offset as u64,
            wanted: len,
            done: 0,
        };
        let read = bench.engine.pread(&file, vec![0; len], offset as u64).wait();
        let reason = read.as_ref().unwrap_err().error().not_direct();
        assert_eq!(reason, Some(NotDirect::Unaligned { multiple_of: unit }));
        let text = read.as_ref().unwrap_err().to_string();
        assert!(text.contains(&format!("multiples of {unit}")), "{text}");
        buffer_after(read, &path, &told(Operation::Read));
        let write = bench.engine.pwrite(&file, vec![0; len], offset as u64).wait();
        buffer_after(write, &path, &told(Operation::Write));
    }
    assert_eq!(std::fs::read(&path).unwrap(), data);
    // Nothing at all is aligned, and one unit is enough.
    bench.engine.pread(&file, Vec::new(), 3).wait().unwrap();
    let one = bench.engine.pread(&file, vec![0; unit], unit as u64).wait().unwrap();
    assert_same(&one, &data[unit..2 * unit], &"one unit");
    assert_eq!(routes(&bench.engine), (unit as u64, 0, 0));
}

#[test]
fn always_reads_up_to_an_odd_end_and_says_so() {
    if !require("direct") {
        return;
    }
    let bench = bench(DirectMode::Always);
    for len in [100, 4096 + 100, 2 * BLOCK, 2 * BLOCK + 4096, 2 * BLOCK + 777] {
        let data = pattern(6, len);
        let path = bench.filled("odd", &data);
        let file = bench.engine.open(&path).unwrap();
        for shift in [0, 1] {
            let mut memory = bench.engine.alloc(4 * BLOCK + shift).unwrap();
            let slice = &mut memory[shift..];
            let error = bench
                .engine
                .scope(|s| s.pread(&file, slice, 0).wait().map(drop))
                .unwrap()
                .unwrap_err();
            assert_tells(error.error(), &path, &end_of_file(0, 4 * BLOCK, len));
            assert_same(&memory[shift..][..len], &data, &"what there was");
        }
    }
    assert_eq!(routes(&bench.engine).1, 0);
}

#[test]
fn always_opens_nothing_that_cannot_be_direct() {
    let bench = bench(DirectMode::Always);
    let pipe = bench.path("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    for path in [&pipe, &bench.path(""), std::path::Path::new("/dev/null")] {
        let error = bench.engine.open(path).unwrap_err();
        let told = Told {
            operation: Operation::Open,
            kind: ErrorKind::NotDirect,
            errno: None,
            offset: 0,
            wanted: 0,
            done: 0,
        };
        assert_tells(&error, path, &told);
        assert_eq!(error.not_direct(), Some(NotDirect::FileType));
        assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::Unsupported);
    }
    let missing = bench.engine.open(bench.path("none")).unwrap_err();
    assert_eq!((missing.kind(), missing.not_direct()), (ErrorKind::NotFound, None));
}

#[test]
fn a_file_that_was_made_to_be_refused_goes_again() {
    // What is in memory alone is not direct.
    let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    let (bench, path) = (bench(DirectMode::Always), dir.path().join("data"));
    let options = OpenOptions::new().create_new().preallocate(1 << 20);
    let error = bench.engine.open_with(&path, &options).unwrap_err();
    assert_eq!(error.not_direct(), Some(NotDirect::InMemory));
    let replace = WriterOptions::new().replace().preallocate(1 << 20);
    let error = FileWriter::create_with(&bench.engine, &path, &replace).unwrap_err();
    assert_eq!(error.not_direct(), Some(NotDirect::InMemory));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// A file system without O_DIRECT is found among those the kernel makes up.
#[test]
fn a_file_system_that_refuses_is_named() {
    let path = std::path::Path::new("/proc/self/status");
    let file = bench(DirectMode::Auto);
    let file = file.engine.open(path).unwrap();
    let refused = NotDirect::Refused { errno: Errno::EINVAL as i32 };
    assert_eq!(file.not_direct(), Some(refused));
    let error = bench(DirectMode::Always).engine.open(path).unwrap_err();
    let told = Told {
        operation: Operation::Open,
        kind: ErrorKind::NotDirect,
        errno: Some(Errno::EINVAL),
        offset: 0,
        wanted: 0,
        done: 0,
    };
    assert_tells(&error, path, &told);
    assert_eq!(error.not_direct(), Some(refused));
}
