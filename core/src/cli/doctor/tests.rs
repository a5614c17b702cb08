//! The judgements, on machines that are made up.

mod fake;

use std::fs;

use ds_aio::{BackendMode, DirectMode, HugePages, NotDirect, RingUnavailable};

use super::*;
use crate::cli::place::Space;
use fake::{Fake, NVME};

#[test]
fn of_a_machine_as_it_should_be_nothing_is_to_be_changed() {
    let fake = Fake::new();
    for finding in fake.findings() {
        assert_eq!(finding.verdict, Verdict::Ok, "{finding:?}");
        assert_eq!((finding.cost, finding.change), (None, None));
    }
    fake.has("directory", Verdict::Ok, "xfs of /dev/nvme0n1p1 at /mnt/nvme", "");
    fake.has("device", Verdict::Ok, "nvme0n1", "");
}

#[test]
fn of_a_machine_that_says_nothing_no_more_is_made_than_that() {
    let mut fake = Fake::new();
    fake.root = tempfile::tempdir().unwrap();
    fake.probe.pages = None;
    for topic in ["directory", "memory"] {
        assert_eq!(fake.finding(topic).verdict, Verdict::Note);
    }
    assert!(fake.findings().iter().all(|finding| finding.verdict < Verdict::Problem));
}

#[test]
fn a_forbidden_ring_is_explained_by_what_forbids_it() {
    let mut fake = Fake::new();
    fake.probe.ring = Some(RingUnavailable::Forbidden);
    fake.has("io_uring", Verdict::Warning, "seccomp", "io_uring_setup");
    fake.write("/proc/sys/kernel/io_uring_disabled", "2");
    fake.has("io_uring", Verdict::Warning, "forbids it to all", "sysctl");
    fake.write("/proc/sys/kernel/io_uring_disabled", "1");
    fake.write("/proc/sys/kernel/io_uring_group", "1234");
    fake.has("io_uring", Verdict::Warning, "1234", "group");

    fake.probe.asked.backend = BackendMode::IoUring;
    fake.has("io_uring", Verdict::Problem, "1234", "backend = auto");
    fake.probe.asked.backend = BackendMode::Threads;
    fake.has("io_uring", Verdict::Note, "nor is it asked for", "");
    fake.probe.ring = None;
    fake.has("io_uring", Verdict::Note, "not used", "backend = auto");
}

#[test]
fn without_o_direct_the_reason_decides_what_to_change() {
    let mut fake = Fake::new();
    for (reason, change) in [
        (NotDirect::BlockSize { multiple_of: 4096 }, "multiple of 4096"),
        (NotDirect::InMemory, "on a device"),
        (NotDirect::Refused { errno: 22 }, "ext4 or XFS"),
        (NotDirect::NotReopened, "/proc"),
    ] {
        fake.probe.direct = Err(reason);
        for (wanted, verdict) in
            [(DirectMode::Auto, Verdict::Warning), (DirectMode::Always, Verdict::Problem)]
        {
            fake.probe.asked.direct = wanted;
            fake.has("O_DIRECT", verdict, "no: ", change);
        }
        fake.probe.asked.direct = DirectMode::Never;
        fake.has("O_DIRECT", Verdict::Note, "no: ", "");
    }
}

#[test]
fn o_direct_that_opens_and_does_not_work_is_seen() {
    let mut fake = Fake::new();
    fake.probe.went_direct = false;
    fake.has("O_DIRECT", Verdict::Warning, "went through the page cache", "kernel");
    fake.probe.asked.direct = DirectMode::Never;
    fake.probe.went_direct = true;
    fake.has("O_DIRECT", Verdict::Note, "switched off", "direct = auto");
}

#[test]
fn huge_pages_are_judged_by_what_a_buffer_got() {
    let mut fake = Fake::new();
    fake.probe.pages = Some(HugePages { resident: 8 << 20, huge: 2 << 20 });
    fake.has("huge pages", Verdict::Warning, "25 %", "compact_memory");
    fake.write("/sys/kernel/mm/transparent_hugepage/defrag", "always madvise [never]");
    fake.has("huge pages", Verdict::Warning, "25 %", "defrag");
    fake.write("/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]");
    fake.has("huge pages", Verdict::Warning, "never", "enabled");
    fs::remove_file(fake.path("/sys/kernel/mm/transparent_hugepage/enabled")).unwrap();
    fake.has("huge pages", Verdict::Warning, "not to be had", "kernel");
}

