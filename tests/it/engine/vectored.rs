//! Requests of several buffers against a model in memory, and the way that each block took.

#![allow(unsafe_code, reason = "a buffer type of its own, larger than memory")]

use std::{fmt::Debug, ops::DerefMut, sync::Arc};

use ds_aio::{
    AioBuf, AioFile, Engine, ErrorKind, Failed, IoBuf, IoBufMut, OpenOptions, Operation, Ticket,
};
use ds_aio_tests::{
    bytes::{Rng, assert_same, pattern, seed},
    settings::{MODES, SHAPES, settings},
};
use nix::errno::Errno;
use proptest::{prelude::*, test_runner::Config};

use super::{
    support::Bench,
    told::{Told, buffer_after, end_of_file, refused},
};

const PAGE: usize = 4096;

/// What is asked for, and on what engine.
#[derive(Debug, Clone)]
struct Case {
    offset: usize,
    /// How the range is cut into buffers for the write, and for the read of it.
    lengths: [Vec<usize>; 2],
    block_size: usize,
    shape: (usize, usize),
    mode: (bool, bool),
    way: usize,
}

impl Case {
    fn total(&self) -> usize {
        self.lengths[0].iter().sum()
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let length = prop_oneof![
        1 => Just(0_usize),
        2 => 1_usize..40,
        4 => (1_usize..5).prop_map(|pages| pages * PAGE),
        1 => (0_usize..4, 0_usize..4).prop_map(|(page, more)| page * PAGE + more),
        2 => 1_usize..30_000,
    ];
    let several = || {
        prop_oneof![
            6 => prop::collection::vec(length.clone(), 0..12),
            2 => prop::collection::vec((1_usize..4).prop_map(|pages| pages * PAGE), 1..12),
            // More than one call takes.
            1 => prop::collection::vec(0_usize..9, 1000..2600),
        ]
    };
    let offset = prop_oneof![
        3 => (0_usize..6).prop_map(|page| page * PAGE),
        1 => 0_usize..20_000,
        1 => (1_usize..6, 0_usize..3).prop_map(|(page, less)| page * PAGE - less),
    ];
    let block_size = prop_oneof![
        3 => (1_usize..6).prop_map(|pages| pages * PAGE),
        1 => Just(65_536_usize),
        1 => (1_usize..18).prop_map(|sectors| 512 * sectors),
    ];
    (
        (offset, several(), several(), block_size),
        (prop::sample::select(SHAPES.to_vec()), prop::sample::select(MODES.to_vec()), 0_usize..3),
    )
        .prop_map(|((offset, write, read, block_size), (shape, mode, way))| {
            let read = of_total(read, write.iter().sum());
            Case { offset, lengths: [write, read], block_size, shape, mode, way }
        })
}

/// Lengths that come to `total`, like those given.
fn of_total(mut lengths: Vec<usize>, mut total: usize) -> Vec<usize> {
    for length in &mut lengths {
        *length = total.min(*length);
        total -= *length;
    }
    if total > 0 {
        lengths.push(total);
    }
    lengths
}

/// A buffer type, and how to make and look at one.
trait Buffer: IoBufMut + DerefMut<Target = [u8]> + Debug + Sized {
    fn of(bytes: &[u8]) -> Self;
}

impl Buffer for Vec<u8> {
    fn of(bytes: &[u8]) -> Self {
        bytes.to_vec()
    }
}

impl Buffer for Box<[u8]> {
    fn of(bytes: &[u8]) -> Self {
        Self::from(bytes)
    }
}

impl Buffer for AioBuf {
    fn of(bytes: &[u8]) -> Self {
        let mut buffer = AioBuf::zeroed(bytes.len()).unwrap();
        buffer.copy_from_slice(bytes);
        buffer
    }
}

fn cut<B: Buffer>(mut bytes: &[u8], lengths: &[usize]) -> Vec<B> {
    let mut next = |&len: &usize| {
        let (buffer, rest) = bytes.split_at(len);
        bytes = rest;
        B::of(buffer)
    };
    lengths.iter().map(&mut next).collect()
}

fn joined<B: Buffer>(buffers: &[B]) -> Vec<u8> {
    buffers.iter().flat_map(|buffer| buffer.to_vec()).collect()
}

fn read<B: Buffer>(engine: &Engine, file: &AioFile, into: Vec<B>, at: usize, way: usize) -> Vec<B> {
    let at = at as u64;
    let ticket = match way {
        0 => engine.preadv(file, into, at),
        1 => engine.try_preadv(file, into, at).unwrap_or_else(|failed| panic!("{failed}")),
        _ => pollster::block_on(engine.preadv_async(file, into, at)),
    };
    ended(ticket)
}

fn write<B: Buffer>(engine: &Engine, file: &AioFile, of: Vec<B>, at: usize, way: usize) -> Vec<B> {
    let at = at as u64;
    let ticket = match way {
        0 => engine.pwritev(file, of, at),
        1 => engine.try_pwritev(file, of, at).unwrap_or_else(|failed| panic!("{failed}")),
        _ => pollster::block_on(engine.pwritev_async(file, of, at)),
    };
    ended(ticket)
}

fn ended<B>(ticket: Ticket<B>) -> B {
    ticket.wait().unwrap_or_else(|failed: Failed<B>| panic!("{failed}"))
}

proptest! {
    // Persistence would write into the source tree; the minimal case is printed anyway.
    #![proptest_config(Config { cases: 64, failure_persistence: None, ..Config::default() })]

    #[test]
    fn aligned_buffers_agree_with_a_model(case in cases()) {
        agrees::<AioBuf>(&case);
    }

    #[test]
    fn vectors_agree_with_a_model(case in cases()) {
        agrees::<Vec<u8>>(&case);
    }

    #[test]
    fn boxes_agree_with_a_model(case in cases()) {
        agrees::<Box<[u8]>>(&case);
    }
}

fn agrees<B: Buffer>(case: &Case) {
    let bench = Bench::new(settings(case.block_size, case.shape, case.mode));
    let total = case.total();
    let mut model = pattern(1, case.offset + total + 5000);
    let path = bench.filled("data", &model);
    let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    let data = pattern(2, total);
    model[case.offset..][..total].copy_from_slice(&data);

    let buffers = cut::<B>(&data, &case.lengths[0]);
    let ways = Ways::of(&buffers, case, &file);
    let back = write(&bench.engine, &file, buffers, case.offset, case.way);
    let lengths: Vec<_> = back.iter().map(|buffer| <[u8]>::len(buffer)).collect();
    assert_eq!(&lengths, &case.lengths[0]);
    assert_same(&joined(&back), &data, &"buffers given back");
    assert_same(&std::fs::read(&path).unwrap(), &model, &"written");
    ways.check(&bench.engine, [0; 4]);

    let before = moved(&bench.engine);
    let buffers = cut::<B>(&vec![0; total], &case.lengths[1]);
    let ways = Ways::of(&buffers, case, &file);
    let back = read(&bench.engine, &file, buffers, case.offset, case.way);
    assert_same(&joined(&back), &data, &"read");
    ways.check(&bench.engine, before);

    // The same, with the file's end within the range.
    let done = total + 5000;
    let wanted = done + 1 + total / 2;
    let buffers = cut::<B>(&vec![0; wanted], &of_total(case.lengths[1].clone(), wanted));
    let ticket = bench.engine.preadv(&file, buffers, case.offset as u64);
    let told = end_of_file(case.offset as u64, wanted, done);
    let back = joined(&buffer_after(ticket.wait(), &path, &told));
    assert_eq!(back.len(), wanted);
    assert_same(&back[..done], &model[case.offset..], &"the bytes before the end");
}

/// Bytes that went direct, by a bounce buffer, and through the page cache so far.
/// Bytes moved direct, bounced, through the page cache, and there because it had them already.
fn moved(engine: &Engine) -> [usize; 4] {
    let stats = engine.stats();
    let buffered = stats.buffered_bytes - stats.cached_bytes;
    [stats.direct_bytes, stats.bounced_bytes, buffered, stats.cached_bytes]
        .map(|bytes| usize::try_from(bytes).unwrap())
}

/// Which way the bytes of a request have to go: from the address and length of each part of each
/// block, as far as that is the same on all devices.
struct Ways {
    total: usize,
    surely_direct: usize,
    surely_bounced: usize,
    /// None where it depends on the device.
    buffered: Option<usize>,
}

impl Ways {
    fn of<B: Buffer>(buffers: &[B], case: &Case, file: &AioFile) -> Self {
        let total: usize = buffers.iter().map(|buffer| <[u8]>::len(buffer)).sum();
        let all_buffered =
            Self { total, surely_direct: 0, surely_bounced: 0, buffered: Some(total) };
        let first = case.offset.next_multiple_of(PAGE);
        let last = (case.offset + total) / PAGE * PAGE;
        if !file.is_direct() || last <= first {
            return all_buffered;
        }
        if !case.block_size.is_multiple_of(PAGE) {
            return Self { buffered: None, ..all_buffered };
        }
        let mut ways = Self { buffered: Some(total - (last - first)), ..all_buffered };
        for start in (first..last).step_by(case.block_size) {
            let len = case.block_size.min(last - start);
            let parts = parts(buffers, start - case.offset, len);
            let several = parts.len() > 1;
            let fits = |&(at, len): &(usize, usize)| {
                at.is_multiple_of(PAGE) && (!several || len.is_multiple_of(PAGE))
            };
            let is_odd = |&(at, len): &(usize, usize)| at % 2 == 1 || (several && len % 2 == 1);
            if parts.iter().all(fits) {
                ways.surely_direct += len;
            } else if parts.iter().any(is_odd) {
                ways.surely_bounced += len;
            }
        }
        ways
    }

