//! A block device of its own for a test, where the machine gives one.

use std::{path::PathBuf, process::Command};

use tempfile::TempDir;

/// A loop device with sectors of 4096 bytes over a file; both go with it.
pub(crate) struct LoopDevice {
    pub(crate) path: PathBuf,
    backing: PathBuf,
    _dir: TempDir,
}

impl LoopDevice {
    /// None where there is no `losetup`, or it may not.
    pub(crate) fn new(len: u64) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let backing = dir.path().join("backing");
        std::fs::File::create(&backing).and_then(|file| file.set_len(len)).unwrap();
        let mut losetup = Command::new("losetup");
        losetup.args(["--sector-size", "4096", "--find", "--show"]).arg(&backing);
        let output = losetup.output().ok().filter(|output| output.status.success())?;
        let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim_end());
        Some(Self { path, backing, _dir: dir })
    }

    /// From now on what lies beyond so many bytes cannot be read.
    pub(crate) fn break_beyond(&self, len: u64) {
        let backing = std::fs::OpenOptions::new().write(true).open(&self.backing);
        backing.and_then(|file| file.set_len(len)).unwrap();
    }
}

impl Drop for LoopDevice {
    fn drop(&mut self) {
        // A device that is left over is seen in `losetup`, and fails no test.
        let _ = Command::new("losetup").arg("--detach").arg(&self.path).status();
    }
}
