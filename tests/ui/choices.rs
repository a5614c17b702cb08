//! Mistakes in enums of names: all at once, and nothing follows from them.

use ds_aio::{Choice, Config};

#[derive(Clone, Choice)]
struct NoEnum;

#[derive(Clone, Choice)]
enum Empty {}

#[derive(Clone, Choice)]
enum Generic<const N: usize> {
    One,
}

#[derive(Clone, Choice)]
#[config(rename = "Several", crates = ds_aio)]
enum Several {
    Plain,
    Tuple(u8),
    Struct { x: u8 },
    #[config(rename = "PLAIN")]
    Renamed,
    #[config(alias = "struct", alias = "")]
    Aliased,
    #[config(renam = "x", crate = ds_aio)]
    Misspelt,
    #[config(rename = " blank")]
    Blank,
    #[config(rename = "a", rename = "b")]
    Twice,
    #[config(rename)]
    Nothing,
}

#[derive(Config)]
#[config(section = "uses")]
struct Uses {
    #[config(default = Several::Plain)]
    several: Several,
    #[config(required)]
    empty: Empty,
    #[config(default = NoEnum)]
    no_enum: NoEnum,
}

fn main() {
    let several: Several = "plain".parse().unwrap();
    let _ = format!("{several} {} {:?}", several.clone().name(), Several::NAMES);
    let _ = Uses::loader().set("several", several).load();
}
