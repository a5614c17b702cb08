//! Forks with an engine at work, and what its parts do in the child; run by the tests of `it`.

#![allow(unsafe_code, reason = "a fork")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "how a helper fails: its caller shows the message"
)]

use std::{
    fmt::Debug,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    pin::{Pin, pin},
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Sender, channel},
    },
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use ds_aio::{
    AioFile, Engine, EngineSettings, ErrorKind, Failed, Failures, OpenOptions, Operation, Priority,
    Ticket,
};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    process::die_if_hung,
    settings::settings,
};
use nix::{
    libc,
    sys::wait::{WaitStatus, waitpid},
    unistd::{ForkResult, fork},
};

const BLOCK: usize = 4096;
const LEN: usize = 64 * BLOCK;

fn main() {
    die_if_hung(200);
    let scenario = std::env::args().nth(1).unwrap();
    let dir = tempfile::tempdir().unwrap();
    match scenario.as_str() {
        "calls" => calls(dir.path()),
        "tickets" => tickets(dir.path()),
        "scope" => scope(dir.path()),
        "elsewhere" => elsewhere(dir.path()),
        "own" => own(dir.path()),
        "returns" => returns(dir.path()),
        "returns-idle" => returns_idle(dir.path()),
        other => panic!("no scenario {other:?}"),
    }
}

/// Runs `life` in a forked child and returns once that has ended well.
#[track_caller]
fn in_child(dir: &Path, life: impl FnOnce(&Steps)) {
    let steps = Steps { file: dir.join("step") };
    // SAFETY: the child allocates and starts threads, which the C libraries that Rust's standard
    // library runs on allow after a fork, and takes no lock that a thread of the parent may hold:
    // that the engine takes none is what is tested.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            die_if_hung(30);
            let ended = catch_unwind(AssertUnwindSafe(|| life(&steps)));
            // Nothing of the parent's is dropped, flushed or removed.
            // SAFETY: it takes no memory.
            unsafe { libc::_exit(i32::from(ended.is_err())) }
        }
        ForkResult::Parent { child } => {
            let status = waitpid(child, None).unwrap();
            let step = fs::read_to_string(&steps.file).unwrap_or_default();
            assert_eq!(status, WaitStatus::Exited(child, 0), "in {step:?} of the child");
        }
    }
}

/// Where the child notes what it is about to do, for when it hangs.
struct Steps {
    file: std::path::PathBuf,
}

impl Steps {
    fn at(&self, step: &str) {
        fs::write(&self.file, step).unwrap();
    }
}

/// Checks that a request was refused in the child, and gives the buffer, which has to be there.
#[track_caller]
fn refused<B>(result: Result<B, Failed<B>>, operation: Operation) -> B {
    let (error, buffer) = result.err().expect("a request that is refused").into_parts();
    assert_eq!((error.operation(), error.kind()), (operation, ErrorKind::Forked), "{error}");
    assert!(error.path().is_some(), "{error}");
    assert!(error.to_string().contains("fork"), "{error}");
    buffer.expect("the buffer of a request that was not made")
}

/// Checks that waiting for a request of the parent's was refused.
#[track_caller]
fn unknown<B>(result: Result<B, Failed<B>>) {
    let (error, buffer) = result.err().expect("a wait that is refused").into_parts();
    assert_eq!((error.operation(), error.kind()), (Operation::Wait, ErrorKind::Forked), "{error}");
    assert!(buffer.is_none(), "the buffer is the parent's");
}

