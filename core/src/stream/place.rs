//! Where a writer's file is, and what becomes of it in the end.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::options::WriterOptions;
use crate::{
    engine::{AioFile, Engine},
    error::{Error, ErrorKind, Operation},
    sys::file::cause_of,
};

/// As many names as are tried for a temporary file, should others have the same.
const TRIES: usize = 1000;

/// Bytes of the file's own name in that of its temporary file, so that this does not become too long.
const NAMED: usize = 200;

pub(super) enum Place {
    /// Under its own name.
    Named,
    /// Under another one of the same directory until it is finished.
    Temporary(PathBuf),
    /// It is a part of a file, of whose end and name others decide.
    Range,
}

/// Opens the file to write to.
pub(super) fn open(
    engine: &Engine,
    path: &Path,
    options: &WriterOptions,
) -> Result<(AioFile, Place), Error> {
    let (file, place) = if options.replace {
        let (file, temporary) = open_temporary(engine, path, options)?;
        (file, Place::Temporary(temporary))
    } else {
        (engine.open_with(path, &options.open())?, Place::Named)
    };
    Ok((file.with_priority(options.priority), place))
}

fn open_temporary(
    engine: &Engine,
    path: &Path,
    options: &WriterOptions,
) -> Result<(AioFile, PathBuf), Error> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let refused =
        |kind: ErrorKind| Error::new(Operation::Open, kind.into()).at_path(&Arc::from(path));
    let name = path.file_name().ok_or_else(|| refused(ErrorKind::InvalidInput))?;
    // Found out now, and not when all has been written.
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_dir()) {
        return Err(refused(ErrorKind::IsDirectory));
    }
    let name = &name.as_bytes()[..name.len().min(NAMED)];
    let mut tries = 0;
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let ending = format!(".{}-{number}.tmp", std::process::id());
        let temporary = [b".", name, ending.as_bytes()].concat();
        let temporary = path.with_file_name(OsString::from_vec(temporary));
        tries += 1;
        match engine.open_with(&temporary, &options.open()) {
            Ok(file) => return Ok((file, temporary)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && tries < TRIES => {}
            Err(error) => return Err(error),
        }
    }
}

impl Place {
    /// Gives the file its name.
    pub(super) fn name(&mut self, path: &Path) -> Result<(), Error> {
        if let Self::Temporary(temporary) = self {
            fs::rename(&*temporary, path)
                .map_err(|error| failed(Operation::Rename, path, &error))?;
            *self = Self::Named;
        }
        Ok(())
    }

    /// Removes the file if it has no name yet.
    pub(super) fn remove(&self) -> Result<(), Error> {
        match self {
            Self::Temporary(temporary) => match fs::remove_file(temporary) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(failed(Operation::Remove, temporary, &error))
                }
                _ => Ok(()),
            },
            Self::Named | Self::Range => Ok(()),
        }
    }
}

fn failed(operation: Operation, path: &Path, error: &io::Error) -> Error {
    Error::new(operation, cause_of(error)).at_path(&Arc::from(path))
}

/// The directory of a file.
pub(super) fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Cuts off what was reserved beyond the first `len` bytes.
pub(super) fn cut(file: &AioFile, len: u64) -> Result<(), Error> {
    let open = &file.state.open;
    open.cut_to(len).map_err(|errno| {
        Error::new(Operation::Truncate, errno.into()).at_path(open.path()).for_range(len, 0, 0)
    })
}
