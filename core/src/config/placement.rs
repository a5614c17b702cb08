//! The values of the settings `placement` and `launcher` of a store.

use core::fmt;
use core::str::FromStr;

use ds_aio_macros::Choice;

use super::diagnostic::quoted;
use super::scalar::Integer;
use super::size;

/// Which of a store's directories a tensor is in; the setting `placement`.
///
/// In files and variables it is `rank`, `hash`, or `stripe(8MiB)` with the chunk's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Placement {
    /// Each process has one directory alone: that whose number is its local rank modulo how many there
    /// are.
    Rank,
    /// A tensor is in one directory, which its name chooses: all have about the same number of tensors.
    #[default]
    Hash,
    /// The chunks of a tensor go round all directories, so that one tensor has the speed of all devices.
    Stripe {
        /// Bytes per chunk: a multiple of the store's block size, and so of 4096.
        chunk: u64,
    },
}

/// A text that is no [`Placement`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPlacement(String);

impl fmt::Display for UnknownPlacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for UnknownPlacement {}

impl FromStr for Placement {
    type Err = UnknownPlacement;

    fn from_str(text: &str) -> Result<Self, UnknownPlacement> {
        let trimmed = text.trim();
        if trimmed.eq_ignore_ascii_case("rank") {
            return Ok(Self::Rank);
        }
        if trimmed.eq_ignore_ascii_case("hash") {
            return Ok(Self::Hash);
        }
        let stripe = trimmed.split_once('(').and_then(|(name, rest)| {
            let is_meant = name.trim_end().eq_ignore_ascii_case("stripe");
            rest.strip_suffix(')').filter(|_| is_meant)
        });
        let Some(inside) = stripe else {
            let told = "is not one of `rank`, `hash`, `stripe(CHUNK)` such as `stripe(8MiB)`";
            return Err(UnknownPlacement(format!("{} {told}", quoted(trimmed))));
        };
        let chunk = size::parse(inside.trim()).map_err(|error| {
            let hint = error.hint().unwrap_or_default();
            UnknownPlacement(format!("the chunk of {}: {hint}", quoted(trimmed)))
        })?;
        let chunk = chunk.to_u128().and_then(|chunk| u64::try_from(chunk).ok());
        let chunk = chunk.filter(|chunk| *chunk > 0 && chunk.is_multiple_of(4096));
        chunk.map(|chunk| Self::Stripe { chunk }).ok_or_else(|| {
            let told = "is no multiple of 4096 bytes";
            UnknownPlacement(format!("the chunk of {} {told}", quoted(trimmed)))
        })
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Rank => f.write_str("rank"),
            Self::Hash => f.write_str("hash"),
            Self::Stripe { chunk } => {
                match size::in_largest_unit(Integer::from_u128(u128::from(chunk))) {
                    Some((count, unit)) => write!(f, "stripe({count}{unit})"),
                    None => write!(f, "stripe({chunk})"),
                }
            }
        }
    }
}

/// What started the processes of a job, and so which variables tell a process its rank; the setting
/// `launcher`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Choice)]
#[non_exhaustive]
pub enum Launcher {
    /// Whichever has set its variables. Several must agree, but that torchrun's alone hold where it says
    /// that it runs the process (`TORCHELASTIC_RUN_ID`), in a job of whatever else.
    #[default]
    Auto,
    /// torchrun, DeepSpeed's launcher and others like it: `RANK`, `LOCAL_RANK`.
    Torchrun,
    /// `mpirun` of Open MPI: `OMPI_COMM_WORLD_RANK`, `OMPI_COMM_WORLD_LOCAL_RANK`.
    OpenMpi,
    /// `srun`: `SLURM_PROCID`, `SLURM_LOCALID`.
    Slurm,
}
