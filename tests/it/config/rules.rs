//! What each kind of field admits, from every source.

use std::path::PathBuf;

use ds_aio::{AioConfig, Config, ConfigErrors, ConfigSchema, Loaded};

use super::support::{Files, load_env, load_file, only};

/// Zero and absurd values of the three numbers.
const REFUSED: [(&str, &str, &str); 8] = [
    ("block_size", "0", "a size from 512 to 1073741824 bytes"),
    ("block_size", "1152921504606846976", "a size from 512 to 1073741824 bytes"),
    ("queue_depth", "0", "an integer from 1 to 65536"),
    ("queue_depth", "65537", "an integer from 1 to 65536"),
    ("thread_count", "0", "an integer from 1 to 1024"),
    ("thread_count", "18446744073709551616", "an integer from 1 to 1024"),
    ("queue_capacity", "0", "an integer from 1 to 16777216"),
    ("queue_capacity", "16777217", "an integer from 1 to 16777216"),
];

fn assert_refused<T>(result: Result<T, ConfigErrors>, key: &str, allowed: &str) {
    let error = only(result);
    assert_eq!(error.key(), Some(key));
    assert!(error.to_string().contains(allowed), "{error}");
}

#[test]
fn files_refuse_zero_and_absurd_values() {
    for (key, value, allowed) in REFUSED {
        assert_refused(load_file("a.toml", format!("aio.{key} = {value}")), key, allowed);
        let json = format!("{{\"aio\": {{\"{key}\": {value}}}}}");
        assert_refused(load_file("a.json", json), key, allowed);
    }
}

#[test]
fn variables_refuse_zero_and_absurd_values() {
    for (key, value, allowed) in REFUSED {
        let variable = format!("DS_AIO_{}", key.to_uppercase());
        assert_refused(load_env(&[(&variable, value)]), key, allowed);
    }
}

#[test]
fn explicit_values_refuse_zero_and_absurd_values() {
    for (key, value, allowed) in REFUSED {
        assert_refused(AioConfig::loader().set(key, value).load(), key, allowed);
    }
}

#[test]
fn the_builder_refuses_zero_and_absurd_values() {
    let builder = AioConfig::builder;
    for value in [0, 511, 513, (1 << 30) + 512, usize::MAX] {
        let allowed = "a size from 512 to 1073741824 bytes (512 to 1GiB), a multiple of 512";
        assert_refused(builder().block_size(value).build(), "block_size", allowed);
    }
    for value in [0, 65537, usize::MAX] {
        let allowed = "an integer from 1 to 65536";
        assert_refused(builder().queue_depth(value).build(), "queue_depth", allowed);
    }
    for value in [0, 1025, usize::MAX] {
        let allowed = "an integer from 1 to 1024";
        assert_refused(builder().thread_count(value).build(), "thread_count", allowed);
    }
}

#[test]
fn the_bounds_themselves_are_allowed() {
    for (block_size, queue_depth, thread_count) in [(512, 1, 1), (1 << 30, 65536, 1024)] {
        let config = AioConfig::builder()
            .block_size(block_size)
            .queue_depth(queue_depth)
            .thread_count(thread_count)
            .build()
            .unwrap();
        assert_eq!(config.block_size, block_size);
    }
}

#[test]
fn a_builder_starts_from_a_struct() {
    let first = AioConfig::builder().queue_depth(4).single_submit(true).build().unwrap();
    let mut invalid = first.clone();
    invalid.thread_count = 0;
    let second = ds_aio::AioConfigBuilder::from(first).thread_count(2).build().unwrap();
    assert_eq!((second.queue_depth, second.thread_count, second.single_submit), (4, 2, true));
    assert!(ds_aio::AioConfigBuilder::from(invalid).build().is_err());
}

#[derive(Debug, PartialEq, Config)]
#[config(section = "all", env_prefix = "ALL")]
struct All {
    #[config(default = 0)]
    a: u8,
    #[config(default = 0)]
    b: u16,
    #[config(default = 0)]
    c: u32,
    #[config(default = 0)]
    d: u64,
    #[config(default = 0)]
    e: u128,
    #[config(default = 0)]
    f: usize,
    #[config(default = 0)]
    g: i8,
    #[config(default = 0)]
    h: i16,
    #[config(default = 0)]
    i: i32,
    #[config(default = 0)]
    j: i64,
    #[config(default = 0)]
    k: i128,
    #[config(default = 0)]
    l: isize,
    #[config(default = 0.0)]
    m: f32,
    #[config(default = 0.0)]
    n: f64,
    #[config(default = false)]
    o: bool,
    #[config(default = "")]
    p: String,
    #[config(default = "")]
    q: PathBuf,
}

