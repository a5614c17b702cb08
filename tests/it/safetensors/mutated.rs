//! Mutated headers, in a process that notes what it allocates.

use std::process::Command;

use ds_aio_tests::bytes::seed;

use crate::process::run;

#[test]
fn mutated_files_are_an_error_or_the_right_tensors() {
    run(Command::new(env!("CARGO_BIN_EXE_mutated_headers")).args(["4000", &seed().to_string()]));
}
