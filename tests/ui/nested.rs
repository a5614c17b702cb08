//! Mistakes around nested structs.

use ds_aio::{AioConfig, Config};

#[derive(Config)]
#[config(section = "a", env_prefix = "A")]
struct Misused {
    #[config(nested, default = AioConfig::DEFAULT, env = skip, bytes)]
    rules: AioConfig,
    #[config(nested(prefix = "A_IO"))]
    unknown: AioConfig,
    #[config(nested(env_prefix = "A IO"))]
    blank: AioConfig,
    #[config(nested(env_prefix = "A", twice))]
    more: AioConfig,
    #[config(nested = "A")]
    value: AioConfig,
    #[config(nested)]
    optional: Option<AioConfig>,
    #[config(nested)]
    several: Vec<AioConfig>,
}

fn main() {}
