//! `ds-aio bench`, small.

use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Child,
};

use nix::sys::signal::Signal;
use serde_json::Value;

use super::{Ended, command, left_in, run, signal, under_way};
use crate::capabilities::require;

const SMALL: [&str; 9] =
    ["bench", "--json", "--verify", "--size", "3MiB", "--repeats", "3", "--request", "128KiB"];

fn results(arguments: &[&str]) -> Vec<Value> {
    let dir = tempfile::tempdir().unwrap();
    let ended = run(dir.path(), SMALL.iter().chain(arguments)).with_code(0);
    assert_eq!(left_in(dir.path()), Vec::<String>::new());
    let report = ended.json();
    assert_eq!(report["interrupted"], false);
    report["results"].as_array().unwrap().clone()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn every_workload_is_measured_and_its_contents_are_right() {
    let results = results(&["--target", "new,preallocated,overwrite"]);
    let cases: Vec<_> = results
        .iter()
        .map(|case| {
            let word = |key: &str| case[key].as_str().unwrap_or_default();
            [word("workload"), word("operation"), word("target")].join(" ")
        })
        .collect();
    let mut expected = Vec::new();
    for workload in ["sequential", "random", "files", "plain"] {
        expected.push(format!("{workload} read "));
        let targets = ["new", "preallocated", "overwrite"];
        expected.extend(targets.map(|target| format!("{workload} write {target}")));
    }
    expected.extend(["mixed mixed ".to_owned(), "update update ".to_owned()]);
    assert_eq!(cases, expected);

    for case in results {
        let updates = case["workload"] == "update";
        let requests = if updates { 48 } else { 24 };
        assert_eq!(case["requests"], requests, "{case:#}");
        assert_eq!(case["files"], if case["workload"] == "files" { 24 } else { 1 });
        let repeats = case["repeats"].as_array().unwrap();
        assert_eq!(repeats.len(), 3);
        for repeat in repeats {
            assert_eq!(repeat["bytes"], if updates { 6 << 20 } else { 3 << 20 });
            assert!(number(&repeat["seconds"]) > 0.0);
        }
        // The engine counted the requests of the repeats and no others.
        let of = |key: &str, what: &str| case[key][what].as_u64().unwrap_or(0);
        assert_eq!(of("read", "requests") + of("write", "requests"), 3 * requests, "{case:#}");
        let moved: u64 = ["direct_bytes", "bounced_bytes", "buffered_bytes"]
            .map(|way| case[way].as_u64().unwrap())
            .iter()
            .sum();
        assert_eq!(moved, of("read", "bytes") + of("write", "bytes"));
        // No block is larger than a request of these.
        assert!(case["transfers"].as_u64().unwrap() >= 3 * requests, "{case:#}");
        for key in ["gb_per_s", "requests_per_s"] {
            let spread = ["least", "median", "most"].map(|at| number(&case[key][at]));
            assert!(spread[0] > 0.0 && spread.is_sorted(), "{case:#}");
        }
        for operation in
            ["read", "write"].map(|key| &case[key]).into_iter().filter(|of| of.is_object())
        {
            let latency = ["p50_us", "p90_us", "p99_us", "p99_9_us", "max_us"];
            assert!(latency.map(|at| number(&operation["latency"][at])).is_sorted(), "{case:#}");
        }
    }
}

#[test]
fn ways_are_those_of_the_memory_and_the_settings() {
    if require("direct") {
        let own = results(&["--workload", "sequential", "--direction", "read"]);
        assert_eq!(own[0]["direct_bytes"], 9 << 20);
        let plain = results(&["--workload", "plain", "--direction", "read"]);
        assert!(plain[0]["bounced_bytes"].as_u64().unwrap() > 0, "{plain:#?}");
    }
    let buffered = results(&["--workload", "random", "--set", "direct=never"]);
    for case in buffered {
        assert_eq!(case["buffered_bytes"], 9 << 20);
        assert!(case["not_direct"].as_str().unwrap().contains("never"));
    }
}

#[test]
fn the_settings_of_all_layers_hold() {
    let dir = tempfile::tempdir().unwrap();
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    fs::write(file.path(), "[aio]\nqueue_depth = 3\nblock_size = \"64KiB\"\n").unwrap();
    let output = command(dir.path())
        .args(SMALL)
        .args(["--workload", "sequential", "--set", "block_size=32KiB"])
        .args(["--file".as_ref(), file.path().as_os_str()])
        .env("DS_AIO_THREAD_COUNT", "2")
        .output()
        .unwrap();
    let settings = &Ended::of(output).with_code(0).json()["settings"];
    assert_eq!(settings["queue_depth"], 3);
    assert_eq!(settings["thread_count"], 2);
    assert_eq!(settings["block_size"], 32 << 10);
}

#[test]
fn the_table_has_a_line_for_each_case_and_explains_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let arguments =
        ["bench", "--size", "2MiB", "--repeats", "2", "--sync", "--explain", "-w", "files,mixed"];
    let ended = run(dir.path(), arguments).with_code(0);
    for told in ["KEY", "default", "backend = ", "files, 2 × 1 MiB", "fdatasync"] {
        assert!(ended.out.contains(told), "{told}: {ended:#?}");
    }
    let lines = ["read ", "overwrite ", "mixed ", "reads ", "writes "];
    for told in lines {
        let is = |line: &str| line.trim_start().starts_with(told);
        assert_eq!(ended.out.lines().filter(|line| is(line)).count(), 1, "{told}: {ended:#?}");
    }
    assert_eq!(ended.err, "");
}

