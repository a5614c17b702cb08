//! Surroundings in which generated code still compiles: each module is the test.

/// No prelude, and every usual name taken by something else.
mod no_prelude {
    #![no_implicit_prelude]
    #![deny(missing_docs, warnings)]
    #![forbid(unsafe_code)]
    #![allow(dead_code)]

    mod core {}
    mod std {}
    mod alloc {}
    struct Option;
    struct Result;
    struct Some;
    struct None;
    struct Ok;
    struct Err;
    struct Default;
    struct Into;
    struct From;
    struct Clone;
    struct Debug;
    struct Values;
    struct Const;
    struct Loader;
    struct FieldMeta;
    struct ConfigErrors;

    /// Documented.
    #[derive(::ds_aio::Choice, ::serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Mode {
        /// Documented.
        #[config(rename = "off", alias = "no")]
        Off,
        /// Documented.
        On,
    }

    impl ::core::clone::Clone for Mode {
        fn clone(&self) -> Self {
            match self {
                Self::Off => Self::Off,
                Self::On => Self::On,
            }
        }
    }

    /// Documented.
    #[derive(::ds_aio::Config)]
    #[config(section = "a", env_prefix = "A", consts = free, engine, fixed(gone = false), key_suffix = "KEY")]
    pub struct Free {
        /// Documented.
        #[config(default = 1 << 12, bytes, range = 1..=1 << 13, multiple_of = 2, power_of_two)]
        pub block_size: usize,
        /// Documented.
        #[config(default = "x", one_of = ["x", "y"], alias = "b")]
        pub text: ::std::string::String,
        /// Documented.
        #[config(default = -1.5, range = ..0.0, advanced, deprecated(alias = "old", note = "x"))]
        pub number: f64,
        /// Documented.
        #[config(default = Mode::On)]
        pub mode: Mode,
        /// Documented.
        pub perhaps: ::core::option::Option<Mode>,
        /// Documented.
        #[config(default = [1, 2], sep = ":")]
        pub numbers: ::std::vec::Vec<u8>,
        /// Documented.
        #[config(default = ["x"])]
        pub texts: ::std::vec::Vec<::std::string::String>,
        /// Documented.
        #[config(default = ::core::option::Option::Some("x"))]
        pub perhaps_text: ::core::option::Option<::std::string::String>,
        /// Documented.
        #[config(default = ::core::time::Duration::from_secs(1), range = ::core::time::Duration::ZERO..)]
        pub timeout: ::core::time::Duration,
        /// Documented.
        #[config(default = 1, auto, check = check_number)]
        pub number_or_auto: u8,
        /// Documented.
        pub secret: ::core::option::Option<::ds_aio::Secret<u8>>,
        /// Documented.
        #[config(skip)]
        pub skipped: (),
        /// Documented.
        #[config(skip, default = ::std::string::String::new())]
        pub skipped_too: ::std::string::String,
    }

    fn check_number(_: &u8) -> ::core::result::Result<(), &'static str> {
        ::core::result::Result::Ok(())
    }

    fn check_assoc(_: &Assoc) -> ::core::result::Result<(), &'static str> {
        ::core::result::Result::Ok(())
    }

    /// Documented.
    #[derive(::ds_aio::Config, ::serde::Deserialize)]
    #[config(section = "a", env_prefix = "A", engine, check = check_assoc)]
    #[serde(rename_all = "kebab-case")]
    pub struct Assoc {
        /// Documented.
        #[config(default = true)]
        #[serde(alias = "overlap")]
        pub overlap_events: bool,
        /// Documented.
        #[config(required)]
        pub path: ::std::path::PathBuf,
        /// Documented.
        #[config(nested)]
        pub bare: Bare,
    }

    /// Documented.
    #[derive(::ds_aio::Config)]
    #[config(section = "a", env_prefix = "A", engine)]
    pub struct Generic<T, I, const N: usize> {
        /// Documented.
        #[config(default = N, range = 1..)]
        pub block_size: usize,
        /// Documented.
        #[config(required)]
        pub key: T,
        /// Documented.
        #[config(nested)]
        pub inner: I,
        /// Documented.
        #[config(skip)]
        pub skipped: ::core::marker::PhantomData<T>,
    }

    /// Documented.
    #[derive(::ds_aio::Config, ::serde::Deserialize)]
    #[config(section = "a", consts = none)]
    pub struct Bare {
        /// Documented.
        #[config(default = 3)]
        pub x: i8,
    }
}

