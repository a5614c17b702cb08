//! The page cache.

use std::{fs::File, path::Path};

/// Puts the file on the device and out of the page cache; what the page cache has is read from
/// there.
pub fn evict(path: &Path) {
    let file = File::open(path).unwrap();
    file.sync_all().unwrap();
    #[cfg(target_os = "linux")]
    nix::fcntl::posix_fadvise(&file, 0, 0, nix::fcntl::PosixFadviseAdvice::POSIX_FADV_DONTNEED)
        .unwrap();
}
