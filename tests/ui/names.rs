//! Names that collide within one struct.

use ds_aio::Config;

#[derive(Config)]
#[config(section = "names", env_prefix = "N", fixed(gone = 1))]
struct Names {
    #[config(default = 1)]
    format: u32,
    #[config(default = 1)]
    x: u32,
    #[config(default = 1)]
    x_default: u32,
    #[config(default = 1, rename = "x")]
    y: u32,
    #[config(default = 1, alias = "gone")]
    z: u32,
    #[config(default = 1, env = "N_Z")]
    w: u32,
    #[config(default = 1)]
    build: u32,
    #[config(default = 1)]
    toml_template: u32,
    #[config(default = 1)]
    env_template: u32,
    #[config(default = 1)]
    docs_table: u32,
    #[config(default = 1)]
    json_schema: u32,
}

#[derive(Config)]
#[config(section = "suffixed", key_suffix = "DEFAULT", env_prefix = "S")]
struct Suffixed {
    #[config(default = 1)]
    a: u32,
}

#[derive(Config)]
#[config(section = "suffixed", key_suffix = "")]
struct NoSuffix {
    #[config(default = 1)]
    a: u32,
}

#[derive(Config)]
#[config(section = "suffixed", key_suffix = "KEY", const_prefix = "S", consts = none)]
struct NoConstants {
    #[config(default = 1)]
    a: u32,
}

fn main() {
    let _ = Suffixed::default().a;
    let _ = Names::X_DEFAULT + Names::Z_DEFAULT;
}
