//! A secret that the derive cannot see, and that a parser would read and tell.

use ds_aio::{Config, Secret};

type Token = Secret<String>;

fn read_token(text: &str) -> Result<Token, String> {
    Ok(Secret::new(text.to_owned()))
}

#[derive(Config)]
#[config(section = "aliased")]
struct Aliased {
    #[config(required, parse = read_token)]
    token: Token,
}

fn main() {}
