//! DeepSpeed's five settings. Constants in the struct.

use ds_aio::Config;

/// Asynchronous I/O settings.
#[derive(Debug, Clone, PartialEq, Config)]
#[config(section = "aio", env_prefix = "DS_AIO", consts = assoc, engine)]
pub struct AioConfig {
    /// Bytes per I/O request.
    #[config(default = 1 << 20, bytes, range = 512..=1 << 30, multiple_of = 512)]
    pub block_size: usize,
    /// Requests in flight per worker.
    #[config(default = 8, range = 1..=65536)]
    pub queue_depth: usize,
    /// Workers that share one request.
    #[config(default = 1, range = 1..=1024, alias = "intra_op_parallelism")]
    pub thread_count: usize,
    /// Submit each block on its own instead of in batches.
    #[config(default = false)]
    pub single_submit: bool,
    /// Refill the queue as blocks complete instead of waiting for the whole batch.
    #[config(default = true)]
    pub overlap_events: bool,
}
