//! Callbacks at the end of requests, and waiting for several tickets.

use std::{
    collections::HashSet,
    panic::resume_unwind,
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    task::Waker,
    thread,
    time::Duration,
};

use ds_aio::{AioFile, BackendMode, Engine, ErrorKind, Failed, Priority, Ticket};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::{MODES, most_workers, settings},
};

use super::support::{Bench, HeldWorker, poll};

const BLOCK: usize = 4096;

/// Longer than anything takes that does not hang.
const HUNG: Duration = Duration::from_secs(60);

fn one_worker() -> Bench {
    Bench::new(settings(BLOCK, (1, 1), (false, true)))
}

fn kind<B>(result: Result<B, Failed<B>>) -> Option<ErrorKind> {
    result.err().map(|failed| failed.error().kind())
}

/// What a callback is given, and the name of the thread it is called on.
type Called<B> = (Result<B, Failed<B>>, Option<String>);

type Then<B> = Box<dyn FnOnce(Result<B, Failed<B>>) + Send>;

/// A callback that sends what it is called with.
fn sent<B: Send + 'static>() -> (Then<B>, Receiver<Called<B>>) {
    let (tell, told) = channel();
    let then = move |result| {
        let _ = tell.send((result, thread::current().name().map(str::to_owned)));
    };
    (Box::new(then), told)
}

#[test]
fn a_callback_gets_what_waiting_would_return_on_the_worker() {
    let bench = one_worker();
    let file = bench.engine.create(bench.path("data")).unwrap();
    let held = HeldWorker::of(&bench);
    let (then, good) = sent();
    bench.engine.pwrite(&file, vec![1; 100], 0).on_completion(then);
    let (then, bad) = sent();
    bench.engine.pread(&file, vec![0; 10], 95).on_completion(then);
    assert!(good.try_recv().is_err());
    drop(held);
    let (result, on) = good.recv().unwrap();
    assert_eq!(result.unwrap(), [1; 100]);
    assert!(on.unwrap().starts_with("ds-aio"));
    let (error, buffer) = bad.recv().unwrap().0.unwrap_err().into_parts();
    assert_eq!((error.kind(), error.done()), (ErrorKind::UnexpectedEof, 5));
    assert_eq!(buffer.unwrap().len(), 10);
    bad.recv().unwrap_err();
    bench.engine.close().unwrap();
}

#[test]
fn a_callback_of_a_request_that_has_ended_is_called_here_and_now() {
    let bench = one_worker();
    let file = bench.engine.create(bench.path("data")).unwrap();
    let here = thread::current().id();
    let called_here = |ticket: Ticket<Vec<u8>>| {
        let called = Arc::new(Mutex::new(None));
        let call = Arc::clone(&called);
        ticket.on_completion(move |result| {
            let at_once = thread::current().id() == here;
            *call.lock().unwrap() = Some((kind(result), at_once));
        });
        let outcome = called.lock().unwrap().take();
        outcome.expect("called")
    };
    let ended = bench.engine.pwrite(&file, vec![1; 100], 0);
    while !ended.is_done() {
        thread::yield_now();
    }
    assert_eq!(called_here(ended), (None, true));
    let refused = bench.engine.pread(&file, vec![1; 100], u64::MAX);
    assert_eq!(called_here(refused), (Some(ErrorKind::InvalidRange), true));
    let mut taken = bench.engine.pwrite(&file, vec![1; 100], 0);
    pollster::block_on(&mut taken).unwrap();
    assert_eq!(called_here(taken), (Some(ErrorKind::ResultTaken), true));
    bench.engine.close().unwrap();
}

#[test]
fn a_callback_takes_the_place_of_a_waker() {
    let bench = one_worker();
    let file = bench.engine.create(bench.path("data")).unwrap();
    let held = HeldWorker::of(&bench);
    let mut ticket = bench.engine.pwrite(&file, vec![1; 100], 0);
    assert!(poll(&mut ticket, Waker::noop()).is_pending());
    let (then, told) = sent();
    ticket.on_completion(then);
    drop(held);
    assert_eq!(told.recv().unwrap().0.unwrap(), [1; 100]);
}

