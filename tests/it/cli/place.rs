//! What the directory has to be for `doctor`, `bench` and `tune`.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use nix::unistd::geteuid;

use super::{Ended, left_in, run, without_settings};
use crate::capabilities::require;

const SUBCOMMANDS: [&str; 3] = ["doctor", "bench", "tune"];

/// What a directory is refused with, before anything is printed.
#[track_caller]
fn assert_refused(ended: Ended, told: &[&str]) {
    let ended = ended.with_code(2);
    assert_eq!(ended.out, "", "{ended:#?}");
    for told in told {
        assert!(ended.err.contains(told), "{told}: {ended:#?}");
    }
}

/// The command in mounts of its own, with a tmpfs mounted on `dir`.
fn mounted(options: &str, dir: &Path, arguments: &[&str]) -> Ended {
    const SCRIPT: &str = r#"mount -t tmpfs -o "$1" none "$2" && shift 2 && exec "$0" "$@""#;
    let mut command = without_settings("unshare");
    if !geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.args(["--mount", "sh", "-c", SCRIPT, env!("CARGO_BIN_EXE_command"), options]);
    Ended::of(command.arg(dir).args(arguments).output().unwrap())
}

#[test]
fn one_that_is_not_there_is_told_with_how_to_make_it() {
    let dir = tempfile::tempdir().unwrap();
    for subcommand in SUBCOMMANDS {
        for format in [&[][..], &["--json"]] {
            let told = ["no where does not exist", "mkdir -p 'no where'", "another directory"];
            let arguments = [&[subcommand, "no where"], format].concat();
            assert_refused(run(dir.path(), arguments), &told);
        }
    }
    assert_eq!(left_in(dir.path()), Vec::<String>::new());
}

#[test]
fn a_link_to_nothing_is_told_as_one() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("no where", dir.path().join("link")).unwrap();
    for subcommand in SUBCOMMANDS {
        let told = ["link is a link to what does not exist", "make that", "another directory"];
        assert_refused(run(dir.path(), [subcommand, "link"]), &told);
    }
}

#[test]
fn a_file_is_none() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    for subcommand in SUBCOMMANDS {
        for path in ["file", "file/below"] {
            let told = format!("{path} is not a directory");
            assert_refused(run(dir.path(), [subcommand, path]), &[&told, "name the one"]);
        }
    }
}

#[test]
fn one_that_takes_no_files_is_told_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    for subcommand in SUBCOMMANDS {
        let told = ["no file can be made in /proc", "another directory"];
        assert_refused(run(dir.path(), [subcommand, "/proc"]), &told);
        if require("namespaces") {
            let told = ["no file can be made in ", "another directory", "remount,rw"];
            assert_refused(mounted("ro", dir.path(), &[subcommand, path_of(dir.path())]), &told);
        }
    }
}

#[test]
fn one_of_somebody_else_is_told_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o555)).unwrap();
    for subcommand in SUBCOMMANDS {
        let mut command = without_settings(env!("CARGO_BIN_EXE_command"));
        if geteuid().is_root() {
            // Root may write everywhere, unless it has lost its capabilities.
            command = without_settings("setpriv");
            command.args(["--bounding-set=-all", env!("CARGO_BIN_EXE_command")]);
        }
        let ended = Ended::of(command.arg(subcommand).arg(dir.path()).output().unwrap());
        assert_refused(ended, &["no file can be made in ", "another directory", "chmod"]);
    }
}

#[test]
fn one_with_too_little_space_is_told_before_anything_is_measured() {
    if !require("namespaces") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = path_of(dir.path());
    for (space, arguments, wanted) in [
        (16, &["bench", "--size", "17MiB"][..], "17 MiB"),
        (16, &["tune", "--size", "17MiB"], "17 MiB"),
        // The blocks of the file system are larger than these files.
        (1, &["bench", "-w", "files", "--size", "200KiB", "--request", "512"], "1.5 MiB"),
    ] {
        let (options, free) = (format!("size={space}m"), format!("{space} MiB free"));
        for format in [&[][..], &["--json"]] {
            let arguments = [arguments, format, &[path]].concat();
            let told = [wanted, path, &free, "--size", "another directory"];
            assert_refused(mounted(&options, dir.path(), &arguments), &told);
        }
    }
    // All there is will do.
    let arguments = ["bench", path, "--size", "16MiB", "--repeats", "1", "-t", "new,preallocated"];
    let ended = mounted("size=16m", dir.path(), &arguments).with_code(0);
    assert!(ended.out.contains("preallocated"), "{ended:#?}");
    // And a file system may have no bound.
    mounted("size=0", dir.path(), &["bench", path, "--size", "2MiB", "-w", "random"]).with_code(0);
    let ended = mounted("size=0", dir.path(), &["doctor", path]);
    assert!(ended.out.contains("no bound"), "{ended:#?}");
}

fn path_of(dir: &Path) -> &str {
    dir.to_str().unwrap()
}
