//! Lists: of unsupported types, with defaults of another type or outside of their range.

use ds_aio::Config;

struct Mine;

#[derive(Config)]
#[config(section = "lists")]
struct Unsupported {
    #[config(required)]
    mine: Vec<Mine>,
    #[config(required)]
    nested: Vec<Vec<u8>>,
    perhaps: Option<Vec<u8>>,
}

#[derive(Config)]
#[config(section = "lists")]
struct Default {
    #[config(default = 8)]
    number: Vec<u8>,
    #[config(default = [8, "x"])]
    mixed: Vec<u8>,
}

#[derive(Config)]
#[config(section = "lists")]
struct Range {
    #[config(default = [1, 8], range = ..8)]
    number: Vec<u8>,
}

fn main() {}
