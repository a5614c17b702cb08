//! What has no named fields, no section, or parameters.

use ds_aio::Config;

#[derive(Config)]
enum Choice {
    A,
}

#[derive(Config)]
struct Tuple(u32);

#[derive(Config)]
#[config(section = "empty")]
struct Empty {}

#[derive(Config)]
struct NoSectionConfig {
    #[config(default = 1)]
    x: u8,
}

fn main() {}
