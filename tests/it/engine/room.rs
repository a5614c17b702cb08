//! Awaiting room in the queue: wakers are user code, which may do anything and holds up nobody.

use std::{
    sync::{Arc, Mutex, mpsc::channel},
    thread,
    time::Duration,
};

use ds_aio::{Engine, Ticket};
use ds_aio_tests::settings::settings;

use super::support::{Bench, HeldWorker, poll, waker};

const BLOCK: usize = 4096;

/// An engine that takes on one request at a time and has one under way until its worker is let go.
fn full() -> (Bench, HeldWorker, Ticket<Vec<u8>>) {
    let mut settings = settings(BLOCK, (1, 1), (false, true));
    settings.queue_capacity = 1;
    let bench = Bench::new(settings);
    let held = HeldWorker::of(&bench);
    let file = bench.engine.create(bench.path("data")).unwrap();
    let ticket = bench.engine.pwrite(&file, vec![7; 10], 0);
    (bench, held, ticket)
}

/// Calls `test` on a thread of its own, so that a hang is a failure.
fn within_a_minute(test: impl FnOnce() + Send + 'static) {
    let (done, outcome) = channel();
    thread::spawn(move || {
        test();
        let _ = done.send(());
    });
    outcome.recv_timeout(Duration::from_secs(60)).expect("no hang and no panic");
}

#[test]
fn a_waker_that_panics_when_there_is_room_leaves_the_request_that_made_it_alone() {
    within_a_minute(|| {
        let (bench, held, ticket) = full();
        let file = bench.engine.open(bench.path("data")).unwrap();
        let mut waits = Box::pin(bench.engine.pread_async(&file, vec![0; 10], 0));
        assert!(
            poll(&mut waits, &waker(|| panic!("a panic that the test asked for"))).is_pending()
        );
        drop(held);
        assert_eq!(ticket.wait().unwrap(), [7; 10]);
        let ticket = pollster::block_on(waits);
        assert_eq!(ticket.wait().unwrap(), [7; 10]);
        bench.engine.close().unwrap();
    });
}

#[test]
fn a_waker_may_use_the_engine_and_drop_what_waits_for_room() {
    within_a_minute(|| {
        let (bench, held, ticket) = full();
        let file = bench.engine.open(bench.path("data")).unwrap();
        let engine: &'static Engine = Box::leak(Box::new(bench.engine));
        let reads =
            || Box::pin(engine.pread_async(Box::leak(Box::new(file.clone())), vec![0; 10], 0));
        let (mut first, mut second) = (reads(), reads());
        let (others, asked) = (vec![reads(), reads()], channel());
        let others = Arc::new(Mutex::new(others));
        let dropped = Arc::clone(&others);
        let its_file = file.clone();
        let on_wake = waker(move || {
            let other = dropped.lock().unwrap().pop();
            drop(other);
            if let Ok(ticket) = engine.try_pread(&its_file, vec![0; 10], 0) {
                ticket.cancel();
                let _ = asked.0.send(ticket);
            }
        });
        assert!(poll(&mut first, &on_wake).is_pending());
        assert!(poll(&mut second, &on_wake).is_pending());
        for other in &mut *others.lock().unwrap() {
            assert!(poll(other, &waker(|| {})).is_pending());
        }
        drop(held);
        assert_eq!(ticket.wait().unwrap(), [7; 10]);
        // The turn of those that were dropped has come to these.
        assert_eq!(pollster::block_on(pollster::block_on(first)).unwrap(), [7; 10]);
        assert_eq!(pollster::block_on(pollster::block_on(second)).unwrap(), [7; 10]);
        drop(asked.1.recv().unwrap().wait());
        // What else the waker asked for was cancelled, which this may tell of.
        drop(engine.shutdown(Duration::from_secs(60)));
    });
}

#[test]
fn a_future_that_is_not_polled_keeps_one_place_and_not_all() {
    within_a_minute(|| {
        let mut settings = settings(BLOCK, (1, 1), (false, true));
        settings.queue_capacity = 2;
        let bench = Bench::new(settings);
        let held = HeldWorker::of(&bench);
        let file = bench.engine.create(bench.path("data")).unwrap();
        let tickets = [0, 10].map(|offset| bench.engine.pwrite(&file, vec![7; 10], offset));
        let mut unpolled = Box::pin(bench.engine.pread_async(&file, vec![0; 10], 0));
        assert!(poll(&mut unpolled, &waker(|| {})).is_pending());
        thread::scope(|threads| {
            let (begun, has_begun) = channel();
            let (engine, file) = (&bench.engine, &file);
            let waits = threads.spawn(move || {
                let mut waits = Box::pin(engine.pread_async(file, vec![0; 10], 10));
                assert!(poll(&mut waits, &waker(|| {})).is_pending());
                begun.send(()).unwrap();
                pollster::block_on(pollster::block_on(waits)).unwrap()
            });
            has_begun.recv().unwrap();
            drop(held);
            for ticket in tickets {
                ticket.wait().unwrap();
            }
            assert_eq!(waits.join().unwrap(), [7; 10]);
        });
        assert_eq!(pollster::block_on(pollster::block_on(unpolled)).unwrap(), [7; 10]);
    });
}
