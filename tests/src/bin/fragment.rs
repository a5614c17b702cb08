//! Breaks the machine's free memory into single pages, as weeks of use do, and holds it so until
//! its standard input ends: `fragment GIB`. It says `ready` when memory is in that state.
//!
//! It fills GIB GiB of a file that exists in memory alone, and gives every second page back: what
//! becomes free has neighbours that are not. The machine must have GIB GiB to spare for a moment,
//! and half of that until the end.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a command for developers")]

#[cfg(target_os = "linux")]
fn main() {
    use std::{fs::File, io::Write};

    use nix::{
        fcntl::{FallocateFlags, fallocate},
        sys::memfd::{MFdFlags, memfd_create},
    };

    const PAGE: usize = 4096;

    let gib: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let mut memory = File::from(memfd_create(c"fragment", MFdFlags::MFD_CLOEXEC).unwrap());
    let page = [1; PAGE];
    for _ in 0..(gib << 30) / PAGE {
        memory.write_all(&page).unwrap();
    }
    let hole = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
    for offset in (0..gib << 30).step_by(2 * PAGE) {
        fallocate(&memory, hole, offset.try_into().unwrap(), PAGE as i64).unwrap();
    }
    println!("ready");
    std::io::stdin().lines().count();
}

#[cfg(not(target_os = "linux"))]
fn main() {
    std::process::exit(ds_aio_tests::process::NOT_POSSIBLE_HERE);
}