    fn check(&self, engine: &Engine, before: [usize; 4]) {
        let now = moved(engine);
        let [direct, bounced, buffered, cached] = [0, 1, 2, 3].map(|way| now[way] - before[way]);
        let told = format!(
            "{direct} bytes direct, {bounced} bounced, {buffered} buffered, {cached} cached"
        );
        assert_eq!(direct + bounced + buffered + cached, self.total, "{told}");
        assert!(direct + cached >= self.surely_direct, "{} direct: {told}", self.surely_direct);
        assert!(bounced + cached >= self.surely_bounced, "{} bounced: {told}", self.surely_bounced);
        if let Some(expected) = self.buffered {
            assert_eq!(buffered, expected, "{told}");
        }
    }
}

/// Address and length of each part of those bytes that lies in one buffer.
fn parts<B: Buffer>(buffers: &[B], start: usize, len: usize) -> Vec<(usize, usize)> {
    let (mut parts, mut begin) = (Vec::new(), 0);
    for buffer in buffers {
        let end = begin + <[u8]>::len(buffer);
        let (from, to) = (start.max(begin), (start + len).min(end));
        if from < to {
            parts.push((<[u8]>::as_ptr(buffer).addr() + from - begin, to - from));
        }
        begin = end;
    }
    parts
}

#[test]
fn whole_pages_in_aligned_buffers_go_direct_and_others_by_a_bounce_buffer() {
    let bench = Bench::new(settings(3 * PAGE, (2, 4), (false, true)));
    let file = bench.engine.create(bench.path("data")).unwrap();
    if !file.is_direct() {
        assert!(!crate::capabilities::require("direct"), "the engine does not see O_DIRECT");
        return;
    }
    let pages: Vec<_> = [PAGE, 2 * PAGE, 4 * PAGE].to_vec();
    let data = pattern(1, 7 * PAGE);
    ended(bench.engine.pwritev(&file, cut::<AioBuf>(&data, &pages), 0));
    assert_eq!(moved(&bench.engine), [7 * PAGE, 0, 0, 0]);
    // The second border lies within the last block, whose parts are odd.
    let odd: Vec<_> = [PAGE, 5 * PAGE + 1, PAGE - 1].to_vec();
    ended(bench.engine.pwritev(&file, cut::<AioBuf>(&data, &odd), 0));
    assert_eq!(moved(&bench.engine), [7 * PAGE + 6 * PAGE, PAGE, 0, 0]);
    assert_same(&std::fs::read(file.path()).unwrap(), &data, &"written");
}

#[test]
fn no_buffers_or_empty_ones_are_a_request_of_no_bytes() {
    let bench = Bench::new(settings(PAGE, (2, 4), (false, true)));
    let path = bench.filled("data", b"as it was");
    let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    for count in [0, 1, 3000] {
        let none = || vec![Vec::new(); count];
        for offset in [0, 5, 1 << 40] {
            assert_eq!(ended(bench.engine.pwritev(&file, none(), offset)).len(), count);
            assert_eq!(ended(bench.engine.preadv(&file, none(), offset)).len(), count);
        }
        let read_only = bench.engine.open(&path).unwrap();
        let told = refused(Operation::Write, ErrorKind::WrongAccessMode, Errno::EBADF, 0);
        let failed = bench.engine.pwritev(&read_only, none(), 0).wait();
        assert_eq!(buffer_after(failed, &path, &told).len(), count);
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"as it was");
}

#[test]
fn an_error_gives_all_buffers_back() {
    let bench = Bench::new(settings(PAGE, (2, 4), (false, true)));
    let path = bench.filled("data", b"as it was");
    let file = bench.engine.open(&path).unwrap();
    let data = pattern(1, 10_000);
    let told = refused(Operation::Write, ErrorKind::WrongAccessMode, Errno::EBADF, 10_000);
    let buffers = cut::<Vec<u8>>(&data, &[1, 0, 4999, 5000]);
    let back = buffer_after(bench.engine.pwritev(&file, buffers.clone(), 0).wait(), &path, &told);
    assert!(back == buffers);
    drop(bench.engine.pwritev(&file, buffers, 7));
    let failures = bench.engine.sync(&file).unwrap_err();
    assert_eq!((failures.errors()[0].offset(), failures.errors()[0].wanted()), (7, 10_000));
}

#[test]
fn several_requests_of_several_buffers_at_once_agree_with_a_model() {
    let seed = seed();
    println!("replay with DS_AIO_TEST_SEED={seed}");
    let mut rng = Rng::new(seed);
    for mode in MODES {
        let bench = Bench::new(settings(2 * PAGE, rng.pick(&SHAPES), mode));
        let file = bench.engine.create(bench.path("data")).unwrap();
        let (mut model, mut tickets) = (Vec::new(), Vec::new());
        for _ in 0..30 {
            let lengths: Vec<_> = (0..rng.below(20)).map(|_| rng.below(3000)).collect();
            let data = pattern(rng.bits(), lengths.iter().sum());
            let buffers = cut::<Vec<u8>>(&data, &lengths);
            tickets.push(bench.engine.pwritev(&file, buffers, model.len() as u64));
            model.extend(data);
        }
        Ticket::wait_all(tickets).into_iter().for_each(|result| drop(result.unwrap()));
        assert_same(&std::fs::read(file.path()).unwrap(), &model, &"written");
    }
}

/// Address space that reads as zeros and takes no memory; clones share it.
#[derive(Clone)]
struct Vast(Arc<Mapping>);

struct Mapping {
    start: std::ptr::NonNull<std::ffi::c_void>,
    len: std::num::NonZeroUsize,
}

// SAFETY: nobody ever writes to the mapping.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, and every buffer on it keeps this value.
        unsafe { nix::sys::mman::munmap(self.start, self.len.get()) }.unwrap();
    }
}

