//! Tickets and submissions awaited on executors of other crates, and dropped half-way.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    thread,
};

use ds_aio::{AioFile, Engine, ErrorKind};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::{MODES, settings},
};

use super::support::{Bench, HeldWorker, poll};

const BLOCK: usize = 4096;
const PART: usize = 3 * BLOCK + 5;

struct Shared {
    engine: Engine,
    file: AioFile,
    dir: tempfile::TempDir,
}

fn shared(queue_capacity: usize, mode: (bool, bool)) -> Arc<Shared> {
    let mut settings = settings(BLOCK, (2, 2), mode);
    settings.queue_capacity = queue_capacity;
    let Bench { engine, dir } = Bench::new(settings);
    let file = engine.create(dir.path().join("data")).unwrap();
    Arc::new(Shared { engine, file, dir })
}

/// Writes and reads back a part of its own, with every kind of await.
async fn task(shared: Arc<Shared>, number: u64) {
    let Shared { engine, file, .. } = &*shared;
    let (data, at) = (pattern(number, PART), number * PART as u64);
    let buffer = engine.pwrite_async(file, data.clone(), at).await.await.unwrap();
    if number.is_multiple_of(7) {
        engine.fdatasync(file).await.unwrap();
    }
    let buffer = engine.pread_async(file, buffer, at).await.await.unwrap();
    assert_same(&buffer, &data, &"awaited");
    // A submission and a ticket given up before they end.
    drop(Box::pin(engine.pread_async(file, vec![0; 10], at)));
    let mut given_up = Box::pin(engine.pread_async(file, vec![0; 10], at));
    let _ = poll(&mut given_up, Waker::noop());
    drop(given_up);
    let mut dropped = engine.pread_async(file, vec![0; 10], at).await;
    let _ = poll(&mut dropped, Waker::noop());
    drop(dropped);
    let failed = engine.pread_async(file, vec![0; 10], 1 << 40).await.await.unwrap_err();
    assert_eq!(failed.error().kind(), ErrorKind::UnexpectedEof);
    let parts = vec![vec![0; 5], vec![0; PART - 5]];
    let parts = engine.preadv_async(file, parts, at).await.await.unwrap();
    assert_same(&parts.concat(), &data, &"vectored");
    let parts = engine.pwritev_async(file, parts, at).await.await.unwrap();
    assert_eq!(parts.len(), 2);
}

fn check(shared: &Shared, tasks: u64) {
    let expected: Vec<u8> = (0..tasks).flat_map(|number| pattern(number, PART)).collect();
    let on_disk = std::fs::read(shared.dir.path().join("data")).unwrap();
    assert_same(&on_disk, &expected, &"all parts");
    shared.engine.sync(&shared.file).unwrap();
    assert_eq!(shared.engine.stats().in_flight, 0);
}

#[test]
fn tasks_of_tokio_on_one_thread_and_on_several() {
    for workers in [0, 3] {
        for (mode, queue_capacity) in MODES.into_iter().zip([1, 2, 5, 100]) {
            let shared = shared(queue_capacity, mode);
            let mut builder = match workers {
                0 => tokio::runtime::Builder::new_current_thread(),
                _ => tokio::runtime::Builder::new_multi_thread(),
            };
            if workers > 0 {
                builder.worker_threads(workers);
            }
            builder.build().unwrap().block_on(async {
                let tasks: Vec<_> =
                    (0..40).map(|number| tokio::spawn(task(Arc::clone(&shared), number))).collect();
                for task in tasks {
                    task.await.unwrap();
                }
            });
            check(&shared, 40);
        }
    }
}

#[test]
fn tasks_of_smol() {
    for (mode, queue_capacity) in MODES.into_iter().zip([1, 2, 5, 100]) {
        let shared = shared(queue_capacity, mode);
        smol::block_on(async {
            let tasks: Vec<_> =
                (0..40).map(|number| smol::spawn(task(Arc::clone(&shared), number))).collect();
            for task in tasks {
                task.await;
            }
        });
        check(&shared, 40);
    }
}