#[track_caller]
fn forked<T: Debug>(result: Result<T, Failures>, operation: Operation) {
    let failures = result.expect_err("a call that is refused");
    let [error] = failures.errors() else { panic!("{failures}") };
    assert_eq!((error.operation(), error.kind()), (operation, ErrorKind::Forked), "{error}");
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[track_caller]
fn ready<F: Future>(future: F) -> F::Output {
    let Poll::Ready(output) = poll_once(future) else { panic!("pending") };
    output
}

fn busy_settings() -> EngineSettings {
    let mut settings = settings(BLOCK, (2, 2), (false, true));
    // Fewer than the threads that ask, so that they contend for room, too.
    settings.queue_capacity = 4;
    settings
}

/// Keeps every lock of the engine contended until `stop`.
fn keep_busy(engine: &Engine, file: &AioFile, number: usize, stop: &AtomicBool) {
    let mut turn = number;
    while !stop.load(Ordering::Relaxed) {
        turn += 1;
        let ticket = engine.pread(file, vec![0; 3 * BLOCK], (turn % 40 * BLOCK) as u64);
        match turn % 4 {
            0 => ticket.cancel(),
            1 => drop(ticket),
            2 => drop(ticket.wait()),
            // Beyond the end: a failure for the ledger, and somebody to take it.
            _ => drop(engine.pread(file, vec![0; 8], 2 * LEN as u64)),
        }
        drop(engine.fdatasync(file));
        if let Ok(ticket) = engine.try_pread(file, vec![0; 8], 0) {
            drop(ticket.wait());
        }
        drop(ready_or_dropped(engine.pread_async(file, vec![0; 8], 0)));
        if turn.is_multiple_of(50) {
            drop(engine.sync(file));
        }
    }
}

/// A future that may have to wait for room is given up.
fn ready_or_dropped<T>(future: impl Future<Output = T>) -> Option<T> {
    match poll_once(future) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

fn calls(dir: &Path) {
    let path = dir.join("data");
    let data = pattern(1, LEN);
    fs::write(&path, &data).unwrap();
    let engine = Engine::new(&busy_settings()).unwrap();
    let file = engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|threads| {
        for number in 0..5 {
            let (engine, file, stop) = (&engine, &file, &stop);
            threads.spawn(move || keep_busy(engine, file, number, stop));
        }
        let forks = catch_unwind(AssertUnwindSafe(|| {
            for _ in 0..30 {
                let ticket = engine.pread(&file, vec![0; BLOCK], 0);
                let mut shared = Some(Contended::new(&engine, &file));
                in_child(dir, |steps| {
                    shared.take().unwrap().end(steps);
                    every_call(&engine, &file, steps);
                });
                let back = ticket.wait().unwrap();
                assert_same(&back, &data[..BLOCK], &"read by the parent across a fork");
                shared.take().unwrap().wait();
            }
        }));
        stop.store(true, Ordering::Relaxed);
        forks.unwrap();
    });
    // Failures of the requests beyond the end that no sync has told of.
    drop(engine.sync(&file));
    let buffer = engine.pwrite(&file, pattern(2, LEN), 0).wait().unwrap();
    assert_same(&fs::read(&path).unwrap(), &buffer, &"written by the parent after the forks");
    drop(engine.close());

    let engine = Engine::new(&busy_settings()).unwrap();
    let file = engine.create(&path).unwrap();
    let ticket = engine.pwrite(&file, data.clone(), 0);
    // SAFETY: as in `in_child`.
    if unsafe { fork() }.unwrap().is_child() {
        die_if_hung(30);
        forked(engine.close(), Operation::Close);
        drop((ticket, file));
        // SAFETY: as in `in_child`.
        unsafe { libc::_exit(0) }
    }
    assert_eq!(
        nix::sys::wait::wait().map(|status| matches!(status, WaitStatus::Exited(_, 0))),
        Ok(true)
    );
    ticket.wait().unwrap();
    engine.close().unwrap();
    assert_same(&fs::read(&path).unwrap(), &data, &"written across a fork");
}

/// Tickets and futures whose ends take locks that other threads contend for.
struct Contended<'engine> {
    under_way: Vec<Ticket<Vec<u8>>>,
    barriers: Vec<Ticket<()>>,
    failed: Vec<Ticket<Vec<u8>>>,
    waits_for_room: Vec<WaitsForRoom<'engine>>,
}

impl<'engine> Contended<'engine> {
    fn new(engine: &'engine Engine, file: &'engine AioFile) -> Self {
        let failed: Vec<_> =
            (0..3).map(|_| engine.pread(file, vec![0; 8], 2 * LEN as u64)).collect();
        while !failed.iter().all(Ticket::is_done) {
            thread::yield_now();
        }
        let under_way = vec![engine.pread(file, vec![0; LEN], 0)];
        let barriers = vec![engine.fdatasync(file)];
        // Few, since each keeps its place while it is not polled.
        let mut waits_for_room: Vec<WaitsForRoom<'_>> = Vec::new();
        for _ in 0..2 {
            waits_for_room.push(Box::pin(engine.pread_async(file, vec![0; 8], 0)));
        }
        waits_for_room.retain_mut(|future| poll_once(future.as_mut()).is_pending());
        Self { under_way, barriers, failed, waits_for_room }
    }

