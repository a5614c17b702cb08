//! A disk as a loss of power may leave it: what was synced is there, and of what was done since any
//! part may be, in any combination.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use super::{Change, Random};

/// One step of what is done to files, as far as a disk or the user sees it.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Contents(Change),
    #[cfg_attr(not(feature = "store"), allow(dead_code, reason = "stores alone make them"))]
    CreateDirectory(PathBuf),
    /// A file, with so many bytes reserved.
    Create {
        path: PathBuf,
        inode: u64,
        len: u64,
    },
    /// A file got another length, of which its writes do not tell.
    Len {
        inode: u64,
        len: u64,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Remove(PathBuf),
    SyncDirectory(PathBuf),
    /// The user begins to make the state of that number durable.
    Begins(usize),
    /// The user was told that it is.
    Promised(usize),
}

impl From<Change> for Step {
    fn from(change: Change) -> Self {
        Self::Contents(change)
    }
}

impl Step {
    pub(crate) fn is_sync(&self) -> bool {
        matches!(self, Self::Contents(Change::Sync { .. }) | Self::SyncDirectory(_))
    }
}

/// What a name stands for: a directory, or the file that was made as number so and so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Node {
    Directory,
    File(usize),
}

/// What may or may not be on the disk.
#[derive(Debug, Clone)]
enum Pending {
    /// A name in a directory stands for something, and another name in it for nothing.
    Name {
        to: Option<(PathBuf, Node)>,
        from: Option<PathBuf>,
    },
    Len {
        file: usize,
        len: u64,
    },
    Write {
        file: usize,
        offset: u64,
        bytes: Vec<u8>,
    },
}

impl Pending {
    fn directory(&self) -> Option<&Path> {
        let Self::Name { to, from } = self else { return None };
        to.as_ref().map(|(path, _)| path).or(from.as_ref())?.parent()
    }

    fn file(&self) -> Option<usize> {
        match self {
            Self::Name { .. } => None,
            Self::Len { file, .. } | Self::Write { file, .. } => Some(*file),
        }
    }
}

/// How much of something pending is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    None,
    /// Of a write, the first half of its sectors.
    Half,
    Last,
    All,
}

/// Names and contents.
#[derive(Debug, Clone, Default)]
struct Image {
    names: BTreeMap<PathBuf, Node>,
    files: HashMap<usize, Vec<u8>>,
}

const SECTOR: usize = 512;

impl Image {
    fn apply(&mut self, pending: &Pending, share: Share) {
        match pending {
            _ if share == Share::None => {}
            Pending::Name { to, from } => {
                if let Some(from) = from {
                    self.names.remove(from);
                }
                if let Some((path, node)) = to {
                    self.names.insert(path.clone(), *node);
                }
            }
            Pending::Len { file, len } => {
                self.files.entry(*file).or_default().resize(*len as usize, 0);
            }
            Pending::Write { file, offset, bytes } => {
                let middle = (bytes.len() / 2).next_multiple_of(SECTOR).min(bytes.len());
                let part = match share {
                    Share::Half => 0..middle,
                    Share::Last => middle..bytes.len(),
                    _ => 0..bytes.len(),
                };
                let contents = self.files.entry(*file).or_default();
                let at = *offset as usize;
                contents.resize(contents.len().max(at + part.end), 0);
                contents[at + part.start..at + part.end].copy_from_slice(&bytes[part]);
            }
        }
    }

    /// What can be found: names all of whose directories are there.
    fn reachable(&self) -> BTreeMap<&Path, Option<&[u8]>> {
        let is_there = |path: &Path| {
            let mut above =
                path.ancestors().skip(1).take_while(|path| !path.as_os_str().is_empty());
            above.all(|path| self.names.get(path) == Some(&Node::Directory))
        };
        let names = self.names.iter().filter(|(path, _)| is_there(path));
        let contents = |node: &Node| match node {
            Node::Directory => None,
            Node::File(file) => Some(self.files.get(file).map_or(&[][..], Vec::as_slice)),
        };
        names.map(|(path, node)| (path.as_path(), contents(node))).collect()
    }
}

/// The user's states that a disk may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Allowed {
    pub(crate) promised: usize,
    pub(crate) begun: usize,
}

