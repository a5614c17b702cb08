//! TOML and JSON files: the section of a whole document, with the place of every mistake.

use std::fs::File;

use ds_aio::config::DiagnosticKind;
use ds_aio::{AioConfig, Config};

use super::support::{Files, load_file, only};

#[test]
fn the_format_constant_loads_back_to_the_defaults() {
    let document = format!("{{{}}}", ds_aio::config::AIO_FORMAT);
    assert_eq!(load_file("ds.json", document).unwrap().value, AioConfig::default());
}

#[test]
fn a_whole_deepspeed_config_is_read_for_its_section() {
    let document = r#"{
        // what people keep beside it
        "train_batch_size": 8,
        "zero_optimization": { "stage": 3, "offload_param": { "device": "nvme", "x": [1, null], } },
        "train_batch_size": 9, /* a duplicate elsewhere is none of our business */
        "aio": {
            "block_size": 262144, // 256 KiB
            "queue_depth": 3.2e1,
            "intra_op_parallelism": 2.0,
            "single_submit": true,
            "overlap_events": false,
            "use_gds": false,
        },
    }"#;
    let loaded = load_file("ds_config.json", document).unwrap();
    let config = &loaded.value;
    assert_eq!((config.block_size, config.queue_depth, config.thread_count), (262_144, 32, 2));
    assert_eq!((config.single_submit, config.overlap_events), (true, false));
}

#[test]
fn a_toml_table_is_read_and_sizes_are_quoted() {
    let document = "title = 'x'\n[aio]\nblock_size = \"4MiB\"\nqueue_depth = 0x10\n\
                    thread_count = 1_000\nsingle_submit = true\n[other]\nblock_size = -1\n";
    let config = load_file("a.toml", document).unwrap().value;
    assert_eq!((config.block_size, config.queue_depth, config.thread_count), (4 << 20, 16, 1000));
}

#[test]
fn a_byte_order_mark_is_ignored() {
    assert_eq!(
        load_file("a.json", "\u{feff}{\"aio\": {\"queue_depth\": 2}}").unwrap().value.queue_depth,
        2
    );
    let error = only(load_file("a.toml", "\u{feff}aio.queue_depth = 0"));
    assert_eq!((error.line(), error.column()), (Some(1), Some(19)));
}

