//! Files for what was found.

use std::{
    fs::Permissions,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use crate::cli::{exit::Failure, interrupt, place::Place};

/// Whether a file can be made there, before anything else is done.
pub(super) fn check(path: &Path, force: bool) -> Result<(), Failure> {
    let shown = path.display();
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => {
            return Err(Failure::misconfigured(format!("{shown} is a directory: give a file")));
        }
        Ok(_) if !force => {
            let message = format!("{shown} exists: give a new file, or --force to replace it");
            return Err(Failure::misconfigured(message));
        }
        _ => {}
    }
    let place = Place::of(directory(path));
    place
        .map(drop)
        .map_err(|failure| Failure::misconfigured(format!("{shown}: {}", failure.into_message())))
}

/// Writes a file as a whole or not at all.
pub(super) fn save(path: &Path, force: bool, text: &str) -> Result<(), Failure> {
    let saved = interrupt::later(|| {
        let mut file = tempfile::Builder::new()
            .prefix(".ds-aio-")
            // What the user's mask leaves of it.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(directory(path))?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        let placed = if force { file.persist(path) } else { file.persist_noclobber(path) };
        placed.map_err(io::Error::from)
    });
    saved.map(drop).map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
