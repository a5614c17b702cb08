//! Memory: its pages, what may be locked, and how much there is.

use super::{
    cgroup::{Cgroup, MemoryLimit},
    device::chosen,
    finding::Finding,
    limits,
    machine::Machine,
    probe::Probe,
};
use crate::cli::output::bytes;

const HUGE: &str = "/sys/kernel/mm/transparent_hugepage";

/// Below this share of a buffer something is amiss.
const ENOUGH: f64 = 0.9;

/// More than this part of all memory for transfers alone is too much.
const LARGE_PART: u64 = 4;

pub(super) fn huge_pages(machine: &Machine, probe: &Probe) -> Finding {
    const TOPIC: &str = "huge pages";
    const COST: &str = "buffers lie in pieces: O_DIRECT reads reach about half the speed, at twice \
                        the processor time";
    let mode = machine.text(format!("{HUGE}/enabled")).and_then(|text| chosen(&text));
    let defrag = machine.text(format!("{HUGE}/defrag")).and_then(|text| chosen(&text));
    let share = probe.pages.and_then(|pages| pages.share());
    let found = match (&mode, share) {
        (Some(mode), Some(share)) => {
            format!("{mode}; {:.0} % of a buffer of the engine's lies on them", 100.0 * share)
        }
        (Some(mode), None) => format!("{mode}; on which pages buffers lie is not told"),
        (None, _) => "not to be had: the kernel was built without them".to_owned(),
    };
    match (mode.as_deref(), share) {
        (None, _) => {
            Finding::warning(TOPIC, found, COST, "run a kernel with transparent huge pages")
        }
        (Some("never"), _) => {
            Finding::warning(TOPIC, found, COST, format!("echo madvise > {HUGE}/enabled, as root"))
        }
        (Some(_), Some(share)) if share < ENOUGH => Finding::warning(
            TOPIC,
            found,
            COST,
            match defrag.as_deref() {
                Some("never") => format!("echo madvise > {HUGE}/defrag, as root"),
                _ => "memory is in pieces: echo 1 > /proc/sys/vm/compact_memory, as root, or \
                      allocate buffers early after boot"
                    .to_owned(),
            },
        ),
        _ => Finding::ok(TOPIC, found),
    }
}

pub(super) fn locked(machine: &Machine) -> Option<Finding> {
    let limit = limits::soft(machine, "Max locked memory")?;
    let found = match limit {
        None => "unlimited".to_owned(),
        Some(limit) => format!(
            "{} for buffers that are locked, as for a GPU (`BufferPoolBuilder::lock_memory`); \
             ulimit -l raises it",
            bytes(limit)
        ),
    };
    Some(Finding::ok("RLIMIT_MEMLOCK", found))
}

/// What the process can have: what the machine has without swapping, and what its groups leave it.
#[derive(Debug, Clone, Copy)]
struct Memory {
    available: Option<u64>,
    limit: Option<MemoryLimit>,
}

impl Memory {
    fn of(machine: &Machine, cgroup: &Cgroup) -> Self {
        Self { available: machine.available_memory(), limit: cgroup.memory(machine) }
    }

    fn left(&self) -> Option<u64> {
        let in_group = self.limit.as_ref().map(MemoryLimit::left);
        in_group.into_iter().chain(self.available).min()
    }
}

/// Bytes of memory that the process can have; none if nothing tells.
pub(in crate::cli) fn memory_left(machine: &Machine) -> Option<u64> {
    Memory::of(machine, &Cgroup::of(machine)).left()
}

pub(super) fn amount(machine: &Machine, cgroup: &Cgroup, probe: &Probe, ranks: u64) -> Finding {
    const TOPIC: &str = "memory";
    let memory = Memory::of(machine, cgroup);
    let mut found = match memory.available {
        Some(available) => format!("{} available", bytes(available)),
        None => "how much is available is not told".to_owned(),
    };
    if let Some(limit) = &memory.limit {
        found += &format!(", {} of the cgroup's {} used", bytes(limit.used), bytes(limit.most));
    }
    let Some(left) = memory.left() else {
        return Finding::note(
            TOPIC,
            found,
            "whether the settings fit cannot be judged",
            "mount /proc in the container",
        );
    };
    let block_size = probe.asked.block_size as u64;
    let blocks = ranks.saturating_mul(probe.effective.blocks());
    let most = blocks.saturating_mul(block_size);
    if most > left / LARGE_PART {
        let shape = format!("{blocks} blocks of {} in flight", bytes(block_size));
        return Finding::warning(
            TOPIC,
            found,
            format!(
                "{shape} take up to {} besides the tensors where memory is not aligned: beyond \
                 the limit the process is killed",
                bytes(most)
            ),
            "lower block_size, queue_depth or thread_count, or give it more memory",
        );
    }
    Finding::ok(TOPIC, found)
}
