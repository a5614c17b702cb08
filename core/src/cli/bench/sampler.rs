//! Speeds of one configuration after the other, in the same files and memory.

use std::{fs::File, time::Duration};

use ds_aio::{AioBuf, AioConfig, BufferPool, Engine, Latencies, OperationStats, Stats};
use indicatif::ProgressBar;
use serde::Serialize;

use super::{
    filling,
    report::micros,
    room,
    session::{Plan, Session, Timed, files},
    workload::{Case, Doing, Extent, Target, Workload},
};
use crate::cli::{exit::Failure, interrupt::Interrupt, place::Place};

/// Files and buffers to take samples with.
pub(in crate::cli) struct Sampler<'a> {
    plan: Plan<'a>,
    workload: Workload,
    extents: Vec<Extent>,
    pool: BufferPool,
    files: Vec<File>,
    buffers: Vec<Option<AioBuf>>,
}

/// How the directions went; none of what was not asked for.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(in crate::cli) struct Legs {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) read: Option<Leg>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) write: Option<Leg>,
}

/// How a direction went.
#[derive(Debug, Clone, Copy, Serialize)]
pub(in crate::cli) struct Leg {
    /// In 10^9 bytes a second.
    pub(in crate::cli) gb_per_s: f64,
    pub(in crate::cli) cpu_s_per_gb: f64,
    /// From a request's acceptance to its result.
    pub(in crate::cli) request: Typical,
    /// Of the system calls, or entries of a ring.
    pub(in crate::cli) block: Typical,
}

/// The median and what is seldom exceeded, in microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(in crate::cli) struct Typical {
    pub(in crate::cli) p50_us: f64,
    pub(in crate::cli) p99_us: f64,
}

impl Leg {
    fn of(timed: &Timed, stats: &OperationStats) -> Self {
        let gb = timed.bytes as f64 / 1e9;
        Self {
            gb_per_s: gb / timed.elapsed.as_secs_f64(),
            cpu_s_per_gb: timed.processor.as_secs_f64() / gb,
            request: Typical::of(&stats.latency),
            block: Typical::of(&stats.transfer_time),
        }
    }
}

impl Typical {
    fn of(latencies: &Latencies) -> Self {
        let at = |percent| latencies.percentile(percent).map_or(0.0, micros);
        Self { p50_us: at(50.0), p99_us: at(99.0) }
    }
}

impl<'a> Sampler<'a> {
    /// Whether there is room for one.
    pub(in crate::cli) fn check(
        place: &Place,
        workload: Workload,
        size: u64,
    ) -> Result<(), Failure> {
        // The file's own descriptor, and an engine's two.
        room::check(place, workload, size, workload.usual_request(), 3)
    }

    /// Makes the files, and writes them with an engine of that configuration; none if that is not
    /// done within `time`, or the user stops it.
    pub(in crate::cli) fn new(
        place: &'a Place,
        config: &AioConfig,
        workload: Workload,
        size: u64,
        interrupt: &Interrupt,
        time: Duration,
    ) -> Result<Option<Self>, Failure> {
        let making = interrupt.or_after(time);
        let plan = Plan {
            place,
            repeats: 1,
            warmups: 0,
            verify: false,
            sync: false,
            seed: 1,
            interrupt: making.clone(),
            progress: ProgressBar::hidden(),
        };
        let case = Case { workload, doing: Doing::Reads };
        let extents = case.extents(size, workload.usual_request(), plan.seed);
        let pool = BufferPool::new();
        let mut buffers = Vec::with_capacity(extents.len());
        for extent in &extents {
            if making.asked() {
                return Ok(None);
            }
            buffers.push(Some(pool.alloc(extent.len)?));
        }
        let files = (0..files(&extents)).map(|_| place.new_file()).collect::<Result<_, _>>()?;
        let mut sampler = Self { plan, workload, extents, pool, files, buffers };
        sampler.with(config, Doing::Reads, |session| {
            session.fill();
            session.write_all()
        })?;
        if making.asked() {
            return Ok(None);
        }
        sampler.plan.interrupt = interrupt.clone();
        Ok(Some(sampler))
    }

    /// One sample of each that is wanted; none when the user stops it. After a failure the next
    /// configuration can be tried.
    pub(in crate::cli) fn sample(
        &mut self,
        config: &AioConfig,
        reads: bool,
        writes: bool,
    ) -> Result<Option<Legs>, Failure> {
        let leg = |sampler: &mut Self, doing| {
            sampler.with(config, doing, |session| {
                session.prepare(0)?;
                session.repeat()
            })
        };
        let mut legs = Legs::default();
        if reads {
            let (timed, stats) = leg(self, Doing::Reads)?;
            legs.read = Some(Leg::of(&timed, &stats.read));
        }
        if writes {
            let (timed, stats) = leg(self, Doing::Writes(Target::Overwrite))?;
            legs.write = Some(Leg::of(&timed, &stats.write));
        }
        Ok(Some(legs).filter(|_| !self.plan.interrupt.asked()))
    }

    fn with<R>(
        &mut self,
        config: &AioConfig,
        doing: Doing,
        run: impl FnOnce(&mut Session<'_, AioBuf>) -> Result<R, Failure>,
    ) -> Result<(R, Stats), Failure> {
        // The engine of a request that failed may have kept its buffer.
        for (buffer, extent) in self.buffers.iter_mut().zip(&self.extents) {
            if buffer.is_none() {
                *buffer = Some(self.pool.alloc(extent.len)?);
            }
        }
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
        let stats = engine.stats();
        let closed = engine.close();
        let result = result?;
        closed?;
        Ok((result, stats))
    }
}
