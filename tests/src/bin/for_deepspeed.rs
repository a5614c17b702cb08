//! Prints what DeepSpeed is told of the settings that the `DS_AIO_*` variables make, for
//! `.ci/dialect.py` to compare.

#![allow(clippy::print_stdout, reason = "that is what it is for")]

fn main() -> Result<(), ds_aio::ConfigErrors> {
    print!("{}", ds_aio::AioConfig::from_env()?.to_deepspeed_json());
    Ok(())
}
