//! Generic structs: what cannot be, and mistakes that have nothing to do with it, once each.

use ds_aio::{Choice, Config};

#[derive(Config)]
#[config(sektion = "generic")]
struct Generic<T> {
    #[config(required, bogus)]
    x: T,
}

#[derive(Config)]
#[config(section = "borrowed")]
struct Borrowed<'a> {
    #[config(default = "x")]
    x: &'a str,
}

#[derive(Clone, Copy, Choice)]
enum Mode {
    Only,
}

#[derive(Config)]
#[config(section = "free", consts = free)]
struct Free<const N: usize> {
    #[config(default = N)]
    x: usize,
    #[config(default = [Mode::Only])]
    modes: Vec<Mode>,
}

fn main() {
    let _ = Free::<2>::builder().x(3).build().unwrap().modes;
}
