//! Which directories a process has: paths that name its rank, and one of several by its rank.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    config::{
        EnvSource, Launcher, Placement, StoreConfig,
        ranked_path::{Piece, pieces, with_braces},
    },
    store::{StoreError, StoreErrorKind, StoreOperation, builder::Spread},
};

/// Variables of a launcher.
struct Variables {
    launcher: Launcher,
    rank: &'static str,
    local_rank: &'static str,
}

const VARIABLES: [Variables; 3] = [
    Variables { launcher: Launcher::Torchrun, rank: "RANK", local_rank: "LOCAL_RANK" },
    Variables {
        launcher: Launcher::OpenMpi,
        rank: "OMPI_COMM_WORLD_RANK",
        local_rank: "OMPI_COMM_WORLD_LOCAL_RANK",
    },
    Variables { launcher: Launcher::Slurm, rank: "SLURM_PROCID", local_rank: "SLURM_LOCALID" },
];

/// What torchrun sets in the processes that it runs.
const RUN_BY_TORCHRUN: &str = "TORCHELASTIC_RUN_ID";

/// The process's directories, and how tensors go over them.
pub(super) fn directories(
    config: &StoreConfig,
    environment: &(impl EnvSource + ?Sized),
) -> Result<(Vec<PathBuf>, Spread), StoreError> {
    let StoreConfig { dirs, placement, launcher } = config;
    let first = dirs.first().map_or(Path::new(""), PathBuf::as_path);
    let error_in =
        |path: &Path, kind| StoreError::new(StoreOperation::Open, kind, &Arc::from(path));
    StoreConfig::check_dirs(dirs)
        .map_err(|wrong| error_in(first, StoreErrorKind::InvalidSetting).telling(wrong))?;
    let ranks = Ranks { environment, launcher: *launcher };
    let told =
        |path: &Path, (kind, told): (StoreErrorKind, String)| error_in(path, kind).telling(told);
    let (dirs, spread) = match *placement {
        Placement::Rank if dirs.len() > 1 => {
            let local_rank = ranks.local_rank().map_err(|reason| told(first, reason))?;
            let number = (local_rank % dirs.len() as u64) as usize;
            (&dirs[number..=number], Spread::Hashed)
        }
        Placement::Rank | Placement::Hash => (&dirs[..], Spread::Hashed),
        Placement::Stripe { chunk } => (&dirs[..], Spread::Striped { chunk }),
    };
    let expand = |dir: &PathBuf| ranks.expand(dir).map_err(|reason| told(dir, reason));
    Ok((dirs.iter().map(expand).collect::<Result<_, _>>()?, spread))
}

/// The ranks that the environment tells.
struct Ranks<'a, E: ?Sized> {
    environment: &'a E,
    launcher: Launcher,
}

type Unknown = (StoreErrorKind, String);

impl<E: EnvSource + ?Sized> Ranks<'_, E> {
    fn rank(&self) -> Result<u64, Unknown> {
        self.told_by(|variables| variables.rank)
    }

    fn local_rank(&self) -> Result<u64, Unknown> {
        self.told_by(|variables| variables.local_rank)
    }

    fn expand(&self, path: &Path) -> Result<PathBuf, Unknown> {
        let invalid = |wrong| (StoreErrorKind::InvalidSetting, wrong);
        let Some(text) = with_braces(path) else {
            return Ok(path.to_owned());
        };
        let mut expanded = String::new();
        for piece in text.and_then(pieces).map_err(invalid)? {
            match piece {
                Piece::Text(text) => expanded.push_str(text),
                Piece::Rank => expanded.push_str(&self.rank()?.to_string()),
                Piece::LocalRank => expanded.push_str(&self.local_rank()?.to_string()),
            }
        }
        Ok(expanded.into())
    }

    fn told_by(&self, variable: impl Fn(&Variables) -> &'static str) -> Result<u64, Unknown> {
        let launcher = match self.launcher {
            Launcher::Auto if self.value(RUN_BY_TORCHRUN).is_some() => Launcher::Torchrun,
            launcher => launcher,
        };
        let is_asked = |of: &&Variables| launcher == Launcher::Auto || of.launcher == launcher;
        let asked: Vec<_> = VARIABLES.iter().filter(is_asked).map(variable).collect();
        let mut ranks = Vec::new();
        for &name in &asked {
            let Some(value) = self.value(name) else { continue };
            let rank = value.trim().parse::<u64>().map_err(|_| {
                (StoreErrorKind::NoRank, format!("{name} is {value:?}, which is no number"))
            })?;
            ranks.push((name, rank));
        }
        match ranks[..] {
            [] => {
                let told = match asked[..] {
                    [name] => format!("{name} is not set"),
                    _ => format!("none of {} is set", asked.join(", ")),
                };
                Err((StoreErrorKind::NoRank, told))
            }
            [(_, rank), ref others @ ..] if others.iter().all(|(_, other)| *other == rank) => {
                Ok(rank)
            }
            _ => {
                let told: Vec<_> =
                    ranks.iter().map(|(name, rank)| format!("{name} is {rank}")).collect();
                Err((StoreErrorKind::RanksDisagree, told.join(", ")))
            }
        }
    }

    /// Of a variable that is set; an empty one is not.
    fn value(&self, name: &str) -> Option<String> {
        let value = self.environment.var(name)?;
        (!value.is_empty()).then(|| value.to_string_lossy().into_owned())
    }
}
