//! Limits of the control group that the process is in, and of those around it.

use std::path::{Path, PathBuf};

use super::{device::Device, finding::Finding, machine::Machine};
use crate::cli::output::bytes;

/// Where the groups of this process are, innermost first.
#[derive(Debug, Default)]
pub(super) struct Cgroup {
    unified: Vec<PathBuf>,
    memory: Vec<PathBuf>,
    devices: Vec<PathBuf>,
}

/// How much memory a group may use.
#[derive(Debug, Clone, Copy)]
pub(super) struct MemoryLimit {
    pub(super) most: u64,
    /// Without the files in the page cache that nobody has used lately: the kernel drops them before
    /// it kills anybody.
    pub(super) used: u64,
}

impl MemoryLimit {
    pub(super) fn left(&self) -> u64 {
        self.most.saturating_sub(self.used)
    }
}

/// What the first version says for "no limit".
const UNLIMITED: u64 = i64::MAX as u64 / 4096 * 4096;

impl Cgroup {
    pub(super) fn of(machine: &Machine) -> Self {
        let mut found = Self::default();
        let text = machine.text("/proc/self/cgroup").unwrap_or_default();
        // A line is `4:memory:/path`, or `0::/path` for the second version.
        for line in text.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
            let has = |name| controllers.split(',').any(|controller| controller == name);
            if controllers.is_empty() {
                found.unified = groups(machine, "/sys/fs/cgroup", path);
            }
            if has("memory") {
                found.memory = groups(machine, "/sys/fs/cgroup/memory", path);
            }
            if has("blkio") {
                found.devices = groups(machine, "/sys/fs/cgroup/blkio", path);
            }
        }
        found
    }

    /// The tightest limit of memory, if there is one.
    pub(super) fn memory(&self, machine: &Machine) -> Option<MemoryLimit> {
        let limit = |group: &PathBuf, most: &str, used: &str, dropped: &str| {
            let most = machine.number(group.join(most)).filter(|&most| most < UNLIMITED)?;
            let used = machine.number(group.join(used)).unwrap_or(0);
            let dropped = machine.line(group.join("memory.stat"), dropped);
            let dropped = dropped.and_then(|bytes| bytes.parse().ok()).unwrap_or(0);
            Some(MemoryLimit { most, used: used.saturating_sub(dropped) })
        };
        let second = ["memory.max", "memory.high"].into_iter().flat_map(|most| {
            let limit = move |group| limit(group, most, "memory.current", "inactive_file ");
            self.unified.iter().filter_map(limit)
        });
        let first = self.memory.iter().filter_map(|group| {
            let (most, used) = ("memory.limit_in_bytes", "memory.usage_in_bytes");
            limit(group, most, used, "total_inactive_file ")
        });
        second.chain(first).min_by_key(MemoryLimit::left)
    }

    /// Limits on what may be read from and written to one of `devices`.
    pub(super) fn rates(&self, machine: &Machine, devices: &[Device]) -> Option<Finding> {
        let of_device = |line: &str| {
            let (number, limits) = line.split_once(' ')?;
            let device = devices.iter().find(|device| device.number == number)?;
            Some((device.name.clone(), limits.trim().to_owned()))
        };
        let mut capped = Vec::new();
        for group in &self.unified {
            let text = machine.text(group.join("io.max")).unwrap_or_default();
            for (name, limits) in text.lines().filter_map(of_device) {
                let limits = limits.split_whitespace().filter(|limit| !limit.ends_with("=max"));
                capped.extend(limits.map(|limit| format!("{name} {}", readable(limit))));
            }
        }
        for group in &self.devices {
            for (file, key) in [
                ("blkio.throttle.read_bps_device", "rbps"),
                ("blkio.throttle.write_bps_device", "wbps"),
                ("blkio.throttle.read_iops_device", "riops"),
                ("blkio.throttle.write_iops_device", "wiops"),
            ] {
                let text = machine.text(group.join(file)).unwrap_or_default();
                let limits = text.lines().filter_map(of_device);
                capped.extend(limits.map(|(name, limit)| {
                    format!("{name} {}", readable(&format!("{key}={limit}")))
                }));
            }
        }
        if capped.is_empty() {
            return None;
        }
        Some(Finding::warning(
            "cgroup io",
            format!("limited: {}", capped.join(", ")),
            "nothing is faster than that, whatever the settings",
            "have the limits of the container or the service raised (io.max, --device-read-bps, \
             IOReadBandwidthMax=)",
        ))
    }
}

/// A limit such as `rbps=1048576`.
fn readable(limit: &str) -> String {
    let Some((key, value)) = limit.split_once('=') else { return limit.to_owned() };
    let what = match key {
        "rbps" => "reads",
        "wbps" => "writes",
        "riops" => "requests to read",
        "wiops" => "requests to write",
        _ => return limit.to_owned(),
    };
    match value.parse() {
        Ok(value) if key.ends_with("bps") => format!("{what} {}/s", bytes(value)),
        _ => format!("{what} {value}/s"),
    }
}

/// The directories of a group and those around it. In a container the path may be that of the host,
/// which is not to be seen there; then the top one is the container's own.
fn groups(machine: &Machine, top: &str, path: &str) -> Vec<PathBuf> {
    let inner = Path::new(path.trim_start_matches('/'));
    let groups = inner.ancestors().map(|group| Path::new(top).join(group));
    groups.filter(|group| machine.has(group)).collect()
}
