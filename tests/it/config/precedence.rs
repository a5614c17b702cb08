//! Defaults < files in order < environment < explicit, and where each value came from.

use std::path::Path;

use ds_aio::AioConfig;
use ds_aio::config::{Origin, Severity};

use super::support::{Files, load_env, load_file};

#[test]
fn nothing_given_is_the_default() {
    let loaded = AioConfig::loader().load().unwrap();
    assert_eq!(loaded.value, AioConfig::default());
    assert_eq!(loaded.origin("block_size"), Some(&Origin::Default));
    assert!(loaded.shadowed("block_size").is_empty());
    assert_eq!(loaded.origin("no_such_key"), None);
    assert!(loaded.warnings().is_empty());
}

#[test]
fn later_layers_win_whatever_the_order_of_calls() {
    let files = Files::new();
    let first = files.write("first.toml", "[aio]\nblock_size = 1024\nqueue_depth = 2\n");
    let second = files.write("second.json", "{\"aio\": {\"queue_depth\": 3, \"thread_count\": 4}}");
    let loaded = AioConfig::loader()
        .set("single_submit", true)
        .set("thread_count", 6)
        .env_from(&[("DS_AIO_THREAD_COUNT", "5"), ("DS_AIO_SINGLE_SUBMIT", "off")])
        .file(&first)
        .file(&second)
        .load()
        .unwrap();
    assert_eq!(loaded.value.block_size, 1024);
    assert_eq!(loaded.value.queue_depth, 3);
    assert_eq!(loaded.value.thread_count, 6);
    assert!(loaded.value.single_submit);
    assert!(loaded.value.overlap_events);

    assert_eq!(file_position(&loaded, "block_size"), (first.as_path(), 2, 14));
    assert_eq!(file_position(&loaded, "queue_depth"), (second.as_path(), 1, 25));
    assert_eq!(loaded.origin("thread_count"), Some(&Origin::Explicit));
    assert_eq!(loaded.origin("overlap_events"), Some(&Origin::Default));

    let [from_first] = loaded.shadowed("queue_depth") else { panic!("one value is shadowed") };
    assert_eq!(from_first.value, "2");
    assert_eq!(from_first.origin.to_string(), format!("{}:3:15", first.display()));
    let [from_second, from_env] = loaded.shadowed("thread_count") else { panic!("two values") };
    assert_eq!(from_second.value, "4");
    assert_eq!(from_env.value, "5");
    assert_eq!(from_env.origin, Origin::Variable("DS_AIO_THREAD_COUNT".into()));
}

fn file_position<'a>(loaded: &'a ds_aio::Loaded<AioConfig>, key: &str) -> (&'a Path, usize, usize) {
    match loaded.origin(key) {
        Some(Origin::File { path, line, column }) => (path, *line, *column),
        other => panic!("{key} came from {other:?}"),
    }
}

#[test]
fn the_last_explicit_value_and_the_last_environment_win() {
    let loaded = AioConfig::loader()
        .env_from(&[("DS_AIO_QUEUE_DEPTH", "2")])
        .env_from(&[("DS_AIO_QUEUE_DEPTH", "3")])
        .set("thread_count", 2)
        .set("intra_op_parallelism", 3)
        .load()
        .unwrap();
    assert_eq!(loaded.value.queue_depth, 3);
    assert_eq!(loaded.value.thread_count, 3);
    assert_eq!(loaded.origin("intra_op_parallelism"), Some(&Origin::Explicit));
}

#[test]
fn explain_is_an_aligned_table() {
    let loaded = AioConfig::loader()
        .env_from(&[("DS_AIO_BLOCK_SIZE", "2MiB")])
        .env_from(&[("DS_AIO_BLOCK_SIZE", "4MiB"), ("DS_AIO_DIRECT", "Never")])
        .set("block_size", "8M")
        .load()
        .unwrap();
    let expected = "\
KEY              VALUE    FROM
block_size       8388608  explicit, over 4194304 from variable DS_AIO_BLOCK_SIZE, \
                over 2097152 from variable DS_AIO_BLOCK_SIZE
queue_depth      8        default
thread_count     1        default
single_submit    false    default
overlap_events   true     default
backend          auto     default
direct           never    variable DS_AIO_DIRECT
queue_capacity   65536    default
background_rate  0        default
";
    assert_eq!(loaded.explain(), expected);
}