#[test]
fn tasks_and_threads_share_a_small_queue() {
    for queue_capacity in [1, 2, 3] {
        let shared = shared(queue_capacity, (false, true));
        thread::scope(|threads| {
            for first in [0_u64, 10, 20] {
                let shared = Arc::clone(&shared);
                threads.spawn(move || {
                    pollster::block_on(async {
                        for number in first..first + 10 {
                            task(Arc::clone(&shared), number).await;
                        }
                    });
                });
            }
            for first in [30_u64, 40] {
                let Shared { engine, file, .. } = &*shared;
                threads.spawn(move || {
                    for number in first..first + 10 {
                        let (data, at) = (pattern(number, PART), number * PART as u64);
                        // Room is waited for twice, with a ticket at hand or without.
                        let ticket = engine.pwrite(file, data, at);
                        if number.is_multiple_of(2) {
                            ticket.wait().unwrap();
                        } else {
                            drop(ticket);
                        }
                        loop {
                            match engine.try_pread(file, vec![0; 1], 0) {
                                Ok(ticket) => break drop(ticket.wait()),
                                Err(failed) => {
                                    assert_eq!(failed.error().kind(), ErrorKind::QueueFull);
                                    thread::yield_now();
                                }
                            }
                        }
                    }
                });
            }
        });
        shared.engine.sync(&shared.file).unwrap();
        check(&shared, 50);
    }
}

#[test]
fn no_wake_up_is_lost_in_a_storm() {
    for queue_capacity in [1, 3] {
        let shared = shared(queue_capacity, (false, true));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let tasks: Vec<_> = (0..20_u64)
            .map(|number| {
                let shared = Arc::clone(&shared);
                runtime.spawn(async move {
                    for round in 0..60 {
                        let at = number * 60 + round;
                        let ticket =
                            shared.engine.pwrite_async(&shared.file, vec![number as u8], at).await;
                        if round % 3 == 0 {
                            ticket.cancel();
                            let _ = ticket.await;
                        } else if round % 3 == 1 {
                            drop(ticket);
                        } else {
                            ticket.await.unwrap();
                        }
                    }
                })
            })
            .collect();
        thread::scope(|threads| {
            for _ in 0..3 {
                threads.spawn(|| {
                    for _ in 0..300 {
                        drop(shared.engine.pwrite(&shared.file, vec![0], 5000));
                    }
                });
            }
        });
        runtime.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
        });
        shared.engine.sync(&shared.file).unwrap();
        let stats = shared.engine.stats();
        assert_eq!((stats.write.requests, stats.in_flight), (20 * 60 + 3 * 300, 0));
    }
}

/// Resolves with the first of two futures.
struct First<A, B>(Option<A>, Option<B>);

impl<A: Future + Unpin, B: Future + Unpin> Future for First<A, B> {
    type Output = (Option<A::Output>, Option<B::Output>);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Some(Poll::Ready(first)) = this.0.as_mut().map(|first| Pin::new(first).poll(context))
        {
            return Poll::Ready((Some(first), None));
        }
        if let Some(Poll::Ready(second)) =
            this.1.as_mut().map(|second| Pin::new(second).poll(context))
        {
            return Poll::Ready((None, Some(second)));
        }
        Poll::Pending
    }
}

#[test]
fn the_loser_of_a_race_is_detached_and_its_bytes_arrive_all_the_same() {
    let (held, other) = (
        Bench::new(settings(BLOCK, (1, 1), (false, true))),
        Bench::new(settings(BLOCK, (1, 1), (false, true))),
    );
    let slow = held.engine.create(held.path("slow")).unwrap();
    let fast = other.engine.create(other.path("fast")).unwrap();
    let worker = HeldWorker::of(&held);
    let data = pattern(1, PART);
    let race = First(
        Some(held.engine.pwrite(&slow, data.clone(), 0)),
        Some(other.engine.pwrite(&fast, data.clone(), 0)),
    );
    let (lost, won) = smol::block_on(race);
    assert!(lost.is_none());
    assert_same(&won.unwrap().unwrap(), &data, &"the winner's buffer");
    drop(worker);
    held.engine.sync(&slow).unwrap();
    assert_same(&std::fs::read(held.path("slow")).unwrap(), &data, &"the loser's file");
}

#[test]
fn a_ticket_may_change_hands_between_polls() {
    let bench = Bench::new(settings(BLOCK, (1, 1), (false, true)));
    let file = bench.engine.create(bench.path("data")).unwrap();
    let held = HeldWorker::of(&bench);
    let mut ticket = bench.engine.pwrite(&file, vec![1; 10], 0);
    assert!(poll(&mut ticket, Waker::noop()).is_pending());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    // Polled by one executor, and then by another.
    let polled = std::future::poll_fn(|context| {
        let is_pending = Pin::new(&mut ticket).poll(context).is_pending();
        Poll::Ready(is_pending)
    });
    assert!(runtime.block_on(polled));
    let awaiting = thread::spawn(move || smol::block_on(&mut ticket));
    drop(held);
    assert_eq!(awaiting.join().unwrap().unwrap(), [1; 10]);
}
