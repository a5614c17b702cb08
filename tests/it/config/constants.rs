//! The constants of DeepSpeed's module, one by one.

use ds_aio::config::{
    AIO, AIO_BACKEND, AIO_BACKEND_DEFAULT, AIO_BACKEND_ENV, AIO_BACKGROUND_RATE,
    AIO_BACKGROUND_RATE_DEFAULT, AIO_BACKGROUND_RATE_ENV, AIO_BLOCK_SIZE, AIO_BLOCK_SIZE_DEFAULT,
    AIO_BLOCK_SIZE_ENV, AIO_DIRECT, AIO_DIRECT_DEFAULT, AIO_DIRECT_ENV, AIO_FORMAT,
    AIO_OVERLAP_EVENTS, AIO_OVERLAP_EVENTS_DEFAULT, AIO_OVERLAP_EVENTS_ENV, AIO_QUEUE_CAPACITY,
    AIO_QUEUE_CAPACITY_DEFAULT, AIO_QUEUE_CAPACITY_ENV, AIO_QUEUE_DEPTH, AIO_QUEUE_DEPTH_DEFAULT,
    AIO_QUEUE_DEPTH_ENV, AIO_SINGLE_SUBMIT, AIO_SINGLE_SUBMIT_DEFAULT, AIO_SINGLE_SUBMIT_ENV,
    AIO_THREAD_COUNT, AIO_THREAD_COUNT_DEFAULT, AIO_THREAD_COUNT_ENV, Kind,
};
use ds_aio::{AioConfig, BackendMode, Config, ConfigSchema, DirectMode};

#[test]
fn section_is_aio() {
    assert_eq!(AIO, "aio");
}

#[test]
fn block_size_is_one_mebibyte() {
    const TYPED: usize = AIO_BLOCK_SIZE_DEFAULT;
    assert_eq!(AIO_BLOCK_SIZE, "block_size");
    assert_eq!(TYPED, 1_048_576);
    assert_eq!(AIO_BLOCK_SIZE_ENV, "DS_AIO_BLOCK_SIZE");
}

#[test]
fn queue_depth_is_eight() {
    const TYPED: usize = AIO_QUEUE_DEPTH_DEFAULT;
    assert_eq!(AIO_QUEUE_DEPTH, "queue_depth");
    assert_eq!(TYPED, 8);
    assert_eq!(AIO_QUEUE_DEPTH_ENV, "DS_AIO_QUEUE_DEPTH");
}

#[test]
fn thread_count_is_one() {
    const TYPED: usize = AIO_THREAD_COUNT_DEFAULT;
    assert_eq!(AIO_THREAD_COUNT, "thread_count");
    assert_eq!(TYPED, 1);
    assert_eq!(AIO_THREAD_COUNT_ENV, "DS_AIO_THREAD_COUNT");
}

#[test]
fn single_submit_is_off() {
    const TYPED: bool = AIO_SINGLE_SUBMIT_DEFAULT;
    assert_eq!(AIO_SINGLE_SUBMIT, "single_submit");
    const { assert!(!TYPED) };
    assert_eq!(AIO_SINGLE_SUBMIT_ENV, "DS_AIO_SINGLE_SUBMIT");
}

#[test]
fn overlap_events_is_on() {
    const TYPED: bool = AIO_OVERLAP_EVENTS_DEFAULT;
    assert_eq!(AIO_OVERLAP_EVENTS, "overlap_events");
    const { assert!(TYPED) };
    assert_eq!(AIO_OVERLAP_EVENTS_ENV, "DS_AIO_OVERLAP_EVENTS");
}

#[test]
fn direct_is_auto() {
    const TYPED: DirectMode = AIO_DIRECT_DEFAULT;
    assert_eq!(AIO_DIRECT, "direct");
    assert_eq!(TYPED, DirectMode::Auto);
    assert_eq!(DirectMode::default(), TYPED);
    assert_eq!(AIO_DIRECT_ENV, "DS_AIO_DIRECT");
}

#[test]
fn queue_capacity_is_65536() {
    const TYPED: usize = AIO_QUEUE_CAPACITY_DEFAULT;
    assert_eq!(AIO_QUEUE_CAPACITY, "queue_capacity");
    assert_eq!(TYPED, 65536);
    assert_eq!(AIO_QUEUE_CAPACITY_ENV, "DS_AIO_QUEUE_CAPACITY");
}

