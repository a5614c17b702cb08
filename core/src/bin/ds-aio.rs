//! The command `ds-aio`.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    ds_aio::cli::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("ds-aio: this command is for Linux alone");
    ExitCode::FAILURE
}
