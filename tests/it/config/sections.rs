//! The section in its document, and its keys: given twice, absent, or something else than a table.

use ds_aio::AioConfig;
use ds_aio::config::{DiagnosticKind, Severity};

use super::support::{load_file, only};

#[test]
fn duplicate_keys_are_refused() {
    let json = only(load_file("a.json", "{\"aio\": {\"queue_depth\": 2,\n\"queue_depth\": 2}}"));
    assert_eq!(json.kind(), DiagnosticKind::DuplicateKey);
    assert_eq!((json.line(), json.column()), (Some(2), Some(1)));
    let section = only(load_file("a.json", "{\"aio\": {}, \"aio\": {\"queue_depth\": 2}}"));
    assert_eq!(section.kind(), DiagnosticKind::DuplicateKey);
    assert_eq!(section.column(), Some(13));
    let toml = only(load_file("a.toml", "[aio]\nqueue_depth = 2\nqueue_depth = 3\n"));
    assert_eq!(
        (toml.kind(), toml.key(), toml.line(), toml.column()),
        (DiagnosticKind::DuplicateKey, Some("queue_depth"), Some(3), Some(1))
    );
    let shown = toml.to_string();
    assert!(shown.contains("2 | queue_depth = 2\n  | ----------- first given here"), "{shown}");
    let section = only(load_file("a.toml", "[aio]\n[other]\naio = 1\n['aio']\n"));
    assert_eq!(section.message(), "section `aio` is given twice");
    assert_eq!((section.key(), section.line()), (Some("aio"), Some(4)));
    let dotted = only(load_file("a.toml", "aio.queue_depth = 1\naio = 2\n"));
    assert_eq!(dotted.message(), "section `aio` is given twice");
    assert_eq!((dotted.key(), dotted.line()), (Some("aio"), Some(2)));
    assert!(section.to_string().contains("1 | [aio]\n  |  --- first given here"));
}

#[test]
fn a_duplicate_key_hides_no_other_mistake_and_is_not_taken_for_ours() {
    let errors =
        load_file("a.toml", "[aio]\nqueue_depth = 0\n[other]\nqueue_depth = 1\nqueue_depth = 2\n");
    let errors = errors.unwrap_err();
    let found: Vec<_> = errors.iter().map(|it| (it.kind(), it.key(), it.line())).collect();
    assert_eq!(
        found,
        [
            (DiagnosticKind::NotAllowed, Some("queue_depth"), Some(2)),
            (DiagnosticKind::DuplicateKey, None, Some(5)),
        ]
    );
    let other = only(load_file("c.toml", "other = 1\naio.queue_depth = 1\nother = 2\n"));
    assert_eq!((other.key(), other.line()), (None, Some(3)));
    let errors = load_file("b.toml", "aio = { queue_depth = 0, queue_depth = 4 }\n");
    let kinds: Vec<_> = errors.unwrap_err().iter().map(|it| it.kind()).collect();
    assert_eq!(kinds, [DiagnosticKind::NotAllowed, DiagnosticKind::DuplicateKey]);
}

#[test]
fn a_file_that_lacks_the_section_and_has_something_like_it_warns() {
    let cases = [
        ("a.toml", "x = 1\n[aoi]\nblock_size = 1\n", 2, "did you mean `[aio]`?"),
        ("b.toml", "[AIO]\nblock_size = 1\n", 1, "did you mean `[aio]`?"),
        ("c.json", "{\"x\": 1,\n\"aioo\": {}}", 2, "did you mean `\"aio\"`?"),
        (
            "d.toml",
            "block_size = 1\n",
            1,
            "did you mean `block_size` in section `[aio]`? Keys outside it are ignored",
        ),
        (
            "e.json",
            "{\"intra_op_parallelism\": 4}",
            1,
            "did you mean `intra_op_parallelism` in section `\"aio\"`? Keys outside it are ignored",
        ),
    ];
    for (name, document, line, help) in cases {
        let loaded = load_file(name, document).unwrap();
        assert_eq!(loaded.value, AioConfig::default());
        let [warning] = loaded.warnings() else {
            panic!("one warning for {document}: {:?}", loaded.warnings())
        };
        assert_eq!(warning.severity(), Severity::Warning);
        assert_eq!(warning.kind(), DiagnosticKind::MissingSection);
        assert_eq!((warning.line(), warning.help()), (Some(line), Some(help)));
        assert!(warning.to_string().starts_with("warning: the file has no section `aio`"));
    }
    for (name, document) in [
        ("a.toml", "[aio]\n[aoi]\nblock_size = 1\n"),
        ("b.toml", "aoi = 3\n[unrelated]\nblock_size = 1\n"),
        ("c.json", "{\"aio\": null, \"queue_depth\": 1}"),
    ] {
        let loaded = load_file(name, document).unwrap();
        assert!(loaded.warnings().is_empty(), "{document}");
    }
}

#[test]
fn a_section_that_is_no_table_is_an_error() {
    for (name, document) in [
        ("a.toml", "aio = 3\n"),
        ("b.toml", "[[aio]]\nqueue_depth = 1\n"),
        ("a.json", "{\"aio\": [1]}"),
        ("b.json", "{\"aio\": \"x\"}"),
    ] {
        let error = only(load_file(name, document));
        assert_eq!((error.kind(), error.key()), (DiagnosticKind::WrongType, Some("aio")));
    }
    for document in ["[]", "null", "3"] {
        assert_eq!(only(load_file("a.json", document)).kind(), DiagnosticKind::Syntax);
    }
}
