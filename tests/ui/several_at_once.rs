//! Several mistakes in one struct are reported together, and nothing follows from them.

use ds_aio::Config;

#[derive(Config)]
#[config(sektion = "several", env_prefix = "9X", consts = some, default = 1)]
struct Several {
    #[config(default = 1, rnage = 1..=2)]
    misspelt: u32,
    neither: u32,
    #[config(default = 1, required)]
    both: u32,
    #[config(default = 1, default = 2)]
    twice: u32,
    #[config(default = "x", range = 1..)]
    text: String,
    #[config(default = true, multiple_of = 2, power_of_two, bytes)]
    flag: bool,
    #[config(default = 1, range = 5)]
    no_range: u32,
    #[config(default = 1, range = ..)]
    unbounded: u32,
    #[config(default = 1, range = 1..=)]
    endless: u32,
    #[config(default = 1, advanced = true)]
    flagged: u32,
    #[config(default = 1, advanced)]
    #[config(advanced)]
    flagged_twice: u32,
    #[config(default = 1, env = other)]
    variable: u32,
    #[config(default = 1, nonsense)]
    nonsense: u32,
    #[config(default = 1, engine)]
    misplaced: u32,
}

fn main() {
    let several = Several::loader().env().load().unwrap().value;
    let _ = Several::builder().misspelt(several.misspelt).text("x").build();
    let _ = Several::MISSPELT_DEFAULT + Several::default().twice;
    let _ = Several::from_env();
}