#[test]
fn backend_is_auto() {
    const TYPED: BackendMode = AIO_BACKEND_DEFAULT;
    assert_eq!(AIO_BACKEND, "backend");
    assert_eq!(TYPED, BackendMode::Auto);
    assert_eq!(AIO_BACKEND_ENV, "DS_AIO_BACKEND");
}

#[test]
fn background_rate_has_no_cap() {
    const TYPED: u64 = AIO_BACKGROUND_RATE_DEFAULT;
    assert_eq!(AIO_BACKGROUND_RATE, "background_rate");
    assert_eq!(TYPED, 0);
    assert_eq!(AIO_BACKGROUND_RATE_ENV, "DS_AIO_BACKGROUND_RATE");
}

#[test]
fn format_is_the_fragment() {
    let expected = "\n\"aio\": {\n  \"block_size\": 1048576,\n  \"queue_depth\": 8,\n  \
                    \"thread_count\": 1,\n  \"single_submit\": false,\n  \
                    \"overlap_events\": true\n}\n";
    assert_eq!(AIO_FORMAT, expected);
}

#[test]
fn format_in_braces_is_json() {
    let document: serde_json::Value = serde_json::from_str(&format!("{{{AIO_FORMAT}}}")).unwrap();
    let expected = serde_json::json!({ "aio": {
        "block_size": 1_048_576,
        "queue_depth": 8,
        "thread_count": 1,
        "single_submit": false,
        "overlap_events": true,
    }});
    assert_eq!(document, expected);
}

#[test]
fn default_is_made_of_the_constants() {
    let config = AioConfig::default();
    assert_eq!(config.block_size, AIO_BLOCK_SIZE_DEFAULT);
    assert_eq!(config.queue_depth, AIO_QUEUE_DEPTH_DEFAULT);
    assert_eq!(config.thread_count, AIO_THREAD_COUNT_DEFAULT);
    assert_eq!(config.single_submit, AIO_SINGLE_SUBMIT_DEFAULT);
    assert_eq!(config.overlap_events, AIO_OVERLAP_EVENTS_DEFAULT);
    assert_eq!(config.direct, AIO_DIRECT_DEFAULT);
    assert_eq!(config.queue_capacity, AIO_QUEUE_CAPACITY_DEFAULT);
    assert_eq!(config.background_rate, AIO_BACKGROUND_RATE_DEFAULT);
    const CONST: AioConfig = AioConfig::DEFAULT;
    assert_eq!(config, CONST);
}

/// Fields of every kind, with defaults that are hard to write down.
#[derive(Config)]
#[config(section = "odd-one")]
#[allow(dead_code)]
struct Odd {
    #[config(default = u128::MAX)]
    widest: u128,
    #[config(default = i128::MIN)]
    lowest: i128,
    #[config(default = -0.1)]
    tenth: f64,
    #[config(default = 0.1)]
    single: f32,
    #[config(default = 1e300)]
    huge: f64,
    #[config(default = f64::MIN_POSITIVE)]
    tiny: f64,
    #[config(default = 5e-324)]
    tiniest: f64,
    #[config(default = f64::MAX)]
    largest: f64,
    #[config(default = core::f64::consts::PI)]
    pi: f64,
    #[config(default = core::f32::consts::E)]
    e: f32,
    #[config(default = f32::MIN_POSITIVE)]
    tiny_single: f32,
    #[config(default = 123_456_789_012.5)]
    plain: f64,
    #[config(default = 0.0)]
    zero: f64,
    #[config(default = f64::NEG_INFINITY)]
    unbounded: f64,
    #[config(default = "a \"quoted\" \\ path\u{1}\n\té")]
    text: String,
    #[config(default = "/mnt/nvme")]
    path: std::path::PathBuf,
    #[config(default = 7, advanced)]
    hidden: u8,
    #[config(required)]
    name: String,
}

