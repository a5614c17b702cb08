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

#[derive(Config)]
#[config(section = "underscores", env_prefix = "U_")]
struct Underscores {
    #[config(default = 1)]
    n: u32,
    #[config(nested(env_prefix = "U__"))]
    within: Within,
}

#[derive(Config)]
#[config(section = "within", env_prefix = "_")]
struct Within {
    #[config(default = 1)]
    n: u32,
}

#[derive(Config)]
#[config(section = "free", consts = free)]
struct Free {
    #[config(default = Self::MOST, range = ..=Self::MOST)]
    n: u32,
}

impl Free {
    const MOST: u32 = 9;
}

#[derive(Config)]
#[config(section = "fixed", fixed(r#type = 1, share = 1.5, wide = 1u8, b = b'x', off = -1))]
struct Fixed {
    #[config(default = 1)]
    r#type: u32,
}

#[derive(Config)]
#[config(section = "no_variables")]
struct NoVariables {
    #[config(default = 1)]
    retry: u32,
    #[config(default = 1)]
    retry_env: u32,
    #[config(required)]
    default: u32,
}

fn main() {
    let _ = NoVariables::builder().retry_env(2);

    let _ = Suffixed::default().a;
    let _ = Names::X_DEFAULT + Names::Z_DEFAULT;
}
