//! Files and loaders for the tests.

use std::path::PathBuf;

use ds_aio::config::Diagnostic;
use ds_aio::{AioConfig, ConfigErrors, Loaded};
use tempfile::TempDir;

/// A directory of configuration files, removed when it goes out of scope.
pub(crate) struct Files {
    dir: TempDir,
}

impl Files {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// Loads `AioConfig` from one file of that name and content.
pub(crate) fn load_file(
    name: &str,
    content: impl AsRef<[u8]>,
) -> Result<Loaded<AioConfig>, ConfigErrors> {
    let files = Files::new();
    AioConfig::loader().file(files.write(name, content)).load()
}

/// Loads `AioConfig` from these variables alone.
pub(crate) fn load_env(variables: &[(&str, &str)]) -> Result<Loaded<AioConfig>, ConfigErrors> {
    AioConfig::loader().env_from(variables).load()
}

/// The only diagnostic of a load that fails with one.
pub(crate) fn only<T>(result: Result<T, ConfigErrors>) -> Diagnostic {
    let errors = result.err().expect("loading should have failed");
    assert_eq!(errors.len(), 1, "{errors}");
    errors.iter().next().unwrap().clone()
}
