//! Code of others that writes to any `Write` and reads from any `Read`, passed through unchanged.

use std::{
    fs::{self, File},
    io::{self, BufReader, Read, Write},
    path::Path,
};

use ds_aio::{FileReader, FileWriter, WriterOptions};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::settings,
};
use serde_json::{Value, json};

use crate::engine::support::Bench;

/// Two mebibytes and more, so that several buffers are filled.
const LEN: usize = (2 << 20) + 4321;

/// Has `write` write to a file of the standard library and to a stream, compares the files, and has
/// `read` read both.
fn same<T: PartialEq>(
    write: impl Fn(&mut dyn Write) -> io::Result<()>,
    read: impl Fn(Box<dyn Read + '_>) -> io::Result<T>,
) {
    let bench = Bench::new(settings(64 << 10, (2, 4), (false, true)));
    let (plain, streamed) = (bench.path("plain"), bench.path("streamed"));
    write(&mut File::create(&plain).unwrap()).unwrap();
    let expected = fs::read(&plain).unwrap();
    let small = WriterOptions::new().memory(100_000);
    for options in [WriterOptions::new(), WriterOptions::new().replace(), small] {
        let mut writer = FileWriter::create_with(&bench.engine, &streamed, &options).unwrap();
        write(&mut writer).unwrap();
        assert_eq!(writer.finish().unwrap(), expected.len() as u64);
        assert_same(&fs::read(&streamed).unwrap(), &expected, &"written");
    }
    let from = |path: &Path| read(Box::new(BufReader::new(File::open(path).unwrap()))).unwrap();
    let reader = FileReader::open(&bench.engine, &streamed).unwrap();
    assert!(read(Box::new(reader)).unwrap() == from(&plain), "read");
    bench.engine.close().unwrap();
}

#[test]
fn serde_json_writes_and_reads_the_same_document() {
    let tensors =
        (0..20_000).map(|number| json!({"name": format!("layer.{number}"), "at": number}));
    let document = Value::Array(tensors.collect());
    same(
        |out| Ok(serde_json::to_writer_pretty(out, &document)?),
        |from| Ok(serde_json::from_reader::<_, Value>(from)?),
    );
}

#[test]
fn tar_writes_and_reads_the_same_archive() {
    let files = [("weights", pattern(1, LEN)), ("empty", Vec::new()), ("notes", pattern(2, 100))];
    same(
        |out| {
            let mut archive = tar::Builder::new(out);
            for (name, data) in &files {
                let mut header = tar::Header::new_gnu();
                header.set_size(data.len() as u64);
                header.set_mode(0o600);
                archive.append_data(&mut header, name, &data[..])?;
            }
            archive.finish()
        },
        |from| {
            let mut found = Vec::new();
            for entry in tar::Archive::new(from).entries()? {
                let mut entry = entry?;
                let mut data = Vec::new();
                entry.read_to_end(&mut data)?;
                found.push((entry.path()?.into_owned(), data));
            }
            Ok(found)
        },
    );
}

#[test]
fn zstd_writes_and_reads_the_same_frames() {
    let data = pattern(3, LEN);
    same(
        |out| {
            let mut encoder = zstd::Encoder::new(out, 1)?;
            for (number, part) in data.chunks(100_000).enumerate() {
                encoder.write_all(part)?;
                if number % 7 == 3 {
                    encoder.flush()?;
                }
            }
            encoder.finish()?;
            Ok(())
        },
        |from| {
            let mut found = Vec::new();
            zstd::Decoder::new(from)?.read_to_end(&mut found)?;
            assert_same(&found, &data, &"decompressed");
            Ok(found)
        },
    );
}

#[test]
fn io_copy_moves_a_file_as_it_is() {
    let data = pattern(4, 3 * LEN);
    same(
        |out| io::copy(&mut &data[..], out).map(drop),
        |mut from| {
            let mut found = Vec::new();
            io::copy(&mut from, &mut found)?;
            Ok(found)
        },
    );
}

#[test]
fn io_copy_moves_from_stream_to_stream() {
    let bench = Bench::new(settings(64 << 10, (1, 8), (false, true)));
    let data = pattern(5, 3 * LEN);
    let from = bench.filled("from", &data);
    let mut reader = FileReader::open(&bench.engine, &from).unwrap();
    let mut writer = FileWriter::create(&bench.engine, bench.path("to")).unwrap();
    assert_eq!(io::copy(&mut reader, &mut writer).unwrap(), data.len() as u64);
    writer.finish().unwrap();
    assert_same(&fs::read(bench.path("to")).unwrap(), &data, &"copied");
}
