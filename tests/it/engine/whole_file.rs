//! `write_file`: the buffer is the whole file afterwards, or the error says what is.

use ds_aio::{ErrorKind, OpenOptions, Operation};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::{MODES, SHAPES, settings},
};
use nix::errno::Errno;

use super::{
    support::Bench,
    told::{buffer_after, refused},
};

const BLOCK: usize = 16 << 10;

fn bench() -> Bench {
    Bench::new(settings(BLOCK, (2, 4), (false, true)))
}

#[test]
fn the_buffer_is_the_whole_file_whatever_there_was() {
    let lengths = [0, 1, 511, 4096, 4097, BLOCK - 1, BLOCK, 3 * BLOCK + 4096, 5 * BLOCK + 77];
    for (number, mode) in MODES.into_iter().enumerate() {
        let bench = Bench::new(settings(BLOCK, SHAPES[number], mode));
        let path = bench.path("data");
        let file = bench.engine.create(&path).unwrap();
        for before in lengths {
            for after in lengths {
                std::fs::write(&path, pattern(1, before)).unwrap();
                let data = pattern(2, after);
                let told = format!("{after} bytes over {before}");
                let back = bench.engine.write_file(&file, data.clone()).wait().unwrap();
                assert_same(&back, &data, &told);
                assert_same(&std::fs::read(&path).unwrap(), &data, &told);
                let mut buffer = bench.engine.alloc(after).unwrap();
                buffer.copy_from_slice(&data);
                std::fs::write(&path, pattern(1, before)).unwrap();
                bench.engine.write_file(&file, buffer).wait().unwrap();
                assert_same(&std::fs::read(&path).unwrap(), &data, &told);
                assert_eq!(file.len().unwrap(), after as u64);
            }
        }
    }
}

#[test]
fn a_whole_file_that_may_not_be_written_is_left_alone() {
    let bench = bench();
    let path = bench.filled("data", b"as it was");
    let file = bench.engine.open(&path).unwrap();
    for len in [0, 5, 3 * BLOCK] {
        let told = refused(Operation::Write, ErrorKind::WrongAccessMode, Errno::EBADF, len);
        let write = bench.engine.write_file(&file, vec![1; len]);
        assert_eq!(buffer_after(write.wait(), &path, &told), vec![1; len]);
        assert_eq!(std::fs::read(&path).unwrap(), b"as it was");
    }
}

#[test]
fn whole_files_one_after_the_other_and_what_was_asked_between() {
    let bench = bench();
    let path = bench.path("data");
    let file = bench.engine.create(&path).unwrap();
    for len in [10 * BLOCK, 5, 7 * BLOCK + 1, 0] {
        let data = pattern(len as u64, len);
        let ticket = bench.engine.write_file(&file, data.clone());
        bench.engine.fsync(&file).wait().unwrap();
        // The sync comes after all of it.
        assert_same(&std::fs::read(&path).unwrap(), &data, &"once synced");
        ticket.wait().unwrap();
    }
    assert_eq!(bench.engine.stats().write.bytes_moved, (17 * BLOCK + 6) as u64);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_cut_is_written_all_the_same() {
    use std::{
        io::Write,
        os::fd::AsRawFd,
        path::{Path, PathBuf},
    };

    use nix::{
        fcntl::{FcntlArg, SealFlag, fcntl},
        sys::memfd::{MFdFlags, memfd_create},
    };

    let bench = bench();
    let sealed = memfd_create("sealed", MFdFlags::MFD_ALLOW_SEALING).unwrap();
    let before = pattern(1, 5 * BLOCK);
    std::fs::File::from(sealed.try_clone().unwrap()).write_all(&before).unwrap();
    fcntl(&sealed, FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_SHRINK)).unwrap();
    let path = PathBuf::from(format!("/proc/self/fd/{}", sealed.as_raw_fd()));
    let file = bench.engine.open_with(&path, &OpenOptions::new().write()).unwrap();
    let data = pattern(2, 2 * BLOCK + 5);
    let (error, buffer) =
        bench.engine.write_file(&file, data.clone()).wait().unwrap_err().into_parts();
    assert_same(&buffer.unwrap(), &data, &"the buffer given back");
    assert_eq!(
        (error.operation(), error.kind()),
        (Operation::Truncate, ErrorKind::PermissionDenied)
    );
    assert_eq!(error.errno(), Some(Errno::EPERM as i32));
    assert_eq!((error.done(), error.wanted()), (data.len(), data.len()));
    assert_eq!(error.path(), Some(Path::new(&path)));
    let (text, to) = (error.to_string(), format!("to {} bytes", data.len()));
    assert!(text.starts_with("ftruncate /proc/self/fd/") && text.contains(&to), "{text}");
    let found = std::fs::read(&path).unwrap();
    assert_eq!(found.len(), before.len());
    assert_same(&found[..data.len()], &data, &"written");
    assert_same(&found[data.len()..], &before[data.len()..], &"what could not be cut off");
    // A longer one needs no cut.
    bench.engine.write_file(&file, pattern(3, 6 * BLOCK)).wait().unwrap();
    drop(bench.engine.write_file(&file, Vec::new()));
    let failures = bench.engine.sync(&file).unwrap_err();
    assert_eq!(failures.errors()[0].operation(), Operation::Truncate);
    assert_eq!(bench.engine.stats().failed(), 2);
}
