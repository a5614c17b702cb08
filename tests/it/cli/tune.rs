//! `ds-aio tune`, for a moment.

use std::fs;

use ds_aio::{AioConfig, EnvSource};
use nix::sys::signal::Signal;

use super::{Ended, left_in, run, signal, under_way};

const SHORT: [&str; 5] = ["tune", "--size", "4MiB", "--budget", "2s"];

#[test]
fn what_is_chosen_is_written_in_every_format_and_loads_back() {
    let (dir, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    let (toml, json, env) = (file("best.toml"), file("best.json"), file("best.env"));
    let written = ["--json", "--toml", &toml, "--deepspeed", &json, "--env", &env];
    let report = run(dir.path(), SHORT.iter().chain(&written)).with_code(0).json();
    assert_eq!(left_in(dir.path()), Vec::<String>::new());

    let chosen = &report["chosen"];
    let trials = report["trials"].as_array().unwrap();
    let speeds = |key: &serde_json::Value| key["samples"].as_array().unwrap().len();
    assert!(trials.iter().all(|trial| speeds(trial) > 0), "{report:#}");
    assert!(trials.iter().any(|trial| trial["block_size"] == chosen["block_size"]));

    let from_toml = AioConfig::loader().file(&toml).load().unwrap().value;
    assert_eq!(chosen["block_size"], from_toml.block_size);
    assert_eq!(chosen["queue_depth"], from_toml.queue_depth);
    assert_eq!(chosen["thread_count"], from_toml.thread_count);
    assert_eq!(chosen["single_submit"], from_toml.single_submit);
    assert_eq!(chosen["overlap_events"], from_toml.overlap_events);
    assert_eq!(chosen["backend"], from_toml.backend.to_string());

    let text = fs::read_to_string(&env).unwrap();
    let variables: Vec<_> = text.lines().filter_map(|line| line.split_once('=')).collect();
    assert!(variables.var("DS_AIO_BLOCK_SIZE").is_some(), "{text}");
    assert_eq!(AioConfig::loader().env_from(&variables).load().unwrap().value, from_toml);
    // DeepSpeed has no name for our own.
    let for_deepspeed =
        AioConfig::loader().file(&json).set("backend", &*from_toml.backend.to_string());
    assert_eq!(for_deepspeed.load().unwrap().value, from_toml);
}

#[test]
fn the_table_marks_what_is_chosen_and_shows_it_as_settings() {
    let dir = tempfile::tempdir().unwrap();
    let ended = run(dir.path(), SHORT.iter().chain(&["--reads", "100"])).with_code(0);
    assert!(ended.out.contains("chosen") || ended.out.contains("there were"), "{ended:#?}");
    let settings = &ended.out[ended.out.find("[aio]").unwrap()..];
    let file = dir.path().join("shown.toml");
    fs::write(&file, settings).unwrap();
    AioConfig::loader().file(&file).load().unwrap();
}

#[test]
fn files_that_are_there_stay_and_are_told_before_the_search() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("mine.toml"), "[other]\n").unwrap();
    let arguments = ["tune", "--budget", "1h", "--toml", "mine.toml"];
    let ended = run(dir.path(), arguments).with_code(2);
    assert!(ended.err.contains("mine.toml exists"), "{ended:#?}");
    assert_eq!(fs::read_to_string(dir.path().join("mine.toml")).unwrap(), "[other]\n");
    let ended = run(dir.path(), ["tune", "--workload", "mixed"]).with_code(2);
    assert!(ended.err.contains("--reads"), "{ended:#?}");
}

#[test]
fn a_search_that_is_stopped_tells_what_it_knows() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["tune", "--json", "--size", "4MiB", "--budget", "10h", "--toml", "best.toml"];
    let (child, _) = under_way(dir.path(), &arguments);
    signal(&child, Signal::SIGINT);
    let ended = Ended::of(child.wait_with_output().unwrap()).with_code(130);
    let report = ended.json();
    assert_eq!((&report["interrupted"], &report["complete"]), (&true.into(), &false.into()));
    assert_eq!(left_in(dir.path()), Vec::<String>::new());
}
