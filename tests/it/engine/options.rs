//! How files are opened: kept, emptied, made, preallocated.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use ds_aio::OpenOptions;
use ds_aio_tests::{bytes::pattern, settings::settings};

use super::support::Bench;

fn bench() -> Bench {
    Bench::new(settings(64 << 10, (1, 8), (false, true)))
}

#[test]
fn create_empties_a_file_and_open_keeps_it() {
    let bench = bench();
    let path = bench.filled("data", &[1; 10_000]);
    assert_eq!(bench.engine.open(&path).unwrap().len().unwrap(), 10_000);
    let keeping = OpenOptions::new().create().write();
    let kept = bench.engine.open_with(&path, &keeping).unwrap();
    assert_eq!((kept.len().unwrap(), kept.is_empty().unwrap()), (10_000, false));
    let emptied = bench.engine.create(&path).unwrap();
    assert_eq!((emptied.len().unwrap(), emptied.is_empty().unwrap()), (0, true));
    // The same inode, so the earlier handle sees it too.
    assert_eq!(kept.len().unwrap(), 0);
    assert_eq!(emptied.path(), path);
    assert!(format!("{emptied:?}").contains("data"));
}

#[test]
fn opening_to_write_makes_no_file() {
    let bench = bench();
    for options in [
        OpenOptions::new(),
        OpenOptions::new().write(),
        OpenOptions::new().truncate(),
        OpenOptions::new().preallocate(10),
    ] {
        bench.engine.open_with(bench.path("none"), &options).unwrap_err();
        assert!(!bench.path("none").exists());
    }
}

#[test]
fn every_option_opens_to_write() {
    let bench = bench();
    for options in [
        OpenOptions::new().write(),
        OpenOptions::new().create(),
        OpenOptions::new().truncate(),
        OpenOptions::new().preallocate(10),
    ] {
        let path = bench.filled("data", b"");
        let file = bench.engine.open_with(&path, &options).unwrap();
        bench.engine.pwrite(&file, vec![1; 100_000], 0).wait().unwrap();
    }
}

#[test]
fn create_new_makes_a_file_of_that_mode() {
    let bench = bench();
    let path = bench.path("private");
    let options = OpenOptions::new().create_new().mode(0o600);
    let file = bench.engine.open_with(&path, &options).unwrap();
    let data = pattern(1, 100_001);
    bench.engine.pwrite(&file, data.clone(), 0).wait().unwrap();
    assert_eq!(bench.engine.pread(&file, vec![0; data.len()], 0).wait().unwrap(), data);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn preallocated_space_is_there_and_reads_as_zeros() {
    let bench = bench();
    let path = bench.path("swap");
    const LEN: usize = 300_001;
    let options = OpenOptions::new().create().preallocate(LEN as u64);
    let file = bench.engine.open_with(&path, &options).unwrap();
    assert_eq!(file.len().unwrap(), LEN as u64);
    let metadata = std::fs::metadata(&path).unwrap();
    assert!(metadata.blocks() * 512 >= LEN as u64, "{} blocks", metadata.blocks());
    let read = bench.engine.pread(&file, vec![1; LEN], 0).wait().unwrap();
    assert!(read.iter().all(|&byte| byte == 0));

    let data = pattern(2, 100_000);
    bench.engine.pwrite(&file, data.clone(), 77).wait().unwrap();
    assert_eq!(file.len().unwrap(), LEN as u64);
    // Less than there is, or nothing, leaves the file as it is.
    for len in [0, 1, 100_077, LEN as u64] {
        let options = OpenOptions::new().preallocate(len);
        let again = bench.engine.open_with(&path, &options).unwrap();
        assert_eq!(again.len().unwrap(), LEN as u64);
        let read = bench.engine.pread(&again, vec![0; data.len()], 77);
        assert_eq!(read.wait().unwrap(), data);
    }
    let longer = OpenOptions::new().preallocate(2 * LEN as u64);
    let again = bench.engine.open_with(&path, &longer).unwrap();
    assert_eq!(file.len().unwrap(), 2 * LEN as u64);
    assert_eq!(bench.engine.pread(&again, vec![0; data.len()], 77).wait().unwrap(), data);
    let emptied = longer.truncate();
    let again = bench.engine.open_with(&path, &emptied).unwrap();
    let read = bench.engine.pread(&again, vec![1; data.len()], 77).wait().unwrap();
    assert!(read.iter().all(|&byte| byte == 0), "truncated before it is preallocated");
}

#[test]
fn a_file_outlives_its_name() {
    let bench = bench();
    let path = bench.path("unlinked");
    let file = bench.engine.create(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let data = pattern(3, 200_000);
    bench.engine.pwrite(&file, data.clone(), 5).wait().unwrap();
    assert_eq!(bench.engine.pread(&file, vec![0; data.len()], 5).wait().unwrap(), data);
    bench.engine.sync(&file).unwrap();
}

#[test]
fn a_link_is_followed() {
    let bench = bench();
    let (path, link) = (bench.filled("data", &[1; 10]), bench.path("link"));
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let file = bench.engine.open_with(&link, &OpenOptions::new().write()).unwrap();
    bench.engine.pwrite(&file, vec![2; 5], 0).wait().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), [2, 2, 2, 2, 2, 1, 1, 1, 1, 1]);
    assert_eq!(file.path(), link);
}

#[cfg(target_os = "linux")]
#[test]
fn descriptors_are_closed_when_the_last_ticket_resolves() {
    let bench = bench();
    let path = bench.path("data");
    let descriptors = || {
        let all = std::fs::read_dir("/proc/self/fd").unwrap();
        let of_file = |fd: &std::fs::DirEntry| std::fs::read_link(fd.path()).ok();
        all.flatten().filter_map(|fd| of_file(&fd)).filter(|target| *target == path).count()
    };
    for _ in 0..200 {
        let file = bench.engine.create(&path).unwrap();
        assert!(descriptors() > 0);
        let ticket = bench.engine.pwrite(&file, vec![1; 1 << 20], 0);
        drop(file);
        ticket.wait().unwrap();
        assert_eq!(descriptors(), 0);
    }
}
