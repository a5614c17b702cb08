//! Tickets: waited for, awaited, polled by hand, and what is left once the result is taken.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use ds_aio::{
    AioBuf, AioFile, EffectiveSettings, Engine, Error, ErrorKind, Failed, Failures, Latencies,
    OpenOptions, Operation, Scope, ScopedTicket, StartError, Stats, Ticket,
};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    hooked::HookedBuf,
    settings::{MODES, SHAPES, settings},
};

use super::support::{Bench, HeldWorker, poll, waker};

const BLOCK: usize = 4096;

fn one_worker() -> Bench {
    Bench::new(settings(BLOCK, (1, 1), (false, true)))
}

#[test]
fn everything_public_is_sent_and_shared() {
    fn sent_and_shared<T: Send + Sync>() {}
    fn future<T: Future + Unpin + Send>() {}

    sent_and_shared::<Engine>();
    sent_and_shared::<AioFile>();
    sent_and_shared::<AioBuf>();
    sent_and_shared::<OpenOptions>();
    sent_and_shared::<EffectiveSettings>();
    sent_and_shared::<Stats>();
    sent_and_shared::<Latencies>();
    sent_and_shared::<Error>();
    sent_and_shared::<Failures>();
    sent_and_shared::<StartError>();
    sent_and_shared::<Failed<Vec<u8>>>();
    sent_and_shared::<Ticket<Vec<u8>>>();
    sent_and_shared::<Ticket<AioBuf>>();
    // Of a buffer that is sent and not shared, the ticket is shared all the same.
    sent_and_shared::<Ticket<HookedBuf>>();
    sent_and_shared::<Scope<'_, '_>>();
    sent_and_shared::<ScopedTicket<'_, &mut [u8]>>();
    future::<Ticket<Vec<u8>>>();
}

/// The smallest executor there is: parks the thread between polls. One that is never woken gives
/// up, so that a lost wake-up is a failure and not a hang.
fn block_on<F: Future + Unpin>(mut future: F) -> F::Output {
    let thread = thread::current();
    let waker = waker(move || thread.unpark());
    let given_up = Instant::now() + Duration::from_secs(30);
    loop {
        if let Poll::Ready(output) = poll(&mut future, &waker) {
            return output;
        }
        thread::park_timeout(Duration::from_secs(30));
        assert!(Instant::now() < given_up, "nobody woke the task");
    }
}

#[test]
fn awaiting_is_as_good_as_waiting() {
    for mode in MODES {
        for shape in SHAPES {
            let bench = Bench::new(settings(BLOCK, shape, mode));
            let data = pattern(1, 20 * BLOCK + 1);
            let file = bench.engine.create(bench.path("data")).unwrap();
            block_on(bench.engine.pwrite(&file, data.clone(), 3)).unwrap();
            let read = || bench.engine.pread(&file, vec![0; data.len()], 3);
            assert_same(&block_on(read()).unwrap(), &data, &"awaited");
            assert_same(&read().wait().unwrap(), &data, &"waited for");
            let both = pollster::block_on(async {
                let (first, second) = (read(), read());
                (second.await.unwrap(), first.await.unwrap())
            });
            assert_same(&both.0, &data, &"awaited out of order");
            assert_same(&both.1, &data, &"awaited out of order");

            let failed = block_on(bench.engine.pread(&file, vec![0; 10], 1 << 40)).unwrap_err();
            assert_eq!(failed.error().kind(), ErrorKind::UnexpectedEof);
            assert_eq!(failed.into_parts().1.unwrap().len(), 10);
        }
    }
}

#[test]
fn a_ticket_is_done_when_its_request_has_ended() {
    let bench = one_worker();
    let file = bench.engine.create(bench.path("data")).unwrap();
    let held = HeldWorker::of(&bench);
    let ticket = bench.engine.pwrite(&file, vec![1; BLOCK], 0);
    assert!(!ticket.is_done());
    assert_eq!(format!("{ticket:?}"), "Ticket { done: false, .. }");
    drop(held);
    while !ticket.is_done() {
        thread::yield_now();
    }
    assert_eq!(ticket.wait().unwrap(), vec![1; BLOCK]);
}

