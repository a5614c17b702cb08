//! A store on several file systems, one of which is full.

use std::{fs, path::PathBuf, sync::Arc};

use ds_aio::{
    Engine, ErrorKind, OffloadStore, Placement, Stale, StoreBuilder, StoreConfig, StoreErrorKind,
};
use ds_aio_tests::{
    bytes::{assert_same, pattern},
    mounts::{leave_the_others, mount_in_memory},
    process::{die_if_hung, not_possible_here},
    settings::{MODES, SHAPES, settings},
};
use nix::mount::{MntFlags, umount2};

const MIB: usize = 1 << 20;
const CHUNK: usize = 64 << 10;

pub(crate) fn run(_: &[&str]) {
    die_if_hung(100);
    let dir = tempfile::tempdir().unwrap();
    let names = ["a", "b", "small"];
    let mounted = || -> Result<(), Box<dyn std::error::Error>> {
        leave_the_others()?;
        for (name, mib) in names.iter().zip([64, 64, 8]) {
            fs::create_dir(dir.path().join(name))?;
            mount_in_memory("tmpfs", &dir.path().join(name), mib * MIB)?;
        }
        Ok(())
    };
    if let Err(error) = mounted() {
        drop(dir);
        not_possible_here(error);
    }
    // Two on the first device, and one on each of the others.
    let dirs: Vec<_> =
        ["a/0", "a/1", "b", "small"].iter().map(|name| dir.path().join(name)).collect();
    let engine = Arc::new(Engine::new(&settings(CHUNK, SHAPES[2], MODES[0])).unwrap());
    for placement in [Placement::Hash, Placement::Stripe { chunk: CHUNK as u64 }] {
        each_device_has_an_engine(&engine, builder(&dirs[..3], placement));
        a_full_device_fails_what_is_on_it(&engine, builder(&dirs[2..], placement), placement);
        a_device_that_is_not_mounted_is_missed(&engine, &dirs[1..3], placement);
    }
    for name in names {
        // It may be busy until the namespace goes with this process.
        umount2(&dir.path().join(name), MntFlags::MNT_DETACH).unwrap();
    }
}

fn builder(dirs: &[PathBuf], placement: Placement) -> StoreBuilder {
    let config = StoreConfig::builder().dirs(dirs.to_vec()).placement(placement);
    let environment: [(&str, &str); 0] = [];
    let builder = OffloadStore::configured(&config.build().unwrap(), &environment).unwrap();
    builder.block_size(4096).slab_limit(128 << 10).slab_size(MIB as u64)
}

fn each_device_has_an_engine(engine: &Arc<Engine>, builder: StoreBuilder) {
    let store = builder.stale(Stale::Remove).durable().open(engine).unwrap();
    let engines: Vec<_> = store.engines().cloned().collect();
    assert!(Arc::ptr_eq(&engines[0], engine) && Arc::ptr_eq(&engines[1], engine));
    assert!(!Arc::ptr_eq(&engines[2], engine));
    assert_eq!(engines[2].settings(), engine.settings());
    let before = engines[2].stats().write.requests;
    for number in 0..24 {
        store.put(&number.to_string(), pattern(number, 400_000)).wait().unwrap();
    }
    store.commit().unwrap();
    for number in 0..24 {
        let tensor = store.get(&number.to_string()).wait().unwrap();
        assert_same(&tensor, &pattern(number, 400_000), &number);
    }
    let stats = engines[2].stats();
    assert!(stats.write.requests > before && stats.read.requests > 0);
    assert!(stats.sync.requests > 0, "its data, and its label");
    assert!(store.commit().is_ok());
    for number in 0..24 {
        store.remove(&number.to_string()).unwrap();
    }
    store.commit().unwrap();
    store.close().unwrap();
}

fn a_full_device_fails_what_is_on_it(
    engine: &Arc<Engine>,
    builder: StoreBuilder,
    placement: Placement,
) {
    let store = builder.stale(Stale::Remove).open(engine).unwrap();
    let mut stored = Vec::new();
    let mut failures = 0;
    for number in 0..20 {
        match store.put(&number.to_string(), pattern(number, 2 * MIB)).wait() {
            Ok(_) => stored.push(number),
            Err(failed) => {
                let error = failed.error();
                assert_eq!(error.kind(), StoreErrorKind::Io, "{error}");
                assert_eq!(error.engine_error().unwrap().kind(), ErrorKind::NoSpace);
                assert_eq!(failed.into_parts().1.unwrap().len(), 2 * MIB);
                failures += 1;
            }
        }
    }
    // Half of each is on the small one, or half of them.
    let most = if placement == Placement::Hash { 20 } else { 8 };
    assert!(failures > 0 && stored.len() <= most, "{failures} failures, {stored:?}");
    for number in stored {
        let tensor = store.get(&number.to_string()).wait().unwrap();
        assert_same(&tensor, &pattern(number, 2 * MIB), &number);
    }
    store.close().unwrap();
}

/// Its mount point is an empty directory then.
fn a_device_that_is_not_mounted_is_missed(
    engine: &Arc<Engine>,
    dirs: &[PathBuf],
    placement: Placement,
) {
    let open = || builder(dirs, placement).stale(Stale::Recover).durable().open(engine);
    let remove = builder(dirs, placement).durable().stale(Stale::Remove);
    let store = remove.open(engine).unwrap();
    store.put("tensor", pattern(1, MIB)).wait().unwrap();
    store.commit().unwrap();
    store.close().unwrap();
    mount_in_memory("tmpfs", &dirs[1], MIB).unwrap();
    let error = open().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::MissingDirectory, "{error}");
    assert_eq!(error.directory(), dirs[1]);
    assert_eq!(fs::read_dir(&dirs[1]).unwrap().count(), 1, "but for the owner");
    umount2(&dirs[1], MntFlags::empty()).unwrap();
    let store = open().unwrap();
    assert_same(&store.get("tensor").wait().unwrap(), &pattern(1, MIB), &"again");
    store.close().unwrap();
    let store = builder(dirs, placement).stale(Stale::Remove).open(engine).unwrap();
    store.close().unwrap();
}
