//! Requests of several buffers, when calls move less than they were asked to, and when they fail.

use nix::errno::Errno;

use super::*;
use crate::AioBuf;

/// Borders of buffers in all places that matter: within a page, at one, at a block's and none.
const LENGTHS: [usize; 11] = [5, 0, BLOCK - 5, BLOCK, 1, 3000, 0, 2 * BLOCK, 7, 512, 3 * BLOCK];

fn total(lengths: &[usize]) -> usize {
    lengths.iter().sum()
}

fn cut(mut bytes: &[u8], lengths: &[usize]) -> Vec<Vec<u8>> {
    let mut next = |&len: &usize| {
        let (buffer, rest) = bytes.split_at(len);
        bytes = rest;
        buffer.to_vec()
    };
    lengths.iter().map(&mut next).collect()
}

fn aligned(buffers: &[Vec<u8>]) -> Vec<AioBuf> {
    let aligned = |buffer: &Vec<u8>| {
        let mut aligned = AioBuf::zeroed(buffer.len()).unwrap();
        aligned.copy_from_slice(buffer);
        aligned
    };
    buffers.iter().map(aligned).collect()
}

fn joined<B: std::ops::Deref<Target = [u8]>>(buffers: &[B]) -> Vec<u8> {
    buffers.iter().flat_map(|buffer| buffer.to_vec()).collect()
}

/// Interruptions and short counts in turn, as long as calls are longer than that.
fn disturb(bench: &Bench, short: usize) {
    let mut turn = 0;
    bench.sim.inject(move |call| {
        turn += 1;
        match turn % 3 {
            0 => Some(Fault::Fail(Errno::EINTR)),
            1 if call.len > short => Some(Fault::Short(short)),
            _ => None,
        }
    });
}

#[test]
fn short_counts_go_on_in_the_buffer_and_at_the_byte_where_they_stopped() {
    for short in [1, 4, 5, 6, 511, 512, 2048, BLOCK - 1] {
        for start in [0, 3, offset(1)] {
            for block_size in [BLOCK, 3 * BLOCK] {
                let settings = EngineSettings { block_size, ..settings(1, 3) };
                let bench = Bench::new(Sim::lanes(1, 3), settings);
                let bytes = pattern(total(&LENGTHS), 1);
                let buffers = cut(&bytes, &LENGTHS);
                let told = format!("short counts of {short} at {start}, blocks of {block_size}");
                disturb(&bench, short);
                let (engine, file) = (&bench.engine, &bench.file);
                let back = engine.pwritev(file, buffers.clone(), start).wait().unwrap();
                assert!(back == buffers, "{told}");
                let on_disk = std::fs::read(&bench.path).unwrap();
                assert!(on_disk[start as usize..] == bytes, "written with {told}");
                let empty = cut(&vec![0; bytes.len()], &LENGTHS);
                let back = engine.preadv(file, empty, start).wait().unwrap();
                assert!(back == buffers, "read with {told}");
            }
        }
    }
}

#[test]
fn a_direct_block_that_stops_at_an_odd_place_goes_on_there() {
    // All parts aligned, so that blocks go direct to and from buffers where that is possible.
    let lengths = [BLOCK, 2 * BLOCK, BLOCK, 0, 4 * BLOCK];
    for short in [1, 512, BLOCK - 1, BLOCK, BLOCK + 1, BLOCK + 512] {
        let settings = EngineSettings { block_size: 4 * BLOCK, ..settings(1, 2) };
        let bench = Bench::new(Sim::rings(1, 2), settings);
        let bytes = pattern(total(&lengths), 2);
        disturb(&bench, short);
        let buffers = aligned(&cut(&bytes, &lengths));
        let back = bench.engine.pwritev(&bench.file, buffers, 0).wait().unwrap();
        assert!(joined(&back) == bytes);
        assert!(std::fs::read(&bench.path).unwrap() == bytes, "written, short by {short}");
        let empty = aligned(&cut(&vec![0; bytes.len()], &lengths));
        let back = bench.engine.preadv(&bench.file, empty, 0).wait().unwrap();
        assert!(joined(&back) == bytes, "read, short by {short}");
        assert_eq!(bench.engine.stats().bounced_bytes, 0);
        let Some(alignment) = bench.file.state.open.alignment() else {
            continue;
        };
        // Asking for less than whole sectors would be refused, and made again.
        for call in bench.sim.pushed().iter().filter(|call| call.direct) {
            let at = usize::try_from(call.offset).unwrap();
            let writes = call.direction == Direction::Write;
            assert!(at.is_multiple_of(alignment.unit(writes)), "{call:?}, short by {short}");
            assert!(call.len.is_multiple_of(alignment.unit(writes)), "{call:?}, short by {short}");
        }
    }
}

