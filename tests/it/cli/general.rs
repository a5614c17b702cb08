//! What all subcommands have in common.

use std::process::Stdio;

use super::{command, run};

#[test]
fn wrong_arguments_and_settings_end_with_2_and_say_what_is_right() {
    let dir = tempfile::tempdir().unwrap();
    for (arguments, told) in [
        (&["bench", "--size", "1MB"][..], "MiB"),
        (&["bench", "--workload", "sideways"], "sequential"),
        (&["bench", "--repeats", "0"], "1.."),
        (&["doctor", "--set", "block_size"], "KEY=VALUE"),
        (&["doctor", "--set", "block_size=7"], "multiple of 512"),
        (&["doctor", "--set", "blok_size=512"], "block_size"),
        (&["doctor", "--file", "none.toml"], "none.toml"),
        (&["doctor", "nowhere"], "nowhere"),
        (&["bench", "nowhere", "--set", "queue_depth=0"], "1 to 65536"),
        (&["man", "fly"], "fly"),
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

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let dir = tempfile::tempdir().unwrap();
    let mut child =
        command(dir.path()).args(["config", "schema"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
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
