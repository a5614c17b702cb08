//! Every call, on an engine whose locks other threads contend for.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::channel,
    },
    task::Poll,
    thread,
    time::Duration,
};

use ds_aio::{AioFile, Engine, ErrorKind, OpenOptions, Operation, Priority, Ticket};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    fork::{Steps, in_child},
    process::die_if_hung,
};
use nix::{libc, sys::wait::WaitStatus, unistd::fork};

use super::{BLOCK, LEN, busy_settings, forked, held::WaitsForRoom, poll_once, ready, refused};

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

pub(crate) fn calls(dir: &Path) {
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
    // SAFETY: as in `ds_aio_tests::fork::in_child`.
    if unsafe { fork() }.unwrap().is_child() {
        die_if_hung(30);
        forked(engine.close(), Operation::Close);
        drop((ticket, file));
        // SAFETY: as in `ds_aio_tests::fork::in_child`.
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
            pollster::block_on(pollster::block_on(future)).unwrap();
        }
        Ticket::wait_all(self.under_way).into_iter().for_each(|result| drop(result.unwrap()));
        Ticket::wait_all(self.barriers).into_iter().for_each(Result::unwrap);
        for result in Ticket::wait_all(self.failed) {
            assert_eq!(result.unwrap_err().error().kind(), ErrorKind::UnexpectedEof);
        }
    }
}

pub(crate) fn every_call(engine: &Engine, file: &AioFile, steps: &Steps) {
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
