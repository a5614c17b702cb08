//! What the tests of the engine share.

use std::{
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{
        Arc,
        mpsc::{Sender, channel},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

use ds_aio::{Engine, EngineSettings};
use ds_aio_tests::hooked::HookedBuf;
use tempfile::TempDir;

/// An engine and a directory for its files, which goes with it.
pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) dir: TempDir,
}

impl Bench {
    pub(crate) fn new(settings: EngineSettings) -> Self {
        Self {
            engine: Engine::new(&settings).expect("an engine"),
            dir: tempfile::tempdir().expect("a temporary directory"),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A file with those bytes, written without the engine.
    pub(crate) fn filled(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("a file of the given bytes");
        path
    }
}

/// The bytes of a file, read without the engine.
pub(crate) fn window(path: &Path, offset: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    std::fs::File::open(path)
        .and_then(|file| file.read_exact_at(&mut bytes, offset))
        .expect("the file's bytes");
    bytes
}

/// The worker of an engine that has just one, held in the drop of a buffer, so that whatever is
/// asked for meanwhile stays under way. Dropping this lets it go.
pub(crate) struct HeldWorker {
    _release: Sender<()>,
}

impl HeldWorker {
    pub(crate) fn of(bench: &Bench) -> Self {
        let path = bench.path("holds the worker");
        let file = bench.engine.create(&path).expect("a file");
        loop {
            let caller = thread::current().id();
            let (release, released) = channel::<()>();
            let (caught, is_caught) = channel();
            let hold = move || {
                let on_worker = thread::current().id() != caller;
                let _ = caught.send(on_worker);
                if on_worker {
                    // An error: the other end is gone, and that is what it waits for.
                    let _ = released.recv();
                }
            };
            drop(bench.engine.pwrite(&file, HookedBuf::new(vec![0; 1 << 16], hold), 0));
            // The request may have ended before its ticket was dropped, and the buffer here.
            if is_caught.recv() == Ok(true) {
                return Self { _release: release };
            }
        }
    }
}

/// A waker that runs `on_wake`, on whatever thread wakes it.
pub(crate) fn waker(on_wake: impl Fn() + Send + Sync + 'static) -> Waker {
    struct OnWake<F>(F);

    impl<F: Fn() + Send + Sync> Wake for OnWake<F> {
        fn wake(self: Arc<Self>) {
            (self.0)();
        }
    }

    Waker::from(Arc::new(OnWake(on_wake)))
}

/// Polls a future once.
pub(crate) fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}
