//! Types: unsupported ones, defaults of another type, settings the engine takes otherwise.

use ds_aio::Config;

struct Mine;

#[derive(Config)]
#[config(section = "unsupported")]
struct Unsupported {
    #[config(required)]
    mine: Mine,
}

#[derive(Config)]
#[config(section = "unsupported")]
struct WithDefault {
    #[config(default = Mine)]
    mine: Mine,
}

#[derive(Config)]
#[config(section = "unsupported")]
struct OfSeveralTokens {
    #[config(required)]
    list: Vec<Mine>,
}

#[derive(Config)]
#[config(section = "default")]
struct Default {
    #[config(default = 8)]
    flag: bool,
}

#[derive(Config)]
#[config(section = "engine", engine)]
struct Engine {
    #[config(default = 8)]
    queue_depth: u32,
    #[config(default = true, advanced)]
    direct: bool,
}

fn main() {}
