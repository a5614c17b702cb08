//! Options: of unsupported types, with defaults of another type or outside of their range; and an
//! alias of a text.

use std::time::Duration;

use ds_aio::Config;

struct Mine;

#[derive(Config)]
#[config(section = "options")]
struct Unsupported {
    mine: Option<Mine>,
}

#[derive(Config)]
#[config(section = "options")]
struct Default {
    #[config(default = 8)]
    number: Option<u8>,
}

#[derive(Config)]
#[config(section = "options")]
struct Range {
    #[config(default = Some(8), range = ..8)]
    number: Option<u8>,
    #[config(default = Duration::from_secs(61), range = ..=Duration::from_secs(60))]
    wait: Duration,
    #[config(range = 2..=1)]
    empty: Option<u8>,
}

type Name = String;

#[derive(Config)]
#[config(section = "alias")]
struct Alias {
    #[config(default = String::new())]
    name: Name,
    #[config(default = None)]
    perhaps: Option<Name>,
}

fn main() {}