/// Calls `check` with every state in which a loss of power at any moment of `steps` may leave the
/// disk, and the user's states that it may show; as long as `check` says so, from step number `from`
/// on, and but for those that were `seen` before. Paths are relative to `root`, which itself was always there. Whether `check`
/// always said so.
///
/// Where there are more combinations than `most` of what was pending at one moment, those are taken
/// that differ in little from none and from all, and random ones.
pub(crate) fn replay(
    steps: &[Step],
    from: usize,
    root: &Path,
    most: usize,
    seen: &mut HashSet<u64>,
    mut check: impl FnMut(&BTreeMap<&Path, Option<&[u8]>>, Allowed) -> bool,
) -> bool {
    let relative = |path: &Path| path.strip_prefix(root).unwrap().to_owned();
    let (mut durable, mut pending) = (Image::default(), Vec::new());
    // What names stand for and inodes are now, with everything applied.
    let mut now = Image::default();
    let mut inodes = HashMap::new();
    let mut made = 0;
    let mut allowed = Allowed { promised: 0, begun: 0 };
    let mut random = Random::of(&[]);
    for (at, step) in steps.iter().map(Some).chain([None]).enumerate() {
        // All states before a sync are among those at the sync.
        let at_its_most = match step {
            None => true,
            Some(Step::Begins(_) | Step::Promised(_)) => true,
            Some(step) => step.is_sync(),
        };
        if at_its_most && at >= from {
            for shares in combinations(&pending, most, &mut random) {
                let mut image = durable.clone();
                for (pending, share) in pending.iter().zip(shares) {
                    image.apply(pending, share);
                }
                let reachable = image.reachable();
                let mut hasher = DefaultHasher::new();
                (&reachable, allowed).hash(&mut hasher);
                let hash = hasher.finish();
                if !seen.contains(&hash) {
                    if !check(&reachable, allowed) {
                        return false;
                    }
                    seen.insert(hash);
                }
            }
        }
        let new = match step {
            None => break,
            Some(Step::Begins(state)) => {
                allowed.begun = *state;
                continue;
            }
            Some(Step::Promised(state)) => {
                allowed = Allowed { promised: *state, begun: *state };
                continue;
            }
            Some(Step::CreateDirectory(path)) => {
                Pending::Name { to: Some((relative(path), Node::Directory)), from: None }
            }
            Some(Step::Create { path, inode, len }) => {
                made += 1;
                inodes.insert(*inode, made);
                let named =
                    Pending::Name { to: Some((relative(path), Node::File(made))), from: None };
                now.apply(&named, Share::All);
                pending.push(named);
                Pending::Len { file: made, len: *len }
            }
            Some(Step::Len { inode, len }) => {
                let file = inodes[inode];
                if now.files.get(&file).map_or(0, Vec::len) as u64 == *len {
                    continue;
                }
                Pending::Len { file, len: *len }
            }
            Some(Step::Rename { from, to }) => {
                let node = now.names[&relative(from)];
                Pending::Name { to: Some((relative(to), node)), from: Some(relative(from)) }
            }
            Some(Step::Remove(path)) => Pending::Name { to: None, from: Some(relative(path)) },
            Some(Step::Contents(Change::Write { inode, offset, bytes })) => {
                let (file, offset, bytes) = (inodes[inode], *offset, bytes.clone());
                Pending::Write { file, offset, bytes }
            }
            Some(Step::Contents(Change::Sync { inode })) => {
                let file = inodes[inode];
                settle(&mut durable, &mut pending, |pending| pending.file() == Some(file));
                continue;
            }
            Some(Step::SyncDirectory(path)) => {
                let path = relative(path);
                settle(&mut durable, &mut pending, |pending| {
                    pending.directory() == Some(path.as_path())
                });
                continue;
            }
        };
        now.apply(&new, Share::All);
        pending.push(new);
    }
    true
}

fn settle(durable: &mut Image, pending: &mut Vec<Pending>, is_synced: impl Fn(&Pending) -> bool) {
    let (synced, rest) = std::mem::take(pending).into_iter().partition::<Vec<_>, _>(is_synced);
    for synced in synced {
        durable.apply(&synced, Share::All);
    }
    *pending = rest;
}

fn choices(pending: &Pending) -> &'static [Share] {
    match pending {
        Pending::Write { bytes, .. } if bytes.len() > SECTOR => {
            &[Share::None, Share::Half, Share::Last, Share::All]
        }
        _ => &[Share::None, Share::All],
    }
}

fn combinations(pending: &[Pending], most: usize, random: &mut Random) -> Vec<Vec<Share>> {
    let choices: Vec<_> = pending.iter().map(choices).collect();
    let count = choices.iter().try_fold(1_usize, |count, some| count.checked_mul(some.len()));
    if let Some(count) = count.filter(|&count| count <= most) {
        let nth = |mut number: usize| {
            let digit = |some: &&'static [Share]| {
                let share = some[number % some.len()];
                number /= some.len();
                share
            };
            choices.iter().map(digit).collect()
        };
        return (0..count).map(nth).collect();
    }
    let mut all = Vec::new();
    for base in [Share::None, Share::All] {
        let base = vec![base; pending.len()];
        for (at, some) in choices.iter().enumerate() {
            for &share in *some {
                let mut shares = base.clone();
                shares[at] = share;
                all.push(shares);
            }
        }
    }
    while all.len() < most {
        let random = |some: &&'static [Share]| some[random.below(some.len())];
        all.push(choices.iter().map(random).collect());
    }
    all
}

/// Makes the state in a directory.
#[cfg(any(feature = "store", feature = "safetensors"))]
pub(crate) fn make(state: &BTreeMap<&Path, Option<&[u8]>>, root: &Path) {
    for (path, contents) in state {
        match contents {
            None => std::fs::create_dir(root.join(path)).unwrap(),
            Some(contents) => std::fs::write(root.join(path), contents).unwrap(),
        }
    }
}
