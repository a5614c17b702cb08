//! What a store does to the names of files: one small contract, so that tests see these calls in one
//! order with the engine's writes and syncs.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use crate::{
    engine::{AioFile, Engine, OpenOptions},
    error::Error,
};

/// How an engine opens a file.
pub(super) type Open = fn(&Engine, &Path, &OpenOptions) -> Result<AioFile, Error>;

/// The calls that change or sync a directory.
pub(super) trait Names: Send + Sync + 'static {
    /// Makes one directory.
    fn create_directory(&self, path: &Path) -> io::Result<()>;

    /// Makes a file, which must not exist.
    fn create(&self, engine: &Engine, path: &Path, len: u64, open: Open) -> Result<AioFile, Error>;

    /// Gives a file another name, whose earlier file goes.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a directory durable.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;
}

/// The system's.
pub(super) struct SystemNames;

impl Names for SystemNames {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn create(&self, engine: &Engine, path: &Path, len: u64, open: Open) -> Result<AioFile, Error> {
        let options = OpenOptions::new().create_new();
        open(engine, path, &if len > 0 { options.preallocate(len) } else { options })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}
