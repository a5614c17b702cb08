//! Streams on a simulated backend whose calls fail, or wait.

use std::{
    fs,
    io::Write,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use nix::errno::Errno;

use super::super::patience::{Patience, waited};
use crate::{
    config::{DirectMode, EngineSettings},
    engine::Engine,
    error::{Error, Operation},
    stream::{FileWriter, WriterOptions},
    sys::{
        Direction,
        choice::Because,
        sim::{Fault, Sim},
    },
};

const PAGE: usize = 4096;

fn engine(sim: &Sim, queue_capacity: usize) -> Engine {
    let settings = EngineSettings {
        block_size: PAGE,
        direct: DirectMode::Never,
        queue_capacity,
        ..EngineSettings::default()
    };
    Engine::with_backend(settings, Box::new(sim.clone()), Because::Asked).unwrap()
}

#[test]
fn a_file_whose_name_is_not_durable_for_certain_is_told_of_by_every_later_call() {
    let (sim, dir) = (Sim::lanes(1, 1), tempfile::tempdir().unwrap());
    let (engine, path) = (engine(&sim, 100), dir.path().join("file"));
    sim.inject(|call| (call.direction == Direction::SyncAll).then_some(Fault::Fail(Errno::EIO)));
    let options = WriterOptions::new().replace();
    let mut writer = FileWriter::create_with(&engine, &path, &options).unwrap();
    writer.write_all(b"new").unwrap();
    let error = waited(writer.poll_finish(&mut Patience::Wait)).unwrap_err();
    assert_eq!((error.operation(), error.errno()), (Operation::SyncAll, Some(Errno::EIO as i32)));
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(writer.flush().unwrap_err().downcast::<Error>().unwrap(), error);
    assert_eq!(writer.write(b"more").unwrap_err().downcast::<Error>().unwrap(), error);
    drop(writer);
    assert_eq!(fs::read(&path).unwrap(), b"new");
    engine.close().unwrap();
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_writer_that_nobody_waits_for_keeps_no_room_from_others() {
    let (sim, dir) = (Sim::lanes(1, 1), tempfile::tempdir().unwrap());
    let engine = engine(&sim, 1);
    let other = engine.create(dir.path().join("other")).unwrap();
    let options = WriterOptions::new().memory(2 * PAGE);
    let path = dir.path().join("file");
    let mut writer = FileWriter::create_with(&engine, path, &options).unwrap();
    sim.hold();
    let holds_the_room = engine.pwrite(&other, vec![1; PAGE], 0);
    // The buffer is full, and would be sent if there were room.
    let mut context = Context::from_waker(Waker::noop());
    let full = vec![2; writer.memory() / 2];
    let mut patience = Patience::Await(&mut context);
    assert_eq!(writer.poll_write(&full, &mut patience), Poll::Ready(Ok(full.len())));
    let woken = Arc::new(Woken::default());
    let mut waits = pin!(engine.pwrite_async(&other, vec![3; PAGE], 0));
    let waker = Waker::from(Arc::clone(&woken));
    assert!(waits.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    sim.release_all();
    holds_the_room.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while !woken.0.load(Ordering::SeqCst) {
        assert!(Instant::now() < deadline, "there is room, and nobody is told");
        thread::yield_now();
    }
    let Poll::Ready(ticket) = waits.as_mut().poll(&mut Context::from_waker(&waker)) else {
        panic!("woken for nothing");
    };
    ticket.wait().unwrap();
    writer.finish().unwrap();
}