#[test]
fn limits_of_the_process_are_named_with_the_command_that_raises_them() {
    let fake = Fake::new();
    fake.write(
        "/proc/self/limits",
        "Max open files            1024                 4096                 files\n\
         Max locked memory         65536                65536                bytes\n",
    );
    fake.has("RLIMIT_NOFILE", Verdict::Warning, "1024", "ulimit -n 4096");
    fake.has("RLIMIT_MEMLOCK", Verdict::Ok, "64 KiB", "");
    fake.write("/proc/self/limits", "Max open files            1024        1024       files\n");
    fake.has("RLIMIT_NOFILE", Verdict::Warning, "1024", "root");
}

#[test]
fn the_tightest_cgroup_around_the_process_decides() {
    let fake = Fake::new();
    fake.write("/proc/self/cgroup", "0::/slurm/job");
    fake.write("/sys/fs/cgroup/slurm/job/memory.max", "max");
    fake.write("/sys/fs/cgroup/slurm/memory.max", "16777216");
    fake.write("/sys/fs/cgroup/slurm/memory.current", "4194304");
    fake.has("memory", Verdict::Warning, "4 MiB of the cgroup's 16 MiB", "queue_depth");
    fake.write("/sys/fs/cgroup/slurm/memory.max", "1073741824");
    fake.write("/sys/fs/cgroup/slurm/memory.current", "1073741824");
    fake.has("memory", Verdict::Warning, "1 GiB of the cgroup's 1 GiB", "");
    // The page cache fills every limit, and makes room.
    let stat = "anon 4096\nfile 1072693248\ninactive_file 1069547520\nactive_file 3145728";
    fake.write("/sys/fs/cgroup/slurm/memory.stat", stat);
    fake.has("memory", Verdict::Ok, "4 MiB of the cgroup's 1 GiB", "");
    assert_eq!(memory_left(&fake.machine()), Some(1_069_547_520));
    fake.write("/sys/fs/cgroup/slurm/memory.max", "8589934592");
    fake.has("memory", Verdict::Ok, "8 GiB", "");

    fake.write("/sys/fs/cgroup/slurm/io.max", "259:0 rbps=1073741824 wbps=max riops=max wiops=500");
    fake.has("cgroup io", Verdict::Warning, "nvme0n1 reads 1 GiB/s", "io.max");
    fake.has("cgroup io", Verdict::Warning, "requests to write 500/s", "");
    fake.write("/sys/fs/cgroup/slurm/io.max", "8:0 rbps=1 wbps=max riops=max wiops=max");
    assert!(fake.findings().iter().all(|finding| finding.topic != "cgroup io"));
}

#[test]
fn cgroups_of_the_first_version_are_understood() {
    let fake = Fake::new();
    fake.write("/proc/self/cgroup", "4:memory:/docker/1\n7:blkio:/docker/1\n0::/");
    fake.write("/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "9223372036854771712");
    assert!(!fake.finding("memory").found.contains("cgroup"));
    // In a container its own group is the top.
    fake.write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "1048576");
    fake.has("memory", Verdict::Warning, "1 MiB used", "block_size");
    fake.write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824");
    fake.write("/sys/fs/cgroup/memory/memory.usage_in_bytes", "1073741824");
    fake.has("memory", Verdict::Warning, "1 GiB used", "block_size");
    let stat = "inactive_file 0\ntotal_inactive_file 1073741824";
    fake.write("/sys/fs/cgroup/memory/memory.stat", stat);
    fake.has("memory", Verdict::Ok, "0 B of the cgroup's 1 GiB used", "");
    fake.write("/sys/fs/cgroup/blkio/docker/1/blkio.throttle.write_bps_device", "259:0 1048576");
    fake.has("cgroup io", Verdict::Warning, "writes 1 MiB/s", "raised");
}

