//! Structs that the crate `serde` serializes.

use std::path::PathBuf;
use std::time::Duration;

use ds_aio::{AioConfig, Choice, Config, Loader, Secret};
use serde::de::value::Error;
use serde::ser::{Error as _, Impossible, SerializeStruct, Serializer};
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

/// A format that begins a struct with the number of its fields, and has integers beside structs.
struct Counted;

/// A struct in it.
struct Fields {
    name: &'static str,
    announced: usize,
    written: usize,
}

impl SerializeStruct for Fields {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.written += 1;
        value.serialize(Counted)
    }

    fn end(self) -> Result<(), Error> {
        let Self { name, announced, written } = self;
        if announced == written {
            return Ok(());
        }
        Err(Error::custom(format!(
            "{written} fields of `{name}`, where {announced} were announced"
        )))
    }
}

macro_rules! unknown {
    ($($method:ident($($argument:ty),*) -> $ok:ty;)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<$ok, Error> {
            Err(Error::custom(stringify!($method)))
        }
    )*};
}

macro_rules! unknown_within {
    ($($method:ident($($argument:ty),*);)*) => {$(
        fn $method<T: Serialize + ?Sized>(self, $(_: $argument,)* _: &T) -> Result<(), Error> {
            Err(Error::custom(stringify!($method)))
        }
    )*};
}

type Unknown = Impossible<(), Error>;

impl Serializer for Counted {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Unknown;
    type SerializeTuple = Unknown;
    type SerializeTupleStruct = Unknown;
    type SerializeTupleVariant = Unknown;
    type SerializeMap = Unknown;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Unknown;

    fn serialize_u64(self, _: u64) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_struct(self, name: &'static str, announced: usize) -> Result<Fields, Error> {
        Ok(Fields { name, announced, written: 0 })
    }

    unknown! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
        serialize_seq(Option<usize>) -> Unknown;
        serialize_tuple(usize) -> Unknown;
        serialize_tuple_struct(&'static str, usize) -> Unknown;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Unknown;
        serialize_map(Option<usize>) -> Unknown;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Unknown;
    }

    unknown_within! {
        serialize_some();
        serialize_newtype_struct(&'static str);
        serialize_newtype_variant(&'static str, u32, &'static str);
    }
}

#[test]
fn a_secret_is_not_among_the_fields_that_are_announced() {
    #[derive(Config)]
    #[config(section = "inner")]
    struct Inner {
        #[config(default = 1)]
        x: u8,
        token: Option<Secret<String>>,
    }

    #[derive(Config)]
    #[config(section = "outer", serialize)]
    struct Outer {
        #[config(required)]
        token: Secret<u8>,
        #[config(default = 1)]
        x: u8,
        #[config(nested)]
        inner: Inner,
    }

    let outer = Outer::loader().set("token", 7).load().unwrap().value;
    let read = (outer.token.expose(), outer.x, outer.inner.x, &outer.inner.token);
    assert_eq!(read, (&7, 1, 1, &None));
    outer.serialize(Counted).unwrap();
}
