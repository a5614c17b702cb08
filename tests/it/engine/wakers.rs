//! Code of the user's that runs on the engine's workers (wakers, drops of buffers): what it may not
//! do is an error, and what goes wrong in it is its own.

use std::{
    panic::resume_unwind,
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
    thread,
    time::Duration,
};

use ds_aio::{AioFile, ErrorKind, NotDirect, OpenOptions, Operation};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    hooked::HookedBuf,
    settings::{most_workers, settings},
};

use super::support::{Bench, HeldWorker, poll, waker};

const BLOCK: usize = 4096;

fn one_worker() -> Bench {
    Bench::new(settings(BLOCK, (1, 1), (false, true)))
}

/// Runs `act` in a waker on the only worker of the engine, and gives what it returned.
fn on_the_worker<T: Send + 'static>(
    bench: &Bench,
    file: &AioFile,
    act: impl Fn() -> T + Send + Sync + 'static,
) -> Receiver<T> {
    let (done, outcome) = channel();
    let here = thread::current().id();
    let waker = waker(move || {
        assert_ne!(thread::current().id(), here);
        let _ = done.send(act());
    });
    let held = HeldWorker::of(bench);
    let mut ticket = bench.engine.pwrite(file, vec![0; 10], 0);
    assert!(poll(&mut ticket, &waker).is_pending());
    drop(held);
    ticket.wait().unwrap();
    outcome
}

#[test]
fn waiting_on_a_worker_is_an_error_and_no_deadlock() {
    let shared = Arc::new(one_worker());
    let file = shared.engine.create(shared.path("data")).unwrap();
    let (inside, used) = (Arc::downgrade(&shared), file.clone());
    let outcome = on_the_worker(&shared, &file, move || {
        let bench = inside.upgrade().unwrap();
        let read = bench.engine.pread(&used, HookedBuf::new(vec![0; 10], || {}), 0);
        let (waited, buffer) = read.wait().unwrap_err().into_parts();
        assert!(buffer.is_none());
        let synced = bench.engine.sync(&used).unwrap_err();
        let mut ran = false;
        let scoped = bench.engine.scope(|_| ran = true).unwrap_err();
        assert!(!ran);
        [waited, synced.errors()[0].clone(), scoped.errors()[0].clone()]
    });
    let operations = [Operation::Wait, Operation::Sync, Operation::Wait];
    for (error, operation) in outcome.recv().unwrap().into_iter().zip(operations) {
        assert_eq!(error.kind(), ErrorKind::WouldDeadlock);
        assert_eq!(error.operation(), operation);
    }
    shared.engine.sync(&file).unwrap();
    assert_eq!(shared.engine.stats().failed(), 0, "the read went on without its ticket");
    assert_eq!(shared.engine.stats().read.requests, 1);
}

#[test]
fn a_waker_may_take_a_result_that_is_there() {
    let bench = one_worker();
    let file = bench.engine.create(bench.path("data")).unwrap();
    let ended = bench.engine.pwrite(&file, vec![9; 10], 0);
    while !ended.is_done() {
        thread::yield_now();
    }
    let ended = std::sync::Mutex::new(Some(ended));
    let outcome = on_the_worker(&bench, &file, move || {
        let ticket = ended.lock().unwrap().take().unwrap();
        ticket.wait().unwrap()
    });
    assert_eq!(outcome.recv().unwrap(), vec![9; 10]);
}

#[test]
fn a_worker_may_wait_for_another_engine() {
    let (bench, other) = (one_worker(), Arc::new(one_worker()));
    let path = other.filled("other", &[5; 100]);
    let file = bench.engine.create(bench.path("data")).unwrap();
    let outcome = on_the_worker(&bench, &file, move || {
        let file = other.engine.open(&path).unwrap();
        other.engine.sync(&file).unwrap();
        other.engine.pread(&file, vec![0; 100], 0).wait().unwrap()
    });
    assert_eq!(outcome.recv().unwrap(), vec![5; 100]);
}

#[test]
fn a_waker_may_make_requests_and_detach_them() {
    let bench = Arc::new(one_worker());
    let file = bench.engine.open_with(bench.path("data"), &OpenOptions::new().create()).unwrap();
    let (inside, used) = (Arc::downgrade(&bench), file.clone());
    let data = pattern(1, 3 * BLOCK);
    let written = data.clone();
    let outcome = on_the_worker(&bench, &file, move || {
        let bench = inside.upgrade().unwrap();
        drop(bench.engine.pwrite(&used, written.clone(), 100));
    });
    outcome.recv().unwrap();
    bench.engine.sync(&file).unwrap();
    assert_same(&std::fs::read(file.path()).unwrap()[100..], &data, &"the waker's own write");
}

