//! A machine that is made up: its files, and what was found out about it.

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use ds_aio::{DirectAlignment, EngineSettings, HugePages};
use tempfile::TempDir;

use super::super::{probe::Effective, *};
use crate::cli::place::Space;

/// A machine with an NVMe partition at `/mnt/nvme` and nothing wrong.
pub(super) struct Fake {
    pub(super) root: TempDir,
    pub(super) variables: Vec<(&'static str, &'static str)>,
    pub(super) probe: Probe,
}

pub(super) const NVME: &str = "/sys/devices/pci/nvme0n1";

impl Fake {
    pub(super) fn new() -> Self {
        let place = Place {
            path: PathBuf::from("/mnt/nvme/swap"),
            device: (259, 1),
            space: Some(Space { free: 500 << 30, size: 1000 << 30, unit: 4096 }),
        };
        let alignment = DirectAlignment { memory: 512, read: 512, write: 512 };
        let probe = Probe {
            place,
            direct: Ok(alignment),
            went_direct: true,
            ring: None,
            pages: Some(HugePages { resident: 8 << 20, huge: 8 << 20 }),
            asked: EngineSettings::default(),
            effective: Effective { thread_count: 1, queue_depth: 8, differences: Vec::new() },
        };
        let fake = Self { root: tempfile::tempdir().unwrap(), variables: Vec::new(), probe };
        fake.write("/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n40 22 259:1 / /mnt/nvme rw,noatime - xfs /dev/nvme0n1p1 rw");
        fake.write("/proc/self/status", "Name:\tds-aio\nSeccomp:\t0\nCpus_allowed_list:\t0-15\n");
        fake.write("/proc/self/cgroup", "0::/job");
        fake.write("/proc/meminfo", "MemTotal: 64000000 kB\nMemAvailable:   60000000 kB\n");
        fake.write("/proc/sys/kernel/osrelease", "6.8.0-40-generic\n");
        fake.write("/proc/sys/kernel/io_uring_disabled", "0\n");
        fake.write("/proc/sys/fs/aio-max-nr", "65536\n");
        fake.write(
            "/proc/self/limits",
            "Limit                     Soft Limit           Hard Limit           Units\n\
             Max open files            65536                1048576              files\n\
             Max locked memory         unlimited            unlimited            bytes\n",
        );
        fake.write("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
        fake.write("/sys/kernel/mm/transparent_hugepage/defrag", "always [madvise] never\n");
        fake.write("/sys/fs/cgroup/job/memory.max", "max\n");
        fake.device("nvme0n1", "259:0", &[("partition p1", "259:1")]);
        fake
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn link(&self, at: &str, to: &str) {
        let at = self.path(at);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        // In /sys links are relative; here that is a matter of the root.
        symlink(self.path(to), at).unwrap();
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    pub(super) fn device(&self, name: &str, number: &str, partitions: &[(&str, &str)]) {
        let dir = format!("/sys/devices/pci/{name}");
        self.write(&format!("{dir}/dev"), number);
        for (key, value) in [
            ("rotational", "0"),
            ("scheduler", "[none] mq-deadline"),
            ("max_sectors_kb", "2048"),
            ("max_hw_sectors_kb", "2048"),
            ("max_segments", "127"),
            ("nr_requests", "1023"),
            ("logical_block_size", "512"),
        ] {
            self.write(&format!("{dir}/queue/{key}"), value);
        }
        self.link(&format!("/sys/dev/block/{number}"), &dir);
        self.link(&format!("/sys/class/block/{name}"), &dir);
        for (part, number) in partitions {
            let part = format!("{dir}/{name}{}", part.trim_start_matches("partition "));
            self.write(&format!("{part}/partition"), "1");
            self.write(&format!("{part}/dev"), number);
            self.link(&format!("/sys/dev/block/{number}"), &part);
        }
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        examine(&self.machine(), &self.probe)
    }

    pub(super) fn machine(&self) -> Machine {
        Machine::at(self.root.path(), &self.variables)
    }

    /// The worst of a topic.
    #[track_caller]
    pub(super) fn finding(&self, topic: &str) -> Finding {
        let findings = self.findings();
        let of_topic = findings.iter().filter(|finding| finding.topic == topic);
        let worst = of_topic.max_by_key(|finding| finding.verdict).cloned();
        worst.unwrap_or_else(|| panic!("nothing about {topic}: {findings:#?}"))
    }

    #[track_caller]
    pub(super) fn has(&self, topic: &str, verdict: Verdict, found: &str, change: &str) {
        let finding = self.finding(topic);
        assert_eq!(finding.verdict, verdict, "{finding:?}");
        assert!(finding.found.contains(found), "{finding:?}");
        assert!(finding.change.as_deref().unwrap_or_default().contains(change), "{finding:?}");
        let complete = finding.cost.is_some() && finding.change.is_some();
        assert!(finding.verdict == Verdict::Ok || complete, "{finding:?}");
    }
}