    fn end(self, steps: &Steps) {
        let Self { under_way, barriers, failed, waits_for_room } = self;
        steps.at("cancelling under contention");
        under_way.iter().for_each(Ticket::cancel);
        barriers.iter().for_each(Ticket::cancel);
        steps.at("dropping futures under contention");
        drop(waits_for_room);
        steps.at("dropping tickets under contention");
        drop((under_way, barriers, failed));
    }

    fn wait(self) {
        for future in self.waits_for_room {
            block_on(block_on(future)).unwrap();
        }
        Ticket::wait_all(self.under_way).into_iter().for_each(|result| drop(result.unwrap()));
        Ticket::wait_all(self.barriers).into_iter().for_each(Result::unwrap);
        for result in Ticket::wait_all(self.failed) {
            assert_eq!(result.unwrap_err().error().kind(), ErrorKind::UnexpectedEof);
        }
    }
}

fn every_call(engine: &Engine, file: &AioFile, steps: &Steps) {
    let buffer = || vec![7; 2 * BLOCK];
    let several = || vec![vec![7; BLOCK], vec![8; 5]];
    steps.at("looking");
    let _ = (engine.stats(), engine.settings(), format!("{engine:?} {file:?}"));
    assert_eq!(file.len().unwrap(), LEN as u64);
    drop(file.clone().with_priority(Priority::Background));
    drop(engine.open(file.path()).unwrap());

    steps.at("reads and writes");
    assert_eq!(refused(engine.pread(file, buffer(), 1).wait(), Operation::Read), buffer());
    assert_eq!(refused(engine.pwrite(file, buffer(), 1).wait(), Operation::Write), buffer());
    assert_eq!(refused(engine.preadv(file, several(), 1).wait(), Operation::Read), several());
    assert_eq!(refused(engine.pwritev(file, several(), 1).wait(), Operation::Write), several());
    assert_eq!(refused(engine.write_file(file, buffer()).wait(), Operation::Write), buffer());

    steps.at("tries");
    refused(engine.try_pread(file, buffer(), 1).map(drop_ticket), Operation::Read);
    refused(engine.try_pwrite(file, buffer(), 1).map(drop_ticket), Operation::Write);
    refused(engine.try_preadv(file, several(), 1).map(drop_ticket), Operation::Read);
    refused(engine.try_pwritev(file, several(), 1).map(drop_ticket), Operation::Write);
    refused(engine.try_write_file(file, buffer()).map(drop_ticket), Operation::Write);
    refused(engine.try_fdatasync(file).map(drop_ticket), Operation::Sync);
    refused(engine.try_fsync(file).map(drop_ticket), Operation::SyncAll);
    refused(engine.try_flush(file, ..).map(drop_ticket), Operation::Flush);
    refused(engine.try_allocate(file, 1, 2).map(drop_ticket), Operation::Preallocate);

    steps.at("awaits");
    refused(ready(ready(engine.pread_async(file, buffer(), 1))), Operation::Read);
    refused(ready(ready(engine.pwrite_async(file, buffer(), 1))), Operation::Write);
    refused(ready(ready(engine.preadv_async(file, several(), 1))), Operation::Read);
    refused(ready(ready(engine.pwritev_async(file, several(), 1))), Operation::Write);
    refused(ready(ready(engine.write_file_async(file, buffer()))), Operation::Write);
    refused(ready(ready(engine.fdatasync_async(file))), Operation::Sync);
    refused(ready(ready(engine.fsync_async(file))), Operation::SyncAll);
    refused(ready(ready(engine.flush_async(file, ..))), Operation::Flush);
    refused(ready(ready(engine.allocate_async(file, 1, 2))), Operation::Preallocate);

    steps.at("what becomes of a ticket that was refused");
    let ticket = engine.pread(file, buffer(), 1);
    ticket.cancel();
    assert!(ticket.is_done());
    assert_eq!(ticket.progress().wanted, 2 * BLOCK);
    refused(ticket.wait_timeout(Duration::from_secs(1)).unwrap(), Operation::Read);
    let (told, results) = channel();
    engine.pread(file, buffer(), 1).on_completion(move |result| drop(told.send(result)));
    refused(results.try_recv().unwrap(), Operation::Read);

    steps.at("syncs and space");
    for (ticket, operation) in [
        (engine.fdatasync(file), Operation::Sync),
        (engine.fsync(file), Operation::SyncAll),
        (engine.flush(file, 100..), Operation::Flush),
        (engine.flush(file, 100..300), Operation::Flush),
        (engine.allocate(file, 100, 200), Operation::Preallocate),
    ] {
        let told = ticket.wait().unwrap_err();
        if operation == Operation::Preallocate {
            assert_eq!((told.error().offset(), told.error().wanted()), (100, 200));
        }
        refused(Err(told), operation);
    }
    forked(engine.sync(file), Operation::Sync);

    steps.at("scope");
    forked(engine.scope(|_| panic!("it is not run")), Operation::Wait);

    steps.at("shutdown");
    forked(engine.shutdown(Duration::from_secs(100)), Operation::Close);
    forked(engine.shutdown(Duration::ZERO), Operation::Close);
    refused(engine.pread(file, buffer(), 1).wait(), Operation::Read);

    steps.at("an engine of its own, and a file of the parent's");
    let own = Engine::new(&busy_settings()).unwrap();
    for ticket in [own.pread(file, buffer(), 0), own.pwrite(file, buffer(), 0)] {
        let (error, buffer) = ticket.wait().unwrap_err().into_parts();
        assert_eq!(error.kind(), ErrorKind::ForeignFile);
        assert!(buffer.is_some());
    }
    assert_eq!(own.fdatasync(file).wait().unwrap_err().error().kind(), ErrorKind::ForeignFile);
    own.sync(file).unwrap_err();
    own.close().unwrap();
}

