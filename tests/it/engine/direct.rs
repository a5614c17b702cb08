//! That O_DIRECT was really used, seen from outside: what went that way is not in the page cache.

use std::{ops::Range, path::Path};

use ds_aio::{Engine, OpenOptions};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    cache::evict,
    settings::{MODES, SHAPES, settings},
};

use super::{
    page_cache::{page_size, resident},
    support::Bench,
};
use crate::capabilities::require;

const BLOCK: usize = 256 << 10;
const PAGES: usize = 600;

/// The pages that lie in a range as a whole.
fn whole_pages(range: Range<usize>) -> Range<usize> {
    range.start.div_ceil(page_size())..range.end / page_size()
}

/// How many of those pages are in the page cache.
fn cached(path: &Path, pages: Range<usize>) -> usize {
    resident(path)[pages].iter().filter(|&&cached| cached).count()
}

/// An engine on a file system with O_DIRECT, and a file of `PAGES` pages none of which is cached.
fn cold_file(settings: ds_aio::EngineSettings) -> Option<(Bench, Vec<u8>, std::path::PathBuf)> {
    if !require("direct") {
        return None;
    }
    let bench = Bench::new(settings);
    let data = pattern(1, PAGES * page_size());
    let path = bench.filled("data", &data);
    // The control: without it an empty cache would prove nothing.
    assert_eq!(cached(&path, 0..PAGES), PAGES, "pages written by the standard library");
    evict(&path);
    assert_eq!(cached(&path, 0..PAGES), 0, "pages of an evicted file");
    Some((bench, data, path))
}

fn default_settings() -> ds_aio::EngineSettings {
    settings(BLOCK, (1, 8), (false, true))
}

fn routes(engine: &Engine) -> (u64, u64, u64) {
    let stats = engine.stats();
    (stats.direct_bytes, stats.bounced_bytes, stats.buffered_bytes)
}

#[test]
fn aligned_requests_leave_no_page_in_the_cache() {
    for mode in MODES {
        for shape in SHAPES {
            let Some((bench, mut data, path)) = cold_file(settings(BLOCK, shape, mode)) else {
                return;
            };
            let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
            assert!(file.is_direct());
            let buffer = bench.engine.alloc(data.len()).unwrap();
            let mut buffer = bench.engine.pread(&file, buffer, 0).wait().unwrap();
            assert_same(&buffer, &data, &"read");
            assert_eq!(cached(&path, 0..PAGES), 0, "after a read");

            data.reverse();
            buffer.copy_from_slice(&data);
            drop(bench.engine.pwrite(&file, buffer, 0).wait().unwrap());
            assert_eq!(cached(&path, 0..PAGES), 0, "after a write");
            assert_eq!(routes(&bench.engine), (2 * data.len() as u64, 0, 0));
            assert_same(&std::fs::read(&path).unwrap(), &data, &"written");
        }
    }
}

#[test]
fn a_new_file_is_written_around_the_cache() {
    if !require("direct") {
        return;
    }
    let bench = Bench::new(default_settings());
    for options in [
        OpenOptions::new().create_new(),
        OpenOptions::new().truncate().preallocate((PAGES * page_size()) as u64),
    ] {
        let path = bench.path("new");
        let file = bench.engine.open_with(&path, &options).unwrap();
        let mut buffer = bench.engine.alloc(PAGES * page_size()).unwrap();
        buffer.fill(7);
        drop(bench.engine.pwrite(&file, buffer, 0).wait().unwrap());
        assert_eq!(cached(&path, 0..PAGES), 0);
    }
}

#[test]
fn unaligned_memory_is_bounced_around_the_cache() {
    for shift in [1, 8, 513] {
        let Some((bench, data, path)) = cold_file(default_settings()) else {
            return;
        };
        let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
        let mut memory = bench.engine.alloc(data.len() + shift).unwrap();
        let slice = &mut memory[shift..];
        bench.engine.scope(|s| s.pread(&file, slice, 0).wait().map(drop)).unwrap().unwrap();
        assert_same(&memory[shift..], &data, &"read");
        assert_eq!(cached(&path, 0..PAGES), 0, "after a read at +{shift}");
        let slice = &memory[shift..];
        bench.engine.scope(|s| s.pwrite(&file, slice, 0).wait().map(drop)).unwrap().unwrap();
        assert_eq!(cached(&path, 0..PAGES), 0, "after a write at +{shift}");
        let (direct, bounced, buffered) = routes(&bench.engine);
        assert_eq!((direct + bounced, buffered), (2 * data.len() as u64, 0));
        // What alignment the device wants is its own business; an odd address suits none.
        assert!(shift % 2 == 0 || direct == 0, "{direct} direct bytes at an odd address");
    }
}

