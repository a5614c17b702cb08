//! confique: rules as expressions, sizes by a parser of one's own, which it leaves to its user.

use std::path::Path;

use confique::{Config, FileFormat};

#[derive(Debug, Config)]
pub struct File {
    #[config(nested)]
    aio: Settings,
}

/// Asynchronous I/O settings.
#[derive(Debug, Config)]
pub struct Settings {
    /// Bytes per I/O request.
    #[config(
        default = 1048576,
        env = "DS_AIO_BLOCK_SIZE",
        parse_env = crate::size,
        validate(
            (512..=1 << 30).contains(block_size) && block_size % 512 == 0,
            "must be from 512 to 1 GiB, a multiple of 512"
        )
    )]
    block_size: usize,
    /// Requests in flight per worker.
    #[config(
        default = 8,
        env = "DS_AIO_QUEUE_DEPTH",
        validate((1..=65536).contains(queue_depth), "must be from 1 to 65536")
    )]
    queue_depth: usize,
    /// Workers that share one request.
    #[config(
        default = 1,
        env = "DS_AIO_THREAD_COUNT",
        validate((1..=1024).contains(thread_count), "must be from 1 to 1024")
    )]
    thread_count: usize,
    /// Submit each block on its own instead of in batches.
    #[config(default = false, env = "DS_AIO_SINGLE_SUBMIT")]
    single_submit: bool,
    /// Refill the queue as blocks complete instead of waiting for the whole batch.
    #[config(default = true, env = "DS_AIO_OVERLAP_EVENTS")]
    overlap_events: bool,
}

#[derive(Debug, Config)]
struct BadDefault {
    #[config(default = 0, validate((1..=1024).contains(thread_count), "must be from 1 to 1024"))]
    #[allow(dead_code)]
    thread_count: usize,
}

fn all(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text += &format!("\n  {error}");
        next = error.source();
    }
    text
}

pub fn load(file: Option<&Path>) -> Result<String, String> {
    let builder = File::builder().env();
    let loaded = match file {
        Some(path) => {
            // Of itself it knows `.json5`, of which JSON is a part.
            let format = if path.extension().is_some_and(|extension| extension == "toml") {
                FileFormat::Toml
            } else {
                FileFormat::Json5
            };
            builder.preloaded(layer(path, format)?).load()
        }
        None => builder.load(),
    };
    let Settings { block_size, queue_depth, thread_count, single_submit, overlap_events } =
        loaded.map_err(|error| all(&error))?.aio;
    Ok(super::values(&super::Values {
        block_size,
        queue_depth,
        thread_count,
        single_submit,
        overlap_events,
    }))
}

fn layer(path: &Path, format: FileFormat) -> Result<<File as Config>::Layer, String> {
    let file = confique::File::with_format(path, format).required();
    file.load().map_err(|error| all(&error))
}

pub fn bad_default() -> Result<String, String> {
    let loaded = BadDefault::builder().load().map_err(|error| all(&error))?;
    Ok(format!("{loaded:?}"))
}

pub fn template() -> String {
    confique::toml::template::<File>(confique::toml::FormatOptions::default())
}
