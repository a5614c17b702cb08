//! The ready-made configuration of a store.

use std::path::PathBuf;

use ds_aio_macros::Config;

use super::{Launcher, Placement, ranked_path};

/// Where an [`OffloadStore`](crate::OffloadStore) is, and which of its directories a tensor is in.
///
/// ```
/// use ds_aio::{StoreConfig, config::Placement};
///
/// # fn main() -> Result<(), ds_aio::ConfigErrors> {
/// let variables = [("DS_AIO_DIRS", "/nvme0/{rank},/nvme1/{rank}"), ("DS_AIO_PLACEMENT", "stripe(8MiB)")];
/// let config = StoreConfig::loader().env_from(&variables).load()?.value;
/// assert_eq!(config.dirs.len(), 2);
/// assert_eq!(config.placement, Placement::Stripe { chunk: 8 << 20 });
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Config)]
#[config(section = "store", env_prefix = "DS_AIO")]
#[cfg_attr(feature = "serde", config(serialize))]
#[non_exhaustive]
pub struct StoreConfig {
    /// Directories of the store, at best each on a device of its own. `{rank}` and `{local_rank}` stand
    /// for those of the process in its job; a brace of a path's own is doubled.
    #[config(required, check = Self::check_dirs)]
    pub dirs: Vec<PathBuf>,
    /// Which of them a tensor is in: `rank`, one directory a process; `hash`, by the tensor's name;
    /// `stripe(8MiB)`, in chunks of so many bytes that go round all.
    #[config(default = "hash", parse = from_str)]
    pub placement: Placement,
    /// Whose variables tell the ranks.
    #[config(default = Launcher::Auto, advanced)]
    pub launcher: Launcher,
}

impl StoreConfig {
    pub(crate) fn check_dirs(dirs: &[PathBuf]) -> Result<(), String> {
        if dirs.is_empty() {
            return Err("there must be a directory".to_owned());
        }
        ranked_path::check_all(dirs)
    }
}
