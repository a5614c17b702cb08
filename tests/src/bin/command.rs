//! The command `ds-aio` for the tests of `it`: `core` builds its own, but not for another package.

fn main() -> std::process::ExitCode {
    ds_aio::cli::main()
}
