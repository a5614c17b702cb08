//! What this machine lets the tests see, told once a run, and `DS_AIO_REQUIRE`, a comma list in
//! the environment that turns what is missing into a failure.

use std::process::Command;

use ds_aio_tests::process::NOT_POSSIBLE_HERE;

use crate::process::SCENARIO;

/// Each with what it takes.
const KNOWN: [(&str, &str); 8] = [
    ("cachestat", "cachestat (Linux 6.5) answering for the temporary directory's file system"),
    ("direct", "O_DIRECT on the temporary directory's file system (set TMPDIR)"),
    ("huge_pages", "transparent huge pages, and memory left for 32 of them"),
    ("io_uring", "io_uring with all that the ring backend uses (Linux 5.13, no seccomp filter)"),
    ("namespaces", "mounting a tmpfs in a new user and mount namespace"),
    ("sectors", "a loop device with sectors of 4096 bytes (losetup, for root)"),
    ("strace", "the strace command, allowed to trace and to make system calls fail"),
    ("ui", "the compiler whose words tests/ui/worded expects, 1.95"),
];

/// Whether the machine has it; if not, the calling test has to say that it saw nothing.
///
/// # Panics
///
/// If it is missing and `DS_AIO_REQUIRE` names it.
pub(super) fn require(capability: &str) -> bool {
    let present = probe(capability);
    if !present {
        let required = std::env::var("DS_AIO_REQUIRE").unwrap_or_default();
        assert!(
            !required.split(',').any(|name| name.trim() == capability),
            "DS_AIO_REQUIRE names {capability:?}, which this machine does not have"
        );
        say(&format!("not tested for want of {capability:?}"));
    }
    present
}

fn probe(capability: &str) -> bool {
    match capability {
        "cachestat" => cachestat(),
        "direct" => direct_write(),
        "huge_pages" => finds_what_it_needs("pool_pages"),
        "io_uring" => io_uring(),
        "namespaces" => finds_what_it_needs("no_space"),
        "sectors" => crate::loop_device::LoopDevice::new(1 << 20).is_some(),
        "strace" => Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64"])
            .args(["-e", "inject=pwrite64:error=EIO:when=1+2", "true"])
            .output()
            .is_ok_and(|output| output.status.success()),
        "ui" => {
            let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
            let version = Command::new(rustc).arg("--version").output().unwrap();
            version.stdout.starts_with(b"rustc 1.95.")
        }
        other => panic!("no capability is called {other:?}"),
    }
}

/// Whether a scenario does here.
fn finds_what_it_needs(scenario: &str) -> bool {
    let output = Command::new(SCENARIO).args([scenario, "probe"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => true,
        Some(NOT_POSSIBLE_HERE) => {
            say(&format!("{scenario}: {}", told.trim_end()));
            false
        }
        _ => panic!("the probe of {scenario} ended with {}:\n{told}", output.status),
    }
}

/// Whether an aligned write with O_DIRECT succeeds; the engine is not asked, it could be wrong. A
/// tmpfs takes the flag and ignores it.
#[cfg(target_os = "linux")]
fn direct_write() -> bool {
    use std::os::unix::fs::{FileExt, OpenOptionsExt};

    let dir = tempfile::tempdir().unwrap();
    let aligned = ds_aio::AioBuf::zeroed(64 << 10).unwrap();
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .custom_flags(nix::libc::O_DIRECT)
        .open(dir.path().join("probe"))
        .and_then(|file| {
            file.write_all_at(&aligned, 0)?;
            let file_system = nix::sys::statfs::fstatfs(&file)?.filesystem_type();
            Ok(file_system != nix::sys::statfs::TMPFS_MAGIC)
        })
        .unwrap_or(false)
}

#[cfg(not(target_os = "linux"))]
fn direct_write() -> bool {
    false
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "the system call has no safe wrapper")]
fn cachestat() -> bool {
    use std::os::fd::AsRawFd;

    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, &[1; 4096]).unwrap();
    let (range, mut pages) = ([0_u64, 4096], [0_u64; 5]);
    // SAFETY: the kernel reads two integers and writes five, which these are.
    let status = unsafe {
        nix::libc::syscall(451, file.as_raw_fd(), range.as_ptr(), pages.as_mut_ptr(), 0_u32)
    };
    // An overlay has no page cache of its own, and answers 0.
    status == 0 && pages[0] == 1
}

#[cfg(not(target_os = "linux"))]
fn cachestat() -> bool {
    false
}

/// Whether the engine's rings can be had.
fn io_uring() -> bool {
    let mut settings = ds_aio::EngineSettings::default();
    settings.backend = ds_aio::BackendMode::IoUring;
    match ds_aio::Engine::new(&settings) {
        Ok(_) => true,
        Err(ds_aio::StartError::Ring(reason)) => {
            say(&format!("no io_uring: {reason}"));
            false
        }
        Err(error) => panic!("{error}"),
    }
}

/// Past the test harness, which shows the output of failed tests alone.
fn say(line: &str) {
    use std::io::Write;

    let _ = writeln!(std::io::stderr(), "ds-aio tests: {line}");
}

#[test]
fn capabilities_of_this_machine() {
    let found = KNOWN.map(|(name, takes)| {
        let verdict = if probe(name) { "yes" } else { "NO" };
        format!("{name}: {verdict} ({takes})")
    });
    say(&format!("capabilities: {}", found.join("; ")));
    for name in std::env::var("DS_AIO_REQUIRE").unwrap_or_default().split(',') {
        let name = name.trim();
        assert!(
            name.is_empty() || KNOWN.iter().any(|(known, _)| *known == name),
            "DS_AIO_REQUIRE names {name:?}; there are {:?}",
            KNOWN.map(|(known, _)| known)
        );
    }
}
