//! One store at a time has a directory, and what an earlier one left is as the caller says.

use std::fs;

use ds_aio::{OffloadStore, Stale, StoreErrorKind};

use super::support::Place;

#[test]
fn a_second_store_is_told_who_has_the_directory() {
    let place = Place::new();
    let store = place.open();
    let error = place.builder().stale(Stale::Remove).open(&place.engine).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::InUse);
    let told = error.to_string();
    assert!(told.contains(&format!("process {}", std::process::id())), "{told}");
    assert!(told.contains("host ") && told.contains("boot "), "{told}");
    store.put("tensor", vec![1; 10]).wait().unwrap();
    store.close().unwrap();
    place.open().close().unwrap();
}

#[test]
fn stale_files_are_recovered_removed_or_refused() {
    let place = Place::new();
    let store = place.open_durable();
    store.put("tensor", vec![1; 200_000]).wait().unwrap();
    store.commit().unwrap();
    store.close().unwrap();
    // As a store that was killed leaves it.
    for left in ["tensors-00000000000000aa.dsaio", "index.new.dsaio"] {
        fs::write(place.path().join(left), b"left").unwrap();
    }
    fs::write(place.path().join("notes.txt"), b"mine").unwrap();
    fs::create_dir(place.path().join("tensors-00000000000000ab.dsaio")).unwrap();
    let files = place.files();

    let durable = || place.builder().durable();
    let error = durable().stale(Stale::Refuse).open(&place.engine).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Exists);
    let error = place.builder().open(&place.engine).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::WrongMode);
    assert_eq!(place.files(), files, "nothing was touched");

    let store = durable().open(&place.engine).unwrap();
    assert_eq!(store.len(), 1);
    assert_eq!(place.data_files().len(), 2, "the tensor's, and what is a directory");
    assert!(!place.files().contains(&"index.new.dsaio".to_owned()));
    store.close().unwrap();

    let store = place.builder().stale(Stale::Remove).open(&place.engine).unwrap();
    assert!(store.is_empty());
    store.close().unwrap();
    assert_eq!(place.files(), ["notes.txt", "tensors-00000000000000ab.dsaio"]);
    durable().stale(Stale::Refuse).open(&place.engine).unwrap().close().unwrap();
}

#[test]
fn what_an_ephemeral_store_left_that_was_killed_is_removed() {
    let place = Place::new();
    fs::create_dir(place.path()).unwrap();
    for left in ["tensors-0000000000000003.dsaio", "tensors-0000000000000000.dsaio"] {
        fs::write(place.path().join(left), [7; 8192]).unwrap();
    }
    let store = place.open();
    assert!(store.is_empty());
    assert_eq!(place.files(), ["owner.dsaio"]);
    store.put("tensor", vec![1; 10]).wait().unwrap();
    // Whoever had the earlier ones open does not meet it.
    assert_eq!(place.files(), ["owner.dsaio", "tensors-0000000000000004.dsaio"]);
    store.close().unwrap();
}

#[test]
fn a_file_with_a_number_that_no_store_gives_is_somebody_elses() {
    let place = Place::new();
    fs::create_dir(place.path()).unwrap();
    let names = ["tensors-8000000000000000.dsaio", "tensors-ffffffffffffffff.dsaio"];
    names.iter().for_each(|name| fs::write(place.path().join(name), b"mine").unwrap());
    let store = place.open();
    store.put("tensor", vec![1; 10]).wait().unwrap();
    assert_eq!(store.get("tensor").wait().unwrap()[..], [1; 10]);
    store.close().unwrap();
    assert_eq!(place.files(), names);
}

#[test]
fn settings_that_cannot_be_are_told_all_at_once() {
    let place = Place::new();
    let builder = OffloadStore::builder(place.path());
    let error = builder.block_size(1000).slab_size(8192).open(&place.engine).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::InvalidSetting);
    let told = error.to_string();
    assert!(told.contains("block_size 1000") && told.contains("slab_limit"), "{told}");
    assert!(!place.path().exists());
}

#[test]
fn the_directory_is_free_when_its_store_is_gone_although_tickets_are_not() {
    let place = Place::new();
    let store = place.open_durable();
    let ticket = store.put("tensor", vec![1; 1_000_000]);
    drop(store);
    place.open_durable();
    assert_eq!(ticket.wait().unwrap().len(), 1_000_000);
}