#[test]
fn a_null_section_is_the_defaults() {
    assert_eq!(load_file("a.json", r#"{"aio": null}"#).unwrap().value, AioConfig::default());
    let error = only(load_file("a.json", r#"{"aio": {"queue_depth": null}}"#));
    assert_eq!(error.kind(), DiagnosticKind::WrongType);
    assert_eq!(error.help(), Some("found null"));
}

#[test]
fn gds_is_refused_unless_off() {
    let error = only(load_file("a.json", r#"{"aio": {"use_gds": true}}"#));
    assert_eq!(error.kind(), DiagnosticKind::Unsupported);
    assert_eq!(error.message(), "`use_gds` = `true` is not supported");
    assert_eq!((error.key(), error.line(), error.column()), (Some("use_gds"), Some(1), Some(21)));
}

#[test]
fn a_key_and_its_alias_are_a_conflict_with_both_places() {
    let document = "[aio]\nthread_count = 2\nqueue_depth = 4\nintra_op_parallelism = 2\n";
    let error = only(load_file("a.toml", document));
    assert_eq!(error.kind(), DiagnosticKind::Conflict);
    assert_eq!(error.key(), Some("thread_count"));
    assert_eq!((error.line(), error.column()), (Some(4), Some(1)));
    let shown = error.to_string();
    assert!(shown.contains("`thread_count` and `intra_op_parallelism` mean the same"), "{shown}");
    assert!(shown.contains("2 | thread_count = 2\n  | ------------ first given here"), "{shown}");
    assert!(shown.contains("4 | intra_op_parallelism = 2\n  | ^^^^"), "{shown}");
}

#[test]
fn the_parsers_messages_begin_like_our_own() {
    for document in ["{\"aio\": {}} {}", "{\"aio\": {\"queue_depth\": 1\n"] {
        let error = only(load_file("a.json", document));
        let first = error.message().chars().next().unwrap();
        assert!(first.is_lowercase(), "{error}");
    }
}

#[test]
fn many_mistakes_in_a_large_file_are_all_told() {
    let keys: String = (0..100_000).map(|key| format!("k{key} = 1\n")).collect();
    let errors = load_file("a.toml", format!("[aio]\n{keys}")).unwrap_err();
    let last = errors.iter().last().unwrap();
    assert_eq!((errors.len(), last.line()), (100_000, Some(100_001)));
    let twice = format!("[aio]\nqueue_depth = 1\n{}", "queue_depth = 2\n".repeat(10_000));
    let errors = load_file("b.toml", twice).unwrap_err();
    assert_eq!(errors.len(), 10_000);
    let last = errors.iter().last().unwrap().to_string();
    let (first, second) = last.split_once("10002 | queue_depth = 2").unwrap();
    assert!(first.contains("b.toml:10002:1"), "{last}");
    assert!(second.contains("2 | queue_depth = 1\n"), "{last}");
    assert!(second.contains("first given here"), "{last}");
    assert_eq!(errors.to_string().matches("first given here").count(), 10_000);
}

#[test]
fn a_misspelt_key_is_an_error_with_a_suggestion() {
    for (name, document) in [
        ("a.toml", "[aio]\nqueue_dept = 2\n"),
        ("a.json", "{\"aio\": {\n\"queue_dept\": 2}}"),
        ("b.toml", "[aio]\nQueue-Depth = 2\n"),
    ] {
        let error = only(load_file(name, document));
        assert_eq!(error.kind(), DiagnosticKind::UnknownKey);
        assert_eq!(error.help(), Some("did you mean `queue_depth`?"));
        assert_eq!((error.line(), error.column()), (Some(2), Some(1)));
    }
    let error = only(load_file("a.toml", "[aio]\nunrelated = 2\n"));
    assert_eq!(
        error.help(),
        Some(
            "remove it, or write one of the keys block_size, queue_depth, thread_count, single_submit, \
             overlap_events, backend, direct, queue_capacity, background_rate"
        )
    );
}

#[test]
fn a_setting_that_a_struct_does_not_have_is_told_as_such() {
    /// Two of the engine's settings.
    #[derive(Debug, Config)]
    #[config(section = "aio", engine)]
    struct Two {
        #[config(default = 1 << 20)]
        block_size: usize,
        #[config(default = 8)]
        queue_depth: usize,
    }

    let files = Files::new();
    for key in ["thread_count", "intra_op_parallelism"] {
        let path = files.write("tuned.toml", format!("[aio]\nblock_size = 4096\n{key} = 2\n"));
        let error = only(Two::loader().file(&path).load());
        assert_eq!((error.kind(), error.line()), (DiagnosticKind::UnknownKey, Some(3)));
        let help = error.help().unwrap();
        assert!(
            help.contains("remove the key") && help.contains("a field `thread_count`"),
            "{help}"
        );
        assert!(help.contains("AioConfig"), "{help}");
    }
}

#[test]
fn a_bad_value_is_shown_with_a_caret() {
    let files = Files::new();
    let path = files.write("ds.toml", "# tuning\n[aio]\nqueue_depth = 0 # none\n");
    let error = only(AioConfig::loader().file(&path).load());
    let expected = format!(
        "error: invalid value `0` for `queue_depth`\n --> {}:3:15\n  |\n\
         3 | queue_depth = 0 # none\n  |               ^ expected an integer from 1 to 65536",
        path.display()
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.kind(), DiagnosticKind::NotAllowed);
    assert_eq!(error.path(), Some(path.as_path()));
    assert_eq!((error.line(), error.column()), (Some(3), Some(15)));
}

#[test]
fn columns_count_characters() {
    let error = only(load_file("a.json", "{\"é…\": 1, \"aio\": {\"queue_depth\": 0}}"));
    assert_eq!((error.line(), error.column()), (Some(1), Some(34)));
    assert!(error.to_string().contains("a.json:1:34"), "{error}");
}

#[test]
fn wrong_types_say_what_was_found() {
    let cases = [
        ("queue_depth = '8'", "found a text"),
        ("queue_depth = 8.0", "found a number with a fraction or an exponent"),
        ("queue_depth = 1e3", "found a number with a fraction or an exponent"),
        ("queue_depth = true", "found a boolean"),
        ("queue_depth = [8]", "found a list"),
        ("queue_depth = {}", "found a table"),
        ("queue_depth = 1979-05-27", "found a date or time"),
        ("single_submit = 1", "found an integer"),
        ("single_submit = 'true'", "found a text"),
    ];
    for (line, found) in cases {
        let error = only(load_file("a.toml", format!("[aio]\n{line}\n")));
        assert_eq!(error.kind(), DiagnosticKind::WrongType, "{line}");
        assert_eq!(error.help(), Some(found), "{line}");
    }
}

#[test]
fn numbers_out_of_bounds_are_called_the_same_in_both_formats() {
    let huge = "9".repeat(60);
    for (number, found) in [
        (huge.as_str(), "found an integer that no type holds"),
        ("1.5", "found a number with a fraction or an exponent"),
        ("1e60", "found a number with a fraction or an exponent"),
        ("-0.0", "found a number with a fraction or an exponent"),
    ] {
        let toml = only(load_file("a.toml", format!("aio.queue_depth = {number}")));
        let json = format!("{{\"aio\": {{\"queue_depth\": {number}}}}}");
        let json = only(load_file("a.json", json));
        assert_eq!((toml.help(), json.help()), (Some(found), Some(found)));
        assert_eq!(toml.value(), json.value());
    }
}

#[test]
fn a_table_in_place_of_a_value_is_called_one() {
    for document in ["[aio.queue_depth]\nx = 1\n", "[aio]\nqueue_depth.x = 1\n"] {
        let error = only(load_file("a.toml", document));
        assert_eq!(error.message(), "invalid value `{…}` for `queue_depth`");
        assert_eq!(error.help(), Some("found a table"));
    }
}

#[test]
fn syntax_errors_have_a_place_and_loosened_json_is_refused() {
    for document in [
        "{\"aio\": {\"queue_depth\": 2 \"thread_count\": 2}}",
        "{\"aio\": {queue_depth: 2}}",
        "{'aio': {}}",
        "{\"aio\": {\"queue_depth\": 0x10}}",
        "{\"aio\": {\"queue_depth\": +1}}",
        "{\"aio\": {\"queue_depth\": NaN}}",
        "{\"aio\": {",
        "{\"aio\": {}} {}",
    ] {
        let error = only(load_file("a.json", document));
        assert_eq!((error.kind(), error.line()), (DiagnosticKind::Syntax, Some(1)), "{document}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(
        only(load_file("a.json", format!("{{\"x\": {deep}"))).kind(),
        DiagnosticKind::Syntax
    );
    assert!(load_file("a.toml", format!("x = {deep}")).is_err());
}

#[test]
fn a_toml_file_with_several_faults_reports_each_once() {
    let document = "[aio]\nblock_size = \nqueue_depth = 0\nthread_count == 2\nsingle = true\n";
    let errors = load_file("a.toml", document).unwrap_err();
    let lines: Vec<_> = errors.iter().map(|error| error.line().unwrap()).collect();
    assert_eq!(lines, [2, 3, 4, 5], "{errors}");
}

#[test]
fn a_file_that_is_not_utf8_has_its_place() {
    let error = only(load_file("a.toml", b"[aio]\n# \xff\n"));
    assert_eq!(error.kind(), DiagnosticKind::Syntax);
    assert_eq!((error.line(), error.column()), (Some(2), Some(3)));
}

#[test]
fn an_unknown_extension_is_an_error() {
    for name in ["ds.yaml", "ds", "ds.toml.bak"] {
        let error = only(load_file(name, "[aio]"));
        assert_eq!(error.kind(), DiagnosticKind::UnknownFormat);
        assert_eq!(error.expected(), Some("`.toml`, `.json` or `.jsonc`"));
    }
    assert!(load_file("DS.JSON", "{}").is_ok());
}

#[test]
fn what_is_longer_than_any_configuration_is_not_read() {
    let files = Files::new();
    for (name, kind, help) in [
        ("zeros.toml", DiagnosticKind::Unreadable, "check the path"),
        ("model.safetensors", DiagnosticKind::UnknownFormat, ""),
    ] {
        let path = files.write(name, "");
        // More than there is memory, and none of the disk.
        File::options().write(true).open(&path).unwrap().set_len(1 << 42).unwrap();
        let error = only(AioConfig::loader().file(&path).load());
        assert_eq!(error.kind(), kind);
        assert!(error.help().unwrap_or_default().contains(help), "{error}");
    }
    // As long as one may be.
    let text = "[aio]\nqueue_depth = 3 #";
    let path = files.write("a.toml", format!("{text}{}", " ".repeat((16 << 20) - text.len())));
    assert_eq!(AioConfig::loader().file(&path).load().unwrap().value.queue_depth, 3);
}

#[test]
fn an_empty_document_has_no_section() {
    for (name, document) in
        [("a.toml", ""), ("a.toml", "# nothing\n"), ("a.json", ""), ("a.json", " // nothing\n")]
    {
        let loaded = load_file(name, document).unwrap();
        assert_eq!(loaded.value, AioConfig::default(), "{document:?}");
        assert!(loaded.warnings().is_empty(), "{document:?}");
    }
}