#[test]
fn a_callback_that_panics_harms_nobody() {
    let bench = one_worker();
    let file = bench.engine.create(bench.path("data")).unwrap();
    for round in 0..3 {
        let held = HeldWorker::of(&bench);
        let behind = bench.engine.pwrite(&file, vec![round; 10], 0);
        for _ in 0..3 {
            let ticket = bench.engine.pwrite(&file, vec![1; 10], 100);
            ticket.on_completion(|_| resume_unwind(Box::new("quiet")));
        }
        drop(held);
        behind.wait().unwrap();
        bench.engine.sync(&file).unwrap();
        // Here, with the request over.
        let ended = bench.engine.pwrite(&file, vec![1; 10], 100);
        while !ended.is_done() {
            thread::yield_now();
        }
        ended.on_completion(|_| resume_unwind(Box::new("quiet")));
    }
    let stats = bench.engine.stats();
    assert!(stats.workers <= most_workers(&bench.engine), "{stats}");
    assert_eq!((stats.failed(), stats.in_flight), (0, 0));
    bench.engine.close().unwrap();
}

#[test]
fn a_failed_request_with_a_callback_is_told_to_it_alone() {
    let bench = one_worker();
    let file = bench.engine.open(bench.filled("short", b"short")).unwrap();
    let (then, told) = sent();
    bench.engine.pread(&file, vec![0; 10], 0).on_completion(then);
    assert_eq!(kind(told.recv().unwrap().0), Some(ErrorKind::UnexpectedEof));
    bench.engine.sync(&file).unwrap();
    bench.engine.close().unwrap();
}

#[test]
fn a_callback_may_not_wait() {
    let shared = Arc::new(one_worker());
    let file = shared.engine.create(shared.path("data")).unwrap();
    for has_ended in [false, true] {
        let held = HeldWorker::of(&shared);
        let ticket = shared.engine.pwrite(&file, vec![1; 100], 0);
        let (tell, told) = channel();
        let (inside, used) = (Arc::downgrade(&shared), file.clone());
        let held = if has_ended {
            drop(held);
            while !ticket.is_done() {
                thread::yield_now();
            }
            // So that what the callback waits for cannot have ended.
            HeldWorker::of(&shared)
        } else {
            held
        };
        let then = move |_| {
            let bench = inside.upgrade().unwrap();
            let write = || bench.engine.pwrite(&used, vec![1; 10], 0);
            let waited = kind(write().wait());
            let any = kind(Ticket::wait_any(&mut vec![write(), write()]).unwrap().1);
            let all = Ticket::wait_all([write(), write()]).into_iter().map(kind);
            let first_ended = write().wait_timeout(HUNG).is_err();
            let synced = bench.engine.sync(&used).unwrap_err().errors()[0].kind();
            let scoped = bench.engine.scope(|_| ()).unwrap_err().errors()[0].kind();
            let kinds = [waited, any, Some(synced), Some(scoped)].into_iter().chain(all);
            let _ = tell.send((kinds.collect::<Vec<_>>(), first_ended));
        };
        ticket.on_completion(then);
        drop(held);
        let (kinds, timed_out) = told.recv_timeout(HUNG).unwrap();
        assert_eq!(kinds, [Some(ErrorKind::WouldDeadlock); 6]);
        assert!(timed_out, "the ticket comes back at once");
    }
    shared.engine.sync(&file).unwrap();
}

/// Writes one byte after the other, each in the callback of the one before.
fn chain(engine: &Arc<Engine>, file: &AioFile, left: usize, done: Sender<usize>) {
    if left == 0 {
        let _ = done.send(left);
        return;
    }
    let ticket = engine.pwrite(file, vec![(left % 256) as u8], left as u64 - 1);
    let (engine, file) = (Arc::clone(engine), file.clone());
    ticket.on_completion(move |result| {
        result.unwrap();
        chain(&engine, &file, left - 1, done);
    });
}

