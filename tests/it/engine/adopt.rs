//! Descriptors that somebody else opened.

use std::{
    fs::{File, OpenOptions as Open},
    io,
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::{fs::OpenOptionsExt, net::UnixStream},
    },
    path::Path,
};

use ds_aio::{AioFile, DirectMode, Error, ErrorKind, NotDirect, Operation};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    settings::settings,
};
use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
    libc,
    sys::memfd::{MFdFlags, memfd_create},
};

use super::{
    support::Bench,
    told::{buffer_after, refused},
};
use crate::capabilities::require;

const LEN: usize = 300_001;

fn bench(mode: DirectMode) -> Bench {
    let mut settings = settings(16 << 10, (2, 4), (false, true));
    settings.direct = mode;
    Bench::new(settings)
}

/// Writes and reads the whole file and an odd part of it.
fn assert_works(bench: &Bench, file: &AioFile) {
    let mut data = pattern(1, LEN);
    bench.engine.pwrite(file, data.clone(), 0).wait().unwrap();
    data[777..20_777].copy_from_slice(&pattern(2, 20_000));
    bench.engine.pwrite(file, data[777..20_777].to_vec(), 777).wait().unwrap();
    bench.engine.sync(file).unwrap();
    let read = bench.engine.pread(file, vec![0; LEN], 0).wait().unwrap();
    assert_same(&read, &data, &"read");
    assert_eq!(file.len().unwrap(), LEN as u64);
}

#[test]
fn a_file_of_the_standard_library_is_used_and_named() {
    let bench = bench(DirectMode::Auto);
    let path = bench.filled("data", b"");
    let file = Open::new().read(true).write(true).open(&path).unwrap();
    let file = bench.engine.adopt(file).unwrap();
    assert_eq!(file.path(), path.canonicalize().unwrap());
    assert_eq!(file.is_direct(), require("direct"));
    assert_works(&bench, &file);
    assert_eq!(std::fs::read(&path).unwrap().len(), LEN);
    assert_eq!(
        bench.engine.stats().direct_bytes > 0 || bench.engine.stats().bounced_bytes > 0,
        file.is_direct()
    );
}

#[test]
fn files_without_a_name_are_used() {
    let bench = bench(DirectMode::Auto);
    let path = bench.filled("data", b"");
    let unlinked = Open::new().read(true).write(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let unlinked = bench.engine.adopt(unlinked).unwrap();
    assert!(unlinked.path().to_str().unwrap().ends_with("data (deleted)"), "{unlinked:?}");
    assert_works(&bench, &unlinked);

    let in_memory = memfd_create("weights", MFdFlags::empty()).unwrap();
    let in_memory = bench.engine.adopt(in_memory).unwrap();
    assert_eq!(in_memory.path(), Path::new("/memfd:weights (deleted)"));
    assert_eq!(in_memory.not_direct(), Some(NotDirect::InMemory));
    assert_works(&bench, &in_memory);

    let memfd = memfd_create("weights", MFdFlags::empty()).unwrap();
    let error = self::bench(DirectMode::Always).engine.adopt(memfd).unwrap_err();
    assert_eq!(error.not_direct(), Some(NotDirect::InMemory));
}

#[test]
fn the_directions_are_those_of_the_descriptor() {
    let bench = bench(DirectMode::Auto);
    let data = pattern(3, LEN);
    let path = bench.filled("data", &data);
    let canonical = path.canonicalize().unwrap();
    for flags in [0, libc::O_NONBLOCK, libc::O_APPEND] {
        let file = Open::new().read(true).custom_flags(flags).open(&path).unwrap();
        let file = bench.engine.adopt(file).unwrap();
        let read = bench.engine.pread(&file, vec![0; LEN - 1], 1).wait().unwrap();
        assert_same(&read, &data[1..], &"read");
        let told = refused(Operation::Write, ErrorKind::WrongAccessMode, Errno::EBADF, LEN);
        buffer_after(bench.engine.pwrite(&file, vec![0; LEN], 0).wait(), &canonical, &told);
    }
    let file = bench.engine.adopt(Open::new().write(true).open(&path).unwrap()).unwrap();
    let told = refused(Operation::Read, ErrorKind::WrongAccessMode, Errno::EBADF, LEN);
    buffer_after(bench.engine.pread(&file, vec![0; LEN], 0).wait(), &canonical, &told);
    let other = pattern(4, LEN);
    bench.engine.pwrite(&file, other.clone(), 0).wait().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), other);
    assert_eq!(file.is_direct(), require("direct"));
}