fn most() -> [(&'static str, String); 17] {
    [
        ("a", u8::MAX.to_string()),
        ("b", u16::MAX.to_string()),
        ("c", u32::MAX.to_string()),
        ("d", u64::MAX.to_string()),
        ("e", u128::MAX.to_string()),
        ("f", usize::MAX.to_string()),
        ("g", i8::MIN.to_string()),
        ("h", i16::MIN.to_string()),
        ("i", i32::MIN.to_string()),
        ("j", i64::MIN.to_string()),
        ("k", i128::MIN.to_string()),
        ("l", isize::MIN.to_string()),
        ("m", format!("{:?}", f32::MAX)),
        ("n", format!("{:?}", f64::MAX)),
        ("o", "true".into()),
        ("p", "text".into()),
        ("q", "/path".into()),
    ]
}

fn assert_extreme(loaded: Loaded<All>) {
    let all = loaded.value;
    assert_eq!((all.a, all.b, all.c, all.d), (u8::MAX, u16::MAX, u32::MAX, u64::MAX));
    assert_eq!((all.e, all.f), (u128::MAX, usize::MAX));
    assert_eq!((all.g, all.h, all.i, all.j), (i8::MIN, i16::MIN, i32::MIN, i64::MIN));
    assert_eq!((all.k, all.l), (i128::MIN, isize::MIN));
    assert_eq!((all.m, all.n, all.o), (f32::MAX, f64::MAX, true));
    assert_eq!((all.p.as_str(), all.q), ("text", PathBuf::from("/path")));
}

#[test]
fn extremes_of_every_type_load_from_every_source() {
    let variables = most().map(|(key, value)| (format!("ALL_{}", key.to_uppercase()), value));
    assert_extreme(All::loader().env_from(&variables).load().unwrap());

    let files = Files::new();
    let quoted = |key: &str, value: &str| match key {
        "p" | "q" => format!("\"{value}\""),
        _ => value.to_owned(),
    };
    let toml: String =
        most().iter().map(|(key, value)| format!("{key} = {}\n", quoted(key, value))).collect();
    let toml = files.write("all.toml", format!("[all]\n{toml}"));
    assert_extreme(All::loader().file(toml).load().unwrap());
    let json = most().map(|(key, value)| format!("\"{key}\": {}", quoted(key, &value))).join(",");
    let json = files.write("all.json", format!("{{\"all\": {{{json}}}}}"));
    assert_extreme(All::loader().file(json).load().unwrap());

    let mut loader = All::loader();
    for (key, value) in most() {
        loader = loader.set(key, value);
    }
    assert_extreme(loader.load().unwrap());
}

#[test]
fn one_beyond_the_extreme_is_refused() {
    for (key, value) in
        [("a", "256"), ("a", "-1"), ("g", "128"), ("g", "-129"), ("j", "9223372036854775808")]
    {
        assert!(All::loader().set(key, value).load().is_err(), "{key} = {value}");
    }
    let below = "-170141183460469231731687303715884105729";
    assert!(All::loader().set("k", below).load().is_err());
    let beyond = "340282366920938463463374607431768211456";
    assert!(All::loader().set("e", beyond).load().is_err());
    assert!(All::loader().set("m", "1e39").load().is_err());
    assert!(All::loader().set("n", "1e309").load().is_err());
    assert_eq!(All::loader().set("n", "inf").load().unwrap().value.n, f64::INFINITY);
}

#[derive(Debug, Config)]
#[config(section = "rules")]
struct Rules {
    #[config(default = 4, range = ..8, power_of_two)]
    below: u32,
    #[config(default = -3, range = -5..)]
    above: i32,
    #[config(default = 0.5, range = 0.0..=1.0)]
    share: f32,
    #[config(default = 2, one_of = [1, 2, 4])]
    choice: u8,
    #[config(default = "b", one_of = ["a", "b"])]
    letter: String,
    #[config(default = 12, multiple_of = 4)]
    #[config(rename = "step-width", alias = "step", alias = "stride")]
    step: u64,
}

#[test]
fn every_rule_admits_and_refuses() {
    let admitted = [
        ("below", "1"),
        ("above", "-5"),
        ("share", "1"),
        ("share", "0"),
        ("choice", "4"),
        ("letter", "a"),
        ("step-width", "24"),
        ("step", "12"),
        ("stride", "0"),
    ];
    for (key, value) in admitted {
        let result = Rules::loader().set(key, value).load();
        assert!(result.is_ok(), "{key} = {value}: {result:?}");
    }
    let refused = [
        ("below", "8", "an integer from 0 to 7, a power of two"),
        ("below", "3", "an integer from 0 to 7, a power of two"),
        ("below", "0", "an integer from 0 to 7, a power of two"),
        ("above", "-6", "an integer from -5 to 2147483647"),
        ("share", "1.01", "a number, at least 0, at most 1"),
        ("share", "nan", "a number, at least 0, at most 1"),
        ("choice", "3", "one of `1`, `2`, `4`"),
        ("letter", "c", "one of `a`, `b`"),
        ("step", "18", "an integer from 0 to 18446744073709551615, a multiple of 4"),
    ];
    for (key, value, allowed) in refused {
        let error = only(Rules::loader().set(key, value).load());
        assert_eq!(error.expected(), Some(allowed), "{key} = {value}");
    }
    assert_eq!(Rules::FIELDS[5].key, "step-width");
    assert_eq!(Rules::STEP, "step-width");
    assert_eq!(Rules::ENV_PREFIX, None);
}

#[test]
fn bytes_are_spoken_of_where_sizes_are_meant() {
    // A number of another notation is no size, though its text differs from its digits.
    for text in ["0070000", "+70000", "70_000"] {
        let error = only(load_env(&[("DS_AIO_QUEUE_DEPTH", text)]));
        assert_eq!(error.help(), None, "{text}");
    }
    let too_small = only(load_env(&[("DS_AIO_BLOCK_SIZE", "0.25K")]));
    assert_eq!(too_small.help(), Some("that is 256 bytes"));
    let signed = load_env(&[("DS_AIO_BLOCK_SIZE", "+4096")]).unwrap();
    assert_eq!(signed.value.block_size, 4096);

    #[derive(Debug, Config)]
    #[config(section = "free")]
    #[allow(dead_code)]
    struct Free {
        #[config(default = 0, bytes)]
        size: u8,
    }
    let error = only(Free::loader().set("size", "1K").load());
    assert_eq!(error.expected(), Some("a size from 0 to 255 bytes"));
}

#[test]
fn floats_take_blanks_around_them_and_keep_the_sign_of_zero() {
    let loaded = All::loader().set("m", " 1.5 ").set("n", "\tinf ").load();
    let all = loaded.unwrap().value;
    assert_eq!((all.m, all.n), (1.5, f64::INFINITY));
    let files = Files::new();
    let json = files.write("a.json", "{\"all\": {\"n\": -0.0, \"m\": -0e1}}");
    let all = All::loader().file(json).load().unwrap().value;
    assert!(all.n.is_sign_negative() && all.m.is_sign_negative());
}

#[test]
fn the_table_of_fields_says_which_are_required() {
    #[derive(Debug, Config)]
    #[config(section = "needs")]
    #[allow(dead_code)]
    struct Needs {
        #[config(required)]
        given: bool,
        #[config(default = true)]
        flag: bool,
        #[config(default = 1, one_of = [1, 2])]
        choice: u8,
    }
    let required = Needs::FIELDS.iter().map(|field| field.required);
    assert_eq!(required.collect::<Vec<_>>(), [true, false, false]);
    let choices = Needs::FIELDS[2].rules.one_of.unwrap();
    let choices: Vec<_> = choices.iter().map(|choice| choice.to_string()).collect();
    assert_eq!(choices, ["1", "2"]);
}

#[cfg(unix)]
#[test]
fn a_path_that_is_no_text_is_none_of_the_listed_ones() {
    use std::os::unix::ffi::OsStringExt;

    #[derive(Debug, Config)]
    #[config(section = "paths")]
    struct Paths {
        #[config(default = "/a", one_of = ["/a", "/b"])]
        listed: PathBuf,
        #[config(default = "/a")]
        free: PathBuf,
    }
    let path = PathBuf::from(std::ffi::OsString::from_vec(b"/\xff".to_vec()));
    let built = Paths::builder().free(&path).listed("/b").build().unwrap();
    assert_eq!((built.free, built.listed), (path.clone(), PathBuf::from("/b")));
    assert!(Paths::builder().listed(path).build().is_err());
}