#[test]
fn the_waker_of_the_last_poll_is_the_one_woken() {
    let bench = one_worker();
    let file = bench.engine.create(bench.path("data")).unwrap();
    let counter = || {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let waker = waker(move || {
            counted.fetch_add(1, Ordering::SeqCst);
        });
        (count, waker)
    };
    let ((first, early), (second, late)) = (counter(), counter());
    let held = HeldWorker::of(&bench);
    let mut ticket = bench.engine.pwrite(&file, vec![1; BLOCK], 0);
    assert!(poll(&mut ticket, &early).is_pending());
    assert!(poll(&mut ticket, &early).is_pending());
    assert!(poll(&mut ticket, &late).is_pending());
    assert_eq!(Arc::strong_count(&first), 2, "the test and its own waker");
    drop(early);
    assert_eq!(Arc::strong_count(&first), 1, "a waker that was replaced is let go at once");
    drop(held);
    while second.load(Ordering::SeqCst) == 0 {
        thread::yield_now();
    }
    assert_eq!((first.load(Ordering::SeqCst), second.load(Ordering::SeqCst)), (0, 1));
    let Poll::Ready(Ok(buffer)) = poll(&mut ticket, &late) else {
        panic!("woken and not ready");
    };
    assert_eq!(buffer, vec![1; BLOCK]);
    drop(bench);
    assert_eq!(second.load(Ordering::SeqCst), 1);
}

#[test]
fn dropping_a_polled_ticket_lets_its_waker_go() {
    let bench = one_worker();
    let file = bench.engine.create(bench.path("data")).unwrap();
    let interest = Arc::new(());
    let kept = Arc::clone(&interest);
    let waker = waker(move || drop(Arc::clone(&kept)));
    let held = HeldWorker::of(&bench);
    let mut ticket = bench.engine.pwrite(&file, vec![1; BLOCK], 0);
    assert!(poll(&mut ticket, &waker).is_pending());
    drop((ticket, waker));
    assert_eq!(Arc::strong_count(&interest), 1);
    drop(held);
}

#[test]
fn a_ticket_polled_before_may_be_waited_for() {
    let bench = one_worker();
    let file = bench.engine.create(bench.path("data")).unwrap();
    let held = HeldWorker::of(&bench);
    let mut ticket = bench.engine.pwrite(&file, vec![1; BLOCK], 0);
    assert!(poll(&mut ticket, Waker::noop()).is_pending());
    let waiting = thread::spawn(move || ticket.wait());
    drop(held);
    assert_eq!(waiting.join().unwrap().unwrap(), vec![1; BLOCK]);
}

#[test]
fn a_result_is_taken_once() {
    let bench = one_worker();
    let file = bench.engine.create(bench.path("data")).unwrap();
    let mut ticket = bench.engine.pwrite(&file, vec![1; BLOCK], 0);
    block_on(&mut ticket).unwrap();
    assert!(ticket.is_done());
    assert!(poll(&mut ticket, Waker::noop()).is_pending());
    let (error, buffer) = ticket.wait().unwrap_err().into_parts();
    assert_eq!(error.kind(), ErrorKind::ResultTaken);
    assert_eq!(error.operation(), Operation::Wait);
    assert_eq!(buffer, None);
    bench.engine.close().unwrap();
}

#[test]
fn many_threads_share_an_engine() {
    let bench = Bench::new(settings(BLOCK, (2, 4), (false, true)));
    let data = pattern(2, 8 * 50_001);
    let file = bench.engine.create(bench.path("data")).unwrap();
    thread::scope(|threads| {
        for (number, part) in data.chunks(50_001).enumerate() {
            let (bench, file) = (&bench, file.clone());
            threads.spawn(move || {
                let offset = (number * 50_001) as u64;
                let back = bench.engine.pwrite(&file, part.to_vec(), offset).wait().unwrap();
                let read = bench.engine.pread(&file, vec![0; back.len()], offset);
                assert_same(&read.wait().unwrap(), part, &"a thread's own part");
            });
        }
    });
    assert_same(&std::fs::read(bench.path("data")).unwrap(), &data, &"all parts");
}
