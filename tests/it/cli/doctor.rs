//! `ds-aio doctor` on this machine.

use serde_json::Value;

use super::{Ended, command, left_in, run, without_settings};
use crate::capabilities::require;

fn finding<'a>(report: &'a Value, topic: &str) -> &'a Value {
    let findings = report["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["topic"] == topic);
    found.unwrap_or_else(|| panic!("nothing of {topic}: {report:#}"))
}

#[test]
fn every_line_has_its_verdict_and_what_costs_its_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let ended = run(dir.path(), ["doctor", "--json"]).with_code(0);
    let report = ended.json();
    let path = dir.path().canonicalize().unwrap();
    assert_eq!(report["directory"], path.to_str().unwrap());
    for finding in report["findings"].as_array().unwrap() {
        assert!(finding["found"].as_str().is_some_and(|found| !found.is_empty()), "{finding}");
        let is_ok = finding["verdict"] == "ok";
        assert!(is_ok || finding["cost"].is_string() && finding["change"].is_string(), "{finding}");
    }
    assert_eq!(left_in(dir.path()), Vec::<String>::new());

    // The same in words.
    let text = run(dir.path(), ["doctor"]).with_code(0).out;
    for finding in report["findings"].as_array().unwrap() {
        let topic = finding["topic"].as_str().unwrap();
        assert!(text.lines().any(|line| line.contains(topic)), "{topic}: {text}");
    }
}

#[test]
fn what_the_engine_has_here_is_what_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let report = run(dir.path(), ["doctor", "--json"]).with_code(0).json();
    for (capability, topic) in
        [("direct", "O_DIRECT"), ("io_uring", "io_uring"), ("huge_pages", "huge pages")]
    {
        if require(capability) {
            assert_eq!(finding(&report, topic)["verdict"], "ok", "{report:#}");
        }
    }
}

#[test]
fn settings_that_cannot_be_had_are_a_problem_and_end_with_1() {
    let arguments = ["doctor", "/dev/shm", "--set", "direct=always", "--json"];
    let dir = tempfile::tempdir().unwrap();
    let report = run(dir.path(), arguments).with_code(1).json();
    assert_eq!(report["verdict"], "problem");
    assert_eq!(finding(&report, "O_DIRECT")["verdict"], "problem");
    // And warnings where they are taken seriously.
    run(dir.path(), ["doctor", "/dev/shm"]).with_code(0);
    run(dir.path(), ["doctor", "/dev/shm", "--strict"]).with_code(1);
}

#[test]
fn ranks_of_a_launcher_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let output = command(dir.path())
        .args(["doctor", "--json", "--set", "queue_depth=16"])
        .envs([("LOCAL_WORLD_SIZE", "4"), ("DS_AIO_THREAD_COUNT", "2")])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = finding(&report, "ranks")["found"].as_str().unwrap();
    assert!(found.starts_with("4 on this machine"), "{found}");
    assert!(found.contains("2 thread_count × 16 queue_depth are 128 blocks"), "{found}");
}

#[test]
fn a_limit_of_files_is_not_told_as_a_lack_of_space() {
    let dir = tempfile::tempdir().unwrap();
    let mut limited = without_settings("sh");
    limited.args(["-c", "ulimit -f 100 && exec \"$0\" doctor", env!("CARGO_BIN_EXE_command")]);
    let ended = Ended::of(limited.current_dir(dir.path()).output().unwrap()).with_code(1);
    assert!(ended.err.contains("ulimit -f") && !ended.err.contains("left"), "{ended:#?}");
}
