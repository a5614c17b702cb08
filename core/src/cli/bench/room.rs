//! Whether there is room for a workload, found out before anything is done.

use nix::sys::resource::{Resource, getrlimit};

use super::workload::Workload;
use crate::cli::{
    doctor::{Machine, memory_left},
    exit::Failure,
    output::bytes,
    place::{Place, Space},
};

/// Descriptors that are not the files'.
const OTHER_DESCRIPTORS: u64 = 64;

/// Whether a workload of `size` bytes in requests of `request` bytes can have its buffers and files,
/// the latter with so many descriptors each.
pub(super) fn check(
    place: &Place,
    workload: Workload,
    size: u64,
    request: usize,
    descriptors: u64,
) -> Result<(), Failure> {
    check_memory(size)?;
    check_descriptors(workload, size, request as u64, descriptors)?;
    check_space(place, workload, size, request as u64)
}

fn check_memory(size: u64) -> Result<(), Failure> {
    match memory_left(&Machine::here()) {
        Some(left) if size > left => Err(Failure::misconfigured(format!(
            "--size asks for {} of memory, of which {} are left: give less",
            bytes(size),
            bytes(left)
        ))),
        _ => Ok(()),
    }
}

fn check_space(place: &Place, workload: Workload, size: u64, request: u64) -> Result<(), Failure> {
    let Some(Space { free, unit, .. }) = place.space else { return Ok(()) };
    let file = if workload == Workload::Files { request } else { size };
    let taken = |len: u64| len.div_ceil(unit).saturating_mul(unit);
    let wanted = taken(file).saturating_mul(size / file).saturating_add(taken(size % file));
    if wanted <= free {
        return Ok(());
    }
    Err(Failure::misconfigured(format!(
        "--size asks for files of {}, and the file system of {} has {} free: give less, or name \
         another directory",
        bytes(wanted),
        place.path.display(),
        bytes(free)
    )))
}

fn check_descriptors(
    workload: Workload,
    size: u64,
    request: u64,
    each: u64,
) -> Result<(), Failure> {
    let files = match workload {
        Workload::Files => size.div_ceil(request),
        _ => return Ok(()),
    };
    let wanted = files.saturating_mul(each).saturating_add(OTHER_DESCRIPTORS);
    let (limit, _) = getrlimit(Resource::RLIMIT_NOFILE).map_err(Failure::failed)?;
    #[allow(clippy::useless_conversion, reason = "not 64 bits on all systems")]
    let limit = u64::from(limit);
    if wanted <= limit {
        return Ok(());
    }
    Err(Failure::misconfigured(format!(
        "the workload `files` has {files} files, which take {wanted} descriptors, and the limit \
         is {limit}: raise it (ulimit -n), lower --size or make requests larger"
    )))
}