/// So that a ticket which should not be there is not needed to compare.
fn drop_ticket<B: Send + 'static>(ticket: Ticket<B>) -> B {
    drop(ticket);
    panic!("a request was made in a forked child")
}

/// An engine whose one worker is held in a callback, so that every request stays under way.
struct Held {
    engine: Engine,
    file: AioFile,
    release: Option<Sender<()>>,
}

impl Held {
    fn new(path: &Path, queue_capacity: usize) -> Self {
        let mut settings = settings(BLOCK, (1, 1), (false, true));
        settings.queue_capacity = queue_capacity;
        let engine = Engine::new(&settings).unwrap();
        let file = engine.open_with(path, &OpenOptions::new().write()).unwrap();
        loop {
            let caller = thread::current().id();
            let (release, released) = channel::<()>();
            let (caught, is_caught) = channel();
            engine.pread(&file, vec![0; LEN], 0).on_completion(move |_| {
                let on_worker = thread::current().id() != caller;
                let _ = caught.send(on_worker);
                if on_worker {
                    let _ = released.recv();
                }
            });
            // It may have ended before the callback was there, which then ran here.
            if is_caught.recv().unwrap() {
                return Self { engine, file, release: Some(release) };
            }
        }
    }

    fn release(&mut self) {
        self.release = None;
    }
}

type WaitsForRoom<'engine> = Pin<Box<dyn Future<Output = Ticket<Vec<u8>>> + 'engine>>;

