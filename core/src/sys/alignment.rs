//! What O_DIRECT asks of a file.

use std::{
    fs::File,
    mem::MaybeUninit,
    os::{fd::AsRawFd, unix::fs::FileTypeExt},
};

use nix::libc;

use crate::{engine::plan::Alignment, error::NotDirect};

/// What the kernel says O_DIRECT needs for this file (`STATX_DIOALIGN`, Linux 6.1).
///
/// Not every file system says it, nor does an older kernel. Then it is the logical block of a block
/// device, which is exact, and a page of anything else: no device has larger sectors where the
/// page cache has no larger blocks, and network file systems and FUSE ask for less or for
/// nothing. Should a file system want more, it refuses transfers (`EINVAL`).
pub(crate) fn alignment(file: &File) -> Result<Alignment, NotDirect> {
    decide(statx(file), || logical_block(file), page_size())
}

fn decide(
    found: Option<Statx>,
    logical_block: impl FnOnce() -> Option<usize>,
    page: usize,
) -> Result<Alignment, NotDirect> {
    let Some(found) = found else {
        let sector = logical_block().unwrap_or(page);
        return Ok(Alignment { memory: sector, read: sector, write: sector, page });
    };
    let (memory, write) = (found.dio_mem_align as usize, found.dio_offset_align as usize);
    if !memory.is_power_of_two() || !write.is_power_of_two() {
        return Err(NotDirect::Unsupported);
    }
    // Where reads need less than writes, which have to replace whole blocks.
    let read = match found.dio_read_offset_align as usize {
        read if found.mask & STATX_DIO_READ_ALIGN != 0 && read.is_power_of_two() => read,
        _ => write,
    };
    Ok(Alignment { memory, read, write, page })
}

const STATX_DIOALIGN: u32 = 0x2000;
/// Linux 6.14.
const STATX_DIO_READ_ALIGN: u32 = 0x2_0000;

/// The kernel's `struct statx`, as far as it is of use here; not every C library has these fields.
#[repr(C)]
struct Statx {
    mask: u32,
    before: [u32; 37],
    dio_mem_align: u32,
    dio_offset_align: u32,
    between: [u32; 5],
    dio_read_offset_align: u32,
    after: [u32; 18],
}

const _: () = assert!(size_of::<Statx>() == 256);

/// None where the kernel or the file system does not say.
fn statx(file: &File) -> Option<Statx> {
    let mut statx = MaybeUninit::<Statx>::zeroed();
    // SAFETY: the path is an empty C string, which with AT_EMPTY_PATH means the open descriptor,
    // and the kernel fills in a struct of 256 bytes, which this one has.
    let status = unsafe {
        libc::syscall(
            libc::SYS_statx,
            file.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH,
            STATX_DIOALIGN | STATX_DIO_READ_ALIGN,
            statx.as_mut_ptr(),
        )
    };
    // SAFETY: the struct is plain integers, for which zeros are a value, and the kernel wrote
    // nothing else.
    let statx = unsafe { statx.assume_init() };
    (status == 0 && statx.mask & STATX_DIOALIGN != 0).then_some(statx)
}

fn logical_block(file: &File) -> Option<usize> {
    if !file.metadata().ok()?.file_type().is_block_device() {
        return None;
    }
    let mut size: libc::c_int = 0;
    // SAFETY: this request writes one int where it is told to, and that is one.
    let status = unsafe { libc::ioctl(file.as_raw_fd(), libc::BLKSSZGET, &raw mut size) };
    usize::try_from(size).ok().filter(|size| status == 0 && size.is_power_of_two())
}

pub(crate) fn page_size() -> usize {
    // SAFETY: sysconf reads a constant of the system.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).ok().filter(|size| size.is_power_of_two()).unwrap_or(4096)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn told(mask: u32, memory: u32, write: u32, read: u32) -> Option<Statx> {
        Some(Statx {
            mask,
            before: [0; 37],
            dio_mem_align: memory,
            dio_offset_align: write,
            between: [0; 5],
            dio_read_offset_align: read,
            after: [0; 18],
        })
    }

    fn alignment(memory: usize, read: usize, write: usize) -> Result<Alignment, NotDirect> {
        Ok(Alignment { memory, read, write, page: 4096 })
    }

    #[test]
    fn what_the_kernel_says_is_taken() {
        let none = || panic!("nobody has to be asked");
        let both = STATX_DIOALIGN | STATX_DIO_READ_ALIGN;
        for (found, expected) in [
            (told(STATX_DIOALIGN, 4, 512, 0), alignment(4, 512, 512)),
            (told(STATX_DIOALIGN, 512, 4096, 512), alignment(512, 4096, 4096)),
            (told(both, 512, 65_536, 512), alignment(512, 512, 65_536)),
            (told(both, 512, 4096, 0), alignment(512, 4096, 4096)),
            (told(STATX_DIOALIGN, 0, 0, 0), Err(NotDirect::Unsupported)),
            (told(STATX_DIOALIGN, 512, 520, 0), Err(NotDirect::Unsupported)),
        ] {
            assert_eq!(decide(found, none, 4096), expected);
        }
    }

    #[test]
    fn without_its_word_a_sector_or_a_page_will_do() {
        assert_eq!(decide(None, || Some(512), 4096), alignment(512, 512, 512));
        assert_eq!(decide(None, || None, 4096), alignment(4096, 4096, 4096));
    }
}
