//! What happens to the names in a directory, and to the lengths of its files, found out by looking: for
//! code that makes and renames files by itself.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{Change, Step};

/// A directory of files alone, and what it was like.
pub(crate) struct Watcher {
    directory: PathBuf,
    /// Inodes and lengths.
    files: BTreeMap<PathBuf, (u64, u64)>,
}

impl Watcher {
    /// Of an empty directory.
    pub(crate) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), files: BTreeMap::new() }
    }

    /// What has happened since the last time.
    pub(crate) fn look(&mut self) -> Vec<Step> {
        let entries = fs::read_dir(&self.directory).unwrap();
        let now: BTreeMap<PathBuf, (u64, u64)> = entries
            .filter_map(|entry| {
                let path = entry.unwrap().path();
                // One that goes meanwhile is not there.
                let found = fs::metadata(&path).ok()?;
                Some((path, (found.ino(), found.len())))
            })
            .collect();
        let before = std::mem::replace(&mut self.files, now.clone());
        let mut steps = Vec::new();
        let mut gone: BTreeMap<&PathBuf, u64> = before
            .iter()
            .filter(|(path, _)| !now.contains_key(*path))
            .map(|(path, &(inode, _))| (path, inode))
            .collect();
        for (path, &(inode, len)) in &now {
            let known = before.get(path).map(|&(inode, _)| inode);
            let from = gone.iter().find(|(_, of)| **of == inode).map(|(from, _)| *from);
            match from {
                _ if known == Some(inode) => steps.push(Step::Len { inode, len }),
                Some(from) => {
                    gone.remove(from);
                    steps.push(Step::Len { inode, len });
                    steps.push(Step::Rename { from: from.clone(), to: path.clone() });
                }
                None => steps.push(Step::Create { path: path.clone(), inode, len }),
            }
        }
        steps.extend(gone.into_keys().cloned().map(Step::Remove));
        steps
    }

    /// The steps with syncs of the directory as such.
    pub(crate) fn named(&self, steps: Vec<Step>) -> Vec<Step> {
        let of_directory = fs::metadata(&self.directory).unwrap().ino();
        let named = |step| match step {
            Step::Contents(Change::Sync { inode }) if inode == of_directory => {
                Step::SyncDirectory(self.directory.clone())
            }
            step => step,
        };
        steps.into_iter().map(named).collect()
    }
}
