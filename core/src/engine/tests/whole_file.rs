//! `write_file`: the file is cut once everything is written, and only then.

use nix::errno::Errno;

use super::*;

fn long_file(bench: &Bench) -> Vec<u8> {
    let bytes = pattern(10 * BLOCK, 1);
    std::fs::write(&bench.path, &bytes).unwrap();
    bytes
}

#[test]
fn a_whole_file_that_is_not_written_whole_keeps_its_length() {
    for sim in layouts(1, 2) {
        let bench = Bench::new(sim, settings(1, 2));
        let before = long_file(&bench);
        bench.sim.inject(|call| (call.offset == offset(1)).then_some(Fault::Fail(Errno::EIO)));
        let bytes = pattern(3 * BLOCK, 5);
        let failed = bench.engine.write_file(&bench.file, bytes.clone()).wait().unwrap_err();
        let (error, buffer) = failed.into_parts();
        assert_eq!((error.operation(), error.kind()), (Operation::Write, ErrorKind::Io));
        assert_eq!((error.done(), error.wanted()), (BLOCK, 3 * BLOCK));
        assert!(buffer == Some(bytes.clone()));
        let on_disk = std::fs::read(&bench.path).unwrap();
        assert_eq!(on_disk.len(), before.len());
        assert!(on_disk[..BLOCK] == bytes[..BLOCK] && on_disk[3 * BLOCK..] == before[3 * BLOCK..]);
    }
}

#[test]
fn a_whole_file_that_is_cancelled_keeps_its_length() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    let before = long_file(&bench);
    bench.sim.hold();
    let ticket = bench.engine.write_file(&bench.file, vec![1; 3 * BLOCK]);
    bench.sim.wait_for_pushes(1);
    ticket.cancel();
    bench.sim.release_all();
    assert_eq!(ticket.wait().unwrap_err().error().done(), BLOCK);
    assert_eq!(bench.file.len().unwrap(), before.len() as u64);
    let waits = {
        bench.sim.hold();
        let first = bench.write(1, 0);
        let waits = bench.engine.write_file(&bench.file, Vec::new());
        waits.cancel();
        bench.sim.release_all();
        first.wait().unwrap();
        waits
    };
    waits.wait().unwrap_err();
    assert_eq!(bench.file.len().unwrap(), before.len() as u64);
}

#[test]
fn the_file_is_cut_after_the_last_block_whichever_that_is_and_before_a_sync() {
    let bench = Bench::new(Sim::lanes(1, 3), settings(1, 3));
    let before = long_file(&bench);
    bench.sim.hold();
    let bytes = pattern(3 * BLOCK - 100, 5);
    let ticket = bench.engine.write_file(&bench.file, bytes.clone());
    let sync = bench.engine.fdatasync(&bench.file);
    bench.sim.wait_for_pushes(3);
    for last_but in [offset(2), offset(0)] {
        bench.sim.release(last_but);
    }
    let is_complete = |event: &&Event| matches!(event, Event::Complete(..));
    bench.sim.wait_until(|events| events.iter().filter(is_complete).count() == 2);
    assert_eq!(bench.file.len().unwrap(), before.len() as u64);
    assert!(!ticket.is_done());
    bench.sim.release(offset(1));
    // The sync is made once the write is done with the file.
    bench.sim.wait_for_pushes(4);
    assert_eq!(bench.file.len().unwrap(), bytes.len() as u64);
    bench.sim.release_all();
    sync.wait().unwrap();
    ticket.wait().unwrap();
    assert!(std::fs::read(&bench.path).unwrap() == bytes);
}

#[test]
fn short_counts_do_not_cut_a_whole_file_short() {
    for short in [1, 100, 4095] {
        let bench = Bench::new(Sim::lanes(1, 2), settings(1, 2));
        long_file(&bench);
        bench.sim.inject(move |call| (call.len > short).then_some(Fault::Short(short)));
        let bytes = pattern(BLOCK + 77, 5);
        bench.engine.write_file(&bench.file, bytes.clone()).wait().unwrap();
        assert!(std::fs::read(&bench.path).unwrap() == bytes, "short counts of {short}");
    }
}
