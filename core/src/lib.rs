//! Asynchronous file I/O for tensors larger than memory, driven by one annotated struct.
//!
//! - [`Config`] derives, from one struct, key constants, typed defaults, environment overrides, a
//!   builder and a layered loader; [`AioConfig`] is the ready-made one, with DeepSpeed's five
//!   settings and four more.
#![cfg_attr(
    all(feature = "engine", unix),
    doc = "- [`Engine`] runs `pread` and `pwrite`, through io_uring or on threads, as such a struct says. Requests own
  their buffers and return a [`Ticket`]; borrowed slices go in a [`Engine::scope`].
- [`FileWriter`] and [`FileReader`] are files as streams: what any serializer writes to, and any parser
  reads from.

```
use ds_aio::{AioConfig, Engine};

# let dir = tempfile::tempdir()?;
let engine = Engine::new(&AioConfig::from_env()?)?;
let file = engine.create(dir.path().join(\"layer0.swp\"))?;
let tensor = engine.pwrite(&file, vec![42_u8; 100_000], 0).wait()?;
let tensor = engine.pread(&file, tensor, 0).wait()?;
assert_eq!(tensor, [42; 100_000]);
# Ok::<(), Box<dyn std::error::Error>>(())
```
"
)]
#![cfg_attr(
    all(doc, feature = "safetensors", feature = "store", unix),
    doc = "
The [guide] tells how to configure it, operate it, and rely on it.
"
)]
//!
//! Feature `store` is `OffloadStore`: named tensors in a directory, with checksums, ephemeral or
//! durable. Feature `engine` (default) is the engine, for Unix. Without it the crate is the derive and its
//! runtime, on any system. `io-uring` (default) is the engine's ring backend, for Linux on 64-bit
//! processors; without it threads do everything. `bytemuck` adds views of buffers as numbers and `bytes` buffers of that
//! crate, `tokio` and `futures-io` make streams those of these crates, `futures-core` the store's streams of
//! tensors, and `safetensors` adds models in files of that format; all bring the engine with them.
//!
//! Feature `serde` lets structs with `#[config(serialize)]`, and [`AioConfig`], be serialized by that
//! crate, and fields with `#[config(parse = serde)]` be of any type that it knows.
//!
//! Feature `cli` is for `cargo install ds-aio --features cli`: the command `ds-aio`, which looks at machines,
//! measures, finds settings and checks them, on Linux. It has nothing for libraries.
//!
//! Feature `tracing` tells subscribers of the `tracing` crate of each request: a span
//! `ds_aio.request` (target `ds_aio`, level DEBUG) from its acceptance to the moment before its ticket
//! resolves, in the span that the caller was in, with the fields `operation`, `path`, `offset`, `len`
//! and at last `done` and `error`. It is never entered. In it is one event, `done` or `cancelled`
//! (DEBUG) or `failed` (WARN). Events of the engine are its start and end (INFO), each setting that
//! is not what was asked for (WARN), and a worker's panic (ERROR). All go to the subscriber of the
//! thread that made the request or the engine; requests that a subscriber itself makes while it is told
//! something are not told.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(unreachable_pub)]
#![cfg_attr(
    not(test),
    warn(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::print_stdout,
        clippy::print_stderr
    )
)]

// Generated code names this crate by its path, here as in any other crate.
extern crate self as ds_aio;

#[cfg(all(feature = "engine", unix))]
mod buf;
#[cfg(all(feature = "cli", target_os = "linux"))]
#[doc(hidden)]
pub mod cli;
pub mod config;
#[cfg(all(feature = "engine", unix))]
mod engine;
#[cfg(all(feature = "engine", unix))]
mod error;
// Where all that it speaks of is there.
#[cfg(all(any(doc, doctest), feature = "safetensors", feature = "store", unix))]
pub mod guide;
#[doc(hidden)]
pub mod private;
#[cfg(all(feature = "safetensors", unix))]
pub mod safetensors;
#[cfg(all(feature = "store", unix))]
mod store;
#[cfg(all(feature = "engine", unix))]
mod stream;
#[cfg(all(feature = "engine", unix))]
mod sync;
#[cfg(all(feature = "engine", unix))]
mod sys;

#[cfg(all(feature = "bytemuck", unix))]
pub use crate::buf::PodVec;
#[cfg(all(feature = "store", unix))]
pub use crate::store::{
    Commit, GroupArrays, OffloadStore, Pin, Stale, StoreBatch, StoreBuilder, StoreError,
    StoreErrorKind, StoreFailed, StoreOperation, StoreTicket, StreamedTensor, TensorGroup,
    TensorInfo, TensorStream, TensorUpdate, Update, UpdateCause, UpdateError, UpdateGroup,
    UpdateOutcome, Updated,
};
#[cfg(all(feature = "engine", unix))]
pub use crate::{
    buf::{
        AioBuf, BufferAllocator, BufferPool, BufferPoolBuilder, HugePages, IoBuf, IoBufExt,
        IoBufMut, Part, PartMut, PoolStats, RawBuf, Slice,
    },
    engine::{
        AioFile, Difference, DirectAlignment, EffectiveSettings, Engine, Failed, Latencies,
        OpenOptions, OperationStats, Priority, Progress, Scope, ScopedTicket, Stats, Ticket,
    },
    error::{Error, ErrorKind, Failures, NotDirect, Operation, RingUnavailable, StartError},
    stream::{FileReader, FileWriter, WriterOptions},
};
pub use config::{
    AioConfig, AioConfigBuilder, BackendMode, ConfigErrors, ConfigSchema, DirectMode, EngineConfig,
    EngineSettings, EnvSource, Loaded, Loader, Secret,
};
#[cfg(feature = "store")]
pub use config::{Launcher, Placement, StoreConfig};
/// ```
/// use ds_aio::{Choice, Config};
///
/// #[derive(Clone, Copy, Debug, PartialEq, Choice)]
/// enum Codec {
///     None,
///     #[config(alias = "zst")]
///     Zstd,
/// }
///
/// #[derive(Config)]
/// #[config(section = "store", env_prefix = "STORE")]
/// struct Store {
///     #[config(default = Codec::None)]
///     codec: Codec,
/// }
///
/// # fn main() -> Result<(), ds_aio::ConfigErrors> {
/// let store = Store::loader().env_from(&[("STORE_CODEC", "ZST")]).load()?.value;
/// assert_eq!(store.codec, Codec::Zstd);
/// assert_eq!(store.codec.to_string(), "zstd");
/// let unknown = "lzma".parse::<Codec>().unwrap_err();
/// assert_eq!(unknown.to_string(), "`lzma` is not one of `none`, `zstd`");
/// # Ok(())
/// # }
/// ```
pub use ds_aio_macros::Choice;
pub use ds_aio_macros::Config;

/// The README's code, compiled and run.
#[cfg(all(doctest, feature = "store", unix))]
#[doc = include_str!("../README.md")]
struct Readme;
