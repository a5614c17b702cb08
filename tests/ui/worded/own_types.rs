//! Checks of another type, skipped fields that nobody can keep or make, enums that know `auto`.

use std::rc::Rc;

use ds_aio::{Choice, Config, DirectMode};

struct Mine;

#[derive(Clone)]
struct Unmade;

fn check_text(_: &str) -> Result<(), String> {
    Ok(())
}

fn no_result(_: &u8) -> bool {
    true
}

#[derive(Config)]
#[config(section = "checked", check = check_text)]
struct Checked {
    #[config(default = 1, check = check_text)]
    number: u8,
    #[config(default = 1, check = no_result)]
    other: u8,
    #[config(default = 1, check = missing)]
    missing: u8,
}

#[derive(Config)]
#[config(section = "skipped")]
struct Skipped {
    #[config(skip)]
    rc: Rc<u8>,
    #[config(skip, default = Mine)]
    mine: Mine,
    #[config(skip, default = 1)]
    text: String,
    #[config(default = 1)]
    x: u8,
}

#[derive(Config)]
#[config(section = "made")]
struct Made {
    #[config(skip)]
    unmade: Unmade,
    #[config(default = 1)]
    x: u8,
}

#[derive(Clone, Choice)]
enum Mode {
    #[config(alias = "AUTO")]
    Default,
    Other,
}

type Text = String;

#[derive(Config)]
#[config(section = "auto")]
struct Auto {
    #[config(default = DirectMode::Never, auto)]
    direct: DirectMode,
    #[config(auto)]
    mode: Option<Mode>,
    #[config(required, auto)]
    text: Text,
    #[config(default = "x", one_of = ["x", "Auto"], auto)]
    listed: String,
}

fn main() {}