fn tickets(dir: &Path) {
    let path = dir.join("data");
    let data = pattern(1, LEN);
    fs::write(&path, &data).unwrap();
    let mut held = Held::new(&path, 13);
    let release = held.release.take();
    let (engine, file) = (&held.engine, &held.file);
    let quick = Engine::new(&busy_settings()).unwrap();
    let quick_file = quick.open(&path).unwrap();
    let read = |number: usize| engine.pread(file, vec![0; BLOCK], (number * BLOCK) as u64);
    let ended = || {
        let ticket = quick.pread(&quick_file, vec![0; BLOCK], 0);
        while !ticket.is_done() {
            thread::yield_now();
        }
        ticket
    };
    let mut under_way: Vec<_> = (0..11).map(read).collect();
    let barrier = engine.fdatasync(file);
    let mut several = vec![read(11)];
    several.extend([ended(), ended()]);
    let done = [ended(), ended(), ended()];
    // The queue is full: these wait for room.
    let mut waits_for_room: Vec<WaitsForRoom<'_>> = Vec::new();
    for _ in 0..3 {
        waits_for_room.push(Box::pin(engine.pread_async(file, vec![0; BLOCK], 0)));
    }
    for future in &mut waits_for_room {
        assert!(poll_once(future.as_mut()).is_pending());
    }
    {
        let mut tickets = under_way.iter().collect::<Vec<_>>();
        tickets.extend(&done);
        let mut shared = Some((waits_for_room, tickets));
        in_child(dir, |steps| {
            steps.at("a look at tickets");
            let (_, tickets) = shared.as_ref().unwrap();
            for ticket in tickets {
                assert!(ticket.is_done(), "a loop until it is done ends");
                assert_eq!(ticket.progress().wanted, BLOCK);
                ticket.cancel();
                let _ = format!("{ticket:?}");
            }
            steps.at("futures that wait for room");
            let (mut futures, _) = shared.take().unwrap();
            drop(futures.pop());
            let ticket = ready(futures.pop().unwrap());
            refused(ticket.wait(), Operation::Read);
            refused(ready(ready(futures.pop().unwrap())), Operation::Read);
        });
        (waits_for_room, _) = shared.take().unwrap();
    }
    // What takes tickets is given the child's copies of them.
    let mut taken = Some((under_way, barrier, several, done));
    in_child(dir, |steps| {
        let (mut under_way, barrier, several, done) = taken.take().unwrap();
        let mut next = || under_way.pop().unwrap();
        steps.at("wait");
        unknown(next().wait());
        steps.at("wait_timeout");
        unknown(next().wait_timeout(Duration::from_secs(100)).unwrap());
        steps.at("await");
        unknown(ready(next()));
        steps.at("poll to the end");
        let mut ticket = next();
        unknown(ready(&mut ticket));
        assert!(poll_once(&mut ticket).is_pending(), "as in the parent");
        drop(ticket);
        steps.at("drop");
        drop(next());
        steps.at("forget");
        std::mem::forget(next());
        steps.at("on_completion");
        next().on_completion(|_| panic!("it is not called"));
        steps.at("wait_all");
        Ticket::wait_all([next(), next()]).into_iter().for_each(unknown);
        steps.at("a barrier");
        barrier.cancel();
        unknown(barrier.wait());
        steps.at("wait_any");
        let mut several = several;
        while let Some((index, result)) = Ticket::wait_any(&mut several) {
            assert_eq!(index, 0);
            unknown(result);
        }
        steps.at("tickets whose requests have ended");
        let [waited, awaited, dropped] = done;
        unknown(waited.wait());
        unknown(ready(awaited));
        drop(dropped);
    });
    let (left, barrier, several, done) = taken.take().unwrap();
    under_way = left;
    drop(release);
    for (number, ticket) in under_way.into_iter().enumerate() {
        let expected = &data[number * BLOCK..][..BLOCK];
        assert_same(&ticket.wait().unwrap(), expected, &"read by the parent");
    }
    barrier.wait().unwrap();
    for ticket in several.into_iter().chain(done) {
        ticket.wait().unwrap();
    }
    for future in waits_for_room {
        let ticket = block_on(future);
        assert_same(&ticket.wait().unwrap(), &data[..BLOCK], &"awaited by the parent");
    }
    held.engine.close().unwrap();
}

fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(thread::Thread);

    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

