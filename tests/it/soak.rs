//! A round of the soak: everything at once, with faults, in a process of its own.

use std::process::Command;

use super::process;

#[test]
fn a_round_of_everything_at_once_holds() {
    if cfg!(target_os = "linux") {
        let seed = ds_aio_tests::bytes::seed().to_string();
        println!("replay with DS_AIO_TEST_SEED={seed}");
        // Neither the machine's memory nor its page cache is the tests' to take.
        let quietly = ["--rounds", "1", "--memory", "0", "--seed", &seed];
        let said = process::run(Command::new(env!("CARGO_BIN_EXE_soak")).args(quietly));
        assert!(said.ends_with("all of it holds\n"), "{said}");
    }
}
