//! A generic struct's other mistakes are reported with it.

use ds_aio::Config;

#[derive(Config)]
#[config(sektion = "generic")]
struct Generic<T> {
    #[config(default = 1, bogus)]
    x: u8,
    y: T,
}

fn main() {}
