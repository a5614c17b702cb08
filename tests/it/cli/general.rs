//! What all subcommands have in common.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{PipeWriter, pipe},
    os::unix::ffi::OsStrExt,
};

use nix::sys::signal::Signal;

use super::{Ended, begun, command, run, signal, without_settings};

#[test]
fn wrong_arguments_and_settings_end_with_2_and_say_what_is_right() {
    let dir = tempfile::tempdir().unwrap();
    for (arguments, told) in [
        (&["bench", "--size", "1MB"][..], "MiB"),
        (&["bench", "--workload", "sideways"], "sequential"),
        (&["bench", "--repeats", "0"], "1.."),
        (&["tune", "--budget", "0s"], "60s"),
        (&["doctor", "--set", "block_size"], "KEY=VALUE"),
        (&["doctor", "--set", "block_size=7"], "multiple of 512"),
        (&["doctor", "--set", "blok_size=512"], "block_size"),
        (&["doctor", "--file", "none.toml"], "none.toml"),
        (&["doctor", "nowhere"], "nowhere"),
        (&["bench", "nowhere", "--set", "queue_depth=0"], "1 to 65536"),
        (&["doctor", "--file", "-"], "ends in .toml or .json"),
        (&["config", "check", "/dev/stdin"], "ends in .toml or .json"),
        (&["config", "migrate", "/dev/null", "--to", "env"], "ends in .toml or .json"),
        (&["man", "fly"], "fly: there is doctor, bench, tune, config, completions, man"),
        (&["man", "config", "fly"], "show, check, template, schema, migrate"),
        (&["man", "doctor", "fly"], "there is none"),
        (&["fly"], "unrecognized"),
        (&[], "Usage"),
    ] {
        let ended = run(dir.path(), arguments).with_code(2);
        assert!(ended.err.contains(told), "{arguments:?}: {ended:#?}");
        assert_eq!(ended.out, "");
    }
}

#[test]
fn help_names_the_exit_codes_and_version_the_version() {
    let dir = tempfile::tempdir().unwrap();
    assert!(run(dir.path(), ["--help"]).with_code(0).out.contains("Exit codes"));
    let version = run(dir.path(), ["--version"]).with_code(0).out;
    assert_eq!(version.trim(), format!("ds-aio {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_and_manual_pages_know_the_subcommands() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = run(dir.path(), ["completions", shell]).with_code(0).out;
        for word in ["ds-aio", "doctor", "warmups"] {
            assert!(script.contains(word), "{shell} without {word}");
        }
    }
    let page = run(dir.path(), ["man"]).with_code(0).out;
    assert!(page.contains(".TH ds-aio 1") && page.contains("doctor"), "{page}");
    let page = run(dir.path(), ["man", "config", "show"]).with_code(0).out;
    assert!(page.contains("ds-aio-config-show") && page.contains("explain"), "{page}");
}

/// A pipe that nobody reads any more.
fn unread() -> PipeWriter {
    pipe().unwrap().1
}

#[test]
fn a_reader_that_has_seen_enough_changes_nothing_of_the_end() {
    let dir = tempfile::tempdir().unwrap();
    for (arguments, code) in [
        (&["config", "schema"][..], 0),
        (&["bench", "--size", "1MiB", "--repeats", "1"], 0),
        (&["doctor", "/dev/shm", "--set", "direct=always"], 1),
        (&["doctor", "/dev/shm", "--set", "direct=always", "--json"], 1),
        (&["config", "check", "none.toml"], 2),
    ] {
        let output = command(dir.path()).args(arguments).stdout(unread()).output().unwrap();
        Ended::of(output).with_code(code);
    }
}

#[test]
fn warnings_that_nobody_hears_keep_nothing_from_being_done() {
    let dir = tempfile::tempdir().unwrap();
    let without_errors = |arguments: &[&str]| {
        // A name that looks like a misspelt one is a warning.
        let output = command(dir.path())
            .args(arguments)
            .env("DS_AIO_QUEUE_DEPT", "4")
            .stderr(unread())
            .output()
            .unwrap();
        Ended::of(output).with_code(0)
    };
    assert!(without_errors(&["config", "show"]).out.contains("queue_depth"));
    let bench = ["bench", "--json", "--explain", "--no-env", "--size", "1MiB", "--repeats", "1"];
    assert!(without_errors(&bench).json()["results"].is_array());
    // Of 1024 threads there are fewer to be had.
    let many = ["--set", "backend=threads", "--set", "thread_count=1024", "--no-env"];
    let tune = ["tune", "--size", "1MiB", "--budget", "1s", "--toml", "best.toml"];
    without_errors(&[&tune[..], &many].concat());
    assert!(dir.path().join("best.toml").exists());
    let migrate = ["config", "migrate", "best.toml", "--to", "deepspeed"];
    fs::write(dir.path().join("best.toml"), "[aio]\nbackend = \"threads\"\n").unwrap();
    assert!(without_errors(&migrate).json()["aio"].is_object());
}

#[test]
fn output_that_has_no_room_is_a_failure_that_says_so() {
    let dir = tempfile::tempdir().unwrap();
    for arguments in [&["config", "schema"][..], &["doctor"], &["doctor", "--json"], &["man"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = command(dir.path()).args(arguments).stdout(full).output().unwrap();
        let ended = Ended::of(output).with_code(1);
        assert!(ended.err.contains("standard output: No space left"), "{arguments:?}: {ended:#?}");
    }
}

#[test]
fn json_of_paths_that_are_no_text_is_whole() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join(OsStr::from_bytes(b"odd\xff"));
    fs::create_dir(&dir).unwrap();
    let file = dir.join(OsStr::from_bytes(b"\xff.toml"));
    fs::write(&file, "[aio]\nqueue_depth = 4\n").unwrap();
    let with_file = |arguments: &[&str]| {
        let output = command(&dir).args(arguments).arg(&file).arg("--json").output().unwrap();
        Ended::of(output).with_code(0).json()
    };
    let shown = with_file(&["config", "show", "--file"]);
    let checked = with_file(&["config", "check"]);
    for path in [&shown["queue_depth"]["from"]["path"], &checked[0]["file"]] {
        assert!(path.as_str().unwrap().ends_with("\u{fffd}.toml"), "{path}");
    }
    for arguments in
        [&["doctor", "--json"][..], &["bench", "--json", "--size", "1MiB", "--repeats", "1"]]
    {
        let report = run(&dir, arguments).with_code(0).json();
        assert!(report["directory"].as_str().unwrap().ends_with("odd\u{fffd}"), "{report:#}");
    }
}

#[test]
fn what_nohup_ignores_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = without_settings("env");
    command.args(["--ignore-signal=HUP", env!("CARGO_BIN_EXE_command")]).current_dir(dir.path());
    command.args(["tune", "--json", "--size", "1MiB", "--budget", "2s"]);
    let (child, _) = begun(&mut command, dir.path());
    signal(&child, Signal::SIGHUP);
    let report = Ended::of(child.wait_with_output().unwrap()).with_code(0).json();
    assert_eq!(report["interrupted"], false);
}

#[test]
fn what_is_no_terminal_gets_no_colours() {
    let dir = tempfile::tempdir().unwrap();
    let plain = run(dir.path(), ["doctor"]);
    assert!(!plain.out.contains('\u{1b}'), "{plain:#?}");
    let forced = command(dir.path()).arg("doctor").env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(forced.stdout.contains(&0x1b));
    let unwanted = command(dir.path())
        .arg("doctor")
        .envs([("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")])
        .output()
        .unwrap();
    assert!(!unwanted.stdout.contains(&0x1b));
}
