//! Structs that the crate `serde` serializes.

use std::path::PathBuf;
use std::time::Duration;

use ds_aio::{AioConfig, Choice, Config, Loader};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::support::Files;

#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Codec {
    Plain,
    Zstd,
}

#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "kinds", serialize)]
struct Kinds {
    #[config(default = 1, rename = "the-number")]
    number: i64,
    #[config(default = u128::MAX)]
    widest: u128,
    #[config(default = i128::MIN)]
    lowest: i128,
    #[config(default = 0.1)]
    single: f32,
    #[config(default = f64::NEG_INFINITY)]
    bottomless: f64,
    #[config(default = Duration::from_millis(1500))]
    wait: Duration,
    #[config(default = "/a b")]
    path: PathBuf,
    #[config(default = [Codec::Zstd, Codec::Plain])]
    codecs: Vec<Codec>,
    level: Option<u8>,
    #[config(default = Some('é'))]
    mark: Option<char>,
}

#[test]
fn each_value_is_what_the_loader_reads() {
    let kinds = Kinds::default();
    let json = serde_json::to_string(&kinds).unwrap();
    assert_eq!(
        json,
        "{\"the-number\":1,\"widest\":340282366920938463463374607431768211455,\
         \"lowest\":-170141183460469231731687303715884105728,\"single\":0.1,\
         \"bottomless\":\"-inf\",\"wait\":\"1500ms\",\"path\":\"/a b\",\
         \"codecs\":[\"zstd\",\"plain\"],\"level\":null,\"mark\":\"é\"}"
    );
    let files = Files::new();
    let path = files.write("a.json", format!("{{\"kinds\":{json}}}"));
    assert_eq!(Kinds::loader().file(path).load().unwrap().value, kinds);

    let narrow = Kinds { widest: 1, lowest: i128::from(i64::MIN), ..kinds };
    let toml = toml::to_string(&narrow).unwrap();
    let path = files.write("a.toml", format!("[kinds]\n{toml}"));
    assert_eq!(Kinds::loader().file(path).load().unwrap().value, narrow);
}

#[test]
fn a_section_may_be_part_of_a_larger_document() {
    #[derive(Serialize)]
    struct Whole {
        train_batch_size: usize,
        aio: AioConfig,
    }
    let aio = AioConfig::builder().queue_depth(32).build().unwrap();
    let whole = Whole { train_batch_size: 8, aio: aio.clone() };
    let files = Files::new();
    let json = files.write("a.json", serde_json::to_string_pretty(&whole).unwrap());
    let toml = files.write("a.toml", toml::to_string_pretty(&whole).unwrap());
    for path in [json, toml] {
        assert_eq!(AioConfig::loader().file(path).load().unwrap().value, aio);
    }
}

#[cfg(unix)]
#[test]
fn a_path_that_is_no_text_is_an_error() {
    use std::os::unix::ffi::OsStringExt;

    let path = std::ffi::OsString::from_vec(b"/mnt/\xff".to_vec()).into();
    let error = serde_json::to_string(&Kinds { path, ..Kinds::default() }).unwrap_err();
    assert!(error.to_string().contains("`path` = /mnt/\u{fffd} is not valid UTF-8"), "{error}");
}

/// `serde`'s own derives, which do as they are told there and know nothing of ours.
#[derive(Config, Debug, PartialEq, Serialize, Deserialize)]
#[config(section = "both", env_prefix = "BOTH")]
struct Both {
    #[config(default = 1)]
    number: u8,
    #[config(default = Duration::from_secs(1))]
    wait: Duration,
}

#[test]
fn serdes_own_derives_go_beside_ours() {
    let both = Both::default();
    let value = serde_json::to_value(&both).unwrap();
    assert_eq!(value, json!({ "number": 1, "wait": { "secs": 1, "nanos": 0 } }));
    assert_eq!(serde_json::from_value::<Both>(value).unwrap(), both);
    let written = both.to_toml().unwrap();
    assert_eq!(written, "[both]\nnumber = 1\nwait = \"1s\"\n");
}

/// In surroundings without a prelude, of a crate found elsewhere, and with a name of ours.
mod surroundings {
    #![no_implicit_prelude]
    #![deny(missing_docs, warnings, clippy::pedantic)]

    pub(super) mod facade {
        pub(crate) use ::ds_aio as inner;
    }

    /// Documented.
    #[derive(::ds_aio::Config)]
    #[config(section = "s", serialize, consts = none, crate = facade::inner)]
    pub(super) struct S {
        /// Documented.
        #[config(default = 1)]
        pub(super) x: u8,
    }
}

#[test]
fn hygiene_holds() {
    let loaded = Loader::<surroundings::S>::new().set("x", 2).load().unwrap();
    assert_eq!(
        (loaded.value.x, serde_json::to_string(&loaded.value).unwrap()),
        (2, "{\"x\":2}".to_owned())
    );
}
