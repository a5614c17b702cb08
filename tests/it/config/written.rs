//! Values written back, and loaded again.

use std::path::PathBuf;
use std::time::Duration;

use ds_aio::config::DiagnosticKind;
use ds_aio::{AioConfig, Choice, Config, ConfigErrors, ConfigSchema, DirectMode, Secret};
use proptest::prelude::*;

use super::support::{Files, only};
use super::templates::sourced;

#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Codec {
    Plain,
    #[config(rename = "z \"std\"")]
    Zstd,
}

/// Of every type; none has a rule, so that every value may be written.
#[derive(Clone, Debug, Config)]
#[config(section = "all-types", env_prefix = "ALL")]
struct All {
    #[config(default = 0)]
    u8: u8,
    #[config(default = 0)]
    u16: u16,
    #[config(default = 0)]
    u32: u32,
    #[config(default = 0, bytes)]
    u64: u64,
    #[config(default = 0)]
    u128: u128,
    #[config(default = 0)]
    usize: usize,
    #[config(default = 0)]
    i8: i8,
    #[config(default = 0)]
    i16: i16,
    #[config(default = 0)]
    i32: i32,
    #[config(default = 0, bytes)]
    i64: i64,
    #[config(default = 0)]
    i128: i128,
    #[config(default = 0)]
    isize: isize,
    #[config(default = 0.0)]
    f32: f32,
    #[config(default = 0.0, advanced)]
    f64: f64,
    #[config(default = false)]
    bool: bool,
    #[config(default = 'x')]
    char: char,
    #[config(default = "", rename = "a \"text\"")]
    text: String,
    #[config(default = "")]
    path: PathBuf,
    #[config(default = Duration::ZERO)]
    duration: Duration,
    #[config(default = Codec::Plain)]
    codec: Codec,
    number: Option<i64>,
    perhaps: Option<String>,
    #[config(default = [])]
    numbers: Vec<f64>,
    #[config(default = [], sep = "::")]
    texts: Vec<String>,
    #[config(default = [Codec::Zstd])]
    codecs: Vec<Codec>,
}

/// Texts of what quotes, escapes, lines and separators are made of.
fn text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(
        "\"'\\$`#,:= \t\r\n\u{1}\u{7f}\u{85}\u{a0}é\u{1f4a9}ab".chars().collect::<Vec<_>>(),
    );
    prop::collection::vec(prop_oneof![4 => special, 1 => any::<char>()], 0..8)
        .prop_map(String::from_iter)
}

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        (-1e6..1e6),
        prop::sample::select(vec![
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            -0.0,
            5e-324,
            1e16,
            1e21
        ]),
    ]
}

fn codec() -> impl Strategy<Value = Codec> {
    prop::sample::select(vec![Codec::Plain, Codec::Zstd])
}

fn all() -> impl Strategy<Value = All> {
    let integers =
        (any::<(u8, u16, u32, u64, u128, usize)>(), any::<(i8, i16, i32, i64, i128, isize)>());
    let plain = (float(), float(), any::<bool>(), any::<char>(), any::<Duration>(), codec());
    let texts = (text(), text(), prop::option::of(any::<i64>()), prop::option::of(text()));
    let lists = (
        prop::collection::vec(float(), 0..4),
        prop::collection::vec(text(), 0..4),
        prop::collection::vec(codec(), 0..3),
    );
    (integers, plain, texts, lists).prop_map(|(integers, plain, texts, lists)| All {
        u8: integers.0.0,
        u16: integers.0.1,
        u32: integers.0.2,
        u64: integers.0.3,
        u128: integers.0.4,
        usize: integers.0.5,
        i8: integers.1.0,
        i16: integers.1.1,
        i32: integers.1.2,
        i64: integers.1.3,
        i128: integers.1.4,
        isize: integers.1.5,
        f32: plain.0 as f32,
        f64: plain.1,
        bool: plain.2,
        char: plain.3,
        duration: plain.4,
        codec: plain.5,
        text: texts.0,
        path: texts.1.into(),
        number: texts.2,
        perhaps: texts.3,
        numbers: lists.0,
        texts: lists.1,
        codecs: lists.2,
    })
}

