//! ds-aio.

use std::path::Path;

use ds_aio::Config;

/// Asynchronous I/O settings.
#[derive(Debug, Config)]
#[config(section = "aio", env_prefix = "DS_AIO")]
pub struct Settings {
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

#[cfg(feature = "bad_default")]
#[derive(Debug, Config)]
#[config(section = "bad")]
pub struct BadDefault {
    #[config(default = 0, range = 1..=1024)]
    pub thread_count: usize,
}

pub fn load(file: Option<&Path>) -> Result<String, String> {
    let loader = match file {
        Some(file) => Settings::loader().file(file),
        None => Settings::loader(),
    };
    let loaded = loader.env().load().map_err(|errors| errors.to_string())?;
    let warnings = loaded.warnings().iter().map(|warning| format!("{warning}\n"));
    Ok(format!("{}{}", warnings.collect::<String>(), super::values(&loaded.value.into())))
}

impl From<Settings> for super::Values {
    fn from(settings: Settings) -> Self {
        let Settings { block_size, queue_depth, thread_count, single_submit, overlap_events } =
            settings;
        Self { block_size, queue_depth, thread_count, single_submit, overlap_events }
    }
}

pub fn template() -> String {
    Settings::TOML_TEMPLATE.to_owned()
}
