//! Speeds of one configuration after the other, in the same files and memory.

use std::{fs::File, path::Path};

use ds_aio::{AioBuf, AioConfig, BufferPool, Engine};
use indicatif::ProgressBar;

use super::{
    check_descriptors, filling,
    session::{Plan, Session, files, new_file},
    workload::{Case, Doing, Extent, Target, Workload},
};
use crate::cli::{exit::Failure, interrupt::Interrupt};

/// Files and buffers to take samples with.
pub(in crate::cli) struct Sampler<'a> {
    plan: Plan<'a>,
    workload: Workload,
    extents: Vec<Extent>,
    pool: BufferPool,
    files: Vec<File>,
    buffers: Vec<Option<AioBuf>>,
}

/// How fast something was, in 10^9 bytes a second; none of what was not asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::cli) struct Speeds {
    pub(in crate::cli) read: Option<f64>,
    pub(in crate::cli) write: Option<f64>,
}

impl<'a> Sampler<'a> {
    /// Makes the files, and writes them with an engine of that configuration.
    pub(in crate::cli) fn new(
        dir: &'a Path,
        config: &AioConfig,
        workload: Workload,
        size: u64,
        interrupt: &Interrupt,
    ) -> Result<Self, Failure> {
        // The file's own, and an engine's two.
        check_descriptors(workload, size, workload.usual_request(), 3)?;
        let plan = Plan {
            dir,
            repeats: 1,
            warmups: 0,
            verify: false,
            sync: false,
            seed: 1,
            interrupt: interrupt.clone(),
            progress: ProgressBar::hidden(),
        };
        let case = Case { workload, doing: Doing::Reads };
        let extents = case.extents(size, workload.usual_request(), plan.seed);
        let pool = BufferPool::new();
        let buffers = extents.iter().map(|extent| pool.alloc(extent.len).map(Some));
        let buffers = buffers.collect::<Result<_, _>>()?;
        let files = (0..files(&extents)).map(|_| new_file(dir)).collect::<Result<_, _>>()?;
        let mut sampler = Self { plan, workload, extents, pool, files, buffers };
        sampler.with(config, Doing::Reads, |session| {
            session.fill();
            session.write_all()
        })?;
        Ok(sampler)
    }

    /// One sample of each that is wanted; none when the user stops it.
    pub(in crate::cli) fn speeds(
        &mut self,
        config: &AioConfig,
        reads: bool,
        writes: bool,
    ) -> Result<Option<Speeds>, Failure> {
        let speed = |sampler: &mut Self, doing| {
            sampler.with(config, doing, |session| {
                session.prepare(0)?;
                let timed = session.repeat()?;
                Ok(timed.bytes as f64 / 1e9 / timed.elapsed.as_secs_f64())
            })
        };
        let mut speeds = Speeds::default();
        if reads {
            speeds.read = Some(speed(self, Doing::Reads)?);
        }
        if writes {
            speeds.write = Some(speed(self, Doing::Writes(Target::Overwrite))?);
        }
        Ok(Some(speeds).filter(|_| !self.plan.interrupt.asked()))
    }

    fn with<R>(
        &mut self,
        config: &AioConfig,
        doing: Doing,
        run: impl FnOnce(&mut Session<'_, AioBuf>) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let engine = Engine::with_pool(config, self.pool.clone())?;
        let case = Case { workload: self.workload, doing };
        let extents = case.extents_like(&self.extents);
        let in_flight = filling(&extents, engine.settings());
        let opened =
            self.files.iter().map(|file| Ok::<_, Failure>(engine.adopt(file.try_clone()?)?));
        let opened = opened.collect::<Result<_, _>>()?;
        let buffers = std::mem::take(&mut self.buffers);
        let mut session =
            Session::within(&self.plan, &engine, case, &extents, in_flight, buffers, opened);
        let result = run(&mut session);
        self.buffers = std::mem::take(&mut session.buffers);
        drop(session);
        engine.close()?;
        result
    }
}
