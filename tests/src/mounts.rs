//! File systems that only one process sees.

use std::{fs, path::Path};

use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
    unistd::{getegid, geteuid},
};

/// Gives this process mounts of its own, which it may add to. While it has one thread: a user namespace
/// takes no more.
///
/// # Errors
///
/// Where the machine does not let it.
pub fn leave_the_others() -> Result<(), Box<dyn std::error::Error>> {
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
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    Ok(())
}

/// Mounts a file system of so many bytes, of a kind that is in memory.
///
/// # Errors
///
/// Where the machine does not let it.
pub fn mount_in_memory(kind: &str, at: &Path, bytes: usize) -> Result<(), nix::Error> {
    let options = format!("size={bytes}");
    mount(Some(kind), at, Some(kind), MsFlags::empty(), Some(options.as_str()))
}
