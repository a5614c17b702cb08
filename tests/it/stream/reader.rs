//! What a reader finds in files that are not as they are said to be, and how it asks for them.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
};

use ds_aio::FileReader;
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    cache::evict,
    settings::settings,
};

use crate::{capabilities::require, engine::support::Bench};

const MIB: usize = 1 << 20;

fn bench() -> Bench {
    Bench::new(settings(MIB, (1, 4), (false, true)))
}

fn rest(reader: &mut impl Read) -> Vec<u8> {
    let mut found = Vec::new();
    reader.read_to_end(&mut found).unwrap();
    found
}

#[test]
fn a_file_that_grows_is_read_to_its_new_end() {
    let bench = bench();
    let mut data = pattern(1, 2 * MIB + 10);
    let path = bench.filled("data", &data);
    let mut reader = FileReader::open(&bench.engine, &path).unwrap();
    assert_same(&rest(&mut reader), &data, &"before");
    let more = pattern(2, MIB + 77);
    File::options().append(true).open(&path).unwrap().write_all(&more).unwrap();
    assert_same(&rest(&mut reader), &more, &"after");
    reader.seek(SeekFrom::Start(5)).unwrap();
    data.extend(more);
    assert_same(&rest(&mut reader), &data[5..], &"all");
}

#[test]
fn a_file_that_is_cut_ends_there() {
    let bench = bench();
    let data = pattern(1, 8 * MIB);
    let path = bench.filled("data", &data);
    let mut reader = FileReader::open(&bench.engine, &path).unwrap();
    reader.read_exact(&mut [0; 10]).unwrap();
    File::options().write(true).open(&path).unwrap().set_len(3 * MIB as u64 + 3).unwrap();
    assert_same(&rest(&mut reader), &data[10..3 * MIB + 3], &"cut");
    drop(reader);
    bench.engine.close().unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn files_of_the_kernel_are_read_whatever_length_they_claim() {
    let bench = bench();
    for path in ["/proc/version", "/proc/cpuinfo", "/sys/kernel/mm/transparent_hugepage/enabled"] {
        let Ok(expected) = fs::read(path) else { continue };
        let mut reader = FileReader::open(&bench.engine, path).unwrap();
        let found = rest(&mut reader);
        assert_eq!(found.is_empty(), expected.is_empty(), "{path}");
        assert_eq!(found.last(), expected.last(), "{path}");
    }
}

#[test]
fn a_long_file_is_read_ahead_past_the_page_cache() {
    if !require("direct") {
        return;
    }
    let bench = bench();
    let data = pattern(1, 20 * MIB + 1);
    let path = bench.filled("data", &data);
    evict(&path);
    let mut reader = FileReader::open(&bench.engine, &path).unwrap();
    assert_same(&rest(&mut reader), &data, &"read");
    let stats = bench.engine.stats();
    assert_eq!((stats.direct_bytes, stats.bounced_bytes), (20 << 20, 0));
    assert!(stats.peak_in_flight > 1, "one at a time");
}
