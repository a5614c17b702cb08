//! Parsers that do not suit their fields: types that cannot do what it takes, other functions.

use ds_aio::Config;

#[derive(Clone)]
struct Mine;

#[derive(Config)]
#[config(section = "parsed")]
struct Unsupported {
    #[config(required, parse = from_str)]
    mine: Mine,
}

fn parse(text: &str) -> Result<Mine, String> {
    Err(text.to_owned())
}

#[derive(Config)]
#[config(section = "parsed")]
struct NoDisplay {
    #[config(required, parse = parse)]
    mine: Vec<Mine>,
}

#[derive(Config)]
#[config(section = "parsed")]
struct Another {
    #[config(required, parse = parse)]
    number: u8,
    #[config(required, parse = unknown)]
    text: String,
}

#[derive(Config)]
#[config(section = "parsed")]
struct Default {
    #[config(default = 8, parse = from_str)]
    number: u8,
}

fn main() {}
