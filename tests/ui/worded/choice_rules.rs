//! Rules of numbers on an enum of names, each shown at its own place.

use ds_aio::{Choice, Config};

#[derive(Clone, Choice)]
enum Mode {
    Slow,
    Fast,
}

#[derive(Config)]
#[config(section = "rules")]
struct Range {
    #[config(required, range = Mode::Slow..=Mode::Fast)]
    mode: Mode,
}

#[derive(Config)]
#[config(section = "rules")]
struct Bytes {
    #[config(required, bytes)]
    mode: Mode,
}

fn main() {}
