//! The processes that a launcher starts on this machine, each with an engine.

use super::{finding::Finding, machine::Machine, probe::Probe};

/// Launchers, and the variable in which each tells the processes of a node.
const LAUNCHERS: [(&str, &str); 5] = [
    ("torchrun", "LOCAL_WORLD_SIZE"),
    ("Open MPI", "OMPI_COMM_WORLD_LOCAL_SIZE"),
    ("MPICH", "MPI_LOCALNRANKS"),
    ("Slurm", "SLURM_STEP_TASKS_PER_NODE"),
    ("Slurm", "SLURM_TASKS_PER_NODE"),
];

/// What a launcher says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ranks {
    launcher: &'static str,
    variable: &'static str,
    pub(super) here: u64,
}

impl Ranks {
    pub(super) fn of(machine: &Machine) -> Option<Self> {
        LAUNCHERS.iter().find_map(|&(launcher, variable)| {
            let node = machine.variable("SLURM_NODEID").and_then(|node| node.parse().ok());
            let here = on_node(machine.variable(variable)?, node.unwrap_or(0))?;
            (here > 0).then_some(Self { launcher, variable, here })
        })
    }

    pub(super) fn finding(&self, machine: &Machine, probe: &Probe) -> Finding {
        const TOPIC: &str = "ranks";
        let Self { launcher, variable, here } = self;
        let (threads, depth) = (probe.effective.thread_count, probe.effective.queue_depth);
        let blocks = here.saturating_mul(probe.effective.blocks());
        let found = format!(
            "{here} on this machine ({launcher}, {variable}); × {threads} thread_count × {depth} \
             queue_depth are {blocks} blocks in flight"
        );
        let threads = here.saturating_mul(threads as u64);
        match machine.processors() {
            Some(processors) if threads > processors => Finding::warning(
                TOPIC,
                format!("{found}, of {threads} worker groups on {processors} processors"),
                "groups take turns on a processor, and take it from the computation",
                format!("set thread_count to {}", (processors / here).max(1)),
            ),
            _ => Finding::ok(TOPIC, found),
        }
    }
}

/// The number of a node's tasks: `4`, or in Slurm's way `4(x2),3` for two nodes with four and one
/// with three.
fn on_node(text: &str, node: u64) -> Option<u64> {
    let mut left = node;
    for group in text.split(',') {
        let (tasks, nodes) = match group.split_once("(x") {
            Some((tasks, nodes)) => (tasks, nodes.strip_suffix(')')?.parse::<u64>().ok()?),
            None => (group, 1),
        };
        if left < nodes {
            return tasks.trim().parse().ok();
        }
        left -= nodes;
    }
    None
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn slurm_tells_tasks_by_groups_of_nodes() {
        for (text, node, tasks) in [
            ("8", 0, Some(8)),
            ("4(x2),3", 0, Some(4)),
            ("4(x2),3", 1, Some(4)),
            ("4(x2),3", 2, Some(3)),
            ("4(x2),3", 3, None),
            ("many", 0, None),
        ] {
            assert_eq!(on_node(text, node), tasks, "{text} at node {node}");
        }
    }
}