#[test]
fn an_optional_file_may_be_absent_a_required_one_not() {
    let files = Files::new();
    let absent = files.path("absent.toml");
    assert!(AioConfig::loader().optional_file(&absent).load().is_ok());
    let error = super::support::only(AioConfig::loader().file(&absent).load());
    assert_eq!(error.kind(), ds_aio::config::DiagnosticKind::Unreadable);
    assert_eq!(error.help(), Some("check the path"));
    assert_eq!(error.path(), Some(absent.as_path()));
    let directory = files.path("directory.toml");
    std::fs::create_dir(&directory).unwrap();
    assert!(AioConfig::loader().optional_file(&directory).load().is_err());
}

#[test]
fn a_variable_that_looks_misspelt_warns() {
    let loaded = load_env(&[
        ("DS_AIO_BLOK_SIZE", "1"),
        ("DS_AIO_SERVICE_PORT", "tcp://10.0.0.1"),
        ("DS_AIOX", "x"),
        ("OTHER_BLOCK_SIZE", "x"),
    ])
    .unwrap();
    let [warning] = loaded.warnings() else { panic!("one warning: {:?}", loaded.warnings()) };
    assert_eq!(warning.severity(), Severity::Warning);
    assert_eq!(warning.variable(), Some("DS_AIO_BLOK_SIZE"));
    assert_eq!(
        warning.to_string(),
        "warning: variable DS_AIO_BLOK_SIZE is not known\n  \
         = help: did you mean DS_AIO_BLOCK_SIZE?"
    );
}

#[test]
fn other_names_of_a_key_and_other_cases_point_to_its_variable() {
    let cases = [
        ("DS_AIO_INTRA_OP_PARALLELISM", "DS_AIO_THREAD_COUNT"),
        ("DS_AIO_INTRA_OP_PARALELISM", "DS_AIO_THREAD_COUNT"),
        #[cfg(not(windows))]
        ("DS_AIO_Queue_Depth", "DS_AIO_QUEUE_DEPTH"),
        #[cfg(not(windows))]
        ("ds_aio_queue_depth", "DS_AIO_QUEUE_DEPTH"),
        ("ds_aio_queue_dept", "DS_AIO_QUEUE_DEPTH"),
    ];
    for (written, meant) in cases {
        let loaded = load_env(&[(written, "2")]).unwrap();
        let [warning] = loaded.warnings() else {
            panic!("one warning for {written}: {:?}", loaded.warnings())
        };
        assert_eq!(warning.variable(), Some(written));
        assert_eq!(warning.help(), Some(format!("did you mean {meant}?").as_str()));
    }

    #[derive(Debug, ds_aio::Config)]
    #[config(section = "own", env_prefix = "OWN")]
    #[allow(dead_code)]
    struct Own {
        #[config(default = 1, env = "THREADS")]
        thread_count: u8,
        #[config(default = 1, env = skip)]
        hidden: u8,
    }
    let environment = [("OWN_THREAD_COUNT", "2"), ("OWN_HIDDEN", "3")];
    let loaded = Own::loader().env_from(&environment).load().unwrap();
    let [warning] = loaded.warnings() else { panic!("one warning: {:?}", loaded.warnings()) };
    assert_eq!(warning.help(), Some("did you mean THREADS?"));
}

#[test]
fn explain_keeps_to_its_lines_and_columns() {
    #[derive(Debug, ds_aio::Config)]
    #[config(section = "texts", env_prefix = "TEXTS")]
    #[allow(dead_code)]
    struct Texts {
        #[config(default = "C:\\\"x\"")]
        plain: String,
        #[config(default = "")]
        wide: String,
        #[config(default = "")]
        control: String,
    }
    let environment = [("TEXTS_WIDE", "日本"), ("TEXTS_CONTROL", "a\n\u{1b}[31m")];
    let loaded = Texts::loader().env_from(&environment).load().unwrap();
    let expected = "\
KEY      VALUE          FROM
plain    C:\\\"x\"         default
wide     日本           variable TEXTS_WIDE
control  a\\n\\u{1b}[31m  variable TEXTS_CONTROL
";
    assert_eq!(loaded.explain(), expected);
}

#[test]
fn a_file_without_the_section_changes_nothing() {
    for (name, content) in [("a.toml", "[other]\nx = 1\n"), ("a.json", "{\"other\": 1}")] {
        assert_eq!(load_file(name, content).unwrap().value, AioConfig::default());
    }
}
