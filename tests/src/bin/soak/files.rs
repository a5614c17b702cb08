//! A file of regions that are written and read in any order, each by one request at a time, and what can
//! happen to it.

use std::{
    fs::{self, File},
    ops::Range,
    os::unix::fs::FileExt,
    path::PathBuf,
};

use ds_aio::{AioFile, Engine, ErrorKind, IoBufExt, OpenOptions, Part, PartMut, Priority, Ticket};
use ds_aio_tests::{
    bytes::{Rng, pattern},
    cache::evict,
};

use crate::{
    LIMIT,
    requests::{Requests, Way, cut},
    round::Round,
    tally::Tally,
};

const REGION: usize = 64 << 10;
const REGIONS: usize = 48;
const LEN: usize = REGION * (REGIONS + 1);
const BATCHES: usize = 12;

pub(crate) fn run(round: &Round<'_>, rng: &mut Rng) {
    let dir = round.directory();
    let path = dir.path().join("data");
    let model = pattern(rng.bits(), LEN);
    fs::write(&path, &model).unwrap();
    let engine = round.engine(rng);
    let file = engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    // Regions do not begin at block or page boundaries.
    let skew = rng.pick(&[0, rng.clone().below(REGION)]);
    let mut work = Work { engine: &engine, tally: round.tally, file, path, model, skew };
    for _ in 0..BATCHES {
        match rng.below(8) {
            0 => work.scoped(rng),
            1 => work.parts(rng),
            _ => work.batch(rng),
        }
        work.between(rng);
    }
    let Work { file, path, model, .. } = work;
    drop(file);
    round.tally.compare(&fs::read(&path).unwrap(), &model, &"the file at the end");
}

struct Work<'a> {
    engine: &'a Engine,
    tally: &'a Tally,
    file: AioFile,
    path: PathBuf,
    model: Vec<u8>,
    skew: usize,
}

