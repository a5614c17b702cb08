//! Files that are written as streams, replaced, and read while they are.

use std::{
    fs,
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

use ds_aio::{Engine, FileReader, FileWriter, Priority, WriterOptions};
use ds_aio_tests::bytes::{Rng, pattern};

use crate::{requests::cut, round::Round};

const FILES: usize = 12;
const LONGEST: usize = 6 << 20;

pub(crate) fn run(round: &Round<'_>, rng: &mut Rng) {
    let dir = round.directory();
    let path = dir.path().join("stream");
    let engine = round.engine(rng);
    let mut old = pattern(rng.bits(), rng.below(LONGEST));
    fs::write(&path, &old).unwrap();
    for _ in 0..FILES {
        let new = pattern(rng.bits(), rng.below(LONGEST));
        let replaces = rng.below(3) > 0;
        let options = options(replaces, new.len(), rng);
        // One that is open keeps the old file, whatever becomes of the name.
        let mut earlier = FileReader::open(&*engine, &path).unwrap();
        let mut begun = vec![0; rng.below(old.len() + 1)];
        if replaces {
            earlier.read_exact(&mut begun).unwrap();
        }
        round.tally.operation("stream: write", new.len());
        let mut writer = FileWriter::create_with(&*engine, &path, &options).unwrap();
        for part in cut(new.len(), 30, rng) {
            writer.write_all(&new[part]).unwrap();
            if rng.below(20) == 0 {
                writer.flush().unwrap();
            }
        }
        if replaces && rng.below(4) == 0 {
            round.tally.fault("writer given up");
            if rng.below(2) == 0 { writer.discard() } else { drop(writer) }
        } else {
            assert_eq!(writer.finish().unwrap(), new.len() as u64);
            if replaces {
                round.tally.operation("stream: replace", 0);
                earlier.read_to_end(&mut begun).unwrap();
                round.tally.compare(&begun, &old, &"the file that was replaced");
            }
            old = new;
        }
        drop(earlier);
        round.tally.compare(&fs::read(&path).unwrap(), &old, &"the file that was written");
        read(round, &engine, &path, &old, rng);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "temporary files are left");
    }
}

fn options(replaces: bool, len: usize, rng: &mut Rng) -> WriterOptions {
    let mut options = WriterOptions::new().memory(1 << rng.below(24));
    if replaces {
        options = options.replace();
    } else if rng.below(2) == 0 {
        options = options.overwrite();
    }
    if rng.below(4) == 0 {
        options = options.durable();
    }
    if rng.below(3) == 0 {
        options = options.preallocate(rng.below(2 * len + 1) as u64);
    }
    if rng.below(4) == 0 {
        options = options.priority(Priority::Background);
    }
    options
}

/// Reads all of the file in pieces, and some of it once more.
fn read(round: &Round<'_>, engine: &Engine, path: &Path, expected: &[u8], rng: &mut Rng) {
    round.tally.operation("stream: read", expected.len());
    let mut reader = FileReader::open(engine, path).unwrap().with_memory(1 << rng.below(24));
    for part in cut(expected.len(), 10, rng) {
        let mut found = vec![0; part.len()];
        reader.read_exact(&mut found).unwrap();
        round.tally.compare(&found, &expected[part], &"read as a stream");
    }
    assert_eq!(reader.read(&mut [0]).unwrap(), 0, "bytes beyond the end");
    for _ in 0..rng.below(4) {
        let begin = rng.below(expected.len() + 1);
        round.tally.operation("stream: seek", expected.len() - begin);
        reader.seek(SeekFrom::Start(begin as u64)).unwrap();
        let mut found = Vec::new();
        reader.read_to_end(&mut found).unwrap();
        round.tally.compare(&found, &expected[begin..], &"read after a leap");
    }
}
