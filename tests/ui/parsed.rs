//! Mistakes in fields that a parser reads.

use std::net::IpAddr;

use ds_aio::Config;

fn parse(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

#[derive(Config)]
#[config(section = "parsed")]
struct Parsed {
    #[config(required, parse = "from_str")]
    quoted: IpAddr,
    #[config(required, parse)]
    nothing: IpAddr,
    #[config(parse = from_str)]
    neither: IpAddr,
    #[config(required, parse = from_str, range = 1..)]
    number: u8,
    #[config(required, parse = from_str, bytes, multiple_of = 8, power_of_two)]
    size: u64,
    #[config(required, parse = parse, sep = ",")]
    no_list: String,
    #[config(required, parse = from_str, parse = parse)]
    twice: String,
    #[config(required, parse = serde, one_of = ["x"])]
    any: String,
    #[config(required, parse = from_str)]
    secret: ds_aio::Secret<String>,
}

fn main() {
    let _ = Parsed::builder().no_list("x".to_owned()).build().unwrap().number;
}
