//! Tickets of the parent's, and its scopes, in a child.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process, thread,
    time::Duration,
};

use ds_aio::{Engine, ErrorKind, Operation, Ticket};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    fork::{Steps, in_child},
    process::die_if_hung,
};
use nix::{
    libc,
    unistd::{ForkResult, fork},
};

use super::{
    BLOCK, LEN, busy_settings, forked,
    held::{Held, WaitsForRoom},
    poll_once, ready, refused, unknown,
};

pub(crate) fn tickets(dir: &Path) {
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
        let ticket = pollster::block_on(future);
        assert_same(&ticket.wait().unwrap(), &data[..BLOCK], &"awaited by the parent");
    }
    held.engine.close().unwrap();
}

pub(crate) fn scope(dir: &Path) {
    let path = dir.join("data");
    let data = pattern(1, LEN);
    fs::write(&path, &data).unwrap();
    let mut held = Held::new(&path, 100);
    let (mut one, mut two, mut three) = (vec![0; BLOCK], vec![0; BLOCK], vec![0; BLOCK]);
    let mut more = vec![0; BLOCK];
    let parent = process::id();
    let steps = Steps::new(dir);
    let release = held.release.take();
    let (engine, file) = (&held.engine, &held.file);
    let mut child = None;
    let scoped = catch_unwind(AssertUnwindSafe(|| {
        engine.scope(|s| {
            let one = s.pread(file, &mut one, 0);
            let two = s.pread(file, &mut two, BLOCK as u64);
            std::mem::forget(s.pread(file, &mut three, 2 * BLOCK as u64));
            for ends_by_panic in [false, true] {
                // SAFETY: as in `ds_aio_tests::fork::in_child`.
                if let ForkResult::Parent { child } = unsafe { fork() }.unwrap() {
                    steps.wait_for(child);
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
        // SAFETY: as in `ds_aio_tests::fork::in_child`.
        unsafe { libc::_exit(i32::from(ended.is_err())) }
    }
    scoped.unwrap().unwrap();
    for (number, found) in [one, two, three].iter().enumerate() {
        assert_same(found, &data[number * BLOCK..][..BLOCK], &"read by the parent's scope");
    }
    held.release();
    held.engine.close().unwrap();
}
