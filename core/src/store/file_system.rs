//! Which file systems may not keep what a sync promised.

use std::{io, path::Path};

/// The name of a directory's file system, if it is a network's or an overlay.
#[cfg(target_os = "linux")]
pub(super) fn unsure(directory: &Path) -> io::Result<Option<&'static str>> {
    /// The kernel's numbers for them.
    const UNSURE: [(u32, &str); 10] = [
        (0x6969, "NFS"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB"),
        (0x517b, "SMB"),
        (0x5346_414f, "AFS"),
        (0x7375_7245, "Coda"),
        (0x00c3_6400, "Ceph"),
        (0x0102_1997, "9P"),
        (0x6573_5546, "FUSE"),
        (0x794c_7630, "overlay"),
    ];
    let number = nix::sys::statfs::statfs(directory)?.filesystem_type().0;
    let is = |&(unsure, name)| (number as u32 == unsure).then_some(name);
    Ok(UNSURE.iter().find_map(is))
}

/// Nothing tells.
#[cfg(not(target_os = "linux"))]
pub(super) fn unsure(_directory: &Path) -> io::Result<Option<&'static str>> {
    Ok(None)
}
