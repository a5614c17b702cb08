//! Several writers of one file.

use std::{fs, io::Write, thread};

use ds_aio::{Error, ErrorKind, FileWriter, OpenOptions};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::settings,
};

use crate::engine::support::Bench;

#[test]
fn writers_in_threads_fill_their_parts_of_a_file() {
    const PART: usize = (3 << 20) + 4096;
    const LAST: usize = 1_234_567;
    let bench = Bench::new(settings(256 << 10, (2, 4), (false, true)));
    let path = bench.path("shared");
    let data = pattern(1, 3 * PART + LAST);
    let options = OpenOptions::new().create_new().preallocate(data.len() as u64);
    let file = bench.engine.open_with(&path, &options).unwrap();
    thread::scope(|threads| {
        for (number, part) in data.chunks(PART).enumerate() {
            let (engine, file) = (&bench.engine, &file);
            threads.spawn(move || {
                let start = (number * PART) as u64;
                let range = start..start + part.len() as u64;
                let mut writer = FileWriter::range(engine, file, range).unwrap();
                for some in part.chunks(1000 + 77 * number) {
                    writer.write_all(some).unwrap();
                }
                assert_eq!(writer.finish().unwrap(), part.len() as u64);
            });
        }
    });
    bench.engine.sync(&file).unwrap();
    assert_same(&fs::read(&path).unwrap(), &data, &"all parts");
}

#[test]
fn a_range_that_is_not_full_leaves_the_rest_as_it_was() {
    let bench = Bench::new(settings(4096, (1, 4), (false, true)));
    let path = bench.filled("shared", &[7; 50_000]);
    let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    let mut finished = FileWriter::range(&bench.engine, &file, 4096..20_480).unwrap();
    finished.write_all(&[1; 5_000]).unwrap();
    finished.finish().unwrap();
    let mut discarded = FileWriter::range(&bench.engine, &file, 20_480..50_000).unwrap();
    discarded.write_all(&[1; 100]).unwrap();
    discarded.discard();
    let expected = [&[7; 4096][..], &[1; 5_000], &[7; 50_000 - 9_096]].concat();
    assert_same(&fs::read(&path).unwrap(), &expected, &"one part");
}

#[test]
fn a_full_range_takes_no_more_and_is_finished_all_the_same() {
    let bench = Bench::new(settings(4096, (1, 4), (false, true)));
    let path = bench.path("shared");
    let file = bench.engine.create(&path).unwrap();
    let mut writer = FileWriter::range(&bench.engine, &file, 4096..5_000).unwrap();
    let error = writer.write_all(&[1; 1_000]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WriteZero);
    let error = error.downcast::<Error>().unwrap();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::RangeFull, 5_000));
    assert_eq!(writer.write(&[]).unwrap(), 0);
    assert_eq!(writer.finish().unwrap(), 904);
    assert_same(&fs::read(&path).unwrap()[4096..], &[1; 904], &"what it held");
}

#[test]
fn ranges_that_share_a_page_are_refused_with_what_they_have_to_be() {
    let bench = Bench::new(settings(4096, (1, 4), (false, true)));
    let path = bench.path("shared");
    let file = bench.engine.create(&path).unwrap();
    #[expect(clippy::reversed_empty_ranges, reason = "what is refused")]
    let ranges = [1..4096, 512..4096, 4095..4096, 8192..4096];
    for range in ranges {
        let start = range.start;
        let error = FileWriter::range(&bench.engine, &file, range).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::UnalignedRange, start));
        assert!(error.to_string().contains("begins at a multiple of 4096"), "{error}");
    }
}
