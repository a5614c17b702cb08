//! Stores in several directories.

use std::{collections::BTreeMap, fs, path::Path};

use ds_aio::{OffloadStore, Placement, Stale, StoreErrorKind};
use ds_aio_tests::bytes::{assert_same, pattern};

use super::support::Place;

const TWO: &[&str] = &["a", "b"];
const THREE: &[&str] = &["a", "b", "c"];
const CHUNK: u64 = 16_384;

fn several(names: &'static [&'static str], placement: Placement) -> Place {
    Place { several: Some((names, placement)), ..Place::new() }
}

/// Every file below a directory, with what is in it.
fn tree(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let inner = tree(&path).into_iter();
            found.extend(inner.map(|(file, bytes)| (format!("{name}/{file}"), bytes)));
        } else if !name.starts_with("owner") {
            found.insert(name, fs::read(path).unwrap());
        }
    }
    found
}

/// Bytes that were written to the data files of a directory.
fn data_files(place: &Place, name: &str) -> Vec<String> {
    let files = Place::files_of(&place.named(name)).into_iter();
    files.filter(|name| name.starts_with("tensors-")).collect()
}

#[test]
fn tensors_of_any_length_come_back_from_wherever_they_are() {
    for placement in [Placement::Hash, Placement::Stripe { chunk: CHUNK }] {
        let place = several(THREE, placement);
        let lens = [0, 1, 4096, 16_383, 16_384, 16_385, 50_000, 131_072, 1_500_000];
        let store = place.open_durable();
        assert!(store.directories().eq(THREE.iter().map(|name| place.named(name))));
        for (seed, len) in (0..).zip(lens) {
            store.put(&format!("tensor {len}"), pattern(seed, len)).wait().unwrap();
        }
        store.commit().unwrap();
        store.close().unwrap();
        assert!(Place::files_of(&place.named("a")).contains(&"index.dsaio".to_owned()));
        for name in THREE {
            let files = Place::files_of(&place.named(name));
            assert!(files.contains(&"directory.dsaio".to_owned()), "{files:?}");
            assert!(!data_files(&place, name).is_empty(), "{name} has tensors");
            assert_eq!(files.contains(&"index.dsaio".to_owned()), *name == "a");
        }
        let store = place.open_durable();
        for (seed, len) in (0..).zip(lens) {
            let (name, tensor) = (format!("tensor {len}"), pattern(seed, len));
            assert_same(&store.get(&name).wait().unwrap(), &tensor, &name);
            let range = len / 3..len - len / 4;
            let (from, to) = (range.start as u64, range.end as u64);
            let part = store.get_range(&name, from..to).wait().unwrap();
            assert_same(&part, &tensor[range], &format!("a range of {name}"));
        }
        // As of the commit, though all of it is overwritten.
        for len in lens {
            drop(store.put(&format!("tensor {len}"), pattern(99, len)));
        }
        store.close().unwrap();
        let store = place.open_durable();
        assert_same(&store.get("tensor 1500000").wait().unwrap(), &pattern(8, 1_500_000), &"");
    }
}

#[test]
fn a_striped_tensor_is_in_all_directories_in_equal_parts_and_overwritten_in_place() {
    let place = several(THREE, Placement::Stripe { chunk: CHUNK });
    let store = place.open();
    // Ten chunks and a bit: each part too large for a slab.
    let len = 30 * CHUNK as usize + 1;
    store.put("tensor", pattern(1, len)).wait().unwrap();
    let lens = || {
        THREE.iter().map(|name| {
            let files = data_files(&place, name);
            let [file] = &files[..] else { panic!("{files:?} in {name}") };
            place.named(name).join(file).metadata().unwrap().len()
        })
    };
    let mut found: Vec<_> = lens().collect();
    found.sort_unstable();
    assert_eq!(found, [10 * CHUNK, 10 * CHUNK, 10 * CHUNK + 4096]);
    for seed in 2..6 {
        store.put("tensor", pattern(seed, len)).wait().unwrap();
        store.put_range("tensor", CHUNK - 5, vec![7; 10]).wait().unwrap();
    }
    let mut expected = pattern(5, len);
    expected[CHUNK as usize - 5..CHUNK as usize + 5].fill(7);
    assert_same(&store.get("tensor").wait().unwrap(), &expected, &"all of it");
    let mut again: Vec<_> = lens().collect();
    again.sort_unstable();
    assert_eq!(again, found);
    store.close().unwrap();
    assert!(!place.dir.path().join("several").exists(), "nothing is left");
}

