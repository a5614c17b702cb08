//! Scenarios that need a process of their own.

use std::process::Command;

/// Runs a helper, shows what it said if it did not end well, and returns what it printed.
pub(super) fn run(helper: &str, arguments: &[&str]) -> String {
    // One that is killed cannot remove its files.
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(helper).args(arguments).env("TMPDIR", dir.path()).output().unwrap();
    assert!(
        output.status.success(),
        "{helper} {arguments:?} ended with {}:\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
