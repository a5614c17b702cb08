//! The engine on the simulated backend: what each setting makes of the calls, and what becomes of
//! requests when calls fail.

mod barriers;
mod cancel;
mod capacity;
mod direct_only;
mod faults;
mod lanes;
mod order;
mod plans;
mod priority;
mod rings;
mod seeds;
mod settings;
mod shutdown;
mod stats;
#[cfg(feature = "tracing")]
mod trace;
mod vectored;
mod whole_file;
mod withdraw;

use std::path::PathBuf;

use super::*;
use crate::sys::{
    Direction,
    sim::{Call, Event, Fault, Sim},
};

const BLOCK: usize = 4096;

/// Settings in multiples of a page, small enough to see every block.
fn settings(thread_count: usize, queue_depth: usize) -> EngineSettings {
    EngineSettings { block_size: BLOCK, queue_depth, thread_count, ..EngineSettings::default() }
}

/// An engine on a simulated backend, and a file in a directory of its own.
struct Bench {
    sim: Sim,
    file: AioFile,
    path: PathBuf,
    engine: Engine,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn new(sim: Sim, settings: EngineSettings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("blocks");
        let engine = Engine::with_backend(settings, Box::new(sim.clone()), Because::Asked).unwrap();
        let file = engine.create(&path).unwrap();
        Self { sim, file, path, engine, _dir: dir }
    }

    /// Starts every lane and leaves it parked, with an empty record.
    fn warm_up(&self) {
        let shape = self.sim.shape();
        let lanes = shape.all_lanes().count();
        let depth = shape.groups * shape.group_depth;
        self.sim.hold();
        let ticket = self.write(depth, 0);
        self.sim.wait_for_pushes(depth);
        self.sim.clear();
        self.sim.release_all();
        ticket.wait().unwrap();
        self.sim.wait_for_parks(lanes);
        self.sim.clear();
    }

    /// Writes so many whole blocks from block number `first` on.
    fn write(&self, blocks: usize, first: usize) -> Ticket<Vec<u8>> {
        let bytes = pattern(blocks * BLOCK, first);
        self.engine.pwrite(&self.file, bytes, (first * BLOCK) as u64)
    }
}

/// The two ways in which a backend may lay out `T` groups of depth `Q`.
fn layouts(groups: usize, depth: usize) -> [Sim; 2] {
    [Sim::lanes(groups, depth), Sim::rings(groups, depth)]
}

fn pattern(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|at| ((at + seed * BLOCK) / 7 % 251) as u8).collect()
}

fn offset(block: usize) -> u64 {
    (block * BLOCK) as u64
}

/// The most blocks that were in flight at once, of all groups and of each.
fn peaks(events: &[Event], groups: usize) -> (usize, Vec<usize>) {
    let mut now = vec![0_usize; groups];
    let mut peak = (0, vec![0; groups]);
    for event in events {
        match event {
            Event::Push(lane, _) => now[lane.group] += 1,
            Event::Complete(lane, ..) => now[lane.group] -= 1,
            _ => {}
        }
        peak.0 = peak.0.max(now.iter().sum());
        for (peak, now) in peak.1.iter_mut().zip(&now) {
            *peak = (*peak).max(*now);
        }
    }
    peak
}

fn wakes(events: &[Event]) -> Vec<usize> {
    let lanes = |event: &Event| {
        if let Event::Wake(lanes) = event { Some(lanes.len()) } else { None }
    };
    events.iter().filter_map(lanes).collect()
}