#[test]
fn a_queue_is_judged_by_what_the_settings_send_it() {
    let mut fake = Fake::new();
    fake.write(&format!("{NVME}/queue/nr_requests"), "16");
    fake.has("queue", Verdict::Ok, "16 requests", "");
    fake.probe.effective.thread_count = 4;
    fake.has("queue", Verdict::Warning, "32 blocks", "16 blocks a rank");

    fake.write(&format!("{NVME}/queue/max_sectors_kb"), "256");
    fake.has("request size", Verdict::Note, "256 KiB", "echo 1024 >");
    fake.write(&format!("{NVME}/queue/max_hw_sectors_kb"), "256");
    fake.has("request size", Verdict::Note, "256 KiB", "nothing");
    fake.write(&format!("{NVME}/queue/max_sectors_kb"), "2048");
    fake.has("request size", Verdict::Ok, "2 MiB", "");
    fake.probe.pages = Some(HugePages { resident: 8 << 20, huge: 0 });
    fake.has("request size", Verdict::Note, "127 pieces", "huge pages");

    fake.write(&format!("{NVME}/queue/scheduler"), "none mq-deadline [bfq]");
    fake.has(
        "scheduler",
        Verdict::Warning,
        "bfq",
        "echo none > /sys/block/nvme0n1/queue/scheduler",
    );
    fake.write(&format!("{NVME}/queue/scheduler"), "none [mq-deadline] bfq");
    fake.has("scheduler", Verdict::Note, "mq-deadline", "echo none");
    fake.write(&format!("{NVME}/queue/rotational"), "1");
    fake.has("scheduler", Verdict::Ok, "mq-deadline", "");
    fake.has("device", Verdict::Warning, "rotational", "NVMe");
}

#[test]
fn mapped_and_loop_devices_are_followed_to_what_is_below() {
    let mut fake = Fake::new();
    fake.device("dm-0", "252:0", &[]);
    fake.link("/sys/devices/pci/dm-0/slaves/nvme0n1p1", "/sys/devices/pci/nvme0n1/nvme0n1p1");
    fake.device("sdb", "8:16", &[]);
    fake.write("/sys/devices/pci/sdb/queue/rotational", "1");
    fake.link("/sys/devices/pci/dm-0/slaves/sdb", "/sys/devices/pci/sdb");
    fake.probe.place.device = (252, 0);
    let devices: Vec<_> =
        fake.findings().into_iter().filter(|finding| finding.topic == "device").collect();
    let found: Vec<_> =
        devices.iter().map(|device| device.found.split(',').next().unwrap()).collect();
    assert_eq!(found, ["dm-0", "nvme0n1", "sdb"]);
    assert!(devices[0].found.contains("not rotational, on top of others"), "{devices:?}");
    // What is said on top is that of what is below, and is judged there.
    fake.write("/sys/devices/pci/dm-0/queue/rotational", "1");
    let told =
        fake.findings().into_iter().find(|finding| finding.found.starts_with("dm-0")).unwrap();
    assert_eq!(told.verdict, Verdict::Ok);
    assert!(told.found.ends_with("bytes, rotational, on top of others"), "{told:?}");
    fake.has("device", Verdict::Warning, "sdb", "NVMe");

    fake.device("loop0", "7:0", &[]);
    fake.write("/sys/devices/pci/loop0/loop/backing_file", "/var/disk.img");
    fake.write("/sys/devices/pci/loop0/loop/dio", "0");
    fake.probe.place.device = (7, 0);
    fake.has("loop device", Verdict::Warning, "/var/disk.img", "losetup --direct-io=on /dev/loop0");
    fake.write("/sys/devices/pci/loop0/loop/dio", "1");
    fake.has("loop device", Verdict::Ok, "/var/disk.img", "");
}