/// Whether both are the same; `Debug` shows a float so that it is found again, and any
/// not-a-number as one.
fn assert_same(again: &All, all: &All, text: &str) {
    assert_eq!(format!("{again:?}"), format!("{all:?}"), "{text}");
}

fn load_from<T: ConfigSchema>(name: &str, content: &str) -> T {
    let files = Files::new();
    let loaded = ds_aio::Loader::new().file(files.write(name, content)).load();
    loaded.unwrap_or_else(|errors| panic!("{errors}\n{content}")).value
}

/// The variables that a shell would have, without one.
fn unquoted(lines: &str) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    let mut rest = lines;
    while let Some((line, after)) = rest.split_once('\n').filter(|(line, _)| line.starts_with('#'))
    {
        assert!(line.ends_with('=') || line == "# No variable can hold the default:");
        rest = after;
    }
    while let Some((name, mut value)) = rest.split_once('=') {
        let mut text = String::new();
        loop {
            if let Some(quoted) = value.strip_prefix('\'') {
                let (inside, after) = quoted.split_once('\'').unwrap();
                text += inside;
                value = after;
            } else if let Some(after) = value.strip_prefix("\\'") {
                text.push('\'');
                value = after;
            } else if let Some(after) = value.strip_prefix('\n') {
                value = after;
                break;
            } else {
                let plain = value.find(['\'', '\\', '\n']).unwrap();
                text += &value[..plain];
                value = &value[plain..];
            }
        }
        variables.push((name.to_owned(), text));
        while let Some((_, after)) = value.split_once('\n').filter(|_| value.starts_with('#')) {
            value = after;
        }
        rest = value;
    }
    variables
}

proptest! {
    #[test]
    fn every_value_loads_back_from_files(all in all()) {
        let toml = all.to_toml().unwrap();
        assert_same(&load_from("a.toml", &toml), &all, &toml);
        let json = all.to_json().unwrap();
        assert_same(&load_from("a.json", &json), &all, &json);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
    }

    #[test]
    fn every_value_loads_back_from_variables_or_is_refused_by_name(all in all()) {
        let mut all = all;
        if let Err(errors) = all.to_env() {
            for error in &errors {
                prop_assert_eq!(error.kind(), DiagnosticKind::NotWritable);
                let held = |text: &String| !text.is_empty() && !text.contains('\0');
                match error.key().unwrap() {
                    "a \"text\"" => prop_assert!(!held(&all.text)),
                    "path" => prop_assert!(all.path.to_str().unwrap().contains('\0')),
                    "perhaps" => prop_assert!(all.perhaps.as_ref().is_some_and(|text| !held(text))),
                    "char" => prop_assert_eq!(all.char, '\0'),
                    "texts" => all.texts.clear(),
                    other => prop_assert!(false, "{}", other),
                }
            }
            (all.text, all.perhaps, all.char) = (String::new(), None, 'x');
            all.path = PathBuf::new();
        }
        let variables = all.to_env().unwrap();
        let loaded = All::loader().env_from(&unquoted(&variables)).load().unwrap();
        assert_same(&loaded.value, &all, &variables);
    }
}

#[test]
fn a_shell_reads_what_is_written_for_it() {
    let all = All {
        text: "it's \"$HOME\" `x` \\ #\n\té".to_owned(),
        path: "~/a b".into(),
        char: '\'',
        codec: Codec::Zstd,
        texts: vec!["a b".to_owned(), "c".to_owned()],
        numbers: vec![f64::INFINITY, -0.0],
        codecs: vec![],
        ..All::default()
    };
    let variables = sourced(&all.to_env().unwrap());
    assert_same(&All::loader().env_from(&variables).load().unwrap().value, &all, "");
}

