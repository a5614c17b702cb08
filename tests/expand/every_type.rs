//! A field of every type that the derive knows, and every attribute of a field at least once. The
//! fuzzer loads it too: a new type or attribute belongs in here first.

use core::time::Duration;
use std::path::PathBuf;

use ds_aio::{Choice, Config};

/// How something is packed.
#[derive(Clone, Copy, Debug, PartialEq, Choice)]
pub enum Codec {
    /// Not at all.
    Plain,
    #[config(alias = "zst")]
    Zstd,
    #[config(rename = "lz4-fast", alias = "lz4")]
    Lz4Fast,
}

/// What is kept in memory.
#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "limits", env_prefix = "LIMITS", consts = none)]
pub struct Limits {
    /// Bytes at most.
    #[config(default = 1 << 20, bytes, alias = "size")]
    pub bytes: usize,
    pub files: Option<u32>,
    #[config(default = ["*"])]
    pub names: Vec<String>,
}

/// Settings of every type.
#[derive(Clone, Debug, PartialEq, Config)]
#[config(
    section = "types",
    env_prefix = "TYPES",
    fixed(legacy = false, version = 2, dialect = "plain")
)]
pub struct EveryType {
    /// From 1 to 9.
    #[config(default = 7, range = 1..=9)]
    pub byte: u8,
    #[config(default = 80, range = 1..)]
    pub port: u16,
    #[config(default = 64, power_of_two)]
    pub lanes: u32,
    /// Bytes to keep.
    ///
    /// More are not kept.
    #[config(default = 64 << 10, bytes, range = 4096..=1 << 40, multiple_of = 4096)]
    pub keep: u64,
    #[config(default = 1, one_of = [1, 2, 4, 8])]
    pub wide: u128,
    #[config(default = 3, alias = "number", deprecated(alias = "num", note = "say `count`"))]
    pub count: usize,
    #[config(default = -1)]
    pub nice: i8,
    #[config(default = 0, range = -100..100)]
    pub offset: i16,
    #[config(default = 0, env = "TYPES_SHIFT_BY")]
    pub shift: i32,
    #[config(default = -4096, bytes)]
    pub delta: i64,
    #[config(default = 0, env = skip)]
    pub huge: i128,
    #[config(default = 1, rename = "step-by")]
    pub step: isize,
    #[config(default = 0.5, range = 0.0..=1.0)]
    pub share: f32,
    #[config(default = 0.9, range = 0.0..1.0)]
    pub momentum: f64,
    #[config(default = true)]
    pub enabled: bool,
    #[config(default = ',')]
    pub mark: char,
    #[config(default = "adam", one_of = ["adam", "lion"])]
    pub optimizer: String,
    #[config(default = "/mnt/nvme", advanced)]
    pub directory: PathBuf,
    #[config(
        default = Duration::from_millis(250),
        range = Duration::ZERO..=Duration::from_secs(60)
    )]
    pub wait: Duration,
    #[config(default = Codec::Zstd)]
    pub codec: Codec,
    #[config(range = 1..=99)]
    pub level: Option<u32>,
    #[config(default = Some(2.5))]
    pub ratio: Option<f64>,
    pub verbose: Option<bool>,
    #[config(default = Some("none"))]
    pub title: Option<String>,
    pub log: Option<PathBuf>,
    pub timeout: Option<Duration>,
    pub letter: Option<char>,
    #[config(default = Some(Codec::Plain))]
    pub fallback: Option<Codec>,
    #[config(default = [1, 2], range = 1..=9)]
    pub few: Vec<u8>,
    #[config(default = [4096], bytes)]
    pub sizes: Vec<u64>,
    #[config(default = [0.5, -1.0])]
    pub shares: Vec<f64>,
    #[config(default = [true, false])]
    pub flags: Vec<bool>,
    #[config(default = ["a", "b, c"], sep = ";")]
    pub texts: Vec<String>,
    #[config(default = ["/a", "/b"], sep = ":")]
    pub paths: Vec<PathBuf>,
    #[config(default = [Codec::Plain, Codec::Zstd])]
    pub codecs: Vec<Codec>,
    #[config(default = ['x'], one_of = ['x', 'y'])]
    pub letters: Vec<char>,
    #[config(default = [])]
    pub waits: Vec<Duration>,
    /// With variables of its own.
    #[config(nested)]
    pub limits: Limits,
    #[config(nested(env_prefix = "TYPES_SPARE"), advanced)]
    pub spare: Limits,
}
