//! A small file system that this process has for itself.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

/// A file system that only this process sees, and its later children; it goes when this is dropped.
pub struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Mounts one of `bytes` bytes of that kind (`tmpfs` or `ramfs`). It is for the first thread alone,
    /// before there are others.
    ///
    /// # Errors
    ///
    /// Where the machine does not let it.
    pub fn mount(kind: &str, bytes: usize, at: &Path) -> Result<Self, Box<dyn Error>> {
        system::mount(kind, bytes, at)?;
        Ok(Self { at: at.to_owned() })
    }

    /// The directory where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.at
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Otherwise it goes with the process.
        let _ = system::unmount(&self.at);
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::{error::Error, fs, path::Path};

    use nix::{
        mount::{MntFlags, MsFlags, umount2},
        sched::{CloneFlags, unshare},
        unistd::{getegid, geteuid},
    };

    pub(super) fn mount(kind: &str, bytes: usize, at: &Path) -> Result<(), Box<dyn Error>> {
        let (user, group) = (geteuid(), getegid());
        if user.is_root() {
            unshare(CloneFlags::CLONE_NEWNS)?;
        } else {
            unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
            fs::write("/proc/self/setgroups", "deny")?;
            fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
            fs::write("/proc/self/gid_map", format!("0 {group} 1"))?;
        }
        let none: Option<&str> = None;
        nix::mount::mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
        let options = format!("size={bytes}");
        nix::mount::mount(Some(kind), at, Some(kind), MsFlags::empty(), Some(options.as_str()))?;
        Ok(())
    }

    pub(super) fn unmount(at: &Path) -> Result<(), Box<dyn Error>> {
        Ok(umount2(at, MntFlags::MNT_DETACH)?)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::{error::Error, path::Path};

    pub(super) fn mount(_: &str, _: usize, _: &Path) -> Result<(), Box<dyn Error>> {
        Err("mounts are for Linux".into())
    }

    pub(super) fn unmount(_: &Path) -> Result<(), Box<dyn Error>> {
        Ok(())
    }
}