#[test]
fn the_ready_made_struct_is_written_whole() {
    let config = AioConfig::builder().queue_depth(32).direct(DirectMode::Never).build().unwrap();
    let toml = config.to_toml().unwrap();
    assert_eq!(
        toml,
        "[aio]\nblock_size = 1048576\nqueue_depth = 32\nthread_count = 1\nsingle_submit = false\n\
         overlap_events = true\nbackend = \"auto\"\ndirect = \"never\"\nqueue_capacity = 65536\n\
         background_rate = 0\n"
    );
    let json = config.to_json().unwrap();
    assert!(json.starts_with("{\n  \"aio\": {\n    \"block_size\": 1048576,\n"), "{json}");
    assert!(json.ends_with("    \"background_rate\": 0\n  }\n}\n"), "{json}");
    let variables = config.to_env().unwrap();
    assert!(variables.starts_with("DS_AIO_BLOCK_SIZE=1048576\nDS_AIO_QUEUE_DEPTH=32\n"));
    assert_eq!(load_from::<AioConfig>("a.toml", &toml), config);
    assert_eq!(load_from::<AioConfig>("a.json", &json), config);
    let loaded = AioConfig::loader().env_from(&sourced(&variables)).load().unwrap();
    assert_eq!(loaded.value, config);
}

/// The same, by code that knows no struct.
fn written<T: ConfigSchema>(config: &T) -> Result<[String; 3], ConfigErrors> {
    Ok([config.to_toml()?, config.to_json()?, config.to_env()?])
}

#[test]
fn generic_code_writes_too() {
    let config = AioConfig::default();
    let [toml, json, variables] = written(&config).unwrap();
    assert_eq!((toml, json), (config.to_toml().unwrap(), config.to_json().unwrap()));
    assert_eq!(variables, config.to_env().unwrap());
}

#[test]
fn what_would_not_load_is_not_written() {
    let mut config = AioConfig::default();
    (config.block_size, config.queue_depth) = (513, 0);
    let errors = config.to_json().unwrap_err();
    let keys: Vec<_> = errors.iter().map(|error| error.key().unwrap()).collect();
    assert_eq!(keys, ["block_size", "queue_depth"]);
    assert!(errors.iter().all(|error| error.kind() == DiagnosticKind::NotAllowed));
    config.block_size = 512;
    assert_eq!(only(config.to_toml()).expected(), Some("an integer from 1 to 65536"));
}

#[cfg(unix)]
#[test]
fn a_path_that_is_no_text_is_an_error() {
    use std::os::unix::ffi::OsStringExt;

    let path = PathBuf::from(std::ffi::OsString::from_vec(b"/mnt/\xff".to_vec()));
    let all = All { path, ..All::default() };
    for written in [all.to_toml(), all.to_json(), all.to_env()] {
        let error = only(written);
        assert_eq!(error.kind(), DiagnosticKind::NotUnicode);
        assert_eq!(error.key(), Some("path"));
        assert!(error.to_string().contains("not valid UTF-8"), "{error}");
    }
}

/// Defaults that a text may be unable to override.
#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "over", env_prefix = "OVER")]
struct Over {
    #[config(default = Some(7))]
    lucky: Option<u8>,
    #[config(default = ["a,b"])]
    parts: Vec<String>,
    #[config(default = "x", env = "OVER.NAME")]
    name: String,
    #[config(default = "x", env = skip)]
    hidden: String,
}

#[test]
fn a_default_that_cannot_be_written_is_left_out_and_said() {
    let over = Over { hidden: "not in a variable".to_owned(), ..Over::default() };
    assert_eq!(
        over.to_env().unwrap(),
        "OVER_LUCKY=7\n# No variable can hold the default:\n# OVER_PARTS=\n\
         # No variable can hold the default:\n# OVER.NAME=\n"
    );
}

#[test]
fn another_value_that_cannot_be_written_is_an_error() {
    let over = Over {
        lucky: None,
        parts: vec!["a,b".to_owned(), "c".to_owned()],
        name: "y".to_owned(),
        ..Over::default()
    };
    let errors = over.to_env().unwrap_err();
    let keys: Vec<_> = errors.iter().map(|error| error.key().unwrap()).collect();
    assert_eq!(keys, ["lucky", "parts", "name"]);
    assert!(errors.iter().all(|error| error.kind() == DiagnosticKind::NotWritable));
    let shown = errors.to_string();
    assert!(shown.contains("`parts` = `[a,b, c]` cannot be written in a variable"), "{shown}");
    assert!(shown.contains("it would load as `[a, b, c]`"), "{shown}");

    let error = only(over.to_toml());
    assert_eq!(error.key(), Some("lucky"));
    assert!(error.to_string().contains("JSON, which has `null`"), "{error}");
    assert_eq!(load_from::<Over>("a.json", &over.to_json().unwrap()), over);
}

