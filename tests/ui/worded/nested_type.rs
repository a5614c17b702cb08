//! What is nested is a `Config` struct, and there is a default only if it has one.

use ds_aio::Config;

#[derive(Config)]
#[config(section = "b")]
struct NoConfig {
    #[config(nested)]
    number: u32,
}

struct Plain;

#[derive(Config)]
#[config(section = "c")]
struct NoStructOfOurs {
    #[config(nested)]
    plain: Plain,
}

#[derive(Config)]
#[config(section = "d")]
struct Inner {
    #[config(required)]
    name: String,
}

#[derive(Config)]
#[config(section = "e")]
struct NoDefault {
    #[config(nested)]
    inner: Inner,
}

fn main() {
    let _ = NoDefault::default();
}