#[test]
fn format_writes_every_type_exactly() {
    let document: serde_json::Value =
        serde_json::from_str(&format!("{{{}}}", Odd::FORMAT)).unwrap();
    let section = &document["odd-one"];
    assert!(Odd::FORMAT.contains(&format!("\"widest\": {},", u128::MAX)));
    assert!(Odd::FORMAT.contains(&format!("\"lowest\": {},", i128::MIN)));
    let doubles = [
        ("tenth", Odd::TENTH_DEFAULT),
        ("huge", Odd::HUGE_DEFAULT),
        ("tiny", Odd::TINY_DEFAULT),
        ("tiniest", Odd::TINIEST_DEFAULT),
        ("largest", Odd::LARGEST_DEFAULT),
        ("pi", Odd::PI_DEFAULT),
        ("plain", Odd::PLAIN_DEFAULT),
        ("zero", Odd::ZERO_DEFAULT),
    ];
    for (key, expected) in doubles {
        // serde_json's own float reading is approximate, so the text itself is read.
        assert_eq!(written(key).parse::<f64>().unwrap(), expected, "{key}");
    }
    let singles = [
        ("single", Odd::SINGLE_DEFAULT),
        ("e", Odd::E_DEFAULT),
        ("tiny_single", Odd::TINY_SINGLE_DEFAULT),
    ];
    for (key, expected) in singles {
        assert_eq!(written(key).parse::<f32>().unwrap(), expected, "{key}");
    }
    assert_eq!(written("tenth"), "-0.1");
    assert_eq!(written("single"), "0.1");
    assert_eq!(written("plain"), "123456789012.5");
    assert_eq!(section["unbounded"], "-inf");
    assert_eq!(section["text"], Odd::TEXT_DEFAULT);
    assert_eq!(section["path"], "/mnt/nvme");
    assert!(section.get("hidden").is_none(), "advanced fields are left out");
    assert!(section["name"].is_null());
}

fn written(key: &str) -> &'static str {
    let (_, rest) = Odd::FORMAT.split_once(&format!("\"{key}\": ")).unwrap();
    rest.split([',', '\n']).next().unwrap()
}

/// Names of keys that say so; the section's own is `SUFFIXED` still.
#[derive(Config)]
#[config(section = "suffixed", env_prefix = "SUFFIXED", consts = free, key_suffix = "Key")]
struct Suffixed {
    #[config(default = 1)]
    depth: u8,
    #[config(default = 2)]
    depth_key: u8,
}

#[test]
fn names_of_keys_may_have_a_suffix() {
    let keys = (SUFFIXED, SUFFIXED_DEPTH_KEY, SUFFIXED_DEPTH_KEY_KEY);
    assert_eq!(keys, ("suffixed", "depth", "depth_key"));
    assert_eq!((SUFFIXED_DEPTH_ENV, SUFFIXED_DEPTH_DEFAULT), ("SUFFIXED_DEPTH", 1));
    let suffixed = Suffixed::builder().depth(3).build().unwrap();
    assert_eq!((suffixed.depth, suffixed.depth_key), (3, SUFFIXED_DEPTH_KEY_DEFAULT));
}

#[test]
fn one_changed_default_changes_the_text() {
    #[derive(Config)]
    #[config(section = "s")]
    #[allow(dead_code)]
    struct One {
        #[config(default = 1 << 4)]
        n: u8,
    }
    #[derive(Config)]
    #[config(section = "s")]
    #[allow(dead_code)]
    struct Two {
        #[config(default = 1 << 5)]
        n: u8,
    }
    assert_eq!(One::FORMAT, "\n\"s\": {\n  \"n\": 16\n}\n");
    assert_eq!(Two::FORMAT, "\n\"s\": {\n  \"n\": 32\n}\n");
}

#[test]
fn the_table_describes_the_fields() {
    let [block_size, _, _, _, overlap, advanced @ ..] = AioConfig::FIELDS else {
        panic!("five fields and the advanced ones")
    };
    assert_eq!(block_size.key, AIO_BLOCK_SIZE);
    assert_eq!(block_size.doc, "Bytes per I/O request; requests are cut into blocks of it.");
    assert!(block_size.bytes && !overlap.bytes);
    assert_eq!(overlap.allowed(), "true or false");
    assert!(!block_size.advanced && !overlap.advanced);
    assert!(advanced.iter().all(|field| field.advanced));
    let keys: Vec<_> = advanced.iter().map(|field| field.key).collect();
    assert_eq!(keys, [AIO_BACKEND, AIO_DIRECT, AIO_QUEUE_CAPACITY, AIO_BACKGROUND_RATE]);
    let [backend, direct, ..] = advanced else { panic!("checked above") };
    assert_eq!(backend.allowed(), "one of `auto`, `threads`, `io_uring`");
    assert_eq!(backend.kind, Kind::Choice { names: &["auto", "threads", "io_uring"] });
    assert_eq!(backend.default.unwrap().to_string(), "auto");
    assert_eq!(direct.allowed(), "one of `auto`, `always`, `never`");
    assert_eq!(direct.kind, Kind::Choice { names: &["auto", "always", "never"] });
    assert_eq!(direct.default.unwrap().to_string(), "auto");
    assert_eq!(AioConfig::SECTION, "aio");
    assert_eq!(AioConfig::ENV_PREFIX, Some("DS_AIO"));
}