#[test]
fn callbacks_may_go_on_with_requests_in_a_queue_of_one() {
    for mode in MODES {
        for (shape, queue_capacity) in [((1, 1), 1), ((2, 2), 1), ((2, 2), 3)] {
            let mut settings = settings(BLOCK, shape, mode);
            settings.queue_capacity = queue_capacity;
            let Bench { engine, dir } = Bench::new(settings);
            let path = dir.path().join("data");
            let engine = Arc::new(engine);
            let file = engine.create(&path).unwrap();
            let (done, outcome) = channel();
            // Two of them at once, each on a part of its own.
            let chains = if queue_capacity > 1 { 2 } else { 1 };
            for _ in 0..chains {
                chain(&engine, &file, 1000, done.clone());
            }
            drop(done);
            for _ in 0..chains {
                assert_eq!(outcome.recv_timeout(HUNG), Ok(0));
            }
            let expected: Vec<u8> = (1..=1000).map(|left| (left % 256) as u8).collect();
            assert_same(&std::fs::read(&path).unwrap(), &expected, &"the chain's bytes");
        }
    }
}

/// Makes a request that is refused, and the next one in its callback.
fn refused_chain(engine: &Arc<Engine>, file: &AioFile, left: usize, done: Sender<()>) {
    let ticket = engine.pread(file, vec![0; 10], u64::MAX);
    let (inside, used) = (Arc::clone(engine), file.clone());
    ticket.on_completion(move |result| {
        assert_eq!(kind(result), Some(ErrorKind::InvalidRange));
        if left > 0 {
            refused_chain(&inside, &used, left - 1, done);
        } else {
            let _ = done.send(());
        }
    });
}

#[test]
fn any_number_of_callbacks_may_each_make_a_request_that_ends_at_once() {
    let Bench { engine, dir } = Bench::new(settings(BLOCK, (1, 1), (false, true)));
    let engine = Arc::new(engine);
    let file = engine.create(dir.path().join("data")).unwrap();
    let (done, outcome) = channel();
    refused_chain(&engine, &file, 20_000, done.clone());
    outcome.try_recv().unwrap();
    assert_eq!(engine.stats().failed(), 20_001, "all of them before the call returns");
    // And on a worker, whose stack is smaller.
    let (inside, used) = (Arc::clone(&engine), file.clone());
    engine.pwrite(&file, vec![1; 10], 0).on_completion(move |_| {
        refused_chain(&inside, &used, 20_000, done);
    });
    outcome.recv_timeout(HUNG).unwrap();
    assert_eq!(engine.stats().failed(), 40_002);
}

#[test]
fn a_callback_made_in_another_comes_after_it() {
    let Bench { engine, dir } = Bench::new(settings(BLOCK, (1, 1), (false, true)));
    let engine = Arc::new(engine);
    let file = engine.create(dir.path().join("data")).unwrap();
    let (tell, told) = channel();
    let (inside, used) = (Arc::clone(&engine), file.clone());
    engine.pread(&file, vec![0; 10], u64::MAX).on_completion(move |_| {
        for number in 0..3 {
            let tell = tell.clone();
            let refused = inside.pread(&used, vec![0; 10], u64::MAX);
            refused.on_completion(move |_| {
                let _ = tell.send(number);
                resume_unwind(Box::new("quiet"));
            });
        }
        let _ = tell.send(100);
    });
    assert_eq!(told.iter().collect::<Vec<_>>(), [100, 0, 1, 2]);
}

#[test]
fn callbacks_that_spread_out_are_let_past_the_bound() {
    let mut settings = settings(BLOCK, (1, 1), (false, true));
    settings.queue_capacity = 1;
    let Bench { engine, dir } = Bench::new(settings);
    let engine = Arc::new(engine);
    let file = engine.create(dir.path().join("data")).unwrap();
    let ended = Arc::new(AtomicUsize::new(0));
    let (done, outcome) = channel::<()>();
    let (inside, used, count) = (Arc::clone(&engine), file.clone(), Arc::clone(&ended));
    engine.pwrite(&file, vec![1; 10], 0).on_completion(move |_| {
        for number in 0..200 {
            let (count, done) = (Arc::clone(&count), done.clone());
            inside.pwrite(&used, vec![1; 10], number).on_completion(move |result| {
                result.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                drop(done);
            });
        }
    });
    assert!(outcome.recv_timeout(HUNG).is_err());
    assert_eq!(ended.load(Ordering::SeqCst), 200);
    // And the bound is what it was.
    engine.pwrite(&file, vec![1; 10], 0).wait().unwrap();
    engine.try_pwrite(&file, vec![1; 10], 0).unwrap().wait().unwrap();
}

