//! Every combination of length, offset, memory alignment, submit mode and parallelism: the bytes
//! asked for are moved, and not one more.

use std::path::Path;

use ds_aio::{AioBuf, Engine, OpenOptions};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::{MODES, Mode, SHAPES, settings},
};

use super::support::window;

const MIB: usize = 1 << 20;
const PAGE: usize = 4096;
const LENGTHS: [usize; 10] = [1, 511, 512, 4095, 4096, 4097, MIB - 1, MIB, MIB + 1, 5 * MIB + 123];
const OFFSETS: [usize; 5] = [0, 1, 512, 4096, MIB - 1];
/// Of the memory, from a page boundary.
const SHIFTS: [usize; 5] = [0, 1, 8, 64, 512];
const BLOCK_SIZES: [usize; 2] = [64 << 10, MIB];
/// Looked at on both sides of what a request may touch.
const MARGIN: usize = 3 * PAGE;
/// As long as the largest request and its margins.
const SPAN: usize = MIB + 5 * MIB + 123 + 2 * MARGIN;
/// Source slices begin at one of so many pages, so that no write repeats the one before.
const SOURCE_PAGES: usize = 7;
/// What memory around a read's slice holds.
const UNTOUCHED: u8 = 0xa5;

#[test]
fn batches_refilled_as_blocks_complete() {
    every_combination(MODES[0]);
}

#[test]
fn batches_with_barriers() {
    every_combination(MODES[1]);
}

#[test]
fn single_blocks_refilled_as_they_complete() {
    every_combination(MODES[2]);
}

#[test]
fn single_blocks_with_barriers() {
    every_combination(MODES[3]);
}

struct Case {
    len: usize,
    offset: usize,
    shift: usize,
    /// Where in the source the bytes begin.
    source: usize,
    told: String,
}

fn every_combination(mode: Mode) {
    let dir = tempfile::tempdir().unwrap();
    let (overwritten, fresh) = (dir.path().join("overwritten"), dir.path().join("fresh"));
    let mut image = pattern(1, SPAN);
    std::fs::write(&overwritten, &image).unwrap();
    let mut source = AioBuf::zeroed(SPAN + SOURCE_PAGES * PAGE).unwrap();
    let len = source.len();
    source.copy_from_slice(&pattern(2, len));
    let mut memory = AioBuf::zeroed(SPAN).unwrap();

    for (shape_number, shape) in SHAPES.into_iter().enumerate() {
        let engines = BLOCK_SIZES.map(|size| Engine::new(&settings(size, shape, mode)).unwrap());
        let mut number = shape_number;
        for len in LENGTHS {
            for offset in OFFSETS {
                for shift in SHIFTS {
                    number += 1;
                    let engine = &engines[number % engines.len()];
                    let case = Case {
                        len,
                        offset,
                        shift,
                        source: number % SOURCE_PAGES * PAGE + shift,
                        told: format!(
                            "{len} bytes at {offset}, memory at +{shift}, {:?}",
                            engine.settings().asked
                        ),
                    };
                    overwrite(engine, &overwritten, &case, &mut image, &source, &mut memory);
                    extend(engine, &fresh, &case, &source, &mut memory);
                }
            }
        }
        let found = std::fs::read(&overwritten).unwrap();
        assert_same(&found, &image, &format_args!("the whole file after {shape:?}"));
    }
}

fn overwrite(
    engine: &Engine,
    path: &Path,
    case: &Case,
    image: &mut [u8],
    source: &AioBuf,
    memory: &mut AioBuf,
) {
    let data = &source[case.source..][..case.len];
    let file = engine.open_with(path, &OpenOptions::new().write()).unwrap();
    engine.scope(|s| s.pwrite(&file, data, case.offset as u64).wait().map(drop)).unwrap().unwrap();
    image[case.offset..][..case.len].copy_from_slice(data);

    assert_eq!(file.len().unwrap(), SPAN as u64, "{}", case.told);
    let begin = case.offset.saturating_sub(MARGIN);
    let end = case.offset + case.len + MARGIN;
    let found = window(path, begin as u64, end - begin);
    assert_same(&found, &image[begin..end], &format_args!("overwriting {}", case.told));
    read_back(engine, path, case, data, memory);
}

fn extend(engine: &Engine, path: &Path, case: &Case, source: &AioBuf, memory: &mut AioBuf) {
    let data = &source[case.source..][..case.len];
    let file = engine.create(path).unwrap();
    engine.scope(|s| s.pwrite(&file, data, case.offset as u64).wait().map(drop)).unwrap().unwrap();

    let found = std::fs::read(path).unwrap();
    assert_eq!(found.len(), case.offset + case.len, "{}", case.told);
    let (hole, written) = found.split_at(case.offset);
    assert!(hole.iter().copied().max().unwrap_or(0) == 0, "a hole of zeros before {}", case.told);
    assert_same(written, data, &format_args!("extending with {}", case.told));
    read_back(engine, path, case, data, memory);
}

fn read_back(engine: &Engine, path: &Path, case: &Case, data: &[u8], memory: &mut AioBuf) {
    let file = engine.open(path).unwrap();
    let touched = MARGIN + case.shift..MARGIN + case.shift + case.len;
    memory[..touched.end + MARGIN].fill(UNTOUCHED);
    let slice = &mut memory[touched.clone()];
    engine.scope(|s| s.pread(&file, slice, case.offset as u64).wait().map(drop)).unwrap().unwrap();
    assert_same(&memory[touched.clone()], data, &format_args!("reading {}", case.told));
    let margins = [&memory[..touched.start], &memory[touched.end..][..MARGIN]];
    for margin in margins {
        assert_same(
            margin,
            &[UNTOUCHED; 2 * MARGIN][..margin.len()],
            &format_args!("memory around {}", case.told),
        );
    }
}
