//! Writes of every size, with flushes between them, and reads and leaps of every size, against bytes in
//! memory.

use std::{
    fs,
    io::{Cursor, Read, Seek, SeekFrom, Write},
};

use ds_aio::{FileReader, FileWriter, WriterOptions};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::{MODES, SHAPES, settings},
};
use proptest::{prelude::*, test_runner::TestRunner};

use crate::engine::support::Bench;

const PAGE: usize = 4096;

#[test]
fn every_write_size_gives_the_same_file() {
    let bench = Bench::new(settings(2 * PAGE, (1, 4), (false, true)));
    let path = bench.path("data");
    let near_pages = [1, 2, 3].map(|pages| pages * PAGE - 5..pages * PAGE + 6);
    let sizes = (1..=260).chain(near_pages.into_iter().flatten()).chain([100_000]);
    for size in sizes {
        let len = (size * 50).clamp(5 * PAGE + 7, 300_000);
        let data = pattern(size as u64, len);
        let options = WriterOptions::new().memory(2 * PAGE);
        let mut writer = FileWriter::create_with(&bench.engine, &path, &options).unwrap();
        for part in data.chunks(size) {
            writer.write_all(part).unwrap();
        }
        assert_eq!(writer.written(), len as u64);
        assert_eq!(writer.finish().unwrap(), len as u64);
        assert_same(&fs::read(&path).unwrap(), &data, &format_args!("writes of {size} bytes"));
    }
}

#[derive(Debug, Clone)]
enum Step {
    Write(usize),
    Flush,
}

#[test]
fn any_writes_and_flushes_give_the_bytes_in_their_order() {
    let step = prop_oneof![
        4 => (1..200_usize).prop_map(Step::Write),
        4 => (0..4 * PAGE).prop_map(Step::Write),
        2 => Just(Step::Flush),
    ];
    let case = (prop::collection::vec(step, 0..40), 0..4_usize, 0..4_usize, 1..6_usize, 0..5_u64);
    TestRunner::new(ProptestConfig::with_cases(150))
        .run(&case, |(steps, mode, shape, pages, how)| {
            let bench = Bench::new(settings(PAGE, SHAPES[shape], MODES[mode]));
            let path = bench.filled("data", &pattern(9, 70_000));
            let options = WriterOptions::new().memory(pages * PAGE);
            let options = match how {
                0 => options.replace(),
                1 => options.overwrite(),
                2 => options.durable(),
                3 => options.preallocate(50_000),
                _ => options,
            };
            let mut writer = FileWriter::create_with(&bench.engine, &path, &options).unwrap();
            let mut expected = Vec::new();
            for step in steps {
                match step {
                    Step::Write(len) => {
                        let data = pattern(expected.len() as u64, len);
                        writer.write_all(&data).unwrap();
                        expected.extend(data);
                    }
                    Step::Flush => {
                        writer.flush().unwrap();
                        let found = fs::read(writer.file().path()).unwrap();
                        assert_same(&found[..expected.len()], &expected, &"flushed");
                    }
                }
            }
            writer.finish().unwrap();
            assert_same(&fs::read(&path).unwrap(), &expected, &"finished");
            prop_assert_eq!(fs::read_dir(bench.dir.path()).unwrap().count(), 1);
            bench.engine.close().unwrap();
            Ok(())
        })
        .unwrap();
}

#[derive(Debug, Clone)]
enum Look {
    Read(usize),
    To(SeekFrom),
}

#[test]
fn any_reads_and_leaps_find_what_a_cursor_finds() {
    const LEN: usize = 20 * PAGE + 123;
    let wide = -(LEN as i64)..LEN as i64;
    let look = prop_oneof![
        6 => (0..3 * PAGE).prop_map(Look::Read),
        1 => (0..LEN as u64 + 9_000).prop_map(|at| Look::To(SeekFrom::Start(at))),
        2 => (-20_000..20_000_i64).prop_map(|by| Look::To(SeekFrom::Current(by))),
        1 => wide.prop_map(|by| Look::To(SeekFrom::End(by))),
    ];
    let case = (prop::collection::vec(look, 0..60), 0..4_usize, 1..8_usize, 0..2 * PAGE);
    let data = pattern(1, LEN);
    TestRunner::new(ProptestConfig::with_cases(150))
        .run(&case, |(looks, shape, pages, start)| {
            let bench = Bench::new(settings(PAGE, SHAPES[shape], MODES[0]));
            let file = bench.engine.open(bench.filled("data", &data)).unwrap();
            let end = if start % 2 == 0 { u64::MAX } else { LEN as u64 - 5 };
            let part = &data[start..LEN.min(end as usize)];
            let reader = FileReader::range(&bench.engine, &file, start as u64..end).unwrap();
            let (mut reader, mut cursor) = (reader.with_memory(pages * PAGE), Cursor::new(part));
            for look in looks {
                match look {
                    Look::Read(len) => {
                        let (mut found, mut expected) = (vec![0; len], vec![0; len]);
                        let count = cursor.read(&mut expected).unwrap();
                        let found = reader.read_exact(&mut found[..count]).map(|()| found);
                        assert_same(&found.unwrap(), &expected, &"read");
                        if count < len {
                            prop_assert_eq!(reader.read(&mut [0]).unwrap(), 0);
                        }
                    }
                    Look::To(to) => {
                        let found = reader.seek(to).map_err(|error| error.kind());
                        prop_assert_eq!(found, cursor.seek(to).map_err(|error| error.kind()));
                    }
                }
                prop_assert_eq!(reader.position(), cursor.position());
            }
            drop(reader);
            bench.engine.close().unwrap();
            Ok(())
        })
        .unwrap();
}
