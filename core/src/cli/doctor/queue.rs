//! The devices' queues.

use std::path::Path;

use super::{
    device::{Device, Mount},
    finding::Finding,
    machine::Machine,
    probe::Probe,
};
use crate::cli::output::bytes;

/// The smallest page, in which memory lies without huge pages.
const PAGE: u64 = 4096;

/// What is to be said of the devices below a directory.
pub(super) fn devices(
    machine: &Machine,
    devices: &[Device],
    probe: &Probe,
    ranks: u64,
) -> Vec<Finding> {
    if devices.is_empty() {
        let found = "none is to be seen below this file system";
        return vec![Finding::ok("device", found)];
    }
    let mut findings = Vec::new();
    // The topmost queue has the limits of all below it.
    for (layer, device) in devices.iter().enumerate() {
        findings.push(kind(machine, device));
        findings.extend(loop_copies(machine, device));
        if layer == 0 {
            findings.extend(largest(machine, device, probe));
        }
        if !device.stacked {
            findings.extend(scheduler(machine, device));
            findings.extend(depth(machine, device, probe, ranks));
        }
    }
    findings
}

fn kind(machine: &Machine, device: &Device) -> Finding {
    let name = &device.name;
    let sector = device.queue(machine, "logical_block_size");
    let sector = sector.map(|size| format!(", sectors of {size} bytes")).unwrap_or_default();
    let below = if device.stacked { ", on top of others" } else { "" };
    match device.queue(machine, "rotational") {
        Some(1) if !device.stacked => Finding::warning(
            "device",
            format!("{name}{sector}, rotational"),
            "on a disk each block elsewhere costs a seek of some 10 ms",
            format!(
                "use an NVMe device; if it is none but a virtual one, echo 0 > \
                 /sys/block/{name}/queue/rotational"
            ),
        ),
        Some(rotational) => {
            let not = if rotational == 0 { "not " } else { "" };
            Finding::ok("device", format!("{name}{sector}, {not}rotational{below}"))
        }
        None => Finding::note(
            "device",
            format!("{name}, of whose queue nothing is told"),
            "whether the settings suit it cannot be judged",
            "run the doctor where /sys shows the device, on the host of a container say",
        ),
    }
}

fn loop_copies(machine: &Machine, device: &Device) -> Option<Finding> {
    let file = machine.text(device.path.join("loop/backing_file"))?;
    let name = &device.name;
    let below = match Mount::around(machine, Path::new(&file)) {
        Some(Mount { kind, source, .. }) => format!("in {kind} of {source}"),
        None => "which cannot be seen from here".to_owned(),
    };
    let found = format!("{name} is the file {file}, {below}");
    Some(match machine.number(device.path.join("loop/dio")) {
        Some(1) => Finding::ok("loop device", format!("{found}, past the page cache")),
        _ => Finding::warning(
            "loop device",
            format!("{found}, through the page cache"),
            "what the engine writes past one page cache goes through another below",
            format!("losetup --direct-io=on /dev/{name}"),
        ),
    })
}

/// Whether a block is one request of the device's.
fn largest(machine: &Machine, device: &Device, probe: &Probe) -> Option<Finding> {
    const TOPIC: &str = "request size";
    let most = device.queue(machine, "max_sectors_kb")? << 10;
    let hardware = device.queue(machine, "max_hw_sectors_kb").map(|kib| kib << 10);
    let segments = device.queue(machine, "max_segments");
    let block = probe.asked.block_size as u64;
    let name = &device.name;
    let mut found = format!("{name} takes {} at once", bytes(most));
    if let Some(segments) = segments {
        found += &format!(" in {segments} pieces");
    }
    if block > most {
        let pieces = block.div_ceil(most);
        let cost = format!("a block of {} becomes {pieces} requests of the device", bytes(block));
        let change = match hardware {
            Some(hardware) if hardware > most => format!(
                "echo {} > /sys/block/{name}/queue/max_sectors_kb, as root",
                hardware.min(block) >> 10
            ),
            _ => "nothing: the hardware takes no more; a larger block_size gains little".to_owned(),
        };
        return Some(Finding::note(TOPIC, found, cost, change));
    }
    let scattered = block.div_ceil(PAGE);
    let huge = probe.pages.and_then(|pages| pages.share()).is_some_and(|share| share > 0.9);
    if segments.is_some_and(|segments| scattered > segments) && !huge {
        return Some(Finding::note(
            TOPIC,
            found,
            format!("a block of {} on small pages has {scattered}", bytes(block)),
            "see to huge pages, of which a block is one or two pieces",
        ));
    }
    Some(Finding::ok(TOPIC, found))
}

fn scheduler(machine: &Machine, device: &Device) -> Option<Finding> {
    const TOPIC: &str = "scheduler";
    let scheduler = device.scheduler(machine)?;
    let name = &device.name;
    let found = format!("{scheduler} at {name}");
    let change = format!("echo none > /sys/block/{name}/queue/scheduler, as root");
    let rotational = device.queue(machine, "rotational") == Some(1);
    Some(match scheduler.as_str() {
        "bfq" if !rotational => Finding::warning(
            TOPIC,
            found,
            "it shares a device out fairly, at processor time for each request and idle waits",
            change,
        ),
        "mq-deadline" | "kyber" if !rotational => Finding::note(
            TOPIC,
            found,
            "some processor time for each request, which a fast device does not need",
            change,
        ),
        _ => Finding::ok(TOPIC, found),
    })
}

/// Whether all blocks in flight have a place in the queue.
fn depth(machine: &Machine, device: &Device, probe: &Probe, ranks: u64) -> Option<Finding> {
    const TOPIC: &str = "queue";
    let room = device.queue(machine, "nr_requests")?;
    let name = &device.name;
    let each = probe.effective.blocks();
    let blocks = ranks.saturating_mul(each);
    let found = match ranks {
        1 => format!("{room} requests at {name}, and up to {blocks} blocks in flight"),
        _ => format!(
            "{room} requests at {name}, and up to {blocks} blocks in flight ({ranks} ranks × {} \
             thread_count × {} queue_depth)",
            probe.effective.thread_count, probe.effective.queue_depth
        ),
    };
    if blocks > room {
        return Some(Finding::warning(
            TOPIC,
            found,
            "what is beyond it waits in the kernel: longer latencies, no more speed",
            format!("lower queue_depth or thread_count to {} blocks a rank", (room / ranks).max(1)),
        ));
    }
    Some(Finding::ok(TOPIC, found))
}
