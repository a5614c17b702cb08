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
    use std::{error::Error, path::Path};

    use nix::mount::{MntFlags, umount2};

    use crate::mounts::{leave_the_others, mount_in_memory};

    pub(super) fn mount(kind: &str, bytes: usize, at: &Path) -> Result<(), Box<dyn Error>> {
        leave_the_others()?;
        Ok(mount_in_memory(kind, at, bytes)?)
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
