//! Who has a store's directory: one store at a time, by a lock that ends with its process.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
};

use crate::store::files::OWNER;

/// The directory is this store's until it is dropped.
pub(super) struct Owner {
    _lock: Flock<File>,
    path: PathBuf,
    epoch: u64,
}

/// Why a directory cannot be had.
pub(super) enum NotOwned {
    /// What the other owner says of itself.
    InUse(String),
    Failed(io::Error),
}

impl From<io::Error> for NotOwned {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

impl Owner {
    /// Locks the directory and notes who has it; `epoch` is a random number that tells this time from
    /// others.
    pub(super) fn of(directory: &Path, epoch: u64) -> Result<Self, NotOwned> {
        let path = directory.join(OWNER);
        loop {
            let mut options = OpenOptions::new();
            let file = options.read(true).write(true).create(true).truncate(false).open(&path)?;
            let mut lock = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(lock) => lock,
                Err((mut file, Errno::EWOULDBLOCK)) => {
                    let mut text = String::new();
                    // For people to read: whatever it says.
                    let _ = Read::take(&mut file, 1000).read_to_string(&mut text);
                    return Err(NotOwned::InUse(text.lines().collect::<Vec<_>>().join(", ")));
                }
                Err((_, errno)) => return Err(NotOwned::Failed(errno.into())),
            };
            // An owner that ends removes the file: a lock on a file without a name is nobody's.
            let locked = lock.metadata()?;
            let is_there = fs::metadata(&path)
                .is_ok_and(|there| (there.dev(), there.ino()) == (locked.dev(), locked.ino()));
            if !is_there {
                continue;
            }
            lock.set_len(0)?;
            lock.rewind()?;
            lock.write_all(describe(epoch).as_bytes())?;
            return Ok(Self { _lock: lock, path, epoch });
        }
    }

    /// Whether the directory is still this owner's.
    pub(super) fn is_current(&self) -> io::Result<bool> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        Ok(text.lines().any(|line| line == epoch_line(self.epoch)))
    }

    pub(super) fn is_in(&self, directory: &Path) -> bool {
        self.path.parent() == Some(directory)
    }

    /// Removes the file, and lets the directory go.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

fn epoch_line(epoch: u64) -> String {
    format!("epoch {epoch:016x}")
}

fn describe(epoch: u64) -> String {
    let host = nix::unistd::gethostname().ok().and_then(|host| host.into_string().ok());
    let host = host.unwrap_or_else(|| "unknown".to_owned());
    // Of Linux alone.
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let (boot, process) = (boot.trim(), std::process::id());
    format!("host {host}\nboot {boot}\nprocess {process}\n{}\n", epoch_line(epoch))
}