// SAFETY: the bytes lie in a mapping that the value keeps, stay zero and have one length.
unsafe impl IoBuf for Vast {
    fn as_ptr(&self) -> *const u8 {
        self.0.start.as_ptr().cast_const().cast()
    }

    fn len(&self) -> usize {
        self.0.len.get()
    }
}

#[cfg(target_pointer_width = "64")]
#[test]
fn lengths_that_do_not_fit_an_offset_are_refused_whatever_their_sum() {
    use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};

    let len = std::num::NonZeroUsize::new(1 << 45).unwrap();
    // SAFETY: a new anonymous mapping at an address of the kernel's choice.
    let start = unsafe { mmap_anonymous(None, len, ProtFlags::PROT_READ, MapFlags::MAP_PRIVATE) };
    let vast = Vast(Arc::new(Mapping { start: start.unwrap(), len }));
    let bench = Bench::new(settings(PAGE, (1, 2), (false, true)));
    let path = bench.path("data");
    let file = bench.engine.create(&path).unwrap();
    for (count, offset, wanted) in [
        (1 << 18, 0, 1 << 63),
        ((1 << 18) - 1, 1 << 45, (1 << 63) - (1 << 45)),
        // The sum is 2^64, which no number of bytes can be.
        (1 << 19, 0, usize::MAX),
        ((1 << 19) + 5, u64::MAX, usize::MAX),
    ] {
        let told = Told {
            operation: Operation::Write,
            kind: ErrorKind::InvalidRange,
            errno: None,
            offset,
            wanted,
            done: 0,
        };
        let ticket = bench.engine.pwritev(&file, vec![vast.clone(); count], offset);
        let result = ticket.wait().map(drop).map_err(|failed| {
            let (error, buffers) = failed.into_parts();
            super::told::assert_tells(&error, &path, &told);
            buffers.map(|buffers| buffers.len())
        });
        assert_eq!(result, Err(Some(count)));
    }
    assert!(file.is_empty().unwrap());
    assert_eq!(bench.engine.stats().transfers, 0);
}