#[test]
fn a_loop_devices_file_and_an_overlays_directories_are_followed() {
    let mut fake = Fake::new();
    let names = |fake: &Fake| {
        let devices = fake.findings().into_iter().filter(|finding| finding.topic == "device");
        let name = |found: String| found.split(',').next().unwrap_or_default().to_owned();
        devices.map(|device| name(device.found)).collect::<Vec<_>>()
    };
    fake.device("loop0", "7:0", &[]);
    fake.write("/sys/devices/pci/loop0/loop/backing_file", "/mnt/nvme/disk.img");
    fake.write("/sys/devices/pci/loop0/loop/dio", "1");
    fake.probe.place.device = (7, 0);
    assert_eq!(names(&fake), ["loop0"]);
    fake.has("loop device", Verdict::Ok, "cannot be seen", "");
    fake.write("/mnt/nvme/disk.img", "");
    assert_eq!(names(&fake), ["loop0", "nvme0n1"]);
    fake.has("loop device", Verdict::Ok, "/mnt/nvme/disk.img, in xfs of /dev/nvme0n1p1", "");

    // An overlay of what is on the loop device, on the NVMe.
    fake.probe.place.device = (0, 50);
    fake.probe.place.path = PathBuf::from("/merged/swap");
    fake.write(
        "/proc/self/mountinfo",
        "40 22 259:1 / /mnt/nvme rw - xfs /dev/nvme0n1p1 rw\n\
         41 22 7:0 / /image rw - ext4 /dev/loop0 rw\n\
         50 22 0:50 / /merged rw - overlay overlay \
         rw,lowerdir=/image/a:/image/b:/gone,upperdir=/mnt/nvme/upper,workdir=/mnt/nvme/work\n",
    );
    assert_eq!(names(&fake), ["none is to be seen below this file system"]);
    for layer in ["/image/a", "/image/b", "/mnt/nvme/upper"] {
        fake.write(&format!("{layer}/file"), "");
    }
    assert_eq!(names(&fake), ["nvme0n1", "loop0"]);
    let found = fake.finding("directory").found;
    let layers = "upperdir in xfs of /dev/nvme0n1p1, lowerdir in ext4 of /dev/loop0";
    assert!(found.ends_with(layers), "{found}");

    // In a container its directories are those of the host, which the overlay itself may hide.
    fake.write(
        "/proc/self/mountinfo",
        "50 22 0:50 / / rw - overlay overlay rw,lowerdir=/image/a,upperdir=/mnt/nvme/upper\n",
    );
    assert_eq!(names(&fake), ["none is to be seen below this file system"]);
}

#[test]
fn devices_that_hold_each_other_are_followed_once() {
    let mut fake = Fake::new();
    fake.device("dm-1", "252:1", &[]);
    fake.link("/sys/devices/pci/dm-1/slaves/dm-1", "/sys/devices/pci/dm-1");
    fake.probe.place.device = (252, 1);
    let devices = fake.findings().into_iter().filter(|finding| finding.topic == "device");
    assert_eq!(devices.count(), 1);
}

#[test]
fn file_systems_without_a_device_of_their_own() {
    let mut fake = Fake::new();
    fake.probe.place.device = (0, 40);
    for (mount, verdict, found) in [
        ("overlay overlay rw,upperdir=/x", Verdict::Warning, "overlay"),
        ("nfs4 server:/export rw", Verdict::Warning, "nfs4 of server:/export"),
        ("tmpfs tmpfs rw", Verdict::Ok, "tmpfs"),
    ] {
        fake.write("/proc/self/mountinfo", &format!("40 22 0:40 / /mnt rw - {mount}"));
        fake.has("directory", verdict, found, "");
        fake.has("device", Verdict::Ok, "none is to be seen", "");
    }
    // btrfs spans devices, and names one.
    fake.write("/proc/self/mountinfo", "40 22 0:40 / /mnt rw - btrfs /dev/nvme0n1p1 rw");
    fake.link("/sys/class/block/nvme0n1p1", "/sys/devices/pci/nvme0n1/nvme0n1p1");
    fake.has("device", Verdict::Ok, "nvme0n1", "");
}