#[test]
fn a_wrong_byte_in_any_part_is_told_with_its_file_and_block() {
    let place = several(TWO, Placement::Stripe { chunk: CHUNK });
    let store = place.open();
    store.put("tensor", pattern(1, 20 * CHUNK as usize)).wait().unwrap();
    for name in TWO {
        let file = place.named(name).join(&data_files(&place, name)[0]);
        let mut bytes = fs::read(&file).unwrap();
        // In the second chunk that is there: number 2 or 3 of the tensor.
        bytes[CHUNK as usize + 4096] ^= 1;
        fs::write(&file, &bytes).unwrap();
        let failed = store.get("tensor").wait().unwrap_err();
        let error = failed.error();
        assert_eq!((error.kind(), error.file()), (StoreErrorKind::Corrupt, Some(&*file)));
        let block = error.block().unwrap();
        assert!([2 * 4 + 1, 3 * 4 + 1].contains(&block), "{error}");
        bytes[CHUNK as usize + 4096] ^= 1;
        fs::write(&file, bytes).unwrap();
        store.get("tensor").wait().unwrap();
    }
}

#[test]
fn directories_that_are_not_the_stores_are_told_by_name_and_left_as_they_are() {
    let place = several(TWO, Placement::Hash);
    let put = |store: &OffloadStore| {
        for number in 0..10 {
            store.put(&number.to_string(), pattern(number, 30_000)).wait().unwrap();
        }
        store.commit().unwrap();
    };
    let store = place.open_durable();
    put(&store);
    store.close().unwrap();
    // Another store, and a copy of a directory.
    let other = Place { several: Some((&["x", "y"], Placement::Hash)), ..Place::new() };
    let store = other.open_durable();
    put(&store);
    store.close().unwrap();
    let copy = |from: &Path, to: &Path| {
        fs::create_dir(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    };
    copy(&place.named("a"), &place.named("copy"));
    copy(&other.named("y"), &place.named("foreign"));
    fs::create_dir(place.named("empty")).unwrap();
    std::os::unix::fs::symlink("a", place.named("link")).unwrap();
    let before = tree(&place.named(""));

    use StoreErrorKind::{
        DuplicateDirectory, ExchangedDirectory, ForeignDirectory, MissingDirectory,
    };
    let cases: [(&[&str], StoreErrorKind, &str); 11] = [
        (&["b", "a"], ExchangedDirectory, "b"),
        (&["a", "a"], DuplicateDirectory, "a"),
        (&["a", "link"], DuplicateDirectory, "link"),
        (&["a", "copy"], DuplicateDirectory, "copy"),
        (&["a", "foreign"], ForeignDirectory, "foreign"),
        (&["a", "empty"], MissingDirectory, "empty"),
        (&["empty", "b"], MissingDirectory, "empty"),
        (&["a", "unmounted"], MissingDirectory, "unmounted"),
        (&["a"], MissingDirectory, "a"),
        (&["b"], MissingDirectory, "b"),
        (&["a", "b", "empty"], ForeignDirectory, "empty"),
    ];
    for (names, kind, named) in cases {
        for placement in [Placement::Hash, Placement::Stripe { chunk: CHUNK }] {
            let opened = match names {
                [only] => OffloadStore::builder(place.named(only)).durable().open(&place.engine),
                _ => place
                    .builder_in(names, placement)
                    .block_size(4096)
                    .durable()
                    .open(&place.engine),
            };
            let error = opened.unwrap_err();
            assert_eq!((error.kind(), error.directory()), (kind, &*place.named(named)), "{error}");
        }
    }
    assert_eq!(tree(&place.named("")), before);
    assert!(!place.named("unmounted").exists());
    let label = place.named("b").join("directory.dsaio");
    let text = fs::read_to_string(&label).unwrap();
    fs::write(&label, text.replace("directory 2", "directory 1")).unwrap();
    let error = place.try_open_durable().unwrap_err();
    assert_eq!((error.kind(), error.file()), (StoreErrorKind::CorruptIndex, Some(&*label)));
    fs::write(&label, text).unwrap();
    assert_eq!(place.open_durable().len(), 10);
}

#[test]
fn every_directory_has_one_owner_and_is_let_go() {
    let place = several(TWO, Placement::Hash);
    let store = place.open();
    let error = OffloadStore::builder(place.named("b")).open(&place.engine).unwrap_err();
    assert_eq!((error.kind(), error.directory()), (StoreErrorKind::InUse, &*place.named("b")));
    store.close().unwrap();
    OffloadStore::builder(place.named("b")).open(&place.engine).unwrap();

    let store = place.open_durable();
    store.put("tensor", vec![1; 10]).wait().unwrap();
    fs::remove_file(place.named("b").join("owner.dsaio")).unwrap();
    let error = store.commit().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::OwnerChanged);
    assert_eq!(error.directory(), &*place.named("b"));
}