#[test]
fn callbacks_of_two_engines_that_fill_each_others_queues_do_not_wait_for_each_other() {
    let mut settings = settings(BLOCK, (1, 1), (false, true));
    settings.backend = BackendMode::Threads;
    settings.queue_capacity = 2;
    let benches = [(); 2].map(|()| Bench::new(settings.clone()));
    // So that no request ends before its callback is there.
    let held = benches.each_ref().map(HeldWorker::of);
    let files = benches.each_ref().map(|bench| bench.engine.create(bench.dir.path().join("data")));
    let files = files.map(Result::unwrap);
    let [one, other] = benches.map(|bench| (Arc::new(bench.engine), bench.dir));
    let engines = [one.0, other.0];
    // Both workers are in their callbacks before either makes a request.
    let both = Arc::new(Barrier::new(2));
    let (done, outcome) = channel();
    for number in 0..2 {
        let (both, done) = (Arc::clone(&both), done.clone());
        let (engine, file) = (Arc::clone(&engines[1 - number]), files[1 - number].clone());
        engines[number].pwrite(&files[number], vec![1; 10], 0).on_completion(move |result| {
            result.unwrap();
            both.wait();
            for at in 0..5 {
                let done = done.clone();
                let then = move |result: Result<_, _>| done.send(result.is_ok()).unwrap();
                engine.pwrite(&file, vec![1; 10], at).on_completion(then);
            }
        });
    }
    drop(held);
    for _ in 0..10 {
        assert_eq!(outcome.recv_timeout(HUNG), Ok(true));
    }
}

#[test]
fn a_callback_may_be_the_last_owner_of_its_engine() {
    for mode in MODES {
        let Bench { engine, dir } = Bench::new(settings(BLOCK, (2, 2), mode));
        let path = dir.path().join("data");
        let engine = Arc::new(engine);
        let file = engine.create(&path).unwrap();
        let (done, outcome) = channel();
        let (data, owner) = (pattern(3, 50 * BLOCK), Arc::clone(&engine));
        let write = engine.pwrite(&file, data.clone(), 0);
        let release = Arc::new(Mutex::new(()));
        let (blocked, gate) = (release.lock().unwrap(), Arc::clone(&release));
        let caller = thread::current().id();
        engine.pwrite(&file, vec![0; 10], 1 << 20).on_completion(move |_| {
            // Here the request has ended before the callback was there.
            if thread::current().id() != caller {
                drop(gate.lock());
            }
            drop(owner);
            let _ = done.send(());
        });
        drop(engine);
        drop(blocked);
        outcome.recv_timeout(HUNG).unwrap();
        write.wait().unwrap();
        assert_same(&std::fs::read(&path).unwrap()[..data.len()], &data, &"accepted before");
    }
}

#[test]
fn every_ticket_is_waited_for_in_order() {
    for mode in MODES {
        let bench = Bench::new(settings(BLOCK, (2, 2), mode));
        let file = bench.engine.open(bench.filled("data", &pattern(1, 100_000))).unwrap();
        let reads = (0..50_usize).map(|number| {
            // Every third one reads past the end.
            let offset = if number % 3 == 0 { 99_999 } else { number as u64 * 1000 };
            bench.engine.pread(&file, vec![0; 100 + number], offset)
        });
        let reads: Vec<_> = reads.collect();
        for (number, result) in Ticket::wait_all(reads).into_iter().enumerate() {
            assert_eq!(result.is_err(), number % 3 == 0);
            let buffer = result.unwrap_or_else(|failed| failed.into_parts().1.unwrap());
            assert_eq!(buffer.len(), 100 + number);
        }
        assert!(Ticket::<Vec<u8>>::wait_all([]).is_empty());
        bench.engine.close().unwrap();
    }
}

