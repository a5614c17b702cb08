//! Files that are not what was written.

use std::{fs, io::Write, os::unix::fs::FileExt};

use ds_aio::{OffloadStore, StoreErrorKind};
use ds_aio_tests::bytes::{assert_same, pattern};

use super::support::Place;

/// Through the page cache, which is where the engine's reads find it.
fn flip(path: &std::path::Path, at: u64) {
    let file = fs::File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1], at).unwrap();
    file.sync_all().unwrap();
}

#[track_caller]
fn corrupt_at(store: &OffloadStore, name: &str, block: u64) {
    let failed = store.get(name).wait().unwrap_err();
    let error = failed.error();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error}");
    assert_eq!((error.tensor(), error.block()), (Some(name), Some(block)), "{error}");
    assert!(error.file().is_some() && error.to_string().contains(&format!("block {block}")));
    assert!(failed.into_parts().1.is_none(), "never data");
}

#[test]
fn one_wrong_bit_is_found_in_its_block_and_nowhere_else() {
    let place = Place::new();
    let store = place.open();
    let tensor = pattern(1, 400_000);
    store.put("large", tensor.clone()).wait().unwrap();
    let [file] = &place.data_files()[..] else { panic!("{:?}", place.files()) };
    flip(file, 4096 * 7 + 100);
    corrupt_at(&store, "large", 7);
    // The other blocks are whole.
    let before = store.get_range("large", ..4096 * 7).wait().unwrap();
    assert_same(&before, &tensor[..4096 * 7], &"before");
    let behind = store.get_range("large", 4096 * 8..).wait().unwrap();
    assert_same(&behind, &tensor[4096 * 8..], &"behind");
    let failed = store.get_range("large", 4096 * 7..4096 * 7 + 1).wait().unwrap_err();
    assert_eq!(failed.error().kind(), StoreErrorKind::Corrupt);
    // Half a block is not put beside a wrong half.
    let failed = store.put_range("large", 4096 * 7, vec![0; 10]).wait().unwrap_err();
    assert_eq!(failed.error().kind(), StoreErrorKind::Corrupt);
    let failed = store.put_range("large", 4096 * 2, vec![0; 4096 * 5 + 10]).wait().unwrap_err();
    assert_eq!(failed.error().kind(), StoreErrorKind::Corrupt);
    let before = store.get_range("large", ..4096 * 7).wait().unwrap();
    assert_same(&before, &tensor[..4096 * 7], &"not touched");
    store.put("large", tensor.clone()).wait().unwrap();
    assert_same(&store.get("large").wait().unwrap(), &tensor, &"put again");
}

#[test]
fn exchanged_torn_and_missing_files_are_corrupt_and_the_rest_is_not() {
    let place = Place::new();
    let store = place.open_durable();
    for (seed, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        store.put(name, pattern(seed as u64, 300_000)).wait().unwrap();
    }
    store.put("small", vec![7; 3000]).wait().unwrap();
    store.commit().unwrap();
    store.close().unwrap();
    let files = place.data_files();
    let exchanged = place.path().join("exchanged");
    fs::rename(&files[0], &exchanged).unwrap();
    fs::rename(&files[1], &files[0]).unwrap();
    fs::rename(&exchanged, &files[1]).unwrap();
    fs::File::options().write(true).open(&files[2]).unwrap().set_len(100_000).unwrap();
    fs::remove_file(&files[3]).unwrap();

    let store = place.open_durable();
    corrupt_at(&store, "a", 0);
    corrupt_at(&store, "b", 0);
    corrupt_at(&store, "c", 100_000 / 4096);
    let failed = store.get("d").wait().unwrap_err();
    assert_eq!(failed.error().kind(), StoreErrorKind::Corrupt, "{failed}");
    assert_same(&store.get("small").wait().unwrap(), &[7; 3000], &"not touched");
    for name in ["a", "b", "c", "d"] {
        store.put(name, vec![8; 300_000]).wait().unwrap();
    }
    store.commit().unwrap();
    store.close().unwrap();
    let store = place.open_durable();
    for name in ["a", "b", "c", "d"] {
        assert_same(&store.get(name).wait().unwrap(), &[8; 300_000], &name);
    }
}

#[test]
fn a_put_repairs_a_tensor_whose_file_is_gone() {
    let place = Place::new();
    let keep = || place.builder().keep(true).open(&place.engine).unwrap();
    let store = keep();
    for name in ["a", "b"] {
        store.put(name, pattern(1, 300_000)).wait().unwrap();
    }
    store.close().unwrap();
    for file in place.data_files() {
        fs::remove_file(file).unwrap();
    }
    let store = keep();
    let failed = store.put_range("a", 0, vec![1; 10]).wait().unwrap_err();
    assert_eq!(failed.error().kind(), StoreErrorKind::Corrupt);
    // In as many pages, which would be written in place if they were there.
    for name in ["a", "b"] {
        let failed = store.get(name).wait().unwrap_err();
        assert_eq!(failed.error().kind(), StoreErrorKind::Corrupt);
        store.put(name, pattern(2, 299_000)).wait().unwrap();
        assert_same(&store.get(name).wait().unwrap(), &pattern(2, 299_000), &name);
    }
    store.close().unwrap();
    assert_eq!(keep().len(), 2);
}

#[test]
fn any_byte_of_an_index_matters() {
    let place = Place::new();
    let store = place.open_durable();
    store.put("tensor", vec![7; 10_000]).wait().unwrap();
    store.put("other", vec![7; 200_000]).wait().unwrap();
    store.commit().unwrap();
    store.close().unwrap();
    let (index, files) = (place.path().join("index.dsaio"), place.files());
    let whole = fs::read(&index).unwrap();
    let mut wrong: Vec<Vec<u8>> = (0..whole.len())
        .step_by(3)
        .map(|at| {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            bytes
        })
        .collect();
    wrong.extend([0, 1, 55, 56, whole.len() - 1].map(|len| whole[..len].to_vec()));
    wrong.push([&whole[..], &[0]].concat());
    for bytes in wrong {
        fs::File::create(&index).unwrap().write_all(&bytes).unwrap();
        let error = place.try_open_durable().unwrap_err();
        let expected = [StoreErrorKind::CorruptIndex, StoreErrorKind::UnknownVersion];
        assert!(expected.contains(&error.kind()), "{error}");
        assert_eq!(place.files(), files, "what cannot be read is left alone");
    }
    fs::write(&index, &whole).unwrap();
    // Far longer than there is memory: its beginning tells.
    fs::File::options().write(true).open(&index).unwrap().set_len(1 << 40).unwrap();
    let error = place.try_open_durable().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::CorruptIndex);
    assert!(error.to_string().contains("its length is another"), "{error}");
    fs::write(&index, &whole).unwrap();
    assert_eq!(place.open_durable().len(), 2);
}