fn scope(dir: &Path) {
    let path = dir.join("data");
    let data = pattern(1, LEN);
    fs::write(&path, &data).unwrap();
    let mut held = Held::new(&path, 100);
    let (mut one, mut two, mut three) = (vec![0; BLOCK], vec![0; BLOCK], vec![0; BLOCK]);
    let mut more = vec![0; BLOCK];
    let parent = process::id();
    let steps = Steps { file: dir.join("step") };
    let release = held.release.take();
    let (engine, file) = (&held.engine, &held.file);
    let mut child = None;
    let scoped = catch_unwind(AssertUnwindSafe(|| {
        engine.scope(|s| {
            let one = s.pread(file, &mut one, 0);
            let two = s.pread(file, &mut two, BLOCK as u64);
            std::mem::forget(s.pread(file, &mut three, 2 * BLOCK as u64));
            for ends_by_panic in [false, true] {
                // SAFETY: as in `in_child`.
                if let ForkResult::Parent { child } = unsafe { fork() }.unwrap() {
                    let status = waitpid(child, None).unwrap();
                    let step = fs::read_to_string(&steps.file).unwrap_or_default();
                    assert_eq!(status, WaitStatus::Exited(child, 0), "in {step:?} of the child");
                    continue;
                }
                die_if_hung(30);
                child = Some(ends_by_panic);
                steps.at("a look at a scoped ticket");
                assert!(one.is_done() && two.is_done());
                assert_eq!(one.progress().wanted, BLOCK);
                two.cancel();
                steps.at("a wait for a scoped ticket");
                let (error, slice) = one.wait().unwrap_err().into_parts();
                assert_eq!(error.kind(), ErrorKind::Forked);
                assert!(slice.is_none());
                steps.at("a request of a scope, in the child");
                let (error, slice) = s.pread(file, &mut more, 0).wait().unwrap_err().into_parts();
                assert_eq!((error.kind(), error.wanted()), (ErrorKind::Forked, BLOCK));
                assert_eq!(slice.map(|slice| slice.len()), Some(BLOCK));
                steps.at("the scope's end");
                assert!(!ends_by_panic, "a panic that the test asked for");
                return;
            }
            drop(release);
            one.wait().unwrap();
            drop(two);
        })
    }));
    if process::id() != parent {
        let ended = catch_unwind(AssertUnwindSafe(|| match child {
            // What the requests would have done to the slices is not known.
            Some(false) => forked(scoped.unwrap(), Operation::Wait),
            _ => drop(scoped.unwrap_err()),
        }));
        // SAFETY: as in `in_child`.
        unsafe { libc::_exit(i32::from(ended.is_err())) }
    }
    scoped.unwrap().unwrap();
    for (number, found) in [one, two, three].iter().enumerate() {
        assert_same(found, &data[number * BLOCK..][..BLOCK], &"read by the parent's scope");
    }
    held.release();
    held.engine.close().unwrap();
}

fn elsewhere(dir: &Path) {
    let path = dir.join("data");
    let data = pattern(1, LEN);
    fs::write(&path, &data).unwrap();
    let mut held = Held::new(&path, 100);
    let ticket = held.engine.pread(&held.file, vec![0; LEN], 0);
    let release = held.release.take();
    thread::scope(|threads| {
        let (engine, file) = (&held.engine, &held.file);
        threads.spawn(move || {
            in_child(dir, |steps| every_call(engine, file, steps));
            drop(release);
        });
        // In the child this thread is gone, with whatever locks it holds here.
        assert_same(&ticket.wait().unwrap(), &data, &"read across a fork");
    });
    held.release();

    let engine = Arc::new(held.engine);
    let file = held.file;
    let (done, outcome) = channel();
    let (on_worker, its_file, its_dir) = (Arc::clone(&engine), file.clone(), dir.to_path_buf());
    engine.pread(&file, vec![0; LEN], 0).on_completion(move |result| {
        let forks = catch_unwind(AssertUnwindSafe(|| {
            in_child(&its_dir, |steps| every_call(&on_worker, &its_file, steps));
        }));
        drop(on_worker);
        drop(done.send((result, forks)));
    });
    let (result, forks) = outcome.recv().unwrap();
    forks.unwrap();
    assert_same(&result.unwrap(), &data, &"read by the request whose callback forked");
    Arc::into_inner(engine).unwrap().close().unwrap();
}