#[test]
fn any_ticket_is_taken_out_once_it_has_ended() {
    for mode in MODES {
        let bench = Bench::new(settings(BLOCK, (2, 2), mode));
        let path = bench.filled("data", &pattern(1, 100_000));
        let file = bench.engine.open(&path).unwrap();
        let mut tickets: Vec<_> = (0..40_usize)
            .map(|number| {
                let offset = if number % 4 == 0 { 1 << 40 } else { 0 };
                bench.engine.pread(&file, vec![0; 1 + number * 2000], offset)
            })
            .collect();
        let mut left: Vec<_> = (0..40_usize).collect();
        let mut seen = HashSet::new();
        while let Some((index, result)) = Ticket::wait_any(&mut tickets) {
            let number = left.remove(index);
            assert_eq!(result.is_err(), number % 4 == 0);
            let buffer = result.unwrap_or_else(|failed| failed.into_parts().1.unwrap());
            assert_eq!(buffer.len(), 1 + number * 2000, "the index is that of the ticket");
            assert!(seen.insert(number));
            assert_eq!(tickets.len(), left.len());
        }
        assert_eq!(seen.len(), 40);
        bench.engine.close().unwrap();
    }
}

#[test]
fn any_ticket_means_the_one_that_ends_and_not_the_first() {
    let (held, other) = (one_worker(), one_worker());
    let (stuck, free) = (
        held.engine.create(held.path("data")).unwrap(),
        other.engine.create(other.path("data")).unwrap(),
    );
    let worker = HeldWorker::of(&held);
    let mut tickets = vec![
        held.engine.pwrite(&stuck, vec![1; 10], 0),
        held.engine.pwrite(&stuck, vec![2; 10], 0),
        other.engine.pwrite(&free, vec![3; 10], 0),
    ];
    let (index, result) = Ticket::wait_any(&mut tickets).unwrap();
    assert_eq!((index, result.unwrap()), (2, vec![3; 10]));
    // The ones left have been looked at and may be waited for in every way.
    let waiting = thread::spawn(move || {
        let (index, result) = Ticket::wait_any(&mut tickets).unwrap();
        (index, result.unwrap(), tickets)
    });
    drop(worker);
    let (index, first, mut rest) = waiting.join().unwrap();
    let second = pollster::block_on(rest.remove(0)).unwrap();
    let expected = if index == 0 { (vec![1; 10], vec![2; 10]) } else { (vec![2; 10], vec![1; 10]) };
    assert_eq!((first, second), expected);
    assert!(Ticket::wait_any(&mut rest).is_none());
}

#[test]
fn any_ticket_may_be_one_whose_result_was_taken() {
    let bench = one_worker();
    let file = bench.engine.create(bench.path("data")).unwrap();
    let mut taken = bench.engine.pwrite(&file, vec![1; 10], 0);
    pollster::block_on(&mut taken).unwrap();
    let held = HeldWorker::of(&bench);
    let mut tickets = vec![bench.engine.pwrite(&file, vec![1; 10], 0), taken];
    let (index, result) = Ticket::wait_any(&mut tickets).unwrap();
    assert_eq!((index, kind(result)), (1, Some(ErrorKind::ResultTaken)));
    drop(held);
    assert_eq!(Ticket::wait_any(&mut tickets).unwrap().0, 0);
}

#[test]
fn requests_of_a_capped_background_have_callbacks_like_others() {
    let mut settings = settings(BLOCK, (1, 2), (false, true));
    settings.background_rate = 1 << 30;
    let bench = Bench::new(settings);
    let file = bench.engine.create(bench.path("data")).unwrap();
    let file = file.with_priority(Priority::Background);
    let data = pattern(9, 20 * BLOCK + 7);
    let (then, told) = sent();
    bench.engine.pwrite(&file, data.clone(), 3).on_completion(then);
    assert_same(&told.recv_timeout(HUNG).unwrap().0.unwrap(), &data, &"the buffer");
    assert_same(&std::fs::read(file.path()).unwrap()[3..], &data, &"the file");
}
