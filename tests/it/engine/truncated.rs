//! Files that lose their end while they are read.

use std::{
    fs::File,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
};

use ds_aio::{ErrorKind, Operation};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::settings,
};

use super::{
    support::{Bench, HeldWorker},
    told::{Told, buffer_after},
};

#[test]
fn a_read_of_a_file_cut_short_ends_where_the_file_does() {
    for left in [0, 1, 4096, 70_000, 128 << 10] {
        let bench = Bench::new(settings(64 << 10, (1, 1), (false, true)));
        let data = pattern(1, 1 << 20);
        let path = bench.filled("data", &data);
        let file = bench.engine.open(&path).unwrap();
        let held = HeldWorker::of(&bench);
        let ticket = bench.engine.pread(&file, vec![0; data.len()], 0);
        File::options().write(true).open(&path).unwrap().set_len(left).unwrap();
        drop(held);
        let left = left as usize;
        let told = Told {
            operation: Operation::Read,
            kind: ErrorKind::UnexpectedEof,
            errno: None,
            offset: 0,
            wanted: data.len(),
            done: left,
        };
        let buffer = buffer_after(ticket.wait(), &path, &told);
        assert_same(&buffer[..left], &data[..left], &"what the file had left");
        bench.engine.pread(&file, vec![0; left], 0).wait().expect("the engine goes on");
    }
}

#[test]
fn a_file_whose_end_comes_and_goes_gives_bytes_or_the_end() {
    let bench = Bench::new(settings(16 << 10, (2, 4), (false, true)));
    let data = pattern(2, 1 << 20);
    let path = bench.filled("data", &data);
    let file = bench.engine.open(&path).unwrap();
    let other = File::options().write(true).open(&path).unwrap();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in (0_u64..).take_while(|_| !over.load(Relaxed)) {
                other.set_len(round * 777 % (1 << 20)).unwrap();
                other.set_len(1 << 20).unwrap();
            }
        });
        for _ in 0..200 {
            match bench.engine.pread(&file, vec![1; data.len()], 0).wait() {
                // Cut off and extended again, it is zeros from some place on.
                Ok(bytes) => assert!(bytes.iter().zip(&data).all(|(a, b)| a == b || *a == 0)),
                Err(failed) => assert_eq!(failed.error().kind(), ErrorKind::UnexpectedEof),
            }
        }
        over.store(true, Relaxed);
    });
    std::fs::write(&path, &data).unwrap();
    let read = bench.engine.pread(&file, vec![0; data.len()], 0).wait().unwrap();
    assert_same(&read, &data, &"afterwards");
}