/// The strictest lints; clippy runs over this too.
mod pedantic {
    #![deny(missing_docs, warnings, unused, unreachable_pub, clippy::all, clippy::pedantic)]
    #![forbid(unsafe_code)]

    use core::time::Duration;

    use ds_aio::{Choice, Config, Secret};

    /// Documented.
    #[derive(Debug, Clone, Copy, PartialEq, Choice)]
    pub(crate) enum Level {
        /// Documented.
        Low,
        /// Documented.
        #[config(alias = "top")]
        High,
    }

    /// Documented.
    #[derive(Debug, Clone, PartialEq, Config)]
    #[config(section = "pedantic", env_prefix = "PEDANTIC", consts = free, key_suffix = "KEY", engine, check = Self::check)]
    pub(crate) struct Pedantic {
        /// Bytes of something, as `DS_AIO` counts them.
        #[config(default = 1_048_576, bytes, range = 512..=1 << 30)]
        pub(crate) block_size: usize,
        /// One.
        #[config(default = false)]
        pub(crate) single_submit: bool,
        /// Two.
        #[config(default = true)]
        pub(crate) overlap_events: bool,
        /// Three.
        #[config(default = true)]
        pub(crate) three: bool,
        /// Text.
        #[config(default = "text")]
        pub(crate) text: String,
        /// Number.
        #[config(default = 0.5, range = 0.0..1.0)]
        pub(crate) share: f32,
        /// Level.
        #[config(default = Level::High, deprecated(alias = "lvl", note = "write `level`"))]
        pub(crate) level: Level,
        /// Perhaps.
        pub(crate) perhaps: Option<Level>,
        /// Levels.
        #[config(default = [Level::Low, Level::High])]
        pub(crate) levels: Vec<Level>,
        /// Names.
        #[config(default = ["a"])]
        pub(crate) names: Vec<String>,
        /// Time.
        #[config(default = Some(Duration::from_secs(1)), range = Duration::ZERO..)]
        pub(crate) time: Option<Duration>,
        /// Checked.
        #[config(default = [1], auto, check = Self::check_numbers)]
        pub(crate) checked: Vec<u64>,
        /// Secret.
        pub(crate) secret: Option<Secret<String>>,
        /// Skipped.
        #[config(skip)]
        pub(crate) skipped: Vec<u8>,
        /// Skipped.
        #[config(skip, default = String::from("x"))]
        pub(crate) skipped_too: String,
        /// Within.
        #[config(nested(env_prefix = "PEDANTIC_INNER"))]
        pub(crate) inner: Inner,
    }

    impl Pedantic {
        fn check_numbers(numbers: &[u64]) -> Result<(), &'static str> {
            if numbers.is_empty() { Err("none") } else { Ok(()) }
        }

        fn check(&self) -> Result<(), String> {
            if self.three { Ok(()) } else { Err(format!("{:?}", self.skipped)) }
        }
    }

    /// Documented.
    #[derive(Debug, Clone, PartialEq, Config)]
    #[config(section = "generic", env_prefix = "GENERIC", engine)]
    pub(crate) struct Generic<T, const N: usize> {
        /// Blocks.
        #[config(default = N, range = 1..)]
        pub(crate) queue_depth: usize,
        /// Key.
        pub(crate) key: Option<T>,
    }

    /// Documented.
    #[derive(Debug, Clone, PartialEq, Config)]
    #[config(section = "inner")]
    pub(crate) struct Inner {
        /// One.
        #[config(default = 1)]
        pub(crate) one: u8,
    }
}

