//! The command `ds-aio`.

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    ds_aio::cli::main()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("ds-aio: the engine runs on Unix alone");
    ExitCode::FAILURE
}
