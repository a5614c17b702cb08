//! An enum of names.

use ds_aio::Choice;

/// How something is packed.
#[derive(Clone, Copy, Debug, PartialEq, Choice)]
pub enum Codec {
    /// Not at all.
    Plain,
    #[config(alias = "zst")]
    Zstd,
    #[config(rename = "lz4-fast", alias = "lz4", alias = "LZ4F")]
    Lz4Fast,
}
