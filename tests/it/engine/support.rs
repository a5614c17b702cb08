//! What the tests of the engine share.

use std::{
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use ds_aio::{Engine, EngineSettings};
use tempfile::TempDir;

/// An engine and a directory for its files, which goes with it.
pub(super) struct Bench {
    pub(super) engine: Engine,
    dir: TempDir,
}

impl Bench {
    pub(super) fn new(settings: EngineSettings) -> Self {
        Self {
            engine: Engine::new(&settings).expect("an engine"),
            dir: tempfile::tempdir().expect("a temporary directory"),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A file with those bytes, written without the engine.
    pub(super) fn filled(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("a file of the given bytes");
        path
    }
}

/// The bytes of a file, read without the engine.
pub(super) fn window(path: &Path, offset: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    std::fs::File::open(path)
        .and_then(|file| file.read_exact_at(&mut bytes, offset))
        .expect("the file's bytes");
    bytes
}
