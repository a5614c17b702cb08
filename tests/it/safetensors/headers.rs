//! Headers and indexes that are wrong: what is said of them.

use std::{error::Error as _, fs};

use ds_aio::{
    ErrorKind,
    safetensors::{Model, ModelError, ModelErrorKind},
};
use ds_aio_tests::settings::settings;

use crate::engine::support::Bench;

fn bench() -> Bench {
    Bench::new(settings(4096, (1, 4), (false, true)))
}

fn file(header: &str, data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![7; data]].concat()
}

fn refused(bytes: &[u8]) -> ModelError {
    let bench = bench();
    let path = bench.filled("model.safetensors", bytes);
    let error = Model::open(&bench.engine, &path).unwrap_err();
    assert_eq!(error.path(), path);
    assert!(error.to_string().starts_with(&path.display().to_string()), "{error}");
    error
}

fn u8s(name: &str, shape: &str, start: u64, end: u64) -> String {
    format!("\"{name}\":{{\"dtype\":\"U8\",\"shape\":{shape},\"data_offsets\":[{start},{end}]}}")
}

#[test]
fn a_file_that_cannot_be_one_is_refused_with_its_length() {
    for len in [0, 1, 7] {
        let error = refused(&vec![1; len]);
        assert!(
            matches!(error.kind(), ModelErrorKind::TooShort { len: found } if *found == len as u64)
        );
    }
    for stated in [9_u64, 100_000_000, 100_000_001, 1 << 40, u64::MAX] {
        let error = refused(&[&stated.to_le_bytes()[..], b"{}      "].concat());
        let ModelErrorKind::HeaderLength { stated: found, most: 8 } = *error.kind() else {
            panic!("{error}")
        };
        assert_eq!(found, stated);
        assert!(error.to_string().contains("copied whole"), "{error}");
    }
}

#[test]
fn a_header_is_no_longer_than_the_format_allows_though_the_file_is() {
    let bench = bench();
    let path = bench.path("sparse");
    let stated = 100_000_001_u64;
    fs::write(&path, stated.to_le_bytes()).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_len(1 << 30).unwrap();
    let error = Model::open(&bench.engine, &path).unwrap_err();
    let ModelErrorKind::HeaderLength { most: 100_000_000, .. } = error.kind() else {
        panic!("{error}")
    };
}

#[test]
fn a_header_that_is_not_of_the_format_tells_the_place() {
    for header in [
        "",
        "[]",
        "{",
        "{} x",
        "{\"a\": 1}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}",
        "{\"a\":{\"dtype\":\"U7\",\"shape\":[0],\"data_offsets\":[0,0]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,0]}}",
        "{\"__metadata__\":{\"a\":1}}",
        "{\"a\u{0}\":1}",
    ] {
        let error = refused(&file(header, 0));
        assert!(matches!(error.kind(), ModelErrorKind::Json(_)), "{header}: {error}");
        assert!(error.source().unwrap().to_string().contains("line 1"), "{error}");
    }
}

#[test]
fn tensors_that_overlap_or_leave_gaps_or_lie_about_their_length_are_refused() {
    for tensors in [
        [u8s("a", "[4]", 0, 4), u8s("b", "[4]", 3, 7)],
        [u8s("a", "[4]", 0, 4), u8s("b", "[3]", 5, 8)],
        [u8s("a", "[4]", 1, 5), u8s("b", "[3]", 5, 8)],
        [u8s("a", "[4]", 0, 4), u8s("b", "[5]", 4, 8)],
        [u8s("a", "[4]", 0, 4), u8s("b", "[4]", 8, 4)],
        [u8s("a", "[4]", 0, 4), u8s("b", "[18446744073709551615,2]", 4, 8)],
    ] {
        let error = refused(&file(&format!("{{{}}}", tensors.join(",")), 8));
        assert!(matches!(error.kind(), ModelErrorKind::Layout(_)), "{error}");
    }
    let twice = [u8s("a", "[4]", 0, 4), u8s("a", "[4]", 4, 8)].join(",");
    let error = refused(&file(&format!("{{{twice}}}"), 8));
    let ModelErrorKind::Duplicate { name } = error.kind() else { panic!("{error}") };
    assert_eq!(name, "a");
}

#[test]
fn a_file_that_was_cut_or_grew_is_refused_with_both_lengths() {
    let header = format!("{{{}}}", u8s("a", "[10]", 0, 10));
    for data in [0, 9, 11, 5000] {
        let error = refused(&file(&header, data));
        let ModelErrorKind::DataLength { stated, found } = *error.kind() else { panic!("{error}") };
        assert_eq!(stated, (8 + header.len() + 10) as u64);
        assert_eq!(found, (8 + header.len() + data) as u64);
    }
}

#[test]
fn an_index_leads_nowhere_else_and_to_nothing_that_is_not_there() {
    let bench = bench();
    let header = format!("{{{}}}", u8s("a", "[10]", 0, 10));
    bench.filled("one.safetensors", &file(&header, 10));
    let open = |index: &str| {
        let path = bench.filled("model.safetensors.index.json", index.as_bytes());
        Model::open(&bench.engine, path).map(|model| model.tensors().len())
    };
    assert_eq!(open("{\"weight_map\":{\"a\":\"one.safetensors\"},\"more\":[]}").unwrap(), 1);
    assert_eq!(open("{\"weight_map\":{}}").unwrap(), 0);
    for name in ["../one.safetensors", "/etc/passwd", "a/b", "", ".", "..", "one.safetensors/"] {
        let error = open(&format!("{{\"weight_map\":{{\"a\":\"{name}\"}}}}")).unwrap_err();
        assert!(matches!(error.kind(), ModelErrorKind::ShardName { .. }), "{name}: {error}");
    }
    let error = open("{\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"one.safetensors\"}}");
    let error = error.unwrap_err();
    let ModelErrorKind::NotInShard { tensors } = error.kind() else { panic!("{error}") };
    assert_eq!(*tensors, [("b".to_owned(), "one.safetensors".to_owned())]);
    for index in ["", "{}", "{\"weight_map\":[]}"] {
        let error = open(index).unwrap_err();
        assert!(matches!(error.kind(), ModelErrorKind::Index(_)), "{error}");
    }
    let error = open("{\"weight_map\":{\"a\":\"two.safetensors\"}}").unwrap_err();
    let ModelErrorKind::Io(error) = error.kind() else { panic!("{error}") };
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
