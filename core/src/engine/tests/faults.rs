//! Short counts, interruptions, errors and panics, and what becomes of the requests.

use std::io::Write;

use nix::errno::Errno;

use super::*;

#[test]
fn short_and_interrupted_transfers_go_on_where_they_stopped() {
    for short in [1, 511, 512, 4095] {
        for sim in layouts(1, 3) {
            let bench = Bench::new(sim, settings(1, 3));
            let mut turn = 0;
            bench.sim.inject(move |call| {
                turn += 1;
                match turn % 3 {
                    0 => Some(Fault::Fail(Errno::EINTR)),
                    1 if call.len > short => Some(Fault::Short(short)),
                    _ => None,
                }
            });
            let bytes = pattern(10 * BLOCK + 17, 1);
            bench.engine.pwrite(&bench.file, bytes.clone(), 5).wait().unwrap();
            let on_disk = std::fs::read(&bench.path).unwrap();
            assert!(on_disk[5..] == bytes, "written with short counts of {short}");
            let back = bench.engine.pread(&bench.file, vec![0; bytes.len()], 5).wait().unwrap();
            assert!(back == bytes, "read with short counts of {short}");
        }
    }
}

#[test]
fn the_first_error_in_file_order_wins_whichever_comes_first_in_time() {
    for sim in layouts(1, 4) {
        let bench = Bench::new(sim, settings(1, 4));
        bench.sim.hold();
        bench.sim.inject(|call| match call.offset {
            at if at == offset(1) => Some(Fault::Fail(Errno::ENOSPC)),
            at if at == offset(3) => Some(Fault::Fail(Errno::EIO)),
            _ => None,
        });
        let ticket = bench.write(100, 0);
        bench.sim.wait_for_pushes(4);
        bench.sim.release(offset(3));
        let failed = |event: &Event| matches!(event, Event::Complete(_, _, Err(Errno::EIO)));
        bench.sim.wait_until(|events| events.iter().any(failed));
        bench.sim.release_all();
        let (error, buffer) = ticket.wait().unwrap_err().into_parts();
        assert_eq!(error.kind(), ErrorKind::NoSpace);
        assert_eq!((error.done(), error.wanted()), (BLOCK, 100 * BLOCK));
        assert_eq!(error.errno(), Some(Errno::ENOSPC as i32));
        assert_eq!(error.path(), Some(bench.path.as_path()));
        assert_eq!(buffer.map(|buffer| buffer.len()), Some(100 * BLOCK));
        assert!(bench.sim.pushed().len() < 20, "what is not begun is given up");
    }
}

#[test]
fn a_reserved_block_before_the_failure_is_run() {
    // Two groups take a batch each; the second one's fails before the first has begun its own.
    let settings = EngineSettings { overlap_events: false, ..settings(2, 4) };
    for _ in 0..20 {
        let bench = Bench::new(Sim::lanes(2, 4), settings.clone());
        bench.sim.inject(|call| (call.offset >= offset(5)).then_some(Fault::Fail(Errno::EIO)));
        let error = bench.write(8, 0).wait().unwrap_err().into_parts().0;
        assert_eq!(error.done(), 5 * BLOCK);
        let on_disk = std::fs::read(&bench.path).unwrap();
        assert!(on_disk == pattern(5 * BLOCK, 0), "what is said to be done is done");
    }
}

#[test]
fn a_failure_is_between_blocks_or_within_one_and_done_says_where() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    let mut calls = 0;
    bench.sim.inject(move |_| {
        calls += 1;
        match calls {
            3 => Some(Fault::Short(512)),
            4 => Some(Fault::Fail(Errno::EDQUOT)),
            _ => None,
        }
    });
    let error = bench.write(5, 0).wait().unwrap_err().into_parts().0;
    assert_eq!((error.kind(), error.done()), (ErrorKind::QuotaExceeded, 2 * BLOCK + 512));
}

#[test]
fn a_failed_request_does_not_hold_up_others() {
    for overlap_events in [true, false] {
        for sim in layouts(1, 2) {
            let settings = EngineSettings { overlap_events, ..settings(1, 2) };
            let bench = Bench::new(sim, settings);
            bench.sim.inject(|call| (call.offset == 0).then_some(Fault::Fail(Errno::EIO)));
            let tickets = [bench.write(50, 0), bench.write(50, 100), bench.write(1, 200)];
            let results = tickets.map(|ticket| ticket.wait().map(drop));
            assert!(results[0].is_err() && results[1].is_ok() && results[2].is_ok());
        }
    }
}

#[test]
fn a_refused_direct_transfer_turns_to_the_page_cache() {
    let bench = Bench::new(Sim::lanes(1, 2), settings(1, 2));
    if !bench.file.is_direct() {
        let required = std::env::var("DS_AIO_REQUIRE").unwrap_or_default();
        assert!(!required.contains("direct"), "DS_AIO_REQUIRE asks for O_DIRECT");
        // Past the harness, which would keep it to itself.
        let note = "not tested for want of O_DIRECT: what a refused transfer turns to";
        writeln!(std::io::stderr(), "{note}").unwrap();
        return;
    }
    bench.sim.inject(|call| call.direct.then_some(Fault::Fail(Errno::EINVAL)));
    let bytes = pattern(8 * BLOCK, 2);
    bench.engine.pwrite(&bench.file, bytes.clone(), 0).wait().unwrap();
    assert!(std::fs::read(&bench.path).unwrap() == bytes);
    let stats = bench.engine.stats();
    assert_eq!(stats.direct_bytes + stats.bounced_bytes, 0);
    assert_eq!(stats.buffered_bytes, bytes.len() as u64);
}

#[test]
fn a_write_that_takes_nothing_is_an_error_and_not_a_loop() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    bench.sim.inject(|_| Some(Fault::Short(0)));
    let error = bench.write(1, 0).wait().unwrap_err().into_parts().0;
    assert_eq!((error.kind(), error.done()), (ErrorKind::Io, 0));
}

#[test]
fn a_call_that_would_block_is_an_error_and_not_repeated() {
    let bench = Bench::new(Sim::lanes(1, 1), settings(1, 1));
    bench.sim.inject(|_| Some(Fault::Fail(Errno::EAGAIN)));
    let error = bench.write(1, 0).wait().unwrap_err().into_parts().0;
    assert_eq!((error.kind(), error.errno()), (ErrorKind::Io, Some(Errno::EAGAIN as i32)));
    assert_eq!(bench.sim.pushed().len(), 1);
}

#[test]
fn a_panicking_worker_poisons_the_engine_and_no_request_hangs() {
    for overlap_events in [true, false] {
        for sim in layouts(2, 2) {
            let settings = EngineSettings { overlap_events, ..settings(2, 2) };
            let bench = Bench::new(sim, settings);
            bench.sim.hold();
            bench.sim.inject(|call| (call.offset == 0).then_some(Fault::Panic));
            let tickets: Vec<_> = (0..10).map(|number| bench.write(4, 4 * number)).collect();
            bench.sim.wait_for_pushes(4);
            bench.sim.release_all();
            let mut poisoned = 0;
            for ticket in tickets {
                if let Err(failed) = ticket.wait() {
                    let (error, buffer) = failed.into_parts();
                    assert_eq!(error.kind(), ErrorKind::Poisoned);
                    assert!(buffer.is_some(), "the buffer comes back");
                    poisoned += 1;
                }
            }
            assert!(poisoned > 0);
            let late = bench.write(1, 0).wait().unwrap_err();
            assert_eq!(late.error().kind(), ErrorKind::Poisoned);
            bench.engine.close().unwrap();
        }
    }
}