#[test]
fn no_line_of_the_table_is_wider_than_it_may_be() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["bench", "--size", "2MiB", "--repeats", "2", "--target", "new,preallocated"];
    for columns in [60, 100] {
        let output = command(dir.path())
            .args(arguments)
            .env("COLUMNS", columns.to_string())
            .output()
            .unwrap();
        let out = Ended::of(output).with_code(0).out;
        let table = out.split_once("\n\n").unwrap().1;
        // Reasons are told in sentences.
        let lines = table.lines().filter(|line| !line.contains("page cache"));
        assert!(table.contains("preallocated"), "{out}");
        for line in lines {
            assert!(line.chars().count() <= columns, "{columns}: {line}\n{out}");
        }
    }
}

#[test]
fn more_files_than_may_be_open_are_refused_before_anything_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["bench", "-w", "files", "--size", "8GiB", "--request", "512"];
    let ended = run(dir.path(), arguments).with_code(2);
    let told = ended.err.contains("ulimit -n") || ended.err.contains("of memory");
    assert!(told, "{ended:#?}");
}

/// A bench that does not end by itself.
fn endless(dir: &Path, arguments: &[&str]) -> (Child, PathBuf) {
    let endless = ["bench", "--size", "4MiB", "--repeats", "4000000000", "-w", "sequential"];
    under_way(dir, endless.iter().chain(arguments))
}

#[test]
fn a_signal_stops_it_and_what_was_done_is_reported() {
    for (asked, format) in
        [(Signal::SIGINT, "--json"), (Signal::SIGTERM, "--json"), (Signal::SIGINT, "--sync")]
    {
        let dir = tempfile::tempdir().unwrap();
        let (child, _) = endless(dir.path(), &[format]);
        signal(&child, asked);
        let ended = Ended::of(child.wait_with_output().unwrap()).with_code(130);
        assert!(ended.err.contains("interrupted"), "{ended:#?}");
        assert_eq!(left_in(dir.path()), Vec::<String>::new());
        if format == "--json" {
            let report = ended.json();
            assert_eq!(report["interrupted"], true);
            assert_eq!(report["results"].as_array().unwrap().len(), 1);
        } else {
            assert!(ended.out.contains("sequential, "), "{ended:#?}");
            let (_, told) = ended.out.split_once("repeats: ").unwrap();
            let (done, of) = told.split_once(" of ").unwrap();
            assert!(done.parse::<u32>().is_ok_and(|done| done < 4_000_000_000), "{ended:#?}");
            assert!(of.starts_with("4000000000 of 4 MiB after 1, in case 1 of 2; stopped"), "{of}");
        }
    }
}

#[test]
fn killed_it_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, _) = endless(dir.path(), &["--json"]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(left_in(dir.path()), Vec::<String>::new());
}

#[test]
fn contents_that_somebody_else_changed_fail_the_verification() {
    for direction in ["read", "write"] {
        let dir = tempfile::tempdir().unwrap();
        let arguments = ["--json", "--verify", "--direction", direction];
        let (mut child, file) = endless(dir.path(), &arguments);
        let file = fs::OpenOptions::new().write(true).open(file).unwrap();
        // Until it comes between a write and its check.
        while child.try_wait().unwrap().is_none() {
            file.write_all_at(b"somebody else", 2 << 20).unwrap();
        }
        let ended = Ended::of(child.wait_with_output().unwrap()).with_code(1);
        assert!(ended.err.contains("verification") && ended.err.contains("2097152"), "{ended:#?}");
    }
}
