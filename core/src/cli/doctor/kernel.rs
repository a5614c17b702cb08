//! The kernel and what the process may ask of it.

use ds_aio::{BackendMode, RingUnavailable};

use super::{finding::Finding, machine::Machine, probe::Probe};

/// Versions that brought what the engine uses, and what is missed before.
const BROUGHT: [((u64, u64), &str); 3] = [
    ((5, 13), "io_uring as the engine uses it (5.13)"),
    ((6, 1), "alignments told by the kernel instead of guessed (6.1)"),
    ((6, 5), "reads that find out what the page cache holds (6.5)"),
];

pub(super) fn version(machine: &Machine) -> Option<Finding> {
    let release = machine.text("/proc/sys/kernel/osrelease")?;
    let mut numbers = release.split(|char: char| !char.is_ascii_digit()).map(str::parse::<u64>);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
        return Some(Finding::note(
            "kernel",
            format!("{release}, which is no version known"),
            "what the engine lacks with it cannot be told from that",
            "nothing, where the other lines are ok",
        ));
    };
    let missed = BROUGHT.iter().filter(|(since, _)| (major, minor) < *since);
    let missed: Vec<_> = missed.map(|(_, what)| *what).collect();
    if missed.is_empty() {
        return Some(Finding::ok("kernel", format!("Linux {release}")));
    }
    Some(Finding::warning(
        "kernel",
        format!("Linux {release}"),
        format!("it lacks {}", missed.join(", ")),
        "run a newer kernel",
    ))
}

pub(super) fn ring(machine: &Machine, probe: &Probe) -> Finding {
    const TOPIC: &str = "io_uring";
    const COST: &str = "threads do the work, with up to twice the processor time for each GB";
    let wanted = probe.asked.backend;
    let Some(reason) = probe.ring else {
        if wanted == BackendMode::Threads {
            return Finding::note(
                TOPIC,
                "works, and is not used: the setting backend is `threads`",
                COST,
                "set backend = auto",
            );
        }
        return Finding::ok(TOPIC, "works, with all that the engine uses");
    };
    let disabled = machine.number("/proc/sys/kernel/io_uring_disabled").unwrap_or(0);
    let (why, change) = match reason {
        RingUnavailable::Forbidden if disabled == 2 => (
            "kernel.io_uring_disabled is 2, which forbids it to all".to_owned(),
            "sysctl kernel.io_uring_disabled=0, as root, if the house's rules allow it".to_owned(),
        ),
        RingUnavailable::Forbidden if disabled == 1 => {
            let group = machine.text("/proc/sys/kernel/io_uring_group").unwrap_or_default();
            (
                format!("kernel.io_uring_disabled is 1, which leaves it to the group {group}"),
                "join that group (sysctl kernel.io_uring_group), or have the setting be 0"
                    .to_owned(),
            )
        }
        RingUnavailable::Forbidden => (
            "a seccomp filter forbids it".to_owned(),
            "start the container with a seccomp profile that allows io_uring_setup, \
             io_uring_enter and io_uring_register (Docker: --security-opt seccomp=PROFILE.json)"
                .to_owned(),
        ),
        RingUnavailable::NoMemory => {
            (reason.to_string(), "raise the limit of locked memory (ulimit -l)".to_owned())
        }
        RingUnavailable::NoDescriptors => {
            (reason.to_string(), "raise the limit of open files (ulimit -n)".to_owned())
        }
        RingUnavailable::NotBuilt => {
            (reason.to_string(), "build with the feature `io-uring`".to_owned())
        }
        RingUnavailable::NoSystemCall | RingUnavailable::Lacks { .. } => {
            (reason.to_string(), "run Linux 5.13 or later, outside of a sandbox".to_owned())
        }
        _ => (reason.to_string(), "look into the kernel's log".to_owned()),
    };
    let found = format!("no: {why}");
    match wanted {
        BackendMode::IoUring => Finding::problem(
            TOPIC,
            found,
            "the setting backend is `io_uring`, so engines do not start",
            format!("{change}; or set backend = auto"),
        ),
        BackendMode::Auto => Finding::warning(TOPIC, found, COST, change),
        BackendMode::Threads => Finding::note(
            TOPIC,
            format!("{found}; nor is it asked for (backend = threads)"),
            COST,
            format!("{change}; and set backend = auto"),
        ),
    }
}

pub(super) fn sandbox(machine: &Machine) -> Option<Finding> {
    let seccomp = match machine.line("/proc/self/status", "Seccomp:")?.as_str() {
        "0" => "no seccomp filter",
        "1" => "seccomp in strict mode",
        _ => "a seccomp filter",
    };
    let marks = [("/.dockerenv", "Docker"), ("/run/.containerenv", "Podman")];
    let container = marks.into_iter().find(|(mark, _)| machine.has(mark)).map(|(_, name)| name);
    let kubernetes = machine.variable("KUBERNETES_SERVICE_HOST").map(|_| "Kubernetes");
    let found = match container.into_iter().chain(kubernetes).collect::<Vec<_>>().as_slice() {
        [] => seccomp.to_owned(),
        names => format!("in a container of {}, {seccomp}", names.join(" on ")),
    };
    Some(Finding::ok("sandbox", found))
}

/// Those that the process may run on.
pub(super) fn processors(machine: &Machine) -> Option<Finding> {
    let count = machine.processors()?;
    let model = machine.line("/proc/cpuinfo", "model name");
    let model = model.map(|model| format!(" of {}", model.trim_start_matches([':', ' '])));
    Some(Finding::ok("processors", format!("{count}{}", model.unwrap_or_default())))
}

/// Of the kernel's older interface, which DeepSpeed uses and this engine does not.
pub(super) fn aio(machine: &Machine) -> Option<Finding> {
    let most = machine.number("/proc/sys/fs/aio-max-nr")?;
    let used = machine.number("/proc/sys/fs/aio-nr").unwrap_or(0);
    let found = format!("{used} of {most} events of the older aio in use; ds-aio takes none");
    Some(Finding::ok("aio-max-nr", found))
}
