//! The directory that files are to be in.

use std::{
    fs::File,
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use nix::sys::{
    stat::{major, minor},
    statvfs::statvfs,
};

use super::{exit::Failure, interrupt};

/// A directory in which this user can make files.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Without links.
    pub(super) path: PathBuf,
    /// The device it is on, major and minor; a major of 0 is none.
    pub(super) device: (u64, u64),
    /// None where the file system knows no bound.
    pub(super) space: Option<Space>,
}

/// What a file system has, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Space {
    /// What this user may still write.
    pub(super) free: u64,
    pub(super) size: u64,
    /// What the last byte of a file takes.
    pub(super) unit: u64,
}

impl Place {
    /// Looks at `dir`, and makes a file there for a moment.
    pub(super) fn of(dir: &Path) -> Result<Self, Failure> {
        let found = dir.canonicalize().and_then(|path| Ok((path.metadata()?, path)));
        let (metadata, path) = found.map_err(|error| not_reached(dir, &error))?;
        if !metadata.is_dir() {
            return Err(not_reached(dir, &io::ErrorKind::NotADirectory.into()));
        }
        unnamed_file(&path).map_err(|error| not_writable(dir, &error))?;
        let device = metadata.dev();
        Ok(Self { space: Space::of(&path)?, path, device: (major(device), minor(device)) })
    }

    /// A file without a name, which is gone when it is closed, however this ends.
    pub(super) fn new_file(&self) -> Result<File, Failure> {
        unnamed_file(&self.path).map_err(|error| {
            let dir = self.path.display();
            Failure::failed(format!("a temporary file in {dir} cannot be made: {error}"))
        })
    }
}

impl Space {
    fn of(path: &Path) -> Result<Option<Self>, Failure> {
        let told = statvfs(path).map_err(Failure::failed)?;
        #[allow(clippy::unnecessary_cast, reason = "32 bits on some systems")]
        let (free, size, unit) = (
            told.blocks_available() as u64,
            told.blocks() as u64,
            (told.fragment_size() as u64).max(1),
        );
        let bytes = |blocks: u64| blocks.saturating_mul(unit);
        Ok((size > 0).then(|| Self { free: bytes(free), size: bytes(size), unit }))
    }
}

/// It has no name where the file system allows that, and otherwise loses it before a signal can come
/// between.
fn unnamed_file(dir: &Path) -> io::Result<File> {
    interrupt::later(|| tempfile::tempfile_in(dir))
}

fn not_reached(dir: &Path, error: &io::Error) -> Failure {
    let shown = dir.display();
    Failure::misconfigured(match error.kind() {
        // No directory can be made where a link is.
        io::ErrorKind::NotFound if dir.is_symlink() => {
            format!(
                "{shown} is a link to what does not exist: make that, or name another directory"
            )
        }
        io::ErrorKind::NotFound => format!(
            "{shown} does not exist: make it (mkdir -p {}), or name another directory",
            quoted(dir)
        ),
        io::ErrorKind::NotADirectory => {
            format!("{shown} is not a directory: name the one that files are to be in")
        }
        _ => format!("{shown} cannot be looked at ({error}): name another directory"),
    })
}

fn not_writable(dir: &Path, error: &io::Error) -> Failure {
    let further = match error.kind() {
        io::ErrorKind::PermissionDenied => ", or let this user write there (chown, chmod)",
        io::ErrorKind::ReadOnlyFilesystem => ", or mount it for writing (mount -o remount,rw)",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ", or remove what is not needed"
        }
        _ => "",
    };
    let shown = dir.display();
    Failure::misconfigured(format!(
        "no file can be made in {shown} ({error}): name another directory{further}"
    ))
}

/// As a shell takes it for one word.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |character: char| character.is_alphanumeric() || "/._-+@".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_for_a_shell() {
        for (path, word) in
            [("/mnt/nvme-0", "/mnt/nvme-0"), ("a b", "'a b'"), ("it's", r"'it'\''s'"), ("", "''")]
        {
            assert_eq!(quoted(Path::new(path)), word);
        }
    }
}