#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "age", env_prefix = "AGE")]
struct Age {
    #[config(default = 30)]
    days: u32,
    hours: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "swap", env_prefix = "SWAP", serialize)]
struct Swap {
    #[config(nested)]
    io: AioConfig,
    #[config(default = 4)]
    resident: usize,
    #[config(nested(env_prefix = "SWAP_KEPT"), rename = "kept for")]
    kept: Age,
    #[config(nested)]
    one: Age,
    #[config(nested)]
    other: Age,
}

#[test]
fn nested_structs_are_tables() {
    let mut swap = Swap::default();
    (swap.io.queue_depth, swap.kept.days, swap.kept.hours) = (32, 7, Some(12));
    let toml = swap.to_toml().unwrap();
    assert!(
        toml.starts_with("[swap]\nresident = 4\n\n[swap.io]\nblock_size = 1048576\n"),
        "{toml}"
    );
    assert!(toml.contains("\n\n[swap.\"kept for\"]\ndays = 7\nhours = 12\n"), "{toml}");
    assert_eq!(load_from::<Swap>("a.toml", &toml), swap);
    let json = swap.to_json().unwrap();
    assert!(
        json.contains("    \"kept for\": {\n      \"days\": 7,\n      \"hours\": 12\n    },\n")
    );
    assert_eq!(load_from::<Swap>("a.json", &json), swap);
    let serialized = format!("{{\"swap\":{}}}", serde_json::to_string(&swap).unwrap());
    assert_eq!(load_from::<Swap>("a.json", &serialized), swap);
    let variables = sourced(&swap.to_env().unwrap());
    assert_eq!(Swap::loader().env_from(&variables).load().unwrap().value, swap);

    swap.io.block_size = 1;
    assert_eq!(only(swap.to_toml()).key(), Some("io.block_size"));
}

#[test]
fn a_variable_of_two_places_has_one_value() {
    let mut swap = Swap::default();
    swap.one.days = 1;
    let error = only(swap.to_env());
    assert_eq!((error.kind(), error.key()), (DiagnosticKind::NotWritable, Some("other.days")));
    assert!(error.to_string().contains("AGE_DAYS would set `one.days` too, which differs"));
    swap.other.days = 1;
    assert_eq!(swap.to_env().unwrap().matches("\nAGE_DAYS=1\n").count(), 1);
    swap.other.hours = Some(1);
    assert_eq!(only(swap.to_env()).key(), Some("other.hours"));
}

fn is_even(number: &u8) -> Result<(), String> {
    if number.is_multiple_of(2) { Ok(()) } else { Err(format!("{number} is odd")) }
}

/// With a secret, a field that is no setting, and a check.
#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "store", env_prefix = "STORE", serialize)]
struct Store {
    #[config(required)]
    token: Secret<String>,
    #[config(default = 2, check = is_even)]
    even: u8,
    #[config(skip, default = 5)]
    skipped: u8,
}

#[test]
fn secrets_are_not_written() {
    let store = Store { token: Secret::new("hunter2".to_owned()), even: 4, skipped: 6 };
    assert_eq!(store.to_toml().unwrap(), "[store]\neven = 4\n");
    assert_eq!(store.to_env().unwrap(), "STORE_EVEN=4\n");
    assert_eq!(serde_json::to_string(&store).unwrap(), "{\"even\":4}");
    let files = Files::new();
    let path = files.write("a.json", store.to_json().unwrap());
    let loaded = Store::loader().file(path).env_from(&[("STORE_TOKEN", "hunter2")]).load();
    assert_eq!(loaded.unwrap().value, Store { skipped: 5, ..store.clone() });

    let error = only(Store { even: 3, ..store.clone() }.to_toml());
    assert_eq!((error.kind(), error.help()), (DiagnosticKind::NotAllowed, Some("3 is odd")));
    assert_eq!(StoreBuilder::from(store.clone()).build().unwrap(), store);
}