/// Fields that are old, or named otherwise than Rust names them: the lints stay quiet in what the
/// derive adds.
mod lints {
    #![deny(warnings)]

    use ds_aio::Config;

    #[derive(Config, Debug, Clone)]
    #[config(section = "old", engine)]
    pub(super) struct Old {
        #[deprecated = "use another"]
        #[config(default = 1)]
        pub(super) queue_depth: usize,
        #[deprecated = "use another"]
        #[config(skip)]
        pub(super) skipped: usize,
    }

    #[derive(Config, Debug, Clone)]
    #[config(section = "odd", env_prefix = "ODD", consts = free)]
    #[allow(non_snake_case)]
    pub(super) struct Odd {
        #[config(default = 1)]
        pub(super) blockSize: usize,
        #[config(default = 2)]
        pub(super) größe: usize,
    }

    #[deprecated = "use another"]
    #[derive(Clone, Debug, ds_aio::Choice)]
    pub(super) enum OldMode {
        Only,
    }

    #[deprecated = "use another"]
    #[derive(Config, Clone, Debug)]
    #[config(section = "old", env_prefix = "OLD", consts = free, engine, serialize, check = sound)]
    pub(super) struct OldStruct {
        #[config(default = 1, range = 1..)]
        pub(super) queue_depth: usize,
        #[config(default = "1", parse = from_str)]
        pub(super) parsed: u8,
        #[config(nested)]
        pub(super) inner: Old,
    }

    #[allow(deprecated)]
    fn sound(_: &OldStruct) -> Result<(), String> {
        Ok(())
    }

    /// Constants and setters are as public as the struct, and its field's type is not.
    #[derive(Config, Clone, Debug)]
    #[config(section = "shown", env_prefix = "SHOWN")]
    pub struct Shown {
        #[config(default = Hidden::One)]
        hidden: Hidden,
        #[config(default = [Hidden::One], one_of = [Hidden::One])]
        more: Vec<Hidden>,
    }

    #[derive(Config, Clone, Debug)]
    #[config(section = "shown", consts = free)]
    pub struct ShownFree {
        #[config(default = Hidden::One)]
        hidden: Hidden,
        perhaps: Option<Hidden>,
    }

    #[derive(Config, Clone, Debug)]
    #[config(section = "shown", consts = none)]
    pub struct ShownBare {
        #[config(default = Hidden::One)]
        hidden: Hidden,
    }

    #[derive(Clone, Copy, Debug, PartialEq, ds_aio::Choice)]
    enum Hidden {
        One,
    }

    #[test]
    #[allow(deprecated)]
    fn such_fields_load() {
        assert_eq!((Old::default().queue_depth, OldStruct::default().parsed), (1, 1));
        assert_eq!(OldMode::Only.name(), "only");
        let (shown, free) = (Shown::default(), ShownFree::default());
        assert_eq!((shown.hidden, shown.more), (Hidden::One, vec![Hidden::One]));
        assert_eq!((free.hidden, free.perhaps), (Hidden::One, None));
        assert_eq!(ShownBare::default().hidden, Hidden::One);
        let odd = Odd::builder().blockSize(3).build().unwrap();
        assert_eq!((odd.blockSize, odd.größe), (3, 2));
        assert_eq!((ODD_BLOCKSIZE, ODD_GRÖSSE_ENV), ("blockSize", "ODD_GRÖSSE"));
    }
}

/// With `consts = none` nothing stands between the defaults and the names they are made of, and
/// fields may be called what constants would be.
mod no_constants {
    #![deny(missing_docs, warnings, clippy::pedantic)]

    use ds_aio::{Config, DirectMode};

    const QUEUE_DEPTH: usize = 4;
    const SECTION: usize = 5;