#[test]
fn what_was_left_in_any_directory_is_recovered_removed_or_refused() {
    let place = several(TWO, Placement::Stripe { chunk: CHUNK });
    let store = place.open_durable();
    store.put("tensor", pattern(1, 100_000)).wait().unwrap();
    store.commit().unwrap();
    store.close().unwrap();
    let left = place.named("b").join("tensors-00000000000000aa.dsaio");
    fs::write(&left, b"left").unwrap();
    fs::write(place.named("b").join("directory.new.dsaio"), b"left").unwrap();
    fs::write(place.named("b").join("notes.txt"), b"mine").unwrap();
    let error = place.builder().durable().stale(Stale::Refuse).open(&place.engine).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Exists);
    assert!(left.exists());
    let store = place.open_durable();
    assert!(!left.exists() && !place.named("b").join("directory.new.dsaio").exists());
    assert_same(&store.get("tensor").wait().unwrap(), &pattern(1, 100_000), &"the tensor");
    store.close().unwrap();
    let store = place.builder().stale(Stale::Remove).open(&place.engine).unwrap();
    assert!(store.is_empty());
    store.close().unwrap();
    assert_eq!(Place::files_of(&place.named("a")), <[&str; 0]>::default());
    assert_eq!(Place::files_of(&place.named("b")), ["notes.txt"]);
    // A part of the old store alone may be removed, too.
    let store = place.open_durable();
    store.put("tensor", pattern(1, 100_000)).wait().unwrap();
    store.commit().unwrap();
    store.close().unwrap();
    let alone = OffloadStore::builder(place.named("b")).stale(Stale::Remove).open(&place.engine);
    alone.unwrap().close().unwrap();
    let error = place.try_open_durable().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::MissingDirectory);
}

#[test]
fn an_ephemeral_store_is_kept_in_its_directories_and_in_no_others() {
    let place = several(TWO, Placement::Hash);
    let keep = || place.builder().keep(true).open(&place.engine);
    for round in 0..3 {
        let store = keep().unwrap();
        assert_eq!(store.len(), round);
        for number in 0..round {
            let tensor = store.get(&number.to_string()).wait().unwrap();
            assert_same(&tensor, &pattern(number as u64, 50_000), &number);
        }
        store.put(&round.to_string(), pattern(round as u64, 50_000)).wait().unwrap();
        store.close().unwrap();
    }
    let exchanged = place.builder_in(&["b", "a"], Placement::Hash).open(&place.engine);
    assert_eq!(exchanged.unwrap_err().kind(), StoreErrorKind::ExchangedDirectory);
    assert_eq!(keep().unwrap().len(), 3);
}

#[test]
fn tensors_stay_where_they_are_when_the_placement_changes() {
    let mut place = several(TWO, Placement::Hash);
    let store = place.open_durable();
    store.put("tensor", pattern(1, 200_000)).wait().unwrap();
    store.commit().unwrap();
    store.close().unwrap();
    place.several = Some((TWO, Placement::Stripe { chunk: CHUNK }));
    let store = place.open_durable();
    assert_same(&store.get("tensor").wait().unwrap(), &pattern(1, 200_000), &"as it was");
    store.put_range("tensor", 70_000, pattern(2, 5000)).wait().unwrap();
    let mut expected = pattern(1, 200_000);
    expected[70_000..75_000].copy_from_slice(&pattern(2, 5000));
    assert_same(&store.get("tensor").wait().unwrap(), &expected, &"changed");
    store.put("tensor", pattern(3, 200_000)).wait().unwrap();
    store.commit().unwrap();
    for name in TWO {
        assert!(!data_files(&place, name).is_empty(), "{name}");
    }
}

#[test]
fn a_chunk_is_whole_blocks() {
    let place = several(TWO, Placement::Stripe { chunk: 8192 });
    let error = place.builder().block_size(16_384).open(&place.engine).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::InvalidSetting);
    assert!(error.to_string().contains("8192"), "{error}");
}
