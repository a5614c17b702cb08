//! The ready-made configuration: DeepSpeed's five `aio` settings and the engine's own.

use ds_aio_macros::Config;

use super::{BackendMode, DirectMode};

/// Asynchronous I/O settings: the five that DeepSpeed has, and four advanced ones that
/// [`AIO_FORMAT`] leaves out.
///
/// ```
/// use ds_aio::{AioConfig, config::AIO_BLOCK_SIZE_DEFAULT};
///
/// # fn main() -> Result<(), ds_aio::ConfigErrors> {
/// let built = AioConfig::builder().queue_depth(32).build()?;
/// assert_eq!(built.block_size, AIO_BLOCK_SIZE_DEFAULT);
///
/// // The same from a job script: any map or list of pairs stands in for the environment.
/// let loaded = AioConfig::loader()
///     .env_from(&[("DS_AIO_BLOCK_SIZE", "4MiB")])
///     .set("thread_count", 2)
///     .load()?;
/// assert_eq!(loaded.value.block_size, 4 << 20);
/// print!("{}", loaded.explain());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Config)]
#[config(section = "aio", env_prefix = "DS_AIO", consts = free, engine, fixed(use_gds = false))]
#[cfg_attr(feature = "serde", config(serialize))]
#[non_exhaustive]
pub struct AioConfig {
    /// Bytes per I/O request; requests are cut into blocks of it.
    #[config(default = 1 << 20, bytes, range = 512..=1 << 30, multiple_of = 512)]
    pub block_size: usize,
    /// Blocks in flight per worker group.
    #[config(default = 8, range = 1..=65536)]
    pub queue_depth: usize,
    /// Worker groups that share the blocks of every request.
    #[config(default = 1, range = 1..=1024, alias = "intra_op_parallelism")]
    pub thread_count: usize,
    /// Notify workers, and submit to a ring, block by block instead of several at once.
    #[config(default = false)]
    pub single_submit: bool,
    /// Take a new block as each completes; if not, a group completes a batch of `queue_depth`
    /// blocks first.
    #[config(default = true)]
    pub overlap_events: bool,
    /// How blocks reach the kernel.
    #[config(default = BackendMode::Auto, advanced)]
    pub backend: BackendMode,
    /// Whether requests bypass the page cache with O_DIRECT.
    #[config(default = DirectMode::Auto, advanced)]
    pub direct: DirectMode,
    /// Requests accepted and not ended; beyond it submitting waits for room.
    #[config(default = 65536, range = 1..=1 << 24, advanced)]
    pub queue_capacity: usize,
    /// Bytes per second for requests of background priority; 0 is no cap.
    #[config(default = 0, bytes, advanced)]
    pub background_rate: u64,
}
