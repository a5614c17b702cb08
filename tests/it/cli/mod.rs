//! The command `ds-aio`, run as a user would.

mod bench;
mod config;
mod doctor;
mod general;
mod place;
mod tune;

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

/// The command in `dir`, with no settings of this process's.
fn command(dir: &Path) -> Command {
    let mut command = without_settings(env!("CARGO_BIN_EXE_command"));
    command.current_dir(dir);
    command
}

/// The command, or a program that runs it.
fn without_settings(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("DS_AIO_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    // Whatever starts the tests may have started ranks.
    command.env_remove("LOCAL_WORLD_SIZE");
    command
}

/// The command in `dir`, where signals do what they do by default, whatever whoever started the tests
/// has made of them.
fn stoppable(dir: &Path) -> Command {
    let mut command = without_settings("env");
    command.args(["--default-signal=INT,TERM,HUP", env!("CARGO_BIN_EXE_command")]);
    command.current_dir(dir);
    command
}

/// What it says with these arguments, and how it ends.
fn run<S: AsRef<OsStr>>(dir: &Path, arguments: impl IntoIterator<Item = S>) -> Ended {
    Ended::of(command(dir).args(arguments).output().unwrap())
}

#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// The names in a directory.
fn left_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// The command, once its first file is there: that file, by the process's descriptor.
fn under_way<'a>(dir: &Path, arguments: impl IntoIterator<Item = &'a &'a str>) -> (Child, PathBuf) {
    let mut command = stoppable(dir);
    begun(command.args(arguments), dir)
}

/// A process, once its first file in `dir` is there.
fn begun(command: &mut Command, dir: &Path) -> (Child, PathBuf) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    loop {
        if let Some(file) = files_of(&child, dir).pop() {
            return (child, file);
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended: {child:?}");
        thread::yield_now();
    }
}

/// The descriptors that a process has of files in `dir`.
fn files_of(child: &Child, dir: &Path) -> Vec<PathBuf> {
    let dir = dir.canonicalize().unwrap();
    let entries = fs::read_dir(format!("/proc/{}/fd", child.id())).into_iter().flatten().flatten();
    let is_file =
        |path: &PathBuf| fs::read_link(path).is_ok_and(|to| to.starts_with(&dir) && to != dir);
    entries.map(|entry| entry.path()).filter(is_file).collect()
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}
