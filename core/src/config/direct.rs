//! The values of the setting `direct`.

use ds_aio_macros::Choice;

/// Whether requests bypass the page cache with O_DIRECT; the setting `direct`.
///
/// In files, variables and [`Loader::set`](crate::Loader::set) a mode is its name in lower case,
/// `auto`, `always` or `never`; any case is understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Choice)]
#[non_exhaustive]
pub enum DirectMode {
    /// Whole pages are direct where the file system has it; but blocks to be read that the page
    /// cache has in full are read from there (where the system tells: Linux 6.5, not on
    /// overlayfs). All else goes through the page cache.
    #[default]
    Auto,
    /// Direct or not at all. Refused are files that cannot be, when they are opened, and requests
    /// whose offset or length is not a multiple of what the file asks for, 512 or 4096 bytes as a
    /// rule: so the odd end of a file is neither written nor read alone, and a read beyond it
    /// fails with the end of the file. Memory may be anywhere; it is copied where it is not
    /// aligned. What is in the page cache plays no part.
    Always,
    /// Through the page cache, always, which reads ahead.
    Never,
}