fn own(dir: &Path) {
    let path = dir.join("data");
    let data = pattern(1, LEN);
    fs::write(&path, &data).unwrap();
    let mut held = Held::new(&path, 100);
    let unborn = held.engine.pwrite(&held.file, pattern(3, BLOCK), 0);
    in_child(dir, |steps| {
        steps.at("an engine of the child's");
        let engine = Engine::new(&busy_settings()).unwrap();
        let file = engine.open_with(&path, &OpenOptions::new().write()).unwrap();
        let back = engine.pread(&file, vec![0; LEN], 0).wait().unwrap();
        assert_same(&back, &data, &"read by the child");
        engine.write_file(&file, pattern(2, LEN)).wait().unwrap();
        engine.sync(&file).unwrap();
        steps.at("a child of the child");
        let grandchild = path.with_file_name("grandchild");
        fs::create_dir(&grandchild).unwrap();
        in_child(&grandchild, |steps| {
            every_call(&engine, &file, steps);
            every_call(&held.engine, &held.file, steps);
        });
        engine.close().unwrap();
    });
    assert_same(&fs::read(&path).unwrap(), &pattern(2, LEN), &"written by the child");
    held.release();
    unborn.wait().unwrap();
    let mut expected = pattern(2, LEN);
    expected[..BLOCK].copy_from_slice(&pattern(3, BLOCK));
    assert_same(&fs::read(&path).unwrap(), &expected, &"written by the parent");
    held.engine.close().unwrap();
}

/// A callback forks, and returns in the child as well.
fn returns(dir: &Path) {
    let path = dir.join("data");
    let old = pattern(1, LEN);
    fs::write(&path, &old).unwrap();
    let mut held = Held::new(&path, 100);
    let (done, outcome) = channel();
    let its_path = path.clone();
    held.engine.pread(&held.file, vec![0; BLOCK], 0).on_completion(move |_| {
        // SAFETY: the child does nothing but return, to the engine, which takes no lock there.
        if let ForkResult::Parent { child } = unsafe { fork() }.unwrap() {
            let status = waitpid(child, None).unwrap();
            drop(done.send((status == WaitStatus::Exited(child, 0), fs::read(&its_path))));
        }
    });
    let new = pattern(2, LEN);
    let ticket = held.engine.pwrite(&held.file, new.clone(), 0);
    held.release();
    let (child_ended, meanwhile) = outcome.recv().unwrap();
    assert!(child_ended, "the copy of the worker ends, and the child with it");
    assert_same(&meanwhile.unwrap(), &old, &"the child has begun none of the parent's requests");
    ticket.wait().unwrap();
    assert_same(&fs::read(&path).unwrap(), &new, &"written by the parent");
    held.engine.close().unwrap();
}

/// As above, with nothing that waits to be begun: the child's copy of the worker must neither go to
/// sleep nor take what the parent's is to be told.
fn returns_idle(dir: &Path) {
    let path = dir.join("data");
    let data = pattern(1, LEN);
    fs::write(&path, &data).unwrap();
    let engine = Engine::new(&settings(BLOCK, (1, 4), (false, true))).unwrap();
    let file = engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    // From aligned memory and from any.
    for skew in [0, 1] {
        for blocks in [1, 4, 9] {
            let caller = thread::current().id();
            // A read that ends before its callback is there calls it here.
            let ended_well = loop {
                let buffer = engine.alloc(blocks * BLOCK + skew).unwrap();
                let buffer = ds_aio::Slice::new(buffer, skew..).unwrap();
                let (done, outcome) = channel();
                engine.pread(&file, buffer, 0).on_completion(move |_| {
                    if thread::current().id() == caller {
                        return;
                    }
                    // SAFETY: as in `returns`.
                    if let ForkResult::Parent { child } = unsafe { fork() }.unwrap() {
                        let status = waitpid(child, None).unwrap();
                        let _ = done.send(status == WaitStatus::Exited(child, 0));
                    }
                });
                if let Ok(ended_well) = outcome.recv() {
                    break ended_well;
                }
            };
            assert!(ended_well, "the copy of the worker ends, and the child with it");
            for _ in 0..3 {
                let buffer = engine.pread(&file, engine.alloc(LEN).unwrap(), 0).wait().unwrap();
                assert_same(&buffer, &data, &"read by the parent");
                engine.pwrite(&file, buffer, 0).wait().unwrap();
            }
        }
    }
    engine.close().unwrap();
}
