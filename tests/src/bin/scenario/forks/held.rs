//! Requests that stay under way.

use std::{
    path::Path,
    pin::Pin,
    sync::mpsc::{Sender, channel},
    thread,
};

use ds_aio::{AioFile, Engine, OpenOptions, Ticket};
use ds_aio_tests::settings::settings;

use super::{BLOCK, LEN};

/// Waits until the engine has room for its request.
pub(crate) type WaitsForRoom<'engine> = Pin<Box<dyn Future<Output = Ticket<Vec<u8>>> + 'engine>>;

/// An engine whose one worker is held in a callback, so that every request stays under way.
pub(crate) struct Held {
    pub(crate) engine: Engine,
    pub(crate) file: AioFile,
    pub(crate) release: Option<Sender<()>>,
}

impl Held {
    pub(crate) fn new(path: &Path, queue_capacity: usize) -> Self {
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

    pub(crate) fn release(&mut self) {
        self.release = None;
    }
}
