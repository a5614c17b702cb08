//! A store's calls, in one order with the engine's.

use std::{
    fs, io,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{
    engine::{AioFile, Engine},
    error::Error,
    store::names::{Names, Open, SystemNames},
    sys::sim::{Journal, Step},
};

/// The system's calls, noted; syncs of directories fail if they are told to.
pub(super) struct NotedNames {
    pub(super) journal: Journal<Step>,
    pub(super) fails_syncs: AtomicBool,
    /// From now on files whose names begin so are not removed.
    pub(super) keeps: Mutex<Option<&'static str>>,
}

impl NotedNames {
    pub(super) fn new(journal: &Journal<Step>) -> Arc<Self> {
        Arc::new(Self {
            journal: journal.clone(),
            fails_syncs: false.into(),
            keeps: Mutex::default(),
        })
    }
}

impl Names for NotedNames {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        SystemNames.create_directory(path)?;
        self.journal.note(Step::CreateDirectory(path.to_owned()));
        Ok(())
    }

    fn create(&self, engine: &Engine, path: &Path, len: u64, open: Open) -> Result<AioFile, Error> {
        use std::os::unix::fs::MetadataExt;

        let file = SystemNames.create(engine, path, len, open)?;
        let inode = fs::metadata(path).unwrap().ino();
        self.journal.note(Step::Create { path: path.to_owned(), inode, len });
        Ok(file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        SystemNames.rename(from, to)?;
        self.journal.note(Step::Rename { from: from.to_owned(), to: to.to_owned() });
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let name = path.file_name().unwrap().to_str().unwrap();
        if self.keeps.lock().unwrap().is_some_and(|kept| name.starts_with(kept)) {
            return Err(nix::errno::Errno::EPERM.into());
        }
        SystemNames.remove(path)?;
        self.journal.note(Step::Remove(path.to_owned()));
        Ok(())
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        if self.fails_syncs.load(Ordering::Relaxed) {
            return Err(nix::errno::Errno::EIO.into());
        }
        SystemNames.sync_directory(path)?;
        self.journal.note(Step::SyncDirectory(path.to_owned()));
        Ok(())
    }
}

/// The system's calls, but for syncs: what they are for is not looked at again.
pub(super) struct UnsyncedNames;

impl Names for UnsyncedNames {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        SystemNames.create_directory(path)
    }

    fn create(&self, engine: &Engine, path: &Path, len: u64, open: Open) -> Result<AioFile, Error> {
        SystemNames.create(engine, path, len, open)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        SystemNames.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        SystemNames.remove(path)
    }

    fn sync_directory(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }
}
