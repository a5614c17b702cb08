//! Limits of the process.

use super::{finding::Finding, machine::Machine};

/// Files open at once that are few for tensors in files of their own.
const FEW_FILES: u64 = 4096;

/// What `ulimit` says of this process: none if there is nothing about it, and no number if there is
/// no limit.
pub(super) fn soft(machine: &Machine, name: &str) -> Option<Option<u64>> {
    limit(machine, name, 0)
}

fn limit(machine: &Machine, name: &str, column: usize) -> Option<Option<u64>> {
    let line = machine.line("/proc/self/limits", name)?;
    match line.split_whitespace().nth(column)? {
        "unlimited" => Some(None),
        number => Some(Some(number.parse().ok()?)),
    }
}

pub(super) fn open_files(machine: &Machine) -> Option<Finding> {
    const TOPIC: &str = "RLIMIT_NOFILE";
    const NAME: &str = "Max open files";
    let Some(soft) = soft(machine, NAME)? else {
        return Some(Finding::ok(TOPIC, "unlimited"));
    };
    // The descriptor through the page cache and the one past it.
    let found = format!("{soft}: an engine takes two for each open file");
    if soft >= FEW_FILES {
        return Some(Finding::ok(TOPIC, found));
    }
    let hard = limit(machine, NAME, 1).flatten();
    let change = match hard {
        Some(hard) if hard <= soft => {
            "have root raise it (LimitNOFILE=, /etc/security/limits.conf)".to_owned()
        }
        Some(hard) => format!("ulimit -n {hard}, in the job's script"),
        None => "ulimit -n 65536, in the job's script".to_owned(),
    };
    let cost = format!("opening fails beyond about {} tensors in files of their own", soft / 2);
    Some(Finding::warning(TOPIC, found, cost, change))
}
