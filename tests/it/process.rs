//! Processes of their own: scenarios, and other programs of the tests.

use std::process::Command;

/// The program of all scenarios, whose first argument is the name of one.
pub(super) const SCENARIO: &str = env!("CARGO_BIN_EXE_scenario");

/// Runs a scenario, shows what it said if it did not end well, and returns what it printed.
#[track_caller]
pub(super) fn scenario(name: &str, arguments: &[&str]) -> String {
    run(Command::new(SCENARIO).arg(name).args(arguments))
}

/// The same with any program.
#[track_caller]
pub(super) fn run(command: &mut Command) -> String {
    // One that is killed cannot remove its files.
    let dir = tempfile::tempdir().unwrap();
    let output = command.env("TMPDIR", dir.path()).output().unwrap();
    assert!(
        output.status.success(),
        "{command:?} ended with {}:\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
