//! Mistakes in fields that may go without a value, and in durations.

use std::time::Duration;

use ds_aio::Config;

#[derive(Config)]
#[config(section = "options")]
struct Options {
    #[config(required)]
    required: Option<u8>,
    #[config(default = Some(true), range = 0..)]
    flag: Option<bool>,
    #[config(default = Duration::ZERO, multiple_of = 2, bytes)]
    wait: Duration,
    #[config(default = 'x', range = 'a'..)]
    letter: char,
}

fn main() {
    let _ = Options::builder().required(1).letter('x').build().unwrap().wait;
}