#[test]
fn a_descriptor_that_appends_or_only_names_is_refused() {
    let bench = bench(DirectMode::Auto);
    let path = bench.filled("data", b"as it was");
    let open = |options: &mut Open| options.open(&path).unwrap();
    for (file, kind, word) in [
        (open(Open::new().append(true)), ErrorKind::AppendOnly, "O_APPEND"),
        (open(Open::new().read(true).append(true)), ErrorKind::AppendOnly, "O_APPEND"),
        (
            open(Open::new().read(true).custom_flags(libc::O_PATH)),
            ErrorKind::WrongAccessMode,
            "not opened for this",
        ),
    ] {
        let error = bench.engine.adopt(file).unwrap_err();
        assert_eq!((error.operation(), error.kind()), (Operation::Open, kind));
        assert_eq!(error.path(), Some(path.canonicalize().unwrap().as_path()));
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(descriptors_of(&path), 0, "descriptors after errors");
    assert_eq!(std::fs::read(&path).unwrap(), b"as it was");
}

#[test]
fn pipes_sockets_and_directories_fail_at_the_request() {
    let bench = bench(DirectMode::Auto);
    let (_reader, pipe) = io::pipe().unwrap();
    let (socket, _other) = UnixStream::pair().unwrap();
    let directory = File::open(bench.dir.path()).unwrap();
    let adopted: [(OwnedFd, Operation, ErrorKind, Errno); 3] = [
        (pipe.into(), Operation::Write, ErrorKind::NotSeekable, Errno::ESPIPE),
        (socket.into(), Operation::Read, ErrorKind::NotSeekable, Errno::ESPIPE),
        (directory.into(), Operation::Read, ErrorKind::IsDirectory, Errno::EISDIR),
    ];
    for (descriptor, operation, kind, errno) in adopted {
        let file = bench.engine.adopt(descriptor).unwrap();
        assert_eq!(file.not_direct(), Some(NotDirect::FileType));
        let told = refused(operation, kind, errno, LEN);
        let ticket = match operation {
            Operation::Write => bench.engine.pwrite(&file, vec![0; LEN], 0),
            _ => bench.engine.pread(&file, vec![0; LEN], 0),
        };
        buffer_after(ticket.wait(), file.path(), &told);
    }
    let file = bench.engine.adopt(tempfile::tempfile().unwrap()).unwrap();
    assert_works(&bench, &file);
}

#[test]
fn a_direct_descriptor_serves_unaligned_requests_too() {
    if !require("direct") {
        return;
    }
    for mode in [DirectMode::Auto, DirectMode::Never, DirectMode::Always] {
        let bench = bench(mode);
        let path = bench.filled("data", b"");
        let direct = Open::new().read(true).write(true).custom_flags(libc::O_DIRECT).open(&path);
        let file = bench.engine.adopt(direct.unwrap()).unwrap();
        assert_eq!(file.is_direct(), mode != DirectMode::Never);
        if mode == DirectMode::Always {
            let data = pattern(5, 20 << 12);
            bench.engine.pwrite(&file, data.clone(), 0).wait().unwrap();
            assert_same(&std::fs::read(&path).unwrap(), &data, &"written");
            continue;
        }
        assert_works(&bench, &file);
        let stats = bench.engine.stats();
        assert_eq!(stats.direct_bytes + stats.bounced_bytes > 0, mode == DirectMode::Auto);
    }
}

/// Writes of a descriptor with O_DSYNC are durable, and so are those of the second descriptor.
#[test]
fn the_second_descriptor_promises_what_the_first_does() {
    if !require("direct") {
        return;
    }
    let bench = bench(DirectMode::Auto);
    let path = bench.filled("data", b"");
    for flags in [libc::O_DSYNC, libc::O_SYNC, libc::O_DSYNC | libc::O_DIRECT] {
        let open = Open::new().read(true).write(true).custom_flags(flags).open(&path);
        let file = bench.engine.adopt(open.unwrap()).unwrap();
        assert_works(&bench, &file);
        let found = flags_of(&path);
        assert!(found.len() >= 2, "{found:?}");
        let promised = flags & libc::O_SYNC;
        assert!(found.iter().all(|found| found & promised == promised), "{found:?}");
    }
}

#[test]
fn locks_of_the_descriptor_last_as_long_as_the_file() {
    let bench = bench(DirectMode::Never);
    let path = bench.filled("data", b"");
    let flags = if require("direct") { [0, libc::O_DIRECT] } else { [0, 0] };
    for flags in flags {
        let open = Open::new().read(true).write(true).custom_flags(flags).open(&path).unwrap();
        #[allow(deprecated, reason = "what replaces it unlocks when it is dropped")]
        nix::fcntl::flock(open.as_raw_fd(), FlockArg::LockExclusiveNonblock).unwrap();
        let file = bench.engine.adopt(open).unwrap();
        let try_lock = || Flock::lock(File::open(&path).unwrap(), FlockArg::LockSharedNonblock);
        assert!(try_lock().is_err());
        drop(file);
        assert!(try_lock().is_ok());
    }
}

#[test]
fn the_descriptor_is_lent_and_closed_at_the_end() {
    let bench = bench(DirectMode::Auto);
    let path = bench.filled("data", &[7; 5000]);
    let file = bench.engine.adopt(File::open(&path).unwrap()).unwrap();
    let mine = File::from(file.as_fd().try_clone_to_owned().unwrap());
    assert_eq!(mine.metadata().unwrap().len(), 5000);
    drop(mine);
    let clone = file.clone();
    drop(file);
    assert!(descriptors_of(&path) > 0);
    drop(clone);
    assert_eq!(descriptors_of(&path), 0);
}

#[test]
fn an_adopted_file_belongs_to_its_engine() {
    let (one, other) = (bench(DirectMode::Auto), bench(DirectMode::Auto));
    let file = one.engine.adopt(tempfile::tempfile().unwrap()).unwrap();
    let failed: Error = other.engine.pread(&file, vec![0; 1], 0).wait().unwrap_err().into();
    assert_eq!(failed.kind(), ErrorKind::ForeignFile);
}

/// How many descriptors of this process have the file at `path`.
fn descriptors_of(path: &Path) -> usize {
    flags_of(path).len()
}

/// The flags of every descriptor of the file at `path`.
fn flags_of(path: &Path) -> Vec<i32> {
    let path = path.canonicalize().unwrap();
    let of_file = |entry: &std::fs::DirEntry| {
        std::fs::read_link(entry.path()).is_ok_and(|target| target == path)
    };
    let descriptors = std::fs::read_dir("/proc/self/fd").unwrap().flatten().filter(of_file);
    let flags = descriptors.map(|entry| {
        let number = entry.file_name().into_string().unwrap();
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
        i32::from_str_radix(flags.trim(), 8).unwrap()
    });
    flags.collect()
}
