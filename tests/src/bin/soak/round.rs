//! A round: engines, threads that work on them all at once, and the end of it all.

use std::{panic::resume_unwind, path::Path, sync::Arc, thread, time::Duration};

use ds_aio::{BackendMode, DirectMode, Engine, ErrorKind, Failures};
use ds_aio_tests::{
    bytes::Rng,
    settings::{MODES, settings},
    small_disk::SmallDisk,
};
use tempfile::TempDir;

use crate::{
    direct, endings, files, full, models, pressure, processes, stores, streams, tally::Tally,
};

/// What a thread does.
type Work = fn(&Round<'_>, &mut Rng);

const WORK: [(&str, Work); 12] = [
    ("files", files::run),
    ("more files", files::run),
    ("still more files", files::run),
    ("direct", direct::run),
    ("store", stores::run),
    ("another store", stores::run),
    ("streams", streams::run),
    ("models", models::run),
    ("full disk", full::run),
    ("endings", endings::run),
    ("processes", processes::run),
    ("caches", pressure::drop_caches),
];

/// What its threads share.
pub(crate) struct Round<'a> {
    engines: Vec<Arc<Engine>>,
    pub(crate) dir: &'a Path,
    pub(crate) disk: Option<&'a SmallDisk>,
    pub(crate) tally: &'a Tally,
    /// Whether others on the machine may be made to feel it.
    pub(crate) presses: bool,
}

impl<'a> Round<'a> {
    pub(crate) fn new(
        dir: &'a Path,
        disk: Option<&'a SmallDisk>,
        tally: &'a Tally,
        presses: bool,
    ) -> Self {
        Self { engines: Vec::new(), dir, disk, tally, presses }
    }

    /// Does all of it, as that seed has it; panics if anything is not as it should be.
    pub(crate) fn run(mut self, seed: u64) {
        let mut rng = Rng::new(seed);
        self.engines = (0..3).map(|_| Arc::new(any_engine(&mut rng))).collect();
        for engine in &self.engines {
            self.tally.operation(engine_on(engine), 0);
        }
        let round = &self;
        thread::scope(|threads| {
            let started = WORK.map(|(name, work)| {
                let mut rng = Rng::new(rng.bits());
                let thread = thread::Builder::new().name(name.to_owned());
                thread.spawn_scoped(threads, move || work(round, &mut rng)).unwrap()
            });
            // All are waited for before the first failure goes on.
            let ended = started.map(thread::ScopedJoinHandle::join);
            if let Some(panic) = ended.into_iter().find_map(Result::err) {
                resume_unwind(panic);
            }
        });
        for engine in self.engines {
            let engine = Arc::into_inner(engine).expect("an engine that nobody has any more");
            let ended = match rng.below(3) {
                0 => engine.close(),
                1 => engine.shutdown(Duration::from_secs(60)),
                _ => {
                    drop(engine);
                    Ok(())
                }
            };
            // Writers that were given up are all that nobody has been told of.
            for error in ended.err().iter().flat_map(Failures::errors) {
                assert_eq!(error.kind(), ErrorKind::Unfinished, "{error}");
                self.tally.error(error.kind());
            }
        }
    }

    /// One of the engines that the threads share.
    pub(crate) fn engine(&self, rng: &mut Rng) -> Arc<Engine> {
        Arc::clone(&self.engines[rng.below(self.engines.len())])
    }

    /// A directory that goes with what it is for.
    pub(crate) fn directory(&self) -> TempDir {
        tempfile::tempdir_in(self.dir).unwrap()
    }
}

/// An engine with any settings.
pub(crate) fn any_engine(rng: &mut Rng) -> Engine {
    let shape = (1 + rng.below(4), 1 + rng.below(32));
    let block_size = rng.pick(&[512, 1536, 4096, 16 << 10, 64 << 10, 1 << 20]);
    let mut settings = settings(block_size, shape, rng.pick(&MODES));
    settings.backend = rng.pick(&[settings.backend, BackendMode::Threads]);
    settings.direct = rng.pick(&[DirectMode::Auto, DirectMode::Auto, DirectMode::Never]);
    settings.queue_capacity = rng.pick(&[5, 100, settings.queue_capacity]);
    settings.background_rate = rng.pick(&[0, 0, 100 << 20]);
    Engine::new(&settings).unwrap()
}

fn engine_on(engine: &Engine) -> &'static str {
    match engine.settings().backend {
        "io_uring" => "engine on io_uring",
        _ => "engine on threads",
    }
}