#[test]
fn the_mount_on_top_is_told_and_odd_names_are_read() {
    let mut fake = Fake::new();
    fake.probe.place.path = PathBuf::from("/mnt/nvme disk/swap");
    fake.write(
        "/proc/self/mountinfo",
        "40 22 259:1 / / rw - ext4 /dev/below rw\n\
         41 22 259:1 / /mnt/nvme\\040disk rw - ext4 /dev/under rw\n\
         42 22 259:1 / /mnt/nvme\\040disk rw,sync shared:1 - ext4 /dev/over rw\n\
         43 22 259:2 / /mnt/nvme\\040disk/swap rw - ext4 /dev/other rw\n",
    );
    fake.has("directory", Verdict::Warning, "/dev/over at /mnt/nvme disk", "remount,async");
}

#[test]
fn space_is_little_by_bytes_or_by_share() {
    for (free, size, verdict, found) in [
        (49 << 30, 1000 << 30, Verdict::Warning, "49 GiB of 1000 GiB"),
        (1 << 29, 1 << 30, Verdict::Warning, "512 MiB"),
        (1 << 30, 2 << 30, Verdict::Ok, "1 GiB"),
    ] {
        let mut fake = Fake::new();
        fake.probe.place.space = Some(Space { free, size, unit: 4096 });
        let change = if verdict == Verdict::Ok { "" } else { "another directory" };
        fake.has("free space", verdict, found, change);
    }
    let mut unbounded = Fake::new();
    unbounded.probe.place.space = None;
    unbounded.has("free space", Verdict::Ok, "no bound", "");
}

#[test]
fn ranks_of_a_launcher_multiply_what_is_in_flight() {
    for (variables, launcher) in [
        (vec![("LOCAL_WORLD_SIZE", "8"), ("WORLD_SIZE", "64")], "torchrun"),
        (vec![("SLURM_TASKS_PER_NODE", "2,8(x3)"), ("SLURM_NODEID", "2")], "Slurm"),
        (vec![("OMPI_COMM_WORLD_LOCAL_SIZE", "8")], "Open MPI"),
    ] {
        let mut fake = Fake::new();
        fake.variables = variables;
        fake.has("ranks", Verdict::Ok, "8 on this machine", "");
        fake.has("ranks", Verdict::Ok, launcher, "");
        fake.has("ranks", Verdict::Ok, "64 blocks in flight", "");
        fake.write(&format!("{NVME}/queue/nr_requests"), "32");
        fake.has("queue", Verdict::Warning, "8 ranks", "4 blocks a rank");
        fake.probe.effective.thread_count = 4;
        fake.has(
            "ranks",
            Verdict::Warning,
            "32 worker groups on 16 processors",
            "thread_count to 2",
        );
    }
    let mut fake = Fake::new();
    for nonsense in ["", "0", "many", "-1"] {
        fake.variables = vec![("LOCAL_WORLD_SIZE", nonsense)];
        assert!(fake.findings().iter().all(|finding| finding.topic != "ranks"));
    }
}

#[test]
fn an_old_kernel_and_a_container_are_told() {
    let mut fake = Fake::new();
    fake.write("/proc/sys/kernel/osrelease", "5.10.0-30-amd64");
    fake.has("kernel", Verdict::Warning, "5.10", "newer kernel");
    assert!(fake.finding("kernel").cost.unwrap().contains("6.5"));
    fake.write("/.dockerenv", "");
    fake.write("/proc/self/status", "Seccomp:\t2\n");
    fake.variables = vec![("KUBERNETES_SERVICE_HOST", "10.0.0.1")];
    fake.has("sandbox", Verdict::Ok, "Docker on Kubernetes, a seccomp filter", "");
}

#[test]
fn what_became_of_settings_is_told() {
    let mut fake = Fake::new();
    fake.probe.effective.differences = vec!["queue_depth = 32 (asked for 64: so)".to_owned()];
    fake.has("settings", Verdict::Note, "asked for 64", "");
}

#[test]
fn a_finding_is_printed_with_its_cost_and_its_change() {
    let mut out = Vec::new();
    Finding::warning("topic", "found", "much", "this").print(&mut out).unwrap();
    let text = anstream::adapter::strip_bytes(&out).into_vec();
    let text = String::from_utf8(text).unwrap();
    let lines: Vec<_> =
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
    assert_eq!(
        lines,
        [vec!["warning", "topic", "found"], vec!["costs", "much"], vec!["change", "this"]]
    );
}
