//! What is read and written, where, and in which order.

use clap::ValueEnum;
use serde::Serialize;

use super::contents::mixed;

/// A way to use files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli) enum Workload {
    /// One file from its beginning to its end, in buffers of the engine's own
    Sequential,
    /// One file in random order
    Random,
    /// Many files of one request each
    Files,
    /// As sequential, in ordinary memory, which has to be copied
    Plain,
    /// Reads and writes of one file in random order
    Mixed,
    /// Each part of a file is read, changed and written back, as an optimizer's state
    Update,
}

/// What is done with a workload's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Direction {
    /// Reads of what was written before
    Read,
    /// Writes
    Write,
}

/// Which files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Target {
    /// New ones, which grow with each write
    New,
    /// New ones with all their space reserved
    Preallocated,
    /// Those that are there, in place
    Overwrite,
}

/// A workload with what is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) workload: Workload,
    pub(super) doing: Doing,
}

/// What a repeat does to the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    Reads,
    Writes(Target),
    /// Reads, so many in a hundred, and writes.
    Both {
        reads: u64,
    },
    Updates,
}

/// What is done with an extent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Read,
    Write,
    /// Read, change, write.
    Update,
}

/// A part of a file: one request, or two if it is updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// The number of the file.
    pub(super) file: usize,
    pub(super) offset: u64,
    pub(super) len: usize,
    pub(super) action: Action,
}

impl Workload {
    /// Bytes of a request, unless the user says otherwise.
    pub(super) fn usual_request(self) -> usize {
        match self {
            Self::Sequential | Self::Plain => 16 << 20,
            Self::Files | Self::Update => 1 << 20,
            Self::Random | Self::Mixed => 64 << 10,
        }
    }

    pub(in crate::cli) fn name(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Random => "random",
            Self::Files => "files",
            Self::Plain => "plain",
            Self::Mixed => "mixed",
            Self::Update => "update",
        }
    }
}

impl Case {
    /// All that the user wants.
    pub(super) fn all(
        workloads: &[Workload],
        directions: &[Direction],
        targets: &[Target],
        reads: u64,
    ) -> Vec<Self> {
        let doings = |workload: &Workload| match workload {
            Workload::Mixed => vec![Doing::Both { reads }],
            Workload::Update => vec![Doing::Updates],
            _ => {
                let of_direction = |direction: &Direction| match direction {
                    Direction::Read => vec![Doing::Reads],
                    Direction::Write => targets.iter().copied().map(Doing::Writes).collect(),
                };
                directions.iter().flat_map(of_direction).collect()
            }
        };
        let cases = workloads.iter().flat_map(|workload| {
            let of_workload = move |doing| Self { workload: *workload, doing };
            doings(workload).into_iter().map(of_workload)
        });
        cases.collect()
    }

    /// Whether each repeat has new files.
    pub(super) fn makes_files(self) -> bool {
        matches!(self.doing, Doing::Writes(Target::New | Target::Preallocated))
    }

    /// The extents of another case of the same workload, for reads or writes alone.
    pub(super) fn extents_like(self, extents: &[Extent]) -> Vec<Extent> {
        let action = if self.doing == Doing::Reads { Action::Read } else { Action::Write };
        extents.iter().map(|extent| Extent { action, ..*extent }).collect()
    }

    /// The extents of `size` bytes in requests of `request` bytes, in the order of the requests:
    /// each part of the files once.
    pub(super) fn extents(self, size: u64, request: usize, seed: u64) -> Vec<Extent> {
        let in_files = self.workload == Workload::Files;
        let step = request as u64;
        let mut extents: Vec<_> = (0..size.div_ceil(step))
            .map(|number| Extent {
                file: if in_files { number as usize } else { 0 },
                offset: if in_files { 0 } else { number * step },
                len: (size - number * step).min(step) as usize,
                action: match self.doing {
                    Doing::Reads => Action::Read,
                    Doing::Writes(_) => Action::Write,
                    Doing::Updates => Action::Update,
                    Doing::Both { reads } if mixed(seed ^ number) % 100 < reads => Action::Read,
                    Doing::Both { .. } => Action::Write,
                },
            })
            .collect();
        if matches!(self.workload, Workload::Random | Workload::Mixed) {
            let mut chance = seed;
            for last in (1..extents.len()).rev() {
                chance = chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
                extents.swap(last, (mixed(chance) % (last as u64 + 1)) as usize);
            }
        }
        extents
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn case(workload: Workload) -> Case {
        let all = Case::all(&[workload], &[Direction::Write], &[Target::Overwrite], 50);
        assert_eq!(all.len(), 1);
        all[0]
    }

    #[test]
    fn every_workload_covers_its_files_once() {
        for workload in Workload::value_variants() {
            let extents = case(*workload).extents(1_000_001, 4096, 3);
            let mut covered: Vec<_> = extents
                .iter()
                .map(|extent| (extent.file, extent.offset, extent.len as u64))
                .collect();
            covered.sort_unstable();
            assert_eq!(covered.iter().map(|(_, _, len)| len).sum::<u64>(), 1_000_001);
            let mut end = (0, 0);
            for (file, offset, len) in covered {
                assert_eq!(offset, if file == end.0 { end.1 } else { 0 }, "{workload:?}");
                end = (file, offset + len);
            }
        }
    }

    #[test]
    fn random_ones_are_in_another_order_with_each_seed() {
        let offsets = |workload, seed| {
            let extents = case(workload).extents(1 << 20, 4096, seed);
            extents.iter().map(|extent| extent.offset).collect::<Vec<_>>()
        };
        assert!(offsets(Workload::Sequential, 1).is_sorted());
        assert!(!offsets(Workload::Random, 1).is_sorted());
        assert_ne!(offsets(Workload::Random, 1), offsets(Workload::Random, 2));
        assert_eq!(offsets(Workload::Random, 1), offsets(Workload::Random, 1));
    }

    #[test]
    fn the_share_of_reads_is_kept() {
        for (share, least, most) in [(0, 0, 0), (100, 1024, 1024), (70, 650, 780)] {
            let case = Case { workload: Workload::Mixed, doing: Doing::Both { reads: share } };
            let extents = case.extents(1024 << 12, 1 << 12, 5);
            let reads = extents.iter().filter(|extent| extent.action == Action::Read).count();
            assert!((least..=most).contains(&reads), "{share} %: {reads}");
        }
    }

    #[test]
    fn targets_are_of_writes_alone() {
        let all = Case::all(
            &[Workload::Sequential, Workload::Mixed, Workload::Update],
            &[Direction::Read, Direction::Write],
            &[Target::New, Target::Overwrite],
            50,
        );
        let doings: Vec<_> = all.iter().map(|case| case.doing).collect();
        let expected = [
            Doing::Reads,
            Doing::Writes(Target::New),
            Doing::Writes(Target::Overwrite),
            Doing::Both { reads: 50 },
            Doing::Updates,
        ];
        assert_eq!(doings, expected);
        assert_eq!(all.iter().filter(|case| case.makes_files()).count(), 1);
    }
}
