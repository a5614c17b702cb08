//! Secrets that would be none.

use ds_aio::{Config, Secret};

#[derive(Config)]
#[config(section = "secrets")]
struct Secrets {
    #[config(default = "x")]
    given: Secret<String>,
    #[config(required, range = 1..=9, bytes)]
    ruled: Secret<u64>,
    #[config(default = None)]
    perhaps: Option<Secret<u64>>,
    #[config(required, one_of = ["a"])]
    list: Vec<ds_aio::Secret<String>>,
    neither: Secret<u64>,
}

fn main() {
    let _ = Secrets::builder().ruled(1).list(["a".into()]).build().unwrap();
}
