//! conf: rules in the parsers of values, documents by serde.

use std::path::Path;

use conf::Conf;
use serde::de::{Deserialize, Deserializer, Error};

// It refuses unknown sections otherwise, and a document has others.
#[derive(Debug, Conf)]
#[conf(serde(allow_unknown_fields))]
pub struct File {
    #[conf(flatten, env_prefix = "DS_AIO_", serde(rename = "aio"))]
    aio: Settings,
}

/// Asynchronous I/O settings.
#[derive(Debug, Conf)]
#[conf(serde)]
pub struct Settings {
    /// Bytes per I/O request.
    #[conf(env, default_value = "1048576", value_parser = blocks, serde(deserialize_with = "blocks_of_document"))]
    block_size: usize,
    /// Requests in flight per worker.
    #[conf(env, default_value = "8", value_parser = within::<1, 65536>, serde(deserialize_with = "depth_of_document"))]
    queue_depth: usize,
    /// Workers that share one request.
    #[conf(
        env,
        default_value = "1",
        value_parser = within::<1, 1024>,
        serde(deserialize_with = "threads_of_document", alias = "intra_op_parallelism")
    )]
    thread_count: usize,
    /// Submit each block on its own instead of in batches.
    #[conf(parameter, env, default(false))]
    single_submit: bool,
    /// Refill the queue as blocks complete instead of waiting for the whole batch.
    #[conf(parameter, env, default(true))]
    overlap_events: bool,
}

#[derive(Debug, Conf)]
struct BadDefault {
    #[conf(env, default_value = "0", value_parser = within::<1, 1024>)]
    #[allow(dead_code)]
    thread_count: usize,
}

fn blocks(text: &str) -> Result<usize, String> {
    let bytes = super::size(text).map_err(|error| error.to_string())?;
    if (512..=1 << 30).contains(&bytes) && bytes % 512 == 0 {
        Ok(bytes)
    } else {
        Err("must be from 512 to 1 GiB, a multiple of 512".to_owned())
    }
}

fn within<const LEAST: usize, const MOST: usize>(text: &str) -> Result<usize, String> {
    let value: usize = text.parse().map_err(|error| format!("{error}"))?;
    if (LEAST..=MOST).contains(&value) {
        Ok(value)
    } else {
        Err(format!("must be from {LEAST} to {MOST}"))
    }
}

fn blocks_of_document<'de, D: Deserializer<'de>>(document: D) -> Result<usize, D::Error> {
    blocks(&usize::deserialize(document)?.to_string()).map_err(D::Error::custom)
}

fn depth_of_document<'de, D: Deserializer<'de>>(document: D) -> Result<usize, D::Error> {
    within::<1, 65536>(&usize::deserialize(document)?.to_string()).map_err(D::Error::custom)
}

fn threads_of_document<'de, D: Deserializer<'de>>(document: D) -> Result<usize, D::Error> {
    within::<1, 1024>(&usize::deserialize(document)?.to_string()).map_err(D::Error::custom)
}

pub fn load(file: Option<&Path>) -> Result<String, String> {
    let builder = File::conf_builder().args(["compare"]).env(std::env::vars_os());
    let loaded = match file {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let document: toml::Value =
                    toml::from_str(&text).map_err(|error| error.to_string())?;
                builder.doc(name, document).try_parse()
            } else {
                let document: serde_json::Value =
                    serde_json::from_str(&text).map_err(|error| error.to_string())?;
                builder.doc(name, document).try_parse()
            }
        }
        None => builder.doc("none", toml::Value::Table(toml::Table::new())).try_parse(),
    };
    let Settings { block_size, queue_depth, thread_count, single_submit, overlap_events } =
        loaded.map_err(|error| error.to_string())?.aio;
    Ok(super::values(&super::Values {
        block_size,
        queue_depth,
        thread_count,
        single_submit,
        overlap_events,
    }))
}

pub fn bad_default() -> Result<String, String> {
    let loaded = BadDefault::conf_builder().args(["compare"]).env([("", ""); 0]).try_parse();
    loaded.map(|loaded| format!("{loaded:?}")).map_err(|error| error.to_string())
}

pub fn template() -> Result<String, String> {
    // It has help for a command line, and no template of a file.
    let help = File::conf_builder().args(["compare", "--help"]).env([("", ""); 0]);
    match help.doc("none", toml::Value::Table(toml::Table::new())).try_parse() {
        Ok(_) => Err("no help".to_owned()),
        Err(help) => Ok(help.to_string()),
    }
}