    /// Documented.
    #[derive(Config)]
    #[config(section = "none", env_prefix = "NONE", consts = none)]
    pub(super) struct Bare {
        /// Documented.
        #[config(default = QUEUE_DEPTH, range = ..=QUEUE_DEPTH)]
        pub(super) queue_depth: usize,
        /// Documented.
        #[config(default = SECTION)]
        pub(super) section: usize,
        /// Documented.
        #[config(default = 6)]
        pub(super) section_default: usize,
        /// Documented.
        #[config(default = "x")]
        pub(super) format: String,
        /// Documented.
        #[config(default = DirectMode::Never)]
        pub(super) direct: DirectMode,
        /// Documented.
        pub(super) perhaps: Option<DirectMode>,
        /// Documented.
        pub(super) secret: Option<ds_aio::Secret<DirectMode>>,
        /// Documented.
        #[config(default = [DirectMode::Auto])]
        pub(super) modes: Vec<DirectMode>,
        /// Documented.
        #[config(default = [7], check = Self::check_numbers, auto)]
        pub(super) checked: Vec<u8>,
        /// Documented.
        #[config(skip, default = Self::SKIPPED)]
        pub(super) skipped: u8,
        /// Documented.
        #[config(default = Self::SKIPPED, range = ..=Self::SKIPPED)]
        pub(super) own: u8,
    }

    impl Bare {
        const SKIPPED: u8 = 8;

        fn check_numbers(numbers: &[u8]) -> Result<(), &'static str> {
            if numbers.is_empty() { Err("none") } else { Ok(()) }
        }
    }

    #[test]
    fn defaults_are_the_users_own() {
        let bare = Bare::builder().build().unwrap();
        assert_eq!((bare.queue_depth, bare.section), (4, 5));
        assert_eq!((bare.section_default, bare.format.as_str()), (6, "x"));
        assert_eq!(Bare::default().queue_depth, 4);
        assert_eq!((bare.direct, bare.perhaps), (DirectMode::Never, None));
        assert_eq!(bare.modes, [DirectMode::Auto]);
        assert_eq!((&bare.checked[..], bare.skipped, bare.own), (&[7][..], 8, 8));
        let loaded = Bare::loader().env_from(&[("NONE_SECTION", "8")]).load();
        assert_eq!(loaded.unwrap().value.section, 8);
    }
}

/// A private struct that nobody uses much raises no warning.
mod private {
    #![deny(warnings)]

    #[derive(ds_aio::Config)]
    #[config(section = "private", env_prefix = "PRIVATE", consts = free)]
    struct Private {
        #[config(default = 1)]
        x: u8,
    }

    #[derive(ds_aio::Config)]
    #[config(section = "process", env_prefix = "PROCESS", consts = free)]
    struct Process {
        #[config(default = 1, range = 1..)]
        x: u8,
        #[config(default = "y")]
        y: String,
    }

    #[derive(ds_aio::Config)]
    #[config(section = "unused", consts = free)]
    struct Unused {
        #[config(default = 1)]
        x: u8,
        #[config(required, env = "Y")]
        y: u8,
    }

    #[derive(Clone, ds_aio::Choice)]
    enum Mode {
        Only,
    }

    #[derive(ds_aio::Config)]
    #[config(section = "private")]
    struct Associated {
        #[config(default = 1)]
        x: u8,
        #[config(default = Mode::Only)]
        _mode: Mode,
        _perhaps: Option<Mode>,
    }

    #[test]
    fn loads() {
        let both = (Private::default().x, Associated::loader().load().unwrap().value.x);
        assert_eq!(both, (1, 1));
        let sound = Process::from_env().map(|loaded| (loaded.x, loaded.y));
        assert_eq!(sound.unwrap(), (1, "y".to_owned()));
    }
}

/// Functions and parameters of the user's own may be called as generated code calls its variables and
/// parameters.
mod local_names {
    #![deny(warnings)]

    use ds_aio::Config;

