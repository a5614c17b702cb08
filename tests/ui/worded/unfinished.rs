//! Attributes that stop half-way: each is one message.

use ds_aio::Config;

#[derive(Config)]
#[config(section = "")]
struct NoName {
    #[config(default = 1)]
    x: u32,
}

#[derive(Config)]
#[config(section = "unfinished", consts = free)]
struct Unfinished {
    #[config(default = 1 +)]
    sum: u32,
    #[config(default = 1, range = 1..2 *)]
    range: u32,
    #[config]
    bare: u32,
    #[config = "default"]
    assigned: u32,
}

fn main() {
    let builder = Unfinished::builder().sum(UNFINISHED_SUM_DEFAULT).bare(1);
    let again = format!("{:?}", builder.clone());
    let value: Unfinished = builder.build().unwrap();
    let _ = (again, UnfinishedBuilder::from(value));
}
