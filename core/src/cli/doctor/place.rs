//! The directory, its file system, and whether it can be direct.

use ds_aio::{DirectMode, NotDirect};

use super::{
    device::{Layer, Mount},
    finding::Finding,
    machine::Machine,
    probe::Probe,
};
use crate::cli::{
    output::bytes,
    place::{Place, Space},
};

/// Below so many bytes a file system is almost full, or below one in so many of its bytes.
const LITTLE: u64 = 1 << 30;
const LITTLE_SHARE: u64 = 20;

pub(super) fn directory(machine: &Machine, place: &Place, mount: Option<&Mount>) -> Finding {
    let path = place.path.display();
    let Some(mount) = mount else {
        return Finding::note(
            "directory",
            format!("{path}; what is mounted there is not told"),
            "whether it is a good place cannot be judged",
            "mount /proc in the container",
        );
    };
    let Mount { kind, source, point, .. } = mount;
    let mut found = format!("{path}, {kind} of {source} at {}", point.display());
    let mut told = Vec::new();
    for Layer { role, mount } in mount.layers(machine) {
        let layer = format!(", {role} in {} of {}", mount.kind, mount.source);
        if !told.contains(&layer) {
            found += &layer;
            told.push(layer);
        }
    }
    match kind.as_str() {
        "overlay" => Finding::warning(
            "directory",
            found,
            "it belongs to the container: its files are copied when they are changed, and gone with it",
            "mount a volume of the host's into the container, and give a directory there",
        ),
        "nfs" | "nfs4" | "cifs" | "smb3" | "9p" | "virtiofs" | "ceph" | "lustre" | "beegfs" => {
            Finding::warning(
                "directory",
                found,
                "every block crosses a network, or the border to the host",
                "use a local device for swapping; a shared one for checkpoints alone",
            )
        }
        _ if mount.option("sync").is_some() => Finding::warning(
            "directory",
            format!("{found}, mounted with `sync`"),
            "every write waits until the device has it for good",
            format!("mount -o remount,async {}", point.display()),
        ),
        _ => Finding::ok("directory", found),
    }
}

pub(super) fn space(place: &Place) -> Finding {
    const TOPIC: &str = "free space";
    let Some(Space { free, size, .. }) = place.space else {
        return Finding::ok(TOPIC, "the file system knows no bound");
    };
    let found = format!("{} of {} free", bytes(free), bytes(size));
    if free < LITTLE || free < size / LITTLE_SHARE {
        return Finding::warning(
            TOPIC,
            found,
            "writes fail when it is gone, and files of a nearly full file system are in pieces",
            "remove what is not needed, or give another directory",
        );
    }
    Finding::ok(TOPIC, found)
}

pub(super) fn direct(probe: &Probe) -> Finding {
    const TOPIC: &str = "O_DIRECT";
    const COST: &str = "everything is copied through the page cache: more processor time, and memory \
                        taken from others";
    let wanted = probe.asked.direct;
    let alignment = match probe.direct {
        Ok(alignment) => alignment,
        Err(reason) => {
            let (found, change) = (format!("no: {reason}"), without(reason));
            return match wanted {
                DirectMode::Always => Finding::problem(
                    TOPIC,
                    found,
                    "the setting direct is `always`, so files in this directory do not open",
                    format!("{change}; or set direct = auto"),
                ),
                DirectMode::Auto => Finding::warning(TOPIC, found, COST, change),
                DirectMode::Never => Finding::note(
                    TOPIC,
                    format!("{found}; nor is it asked for (direct = never)"),
                    COST,
                    format!("{change}; and set direct = auto"),
                ),
            };
        }
    };
    let multiples = if alignment.read == alignment.write {
        format!("of {}", alignment.read)
    } else {
        format!("of {} to read and {} to write", alignment.read, alignment.write)
    };
    let asks = format!("offsets in multiples {multiples} bytes, memory of {}", alignment.memory);
    if !probe.went_direct {
        return Finding::warning(
            TOPIC,
            format!("opens ({asks}), but aligned bytes went through the page cache"),
            COST,
            "the file system refuses transfers that it promised to take: update the kernel, or \
             use ext4 or XFS",
        );
    }
    if wanted == DirectMode::Never {
        let found = format!("possible ({asks}), and switched off by direct = never");
        return Finding::note(TOPIC, found, COST, "set direct = auto");
    }
    Finding::ok(TOPIC, format!("works: {asks}"))
}

/// What to do without O_DIRECT.
fn without(reason: NotDirect) -> String {
    match reason {
        NotDirect::Never => "set direct = auto".to_owned(),
        NotDirect::InMemory => {
            "nothing, if memory is what is wanted; else give a directory on a device".to_owned()
        }
        NotDirect::BlockSize { multiple_of } => {
            format!("set block_size to a multiple of {multiple_of}")
        }
        NotDirect::NotReopened => "mount /proc in the container".to_owned(),
        NotDirect::Unsupported => "use a directory without encryption (chattr) and a file system \
                                   that does not journal data"
            .to_owned(),
        _ => "use ext4 or XFS on a local device".to_owned(),
    }
}
