//! The way from a directory to the devices below it: mounts, partitions, mapped and loop devices.

use std::path::{Path, PathBuf};

use super::{machine::Machine, probe::Place};

/// A file system as it is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) kind: String,
    /// A device, usually.
    pub(super) source: String,
    pub(super) point: PathBuf,
    /// Of the mount and of the file system.
    pub(super) options: Vec<String>,
}

/// A block device, by its directory in `/sys`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Device {
    pub(super) path: PathBuf,
    pub(super) name: String,
    /// Major and minor, `259:0`.
    pub(super) number: String,
    /// A device of others: of a volume manager, of encryption, of RAID, or a file.
    pub(super) stacked: bool,
}

/// As many devices on top of each other are followed.
const MOST_LAYERS: usize = 16;

impl Mount {
    /// The mount that `place` is in.
    pub(super) fn of(machine: &Machine, place: &Place) -> Option<Self> {
        let number = format!("{}:{}", place.device.0, place.device.1);
        let text = machine.text("/proc/self/mountinfo")?;
        let mounts = text.lines().filter_map(|line| parse(line, &number));
        let around = mounts.filter(|mount| place.path.starts_with(&mount.point));
        // Of several on the same point the last one is on top.
        around.max_by_key(|mount| mount.point.components().count())
    }

    pub(super) fn option(&self, name: &str) -> Option<&str> {
        let value = |option: &'_ String| -> Option<usize> {
            let rest = option.strip_prefix(name)?;
            (rest.is_empty() || rest.starts_with('=')).then_some(option.len() - rest.len())
        };
        self.options.iter().find_map(|option| {
            let end = value(option)?;
            Some(option[end..].trim_start_matches('='))
        })
    }
}

/// A line of `mountinfo`, if it is of that device: `36 35 98:0 /in /mnt rw,noatime master:1 - ext4
/// /dev/sda1 rw`.
fn parse(line: &str, number: &str) -> Option<Mount> {
    let (mounted, file_system) = line.split_once(" - ")?;
    let mut mounted = mounted.split(' ').skip(2);
    if mounted.next()? != number {
        return None;
    }
    let (point, mount_options) = (mounted.nth(1)?, mounted.next()?);
    let mut file_system = file_system.split(' ');
    let (kind, source) = (file_system.next()?, file_system.next()?);
    let options = mount_options.split(',').chain(file_system.next().unwrap_or("").split(','));
    Some(Mount {
        kind: kind.to_owned(),
        source: unescaped(source),
        point: PathBuf::from(unescaped(point)),
        options: options.map(unescaped).collect(),
    })
}

/// Blanks and the like are `\040` and so on there.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let octal = (first == b'\\').then(|| after.get(..3)).flatten();
        let code = octal.and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[3..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Device {
    /// The devices that what is written to `place` goes through, from the file system down; each
    /// once, and none for a file system without (tmpfs, overlay, a network).
    pub(super) fn below(machine: &Machine, place: &Place, mount: Option<&Mount>) -> Vec<Self> {
        let mut found = Vec::new();
        if let Some(top) = top(machine, place, mount) {
            descend(machine, &top, &mut found);
        }
        found
    }

    /// A property of its queue.
    pub(super) fn queue(&self, machine: &Machine, name: &str) -> Option<u64> {
        machine.number(self.path.join("queue").join(name))
    }

    /// The scheduler in use: that in brackets.
    pub(super) fn scheduler(&self, machine: &Machine) -> Option<String> {
        chosen(&machine.text(self.path.join("queue/scheduler"))?)
    }
}

/// The word in brackets of a choice in `/sys`, `always [madvise] never`; or the only word.
pub(super) fn chosen(text: &str) -> Option<String> {
    let mut words = text.split_whitespace();
    let bracketed = |word: &str| Some(word.strip_prefix('[')?.strip_suffix(']')?.to_owned());
    let found = words.clone().find_map(bracketed);
    found.or_else(|| words.next().filter(|_| words.next().is_none()).map(str::to_owned))
}

/// The directory in `/sys` of the file system's device.
fn top(machine: &Machine, place: &Place, mount: Option<&Mount>) -> Option<PathBuf> {
    let by_number =
        |(major, minor): (u64, u64)| machine.resolved(format!("/sys/dev/block/{major}:{minor}"));
    if place.device.0 != 0 {
        return by_number(place.device);
    }
    // A file system that spans devices (btrfs) has a number of its own; its source is one of them.
    let source = Path::new(&mount?.source);
    if !source.starts_with("/dev") {
        return None;
    }
    let source = machine.resolved(source).unwrap_or_else(|| source.to_owned());
    machine.resolved(Path::new("/sys/class/block").join(source.file_name()?))
}

fn descend(machine: &Machine, dir: &Path, found: &mut Vec<Device>) {
    // Queues belong to whole devices.
    let is_part = machine.has(dir.join("partition"));
    let path = if is_part { dir.parent().unwrap_or(dir) } else { dir }.to_owned();
    if found.len() >= MOST_LAYERS || found.iter().any(|device| device.path == path) {
        return;
    }
    let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else {
        return;
    };
    let slaves = machine.entries(path.join("slaves"));
    let backing = machine.text(path.join("loop/backing_file"));
    let number = machine.text(path.join("dev")).unwrap_or_default();
    let stacked = !slaves.is_empty() || backing.is_some();
    found.push(Device { path, name, number, stacked });
    for slave in slaves {
        if let Some(slave) = machine.resolved(slave) {
            descend(machine, &slave, found);
        }
    }
}