#[test]
fn an_unaligned_write_caches_its_ends_alone() {
    let Some((bench, mut data, path)) = cold_file(default_settings()) else {
        return;
    };
    let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    let range = 3 * page_size() + 7..(PAGES - 3) * page_size() - 9;
    let middle = whole_pages(range.clone());
    data[range.clone()].fill(1);
    let buffer = data[range.clone()].to_vec();
    drop(bench.engine.pwrite(&file, buffer, range.start as u64).wait().unwrap());
    assert_eq!(cached(&path, middle.clone()), 0);
    let ends = range.len() - middle.len() * page_size();
    let (direct, bounced, buffered) = routes(&bench.engine);
    assert_eq!(direct + bounced, (middle.len() * page_size()) as u64);
    assert_eq!(buffered, ends as u64);
    assert_eq!(bench.engine.stats().write.bytes_moved, range.len() as u64);
    assert_same(&std::fs::read(&path).unwrap(), &data, &"written");
}

/// Reading a page through the cache must not drag in those that are read around it; the start of
/// a file is where the system reads ahead most.
#[test]
fn an_unaligned_read_caches_its_ends_alone() {
    for first_page in [0, 3] {
        let Some((bench, data, path)) = cold_file(default_settings()) else {
            return;
        };
        let file = bench.engine.open(&path).unwrap();
        let range = first_page * page_size() + 7..(PAGES - 3) * page_size() - 9;
        let middle = whole_pages(range.clone());
        let buffer = vec![0; range.len()];
        let ticket = bench.engine.pread(&file, buffer, range.start as u64);
        assert_same(&ticket.wait().unwrap(), &data[range.clone()], &"read");
        let ends = range.len() - middle.len() * page_size();
        let (direct, bounced, buffered) = routes(&bench.engine);
        assert_eq!(direct + bounced, (middle.len() * page_size()) as u64);
        assert_eq!(buffered, ends as u64);
        assert_eq!(
            cached(&path, middle),
            0,
            "middle pages cached by a read from page {first_page} on"
        );
    }
}

#[test]
fn requests_within_a_page_go_through_the_cache() {
    let Some((bench, data, path)) = cold_file(default_settings()) else {
        return;
    };
    let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    let ticket = bench.engine.pwrite(&file, data[..100].to_vec(), 50);
    drop(ticket.wait().unwrap());
    assert_eq!(routes(&bench.engine), (0, 0, 100));
    assert_eq!(cached(&path, 0..1), 1);
}

#[test]
fn blocks_that_are_no_whole_pages_are_written_through_the_cache() {
    let Some((bench, data, path)) = cold_file(settings(6 << 10, (1, 8), MODES[0])) else {
        return;
    };
    let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    let mut buffer = bench.engine.alloc(data.len()).unwrap();
    buffer.copy_from_slice(&data);
    drop(bench.engine.pwrite(&file, buffer, 0).wait().unwrap());
    assert_eq!(routes(&bench.engine), (0, 0, data.len() as u64));
    assert_same(&std::fs::read(&path).unwrap(), &data, &"written");
}

#[test]
fn what_the_cache_holds_and_what_goes_around_it_agree() {
    let Some((bench, mut data, path)) = cold_file(default_settings()) else {
        return;
    };
    let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    for round in 0..20_u8 {
        // Fills the cache with what the next write makes stale.
        assert_same(&std::fs::read(&path).unwrap(), &data, &"through the cache");
        data.fill(round);
        let mut buffer = bench.engine.alloc(data.len()).unwrap();
        buffer.fill(round);
        let buffer = bench.engine.pwrite(&file, buffer, 0).wait().unwrap();
        // And dirties pages that the next read goes around.
        let at = usize::from(round) * page_size() + 17;
        data[at..at + 10].copy_from_slice(b"0123456789");
        let ticket = bench.engine.pwrite(&file, b"0123456789".to_vec(), at as u64);
        drop(ticket.wait().unwrap());
        let buffer = bench.engine.pread(&file, buffer, 0).wait().unwrap();
        assert_same(&buffer, &data, &"around the cache");
    }
}

#[test]
fn a_block_size_that_keeps_writes_from_going_direct_is_told() {
    for (block_size, told) in [(512, true), (page_size() + 512, true), (page_size(), false)] {
        let bench = Bench::new(settings(block_size, (1, 8), MODES[0]));
        let settings = bench.engine.settings();
        let difference = settings.differences().find(|told| told.setting == "block_size");
        assert_eq!(difference.is_some(), told, "{settings}");
        if let Some(difference) = difference {
            assert_eq!(difference.asked, block_size.to_string());
            let effective = format!("{block_size}, with every write through the page cache");
            assert_eq!(difference.effective, effective);
            assert!(difference.reason.contains(&page_size().to_string()), "{difference}");
        }
    }
}
