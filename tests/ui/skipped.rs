//! Attributes that do not suit a field that is no setting, and `auto` where it means two things.

use ds_aio::Config;

struct Mine;

#[derive(Config)]
#[config(section = "skipped", skip)]
struct Skipped {
    #[config(skip, range = 1..=2, rename = "x")]
    ruled: Mine,
    #[config(skip = true)]
    flagged: u8,
    #[config(skip, required)]
    required: Mine,
    #[config(skip)]
    build: Mine,
    #[config(default = "x", auto)]
    text: String,
    #[config(default = ["x"], auto)]
    texts: Vec<String>,
    #[config(default = 1, check)]
    check: u8,
}

#[derive(Config)]
#[config(section = "empty")]
struct Empty {
    #[config(skip)]
    only: u8,
}

fn main() {
    let _ = Skipped::builder().ruled(Mine).required(Mine).build().unwrap();
}