#[test]
fn the_bytes_done_are_counted_over_all_buffers() {
    // In the second block; the short count ends within a buffer, as the failure does.
    for (short, errno) in [(300, Errno::EDQUOT), (1, Errno::EIO), (BLOCK - 1, Errno::ENOSPC)] {
        for direction in [Direction::Write, Direction::Read] {
            let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
            let bytes = pattern(total(&LENGTHS), 3);
            std::fs::write(&bench.path, &bytes).unwrap();
            let mut calls = 0;
            bench.sim.inject(move |_| {
                calls += 1;
                match calls {
                    2 => Some(Fault::Short(short)),
                    3 => Some(Fault::Fail(errno)),
                    _ => None,
                }
            });
            let told = pattern(total(&LENGTHS), 4);
            let done = BLOCK + short;
            let (error, found) = if direction == Direction::Write {
                let ticket = bench.engine.pwritev(&bench.file, cut(&told, &LENGTHS), 0);
                let (error, buffers) = ticket.wait().unwrap_err().into_parts();
                assert!(joined(&buffers.unwrap()) == told, "what was to be written is as it was");
                (error, std::fs::read(&bench.path).unwrap()[..done] == told[..done])
            } else {
                let ticket = bench.engine.preadv(&bench.file, cut(&told, &LENGTHS), 0);
                let (error, buffers) = ticket.wait().unwrap_err().into_parts();
                let buffers = buffers.unwrap();
                let lengths: Vec<_> = buffers.iter().map(Vec::len).collect();
                assert_eq!(lengths, LENGTHS);
                (error, joined(&buffers)[..done] == bytes[..done])
            };
            assert_eq!((error.done(), error.wanted()), (done, bytes.len()));
            assert_eq!(error.errno(), Some(errno as i32));
            assert!(found, "the bytes done");
        }
    }
}

/// As many as one call takes are 1,024 on Linux; one by one elsewhere.
#[cfg(target_os = "linux")]
#[test]
fn more_buffers_than_a_call_takes_are_several_calls() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    let bytes = pattern(3000, 1);
    let buffers: Vec<_> = bytes.iter().map(|&byte| vec![byte]).collect();
    // Within a page, so that no bounce buffer joins them.
    bench.engine.pwritev(&bench.file, buffers.clone(), 1).wait().unwrap();
    let lengths: Vec<_> = bench.sim.pushed().iter().map(|call| call.len).collect();
    assert_eq!(lengths, [1024, 1024, 3000 - 2048]);
    let back = bench.engine.preadv(&bench.file, vec![vec![0]; 3000], 1).wait().unwrap();
    assert!(back == buffers);
}

#[test]
fn a_cancelled_request_of_several_buffers_gives_all_of_them_back() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    bench.sim.hold();
    let bytes = pattern(total(&LENGTHS), 1);
    let ticket = bench.engine.pwritev(&bench.file, cut(&bytes, &LENGTHS), 0);
    bench.sim.wait_for_pushes(1);
    ticket.cancel();
    bench.sim.release_all();
    let (error, buffers) = ticket.wait().unwrap_err().into_parts();
    assert_eq!((error.kind(), error.done()), (ErrorKind::Cancelled, BLOCK));
    assert!(buffers == Some(cut(&bytes, &LENGTHS)));
    assert!(std::fs::read(&bench.path).unwrap() == bytes[..BLOCK]);
}