impl Work<'_> {
    /// A request on each region, some of them cancelled, some of them nobody's.
    fn batch(&mut self, rng: &mut Rng) {
        let Self { engine, tally, skew, .. } = *self;
        let in_background = self.file.with_priority(Priority::Background);
        let (mut reads, mut writes) = (Vec::new(), Vec::new());
        let mut detached = false;
        for region in regions(skew, rng) {
            let file = if rng.below(4) == 0 {
                tally.operation("request of the background", region.len());
                &in_background
            } else {
                &self.file
            };
            let requests = Requests { engine, file, tally };
            let way = Way::any(rng);
            if rng.below(2) == 0 {
                let expected = self.model[region.clone()].to_vec();
                reads.push((expected, way, requests.read(region, way, rng)));
                continue;
            }
            let old = self.model[region.clone()].to_vec();
            let new = pattern(rng.bits(), region.len());
            self.model[region.clone()].copy_from_slice(&new);
            if rng.below(8) == 0 {
                tally.operation("write that nobody waits for", new.len());
                drop(engine.pwrite(file, new, region.start as u64));
                detached = true;
            } else {
                let write = requests.write(&new, region.start, way, rng);
                writes.push((region, old, new, way, write));
            }
        }
        for (expected, way, read) in reads {
            match read() {
                Ok(found) => tally.compare(&found, &expected, &"a region read"),
                Err((error, found)) => {
                    assert_eq!((error.kind(), way), (ErrorKind::Cancelled, Way::Cancel), "{error}");
                    tally.error(error.kind());
                    let done = error.done();
                    tally.compare(&found[..done], &expected[..done], &"a region read in part");
                }
            }
        }
        let mut torn = Vec::new();
        for (region, old, new, way, write) in writes {
            match write() {
                Ok(back) => tally.compare(&back, &new, &"a buffer given back"),
                Err((error, back)) => {
                    assert_eq!((error.kind(), way), (ErrorKind::Cancelled, Way::Cancel), "{error}");
                    tally.error(error.kind());
                    tally.compare(&back, &new, &"a buffer given back");
                    torn.push((region, old, error.done()));
                }
            }
        }
        if detached {
            tally.operation("sync", 0);
            engine.sync(&self.file).unwrap();
        }
        for (region, old, done) in torn {
            self.adopt(&region, &old, done);
        }
    }

    /// Takes over what a cancelled write left, of which `done` bytes are known to be new.
    fn adopt(&mut self, region: &Range<usize>, old: &[u8], done: usize) {
        let found = self.window(region.clone());
        let new = &mut self.model[region.clone()];
        self.tally.compare(&found[..done], &new[..done], &"the beginning of a cancelled write");
        let strange = (0..found.len()).find(|&at| found[at] != old[at] && found[at] != new[at]);
        assert_eq!(strange, None, "neither old nor new: a byte of a cancelled write at {region:?}");
        self.tally.verified(found.len());
        new.copy_from_slice(&found);
    }

    /// Requests on borrowed slices.
    fn scoped(&mut self, rng: &mut Rng) {
        let Self { engine, tally, skew, .. } = *self;
        let regions = regions(skew, rng);
        let news: Vec<_> = regions.iter().map(|region| pattern(rng.bits(), region.len())).collect();
        let mut found: Vec<_> = regions.iter().map(|region| vec![0; region.len()]).collect();
        let is_read: Vec<_> = regions.iter().map(|_| rng.below(2) == 0).collect();
        let file = &self.file;
        let requests = regions.iter().zip(&news).zip(&mut found).zip(&is_read);
        engine
            .scope(|scope| {
                for (((region, new), slice), is_read) in requests {
                    let at = region.start as u64;
                    // The scope waits for those that nobody waits for.
                    if *is_read {
                        tally.operation("read, borrowed slice", slice.len());
                        let ticket = scope.pread(file, slice, at);
                        if region.len() % 2 == 0 {
                            ticket.wait().unwrap();
                        }
                    } else {
                        tally.operation("write, borrowed slice", new.len());
                        let ticket = scope.pwrite(file, new, at);
                        if region.len() % 2 == 0 {
                            ticket.wait().unwrap();
                        }
                    }
                }
            })
            .unwrap();
        for (number, region) in regions.into_iter().enumerate() {
            if is_read[number] {
                tally.compare(&found[number], &self.model[region], &"read into a slice");
            } else {
                self.model[region].copy_from_slice(&news[number]);
            }
        }
    }

    /// One buffer in many requests at once.
    fn parts(&mut self, rng: &mut Rng) {
        let Self { engine, tally, .. } = *self;
        let len = self.model.len();
        let new = pattern(rng.bits(), len);
        tally.operation("write in parts", len);
        let mut rest = new.clone().into_part();
        let mut tickets = Vec::new();
        for range in cut(len, 20, rng) {
            let (part, after) = rest.split_at(range.len()).unwrap();
            rest = after;
            tickets.push(engine.pwrite(&self.file, part, range.start as u64));
        }
        let written = Ticket::wait_all(tickets).into_iter().map(Result::unwrap);
        let whole = written.chain([rest]).find_map(Part::into_whole).unwrap();
        tally.compare(&whole, &new, &"written in parts");

        tally.operation("read in parts", len);
        let mut rest = engine.alloc_for_read(len).unwrap().into_part_mut();
        let mut tickets = Vec::new();
        for range in cut(len, 20, rng) {
            let (part, after) = rest.split_at(range.len()).unwrap();
            rest = after;
            tickets.push(engine.pread(&self.file, part, range.start as u64));
        }
        let read = Ticket::wait_all(tickets).into_iter().map(Result::unwrap);
        let whole = read.chain([rest]).find_map(PartMut::into_whole).unwrap();
        tally.compare(&whole, &new, &"read in parts");
        self.model = new;
    }

    /// Barriers, and faults that the file gets over.
    fn between(&mut self, rng: &mut Rng) {
        let Self { engine, tally, .. } = *self;
        let len = self.model.len();
        match rng.below(10) {
            0 => {
                tally.operation("sync", 0);
                engine.sync(&self.file).unwrap();
            }
            1 => {
                tally.operation("fdatasync", 0);
                engine.fdatasync(&self.file).wait().unwrap();
            }
            2 => {
                tally.operation("flush of a range", 0);
                let range = rng.below(len) as u64..;
                engine.flush(&self.file, range).wait().unwrap();
            }
            3 => {
                let (offset, more) = (rng.below(len), 1 + rng.below(2 * len));
                tally.operation("allocate", more);
                engine.allocate(&self.file, offset as u64, more as u64).wait().unwrap();
                self.model.resize(len.max(offset + more), 0);
                self.back_to(len);
            }
            4 => self.cut_off(rng),
            5 => self.beyond_the_limit(rng),
            6 => self.beyond_the_end(rng),
            7 => {
                tally.fault("page cache emptied of a file");
                evict(&self.path);
            }
            8 => self.replace(rng),
            _ => {}
        }
    }

    /// The file ends early, and what is missing is zero afterwards.
    fn cut_off(&mut self, rng: &mut Rng) {
        self.tally.fault("file cut off");
        let (len, end) = (self.model.len(), rng.below(self.model.len()));
        self.set_len(end);
        self.reads_across(end, rng);
        self.set_len(len);
        self.model[end..].fill(0);
    }

    fn beyond_the_end(&mut self, rng: &mut Rng) {
        self.tally.fault("read beyond the end");
        let end = self.model.len();
        self.reads_across(end, rng);
        let nobodys = 1 + rng.below(5);
        for _ in 0..nobodys {
            drop(self.engine.pread(&self.file, vec![0; 100], end as u64));
        }
        let failures = self.engine.sync(&self.file).unwrap_err();
        assert_eq!((failures.errors().len(), failures.omitted()), (nobodys, 0), "{failures}");
        for error in failures.errors() {
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{error}");
            self.tally.error(error.kind());
        }
    }

    /// Reads of which all reach beyond the end.
    fn reads_across(&self, end: usize, rng: &mut Rng) {
        let requests = Requests { engine: self.engine, file: &self.file, tally: self.tally };
        for _ in 0..4 {
            let begin = rng.below(end + 1);
            let range = begin..end + 1 + rng.below(REGION);
            let (error, found) = requests.read(range, Way::Wait, rng)().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{error}");
            assert_eq!(error.done(), end - begin, "{error}");
            self.tally.error(error.kind());
            let expected = &self.model[begin..end];
            self.tally.compare(&found[..error.done()], expected, &"read up to the end");
        }
    }

    /// A write across the process's limit on the length of files.
    fn beyond_the_limit(&mut self, rng: &mut Rng) {
        self.tally.fault("write beyond the limit on file sizes");
        let len = self.model.len();
        let data = pattern(rng.bits(), 1 + rng.below(4 * REGION));
        let within = rng.below(data.len());
        let at = LIMIT - within;
        let requests = Requests { engine: self.engine, file: &self.file, tally: self.tally };
        let (error, back) = requests.write(&data, at, Way::Wait, rng)().unwrap_err();
        assert_eq!((error.kind(), error.done()), (ErrorKind::FileTooLarge, within), "{error}");
        self.tally.error(error.kind());
        self.tally.compare(&back, &data, &"a buffer given back");
        let found = self.window(at..LIMIT);
        self.tally.compare(&found, &data[..within], &"written up to the limit");
        self.set_len(len);
    }

    /// All of the file anew, of another length.
    fn replace(&mut self, rng: &mut Rng) {
        let data = pattern(rng.bits(), rng.below(2 * LEN));
        self.tally.operation("write of the whole file", data.len());
        let back = self.engine.write_file(&self.file, data.clone()).wait().unwrap();
        self.tally.compare(&back, &data, &"a buffer given back");
        self.model = data;
        self.back_to(LEN);
    }

    /// Brings the file to the length that it is to have.
    fn back_to(&mut self, len: usize) {
        assert_eq!(self.file.len().unwrap(), self.model.len() as u64);
        self.set_len(len);
        self.model.resize(len, 0);
    }

    fn set_len(&self, len: usize) {
        File::options().write(true).open(&self.path).unwrap().set_len(len as u64).unwrap();
    }

    /// Bytes of the file, read without the engine.
    fn window(&self, range: Range<usize>) -> Vec<u8> {
        let mut bytes = vec![0; range.len()];
        File::open(&self.path).unwrap().read_exact_at(&mut bytes, range.start as u64).unwrap();
        bytes
    }
}

/// A part of each region, in any order.
fn regions(skew: usize, rng: &mut Rng) -> Vec<Range<usize>> {
    let mut regions: Vec<_> = (0..REGIONS).map(|number| skew + number * REGION).collect();
    rng.shuffle(&mut regions);
    regions.into_iter().map(|begin| begin..begin + 1 + rng.below(REGION)).collect()
}
