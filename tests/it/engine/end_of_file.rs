//! Reading past the end of a file says so, with the count of the bytes before it, which are there.

use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::{MODES, SHAPES, settings},
};

use super::{
    support::Bench,
    told::{assert_tells, buffer_after, end_of_file},
};

const BLOCK: usize = 16 << 10;

fn bench() -> Bench {
    Bench::new(settings(BLOCK, (2, 4), (false, true)))
}

#[test]
fn a_read_past_the_end_counts_the_bytes_before_it() {
    let bench = bench();
    for len in [0, 1, 511, 512, 4095, 4096, 4608, 5000, BLOCK, 3 * BLOCK, 5 * BLOCK + 100] {
        let data = pattern(1, len);
        let path = bench.filled("short", &data);
        let file = bench.engine.open(&path).unwrap();
        for offset in [0, 1, 512, 4096, BLOCK, len.saturating_sub(1), len, len + 1, len + 5000] {
            for beyond in [1, 513, 4096, 4 * BLOCK] {
                let available = len.saturating_sub(offset);
                let wanted = available + beyond;
                let told = end_of_file(offset as u64, wanted, available);
                let read = bench.engine.pread(&file, vec![0; wanted], offset as u64);
                let buffer = buffer_after(read.wait(), &path, &told);
                assert_eq!(buffer.len(), wanted);
                assert_same(&buffer[..available], &data[len - available..], &format!("{told:?}"));
                let mut memory = bench.engine.alloc(wanted + 1).unwrap();
                let failure = bench
                    .engine
                    .scope(|s| s.pread(&file, &mut memory[1..], offset as u64).wait().map(drop))
                    .unwrap()
                    .unwrap_err();
                assert_tells(failure.error(), &path, &told);
                drop(failure);
                assert_same(&memory[1..=available], &data[len - available..], &format!("{told:?}"));
            }
        }
    }
}

/// Blocks before the end are slow to be claimed where a group has to start its workers first;
/// those after it fail at once. The count must not promise what nobody has read.
#[test]
fn the_bytes_before_the_end_are_there_in_every_mode() {
    const BEFORE: usize = 30 * BLOCK;
    let data = pattern(2, BEFORE);
    for mode in MODES {
        for shape in SHAPES {
            for _ in 0..25 {
                let bench = Bench::new(settings(BLOCK, shape, mode));
                let path = bench.filled("short", &data);
                let file = bench.engine.open(&path).unwrap();
                let told = end_of_file(0, 4 * BEFORE, BEFORE);
                let read = bench.engine.pread(&file, vec![0; 4 * BEFORE], 0);
                let buffer = buffer_after(read.wait(), &path, &told);
                let settings = bench.engine.settings();
                assert_same(&buffer[..BEFORE], &data, &format_args!("{settings:?}"));
            }
        }
    }
}
