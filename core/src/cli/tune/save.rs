//! Files for what was found.

use std::{
    fs::Permissions,
    io::{self, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, PermissionsExt, fchown},
    },
    path::{Path, PathBuf},
};

use crate::cli::{exit::Failure, interrupt, place::Place};

/// Where a file is to be: a new one, or by force one that is there.
#[derive(Debug)]
pub(super) struct Destination<'a> {
    /// As the user calls it.
    pub(super) given: &'a Path,
    /// Without links.
    path: PathBuf,
    force: bool,
}

impl<'a> Destination<'a> {
    /// Finds out whether a file can be made there, before anything else is done.
    pub(super) fn of(given: &'a Path, force: bool) -> Result<Self, Failure> {
        let shown = given.display();
        let refused = |why: &str| Err(Failure::misconfigured(format!("{shown} {why}")));
        let path = match given.metadata() {
            Ok(found) if found.is_dir() => return refused("is a directory: give a file"),
            Ok(found) if !found.is_file() => {
                return refused(
                    "is no regular file: give one, or leave the option out and see the settings \
                     in the output",
                );
            }
            Ok(_) if !force => {
                return refused("exists: give a new file, or --force to replace it");
            }
            Ok(_) => given.canonicalize().map_err(|error| of(given, &error))?,
            Err(_) if names_a_directory(given) => {
                return refused("names a directory: add the name of a file");
            }
            Err(_) if given.is_symlink() => {
                return refused(
                    "is a link to what does not exist: make that, or give another file",
                );
            }
            Err(_) => given.to_owned(),
        };
        let place = Place::of(directory(&path)).map_err(|failure| {
            Failure::misconfigured(format!("{shown}: {}", failure.into_message()))
        })?;
        let path = place.path.join(path.file_name().unwrap_or_default());
        Ok(Self { given, path, force })
    }

    pub(super) fn is_that_of(&self, other: &Self) -> bool {
        self.path == other.path
    }

    /// Writes it as a whole or not at all.
    pub(super) fn save(&self, text: &str) -> Result<(), Failure> {
        let saved = interrupt::later(|| {
            let mut file = tempfile::Builder::new()
                .prefix(".ds-aio-")
                // What the user's mask leaves of it.
                .permissions(Permissions::from_mode(0o666))
                .tempfile_in(directory(&self.path))?;
            file.write_all(text.as_bytes())?;
            if let Some(replaced) = self.path.metadata().ok().filter(|_| self.force) {
                // Root replaces files of others.
                let _ = fchown(file.as_file(), Some(replaced.uid()), Some(replaced.gid()));
                file.as_file().set_permissions(replaced.permissions())?;
            }
            file.as_file().sync_all()?;
            let placed = match self.force {
                true => file.persist(&self.path),
                false => file.persist_noclobber(&self.path),
            };
            placed.map_err(io::Error::from)
        });
        saved.map(drop).map_err(|error| of(self.given, &error))
    }
}

fn of(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("{}: {error}", path.display()))
}

/// Also where there is none: paths forget what they end with.
fn names_a_directory(path: &Path) -> bool {
    let text = path.as_os_str().as_bytes();
    path.file_name().is_none() || text.ends_with(b"/") || text.ends_with(b"/.")
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