#[test]
fn the_last_owner_of_an_engine_may_be_its_worker() {
    let bench = one_worker();
    let path = bench.path("data");
    let file = bench.engine.create(&path).unwrap();
    let data = pattern(2, 50 * BLOCK);
    let held = HeldWorker::of(&bench);
    let Bench { engine, dir } = bench;
    let engine = Arc::new(engine);
    let owner = Arc::clone(&engine);
    let (ended, has_ended) = channel();
    let drop_the_engine = move || {
        drop(owner);
        let _ = ended.send(thread::current().name().map(str::to_owned));
    };
    drop(engine.pwrite(&file, HookedBuf::new(vec![0; 10], drop_the_engine), 0));
    // Behind the drop of the engine, and accepted before it.
    let ticket = engine.pwrite(&file, data.clone(), 0);
    drop(engine);
    drop(held);
    let worker = has_ended.recv().unwrap();
    assert!(worker.is_some_and(|name| name.starts_with("ds-aio")));
    ticket.wait().unwrap();
    assert_same(&std::fs::read(&path).unwrap(), &data, &"a write accepted before the drop");
    drop(dir);
}

/// Panics again while it is being thrown away.
struct Explosive;

impl Drop for Explosive {
    fn drop(&mut self) {
        resume_unwind(Box::new("the payload's own panic"));
    }
}

/// Without the hook, whose message would look like a failure.
fn quiet_panic() {
    resume_unwind(Box::new("quiet"));
}

fn explosive_panic() {
    resume_unwind(Box::new(Explosive));
}

#[test]
fn a_panic_in_a_waker_harms_nobody_else() {
    harms_nobody_else(|bench, file| drop(on_the_worker(bench, file, quiet_panic)));
}

#[test]
fn a_panic_in_a_waker_whose_payload_panics_harms_nobody_else() {
    harms_nobody_else(|bench, file| drop(on_the_worker(bench, file, explosive_panic)));
}

#[test]
fn a_panic_in_the_drop_of_a_buffer_harms_nobody_else() {
    harms_nobody_else(|bench, file| drop_on_the_worker(bench, file, quiet_panic));
}

#[test]
fn a_panic_in_the_drop_of_a_buffer_whose_payload_panics_harms_nobody_else() {
    harms_nobody_else(|bench, file| drop_on_the_worker(bench, file, explosive_panic));
}

fn drop_on_the_worker(bench: &Bench, file: &AioFile, on_drop: fn()) {
    let held = HeldWorker::of(bench);
    drop(bench.engine.pwrite(file, HookedBuf::new(vec![0; 10], on_drop), 0));
    drop(held);
}

fn harms_nobody_else(misbehave: impl Fn(&Bench, &AioFile)) {
    let bench = one_worker();
    let file = bench.engine.create(bench.path("data")).unwrap();
    for round in 0..3 {
        misbehave(&bench, &file);
        let data = pattern(round, 3 * BLOCK + 1);
        // Before the sync, which a broken engine would let wait for ever.
        bench.engine.pwrite(&file, data.clone(), 0).wait().unwrap();
        let back = bench.engine.pread(&file, vec![0; data.len()], 0).wait().unwrap();
        assert_same(&back, &data, &"after the panic");
        bench.engine.sync(&file).unwrap();
    }
    let stats = bench.engine.stats();
    assert!(stats.workers <= most_workers(&bench.engine), "{stats}");
    assert_eq!((stats.in_flight, stats.failed()), (0, 0));
    bench.engine.close().unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn user_code_that_waits_holds_up_no_request_on_a_file_in_memory() {
    let processors = thread::available_parallelism().unwrap().get();
    let mut bench = Bench::new(settings(BLOCK, (1, processors + 1), (false, true)));
    bench.dir = tempfile::tempdir_in("/dev/shm").unwrap();
    let file = bench.engine.create(bench.path("data")).unwrap();
    assert_eq!(file.not_direct(), Some(NotDirect::InMemory));
    bench.engine.pwrite(&file, vec![7; BLOCK], 0).wait().unwrap();
    // As many as the engine uses for copying.
    let held: Vec<_> = (0..processors).map(|_| HeldWorker::of(&bench)).collect();
    let read = bench.engine.pread(&file, vec![0; BLOCK], 0);
    let read = read.wait_timeout(Duration::from_secs(60));
    drop(held);
    assert_eq!(read.unwrap_or_else(|_| panic!("it is held up")).unwrap(), [7; BLOCK]);
}