    #[derive(Config, Clone, Debug)]
    #[config(section = "local", check = together, serialize)]
    pub(super) struct Local<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        #[config(default = 1, check = value)]
        pub(super) number: u32,
        #[config(default = "x", parse = text)]
        pub(super) text: String,
        #[config(skip, default = values())]
        pub(super) skipped: u64,
        #[config(skip)]
        pub(super) of: core::marker::PhantomData<S>,
        #[config(nested)]
        pub(super) inner: Inner,
    }

    #[derive(Config, Clone, Debug)]
    #[config(section = "inner")]
    pub(super) struct Inner {
        #[config(parse = text)]
        pub(super) text: Option<String>,
    }

    fn value(value: &u32) -> Result<(), String> {
        if *value < 9 { Ok(()) } else { Err("nine".to_owned()) }
    }

    fn text(text: &str) -> Result<String, String> {
        Ok(text.to_uppercase())
    }

    fn values() -> u64 {
        7
    }

    fn together<S>(local: &Local<S>) -> Result<(), String>
    where
        S: Clone + Send + Sync + 'static,
    {
        if local.number == 8 { Err("eight".to_owned()) } else { Ok(()) }
    }
}

#[test]
fn names_of_the_users_own_are_called() {
    use local_names::Local;

    let loaded = Local::<u8>::loader().set("text", "a").set("inner.text", "b").load();
    let local = loaded.unwrap().value;
    assert_eq!((local.text.as_str(), local.inner.text.as_deref()), ("A", Some("B")));
    assert_eq!((local.number, local.skipped), (1, 7));
    for (number, said) in [(9, "nine"), (8, "eight")] {
        let errors = Local::<u8>::loader().set("number", number).load().unwrap_err();
        assert!(errors.to_string().contains(said), "{errors}");
    }
}

/// The struct may have the derive's own name.
mod same_name {
    use ds_aio::Config;

    #[derive(Config)]
    #[config(section = "same")]
    pub(super) struct Config {
        #[config(default = 1)]
        pub(super) x: u8,
    }
}

#[test]
fn a_struct_may_be_called_config() {
    assert_eq!(same_name::Config::default().x, 1);
}

/// ds-aio under another name, and behind somebody else's module. That nothing names `::ds_aio`
/// then is asserted beside the expansion itself.
mod renamed {
    pub(super) mod facade {
        pub(crate) use ds_aio as inner;
    }

    #[derive(Clone, Copy, Debug, PartialEq, facade::inner::Choice)]
    #[config(crate = facade::inner)]
    pub(super) enum Mode {
        Only,
    }

    #[derive(facade::inner::Config)]
    #[config(section = "renamed", crate = facade::inner, engine)]
    pub(super) struct Renamed {
        #[config(default = 2)]
        pub(super) queue_depth: usize,
        #[config(default = Mode::Only)]
        pub(super) mode: Mode,
        #[config(nested)]
        pub(super) within: Within,
    }

    #[derive(facade::inner::Config)]
    #[config(section = "within", crate = facade::inner)]
    pub(super) struct Within {
        #[config(default = 3)]
        pub(super) x: u8,
    }
}

#[test]
fn the_crate_may_be_found_elsewhere() {
    use ds_aio::EngineConfig;
    let renamed = renamed::Renamed::default();
    assert_eq!((renamed.engine_settings().queue_depth, renamed.mode), (2, renamed::Mode::Only));
    assert_eq!(renamed.within.x, 3);
}

/// Raw identifiers lose their `r#` in keys, constants and variables.
#[derive(ds_aio::Config)]
#[config(section = "raw", env_prefix = "RAW")]
struct Raw {
    #[config(default = 1)]
    r#type: u8,
    #[config(default = 2)]
    r#loop: u8,
    #[config(skip, default = 3)]
    r#while: u8,
}

#[test]
fn raw_identifiers_are_plain_names() {
    assert_eq!(Raw::TYPE, "type");
    assert_eq!(Raw::TYPE_ENV, "RAW_TYPE");
    let raw = Raw::builder().r#type(5).r#while(6).build().unwrap();
    assert_eq!((raw.r#type, raw.r#loop, raw.r#while), (5, 2, 6));
}

#[test]
fn a_struct_inside_a_function_works() {
    #[derive(ds_aio::Config)]
    #[config(section = "inner", consts = free)]
    struct Inner {
        #[config(default = 4)]
        x: u8,
    }
    assert_eq!(Inner::default().x, INNER_X_DEFAULT);
}
