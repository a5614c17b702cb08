//! Whether there is room for a workload, found out before anything is done.

use ds_aio::{AioBuf, BufferPool};
use nix::sys::resource::{Resource, getrlimit};

use super::{
    session::Generation,
    workload::{Extent, Workload},
};
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
    check_memory(workload, size, request as u64)?;
    check_descriptors(workload, size, request as u64, descriptors)?;
    check_space(place, workload, size, request as u64)
}

fn check_memory(workload: Workload, size: u64, request: u64) -> Result<(), Failure> {
    let Some(left) = memory_left(&Machine::here()) else { return Ok(()) };
    let page = page_size()?;
    let wanted = memory_wanted(workload, size, request, page);
    if wanted <= left {
        return Ok(());
    }
    let advice = match request < page {
        true => format!(", or larger requests, each of which has {} at least", bytes(page)),
        false => String::new(),
    };
    Err(Failure::misconfigured(format!(
        "--size asks for {} of memory, of which {} are left: give less{advice}",
        bytes(wanted),
        bytes(left)
    )))
}

/// What requests have of memory at once: a buffer each, and an entry in each table.
fn memory_wanted(workload: Workload, size: u64, request: u64, page: u64) -> u64 {
    const ENTRIES: usize =
        size_of::<Extent>() + size_of::<Option<AioBuf>>() + size_of::<Generation>();
    let in_pages = |len: u64| match workload {
        Workload::Plain => len,
        _ => len.checked_next_multiple_of(page).unwrap_or(u64::MAX),
    };
    let buffers = (size / request).saturating_mul(in_pages(request));
    let buffers = buffers.saturating_add(in_pages(size % request));
    buffers.saturating_add(size.div_ceil(request).saturating_mul(ENTRIES as u64))
}

/// The least that a buffer of a pool has.
fn page_size() -> Result<u64, Failure> {
    let pool = BufferPool::builder().prefault(false).build();
    let _smallest = pool.alloc(1)?;
    Ok(pool.stats().in_use as u64)
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

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn small_requests_take_pages() {
        let wanted = |workload, request| memory_wanted(workload, 32 << 20, request, 4096);
        let (pages, bytes) = (wanted(Workload::Random, 512), wanted(Workload::Plain, 512));
        assert!((256 << 20..280 << 20).contains(&pages), "{pages}");
        assert!((32 << 20..40 << 20).contains(&bytes), "{bytes}");
        let large = wanted(Workload::Random, 12 << 20);
        assert!((32 << 20..33 << 20).contains(&large), "{large}");
        for request in [1, u64::MAX] {
            assert_eq!(memory_wanted(Workload::Random, u64::MAX, request, 4096), u64::MAX);
        }
    }
}
