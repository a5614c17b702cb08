//! Children that a process forks with an engine at work.

#![allow(unsafe_code, reason = "a fork")]

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use nix::{
    libc,
    sys::wait::{WaitStatus, waitpid},
    unistd::{ForkResult, Pid, fork},
};

use crate::process::die_if_hung;

/// Where a child notes what it is about to do, for when it hangs.
pub struct Steps {
    file: PathBuf,
}

impl Steps {
    /// None yet, of a child whose notes lie in `dir`.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self { file: dir.join("step") }
    }

    /// Notes the next step.
    pub fn at(&self, step: &str) {
        fs::write(&self.file, step).unwrap();
    }

    /// Waits for the child of that number.
    ///
    /// # Panics
    ///
    /// With its last step, if it does not end well.
    #[track_caller]
    pub fn wait_for(&self, child: Pid) {
        let status = waitpid(child, None).unwrap();
        let step = fs::read_to_string(&self.file).unwrap_or_default();
        assert_eq!(status, WaitStatus::Exited(child, 0), "in {step:?} of the child");
    }
}

/// Runs `life` in a forked child and returns once that has ended well; it notes its steps in `dir`.
///
/// # Panics
///
/// If the child does not end well.
#[track_caller]
pub fn in_child(dir: &Path, life: impl FnOnce(&Steps)) {
    let steps = Steps::new(dir);
    // SAFETY: the child allocates and starts threads, which the C libraries that Rust's standard
    // library runs on allow after a fork, and takes no lock that a thread of the parent may hold:
    // that the engine takes none is what is tested.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            die_if_hung(100);
            let ended = catch_unwind(AssertUnwindSafe(|| life(&steps)));
            // Nothing of the parent's is dropped, flushed or removed.
            // SAFETY: it takes no memory.
            unsafe { libc::_exit(i32::from(ended.is_err())) }
        }
        ForkResult::Parent { child } => steps.wait_for(child),
    }
}
