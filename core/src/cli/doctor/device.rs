//! The way from a directory to the devices below it: mounts, partitions, mapped and loop devices.

use std::path::{Path, PathBuf};

use super::machine::Machine;
use crate::cli::place::Place;

/// A file system as it is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    /// Of its device, `259:1`; a major of 0 is none.
    number: String,
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

/// A directory that an overlay is made of.
pub(super) struct Layer {
    /// `upperdir`, which takes what is written, or `lowerdir`.
    pub(super) role: &'static str,
    pub(super) mount: Mount,
}

/// As many devices and file systems on top of each other are followed.
const MOST_LAYERS: usize = 16;

impl Mount {
    /// The mount that `place` is in.
    pub(super) fn of(machine: &Machine, place: &Place) -> Option<Self> {
        let number = format!("{}:{}", place.device.0, place.device.1);
        let of_device = Self::innermost(machine, &place.path, |mount| mount.number == number);
        // Some file systems tell files other devices than mounts.
        of_device.or_else(|| Self::innermost(machine, &place.path, |_| true))
    }

    /// The mount that a file is in which can be seen from here.
    pub(super) fn around(machine: &Machine, path: &Path) -> Option<Self> {
        machine.has(path).then(|| Self::innermost(machine, path, |_| true)).flatten()
    }

    fn innermost(machine: &Machine, path: &Path, wanted: impl Fn(&Self) -> bool) -> Option<Self> {
        let text = machine.text("/proc/self/mountinfo")?;
        let mounts = text.lines().filter_map(parse).filter(wanted);
        let around = mounts.filter(|mount| path.starts_with(&mount.point));
        // Of several on the same point the last one is on top.
        around.max_by_key(|mount| mount.point.components().count())
    }

    /// What an overlay is made of, as far as that can be seen from here; from a container it
    /// usually cannot.
    pub(super) fn layers(&self, machine: &Machine) -> Vec<Layer> {
        if self.kind != "overlay" {
            return Vec::new();
        }
        let dirs = |role: &'static str| {
            let paths = self.option(role).unwrap_or_default().split(':');
            paths.filter(|path| path.starts_with('/')).map(move |path| (role, path))
        };
        let all = dirs("upperdir").chain(dirs("lowerdir"));
        let layers = all.filter_map(|(role, path)| {
            let mount = Self::around(machine, Path::new(path)).filter(|mount| mount != self)?;
            Some(Layer { role, mount })
        });
        layers.collect()
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

/// A line of `mountinfo`: `36 35 98:0 /in /mnt rw,noatime master:1 - ext4 /dev/sda1 rw`.
fn parse(line: &str) -> Option<Mount> {
    let (mounted, file_system) = line.split_once(" - ")?;
    let mut mounted = mounted.split(' ').skip(2);
    let number = mounted.next()?.to_owned();
    let (point, mount_options) = (mounted.nth(1)?, mounted.next()?);
    let mut file_system = file_system.split(' ');
    let (kind, source) = (file_system.next()?, file_system.next()?);
    let options = mount_options.split(',').chain(file_system.next().unwrap_or("").split(','));
    Some(Mount {
        number,
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
    /// The devices that what is written to `place` goes through, from the file system down, those
    /// below a loop device's file and an overlay's directories among them; each once, and none for
    /// a file system without (tmpfs, a network).
    pub(super) fn below(machine: &Machine, place: &Place, mount: Option<&Mount>) -> Vec<Self> {
        let number = format!("{}:{}", place.device.0, place.device.1);
        let mut descent = Descent { machine, found: Vec::new(), depth: 0 };
        descent.file_system(&number, mount);
        descent.found
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

/// The directory in `/sys` of a file system's device.
fn top(machine: &Machine, number: &str, mount: Option<&Mount>) -> Option<PathBuf> {
    if !number.starts_with("0:") {
        return machine.resolved(Path::new("/sys/dev/block").join(number));
    }
    // A file system that spans devices (btrfs) has a number of its own; its source is one of them.
    let source = Path::new(&mount?.source);
    if !source.starts_with("/dev") {
        return None;
    }
    let source = machine.resolved(source).unwrap_or_else(|| source.to_owned());
    machine.resolved(Path::new("/sys/class/block").join(source.file_name()?))
}

/// The way down.
struct Descent<'a> {
    machine: &'a Machine,
    found: Vec<Device>,
    depth: usize,
}

impl Descent<'_> {
    fn file_system(&mut self, number: &str, mount: Option<&Mount>) {
        if self.depth == MOST_LAYERS {
            return;
        }
        self.depth += 1;
        if let Some(top) = top(self.machine, number, mount) {
            self.device(&top);
        } else if let Some(mount) = mount {
            for layer in mount.layers(self.machine) {
                self.file_system(&layer.mount.number, Some(&layer.mount));
            }
        }
        self.depth -= 1;
    }

    fn device(&mut self, dir: &Path) {
        let machine = self.machine;
        // Queues belong to whole devices.
        let is_part = machine.has(dir.join("partition"));
        let path = if is_part { dir.parent().unwrap_or(dir) } else { dir }.to_owned();
        let known = self.found.iter().any(|device| device.path == path);
        if self.found.len() >= MOST_LAYERS || known {
            return;
        }
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else {
            return;
        };
        let slaves = machine.entries(path.join("slaves"));
        let file = machine.text(path.join("loop/backing_file"));
        let number = machine.text(path.join("dev")).unwrap_or_default();
        let stacked = !slaves.is_empty() || file.is_some();
        self.found.push(Device { path, name, number, stacked });
        for slave in slaves {
            if let Some(slave) = machine.resolved(slave) {
                self.device(&slave);
            }
        }
        if let Some(mount) = file.and_then(|file| Mount::around(machine, Path::new(&file))) {
            self.file_system(&mount.number, Some(&mount));
        }
    }
}
