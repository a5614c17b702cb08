//! What a pool has, and on what pages.

/// A snapshot of a pool's memory, in bytes unless it says otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Obtained from the system or the allocator: in use and idle together.
    pub mapped: usize,
    /// In buffers, whole pages each.
    pub in_use: usize,
    /// In no buffer: idle regions, and the gaps in those that are shared by small buffers.
    pub idle: usize,
    /// The most that was in use at once.
    pub peak_in_use: usize,
    /// Locked into memory.
    pub locked: usize,
    /// Buffers alive, a number.
    pub buffers: usize,
}

/// On what pages a pool's memory lies, as the system tells; see
/// [`BufferPool::huge_pages`](crate::BufferPool::huge_pages).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HugePages {
    /// Bytes of the pool that are backed by memory.
    pub resident: usize,
    /// Of them, bytes on transparent huge pages.
    pub huge: usize,
}

impl HugePages {
    /// The share of huge pages, from 0 to 1; none while nothing is resident.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.resident > 0).then(|| self.huge as f64 / self.resident as f64)
    }

    /// Adds up those mappings of `smaps` (the text of `/proc/self/smaps`) that lie in one of
    /// `regions`. None if those do not make up the regions exactly: then there is no telling
    /// whose pages they are.
    #[cfg(target_os = "linux")]
    pub(super) fn of(smaps: &str, mut regions: Vec<(usize, usize)>) -> Option<Self> {
        regions.sort_unstable();
        let holds = |(start, end): (usize, usize)| {
            let region = regions[..regions.partition_point(|&(at, _)| at <= start)].last();
            region.is_some_and(|&(at, len)| end <= at + len)
        };
        let (mut sum, mut covered, mut counts) = (Self::default(), 0, false);
        for line in smaps.lines() {
            if let Some(range) = range_of(line) {
                counts = holds(range);
                covered += if counts { range.1 - range.0 } else { 0 };
            } else if counts && let Some(bytes) = field(line, "Rss:") {
                sum.resident += bytes;
            } else if counts && let Some(bytes) = field(line, "AnonHugePages:") {
                sum.huge += bytes;
            }
        }
        let whole: usize = regions.iter().map(|&(_, len)| len).sum();
        (covered == whole).then_some(sum)
    }
}

/// The addresses at the head of a mapping's paragraph: `7f00-8f00 rw-p …`.
#[cfg(target_os = "linux")]
fn range_of(line: &str) -> Option<(usize, usize)> {
    let (start, rest) = line.split_once('-')?;
    let (end, _) = rest.split_once(' ')?;
    let address = |digits| usize::from_str_radix(digits, 16).ok();
    Some((address(start)?, address(end)?))
}

/// The bytes of a line such as `Rss:  12 kB`.
#[cfg(target_os = "linux")]
fn field(line: &str, name: &str) -> Option<usize> {
    let kib = line.strip_prefix(name)?.trim().strip_suffix("kB")?.trim();
    kib.parse::<usize>().ok()?.checked_mul(1024)
}
