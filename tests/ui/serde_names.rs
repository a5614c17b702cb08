//! Names that serde knows otherwise.

use ds_aio::{Choice, Config};
use serde::Deserialize;

#[derive(Config, Deserialize)]
#[config(section = "names")]
struct Names {
    #[config(default = 1, rename = "a")]
    #[serde(rename = "b")]
    renamed: u8,
    #[config(default = 1)]
    #[serde(rename(deserialize = "x"))]
    read: u8,
}

#[derive(Config, Deserialize)]
#[config(section = "cased")]
#[serde(rename_all = "camelCase")]
struct Cased {
    #[config(default = 1, rename = "queue_depth")]
    queue_depth: u8,
    #[config(default = 1, rename = "threadCount")]
    thread_count: u8,
}

#[derive(Clone, Choice, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    #[config(rename = "io_uring")]
    IoUring,
    Threads,
    #[serde(alias = "THREADS")]
    Pool,
}

fn main() {
    let _ = Cased::default().queue_depth + Names::default().read;
    let _ = Mode::Threads.name();
}
