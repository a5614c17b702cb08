//! Mistakes in old keys.

use ds_aio::Config;

#[derive(Config)]
#[config(section = "deprecated")]
struct Deprecated {
    #[config(default = 1, deprecated(alias = "old"))]
    no_note: u8,
    #[config(default = 1, deprecated(note = "x"), deprecated())]
    no_alias: u8,
    #[config(default = 1, deprecated(alias = "a", note = "x", since = "1"))]
    unknown: u8,
    #[config(default = 1, deprecated(alais = "b", note = "x"))]
    misspelt: u8,
    #[config(default = 1, deprecated(alias = "c", alias = "d", note = "x"))]
    twice: u8,
    #[config(default = 1, deprecated(alias = "no_note", note = "x"))]
    taken: u8,
    #[config(default = 1, deprecated = "e")]
    no_list: u8,
    #[config(default = 1, deprecated(alias = 1, note = "x"))]
    no_text: u8,
}

fn main() {}
