//! Mistakes in lists.

use ds_aio::Config;

#[derive(Config)]
#[config(section = "lists")]
struct Lists {
    #[config(default = 1, sep = ";")]
    no_list: u8,
    #[config(default = [1], sep = "")]
    nothing: Vec<u8>,
    #[config(default = ["x"], range = 1..)]
    texts: Vec<String>,
    neither: Vec<u8>,
}

fn main() {
    let _ = Lists::builder().nothing([1]).build().unwrap().texts;
}
