//! A default that breaks its own rule fails compilation at the field.

use ds_aio::Config;

#[derive(Config)]
#[config(section = "rules")]
struct Rules {
    #[config(default = 0, range = 1..=8)]
    below: u32,
    #[config(default = 8.0, range = ..8.0)]
    excluded: f64,
    #[config(default = 3, multiple_of = 2)]
    odd: u64,
    #[config(default = 6, power_of_two)]
    six: u8,
    #[config(default = "c", one_of = ["a", "b"])]
    letter: String,
    #[config(required, range = 5..5)]
    empty: u32,
    #[config(default = 0, multiple_of = 0)]
    zero: u32,
}

fn main() {}
