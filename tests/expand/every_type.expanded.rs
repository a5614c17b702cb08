::ds_aio::private::choice! {
    pub Codec names { "plain" = Plain, "zstd" = Zstd, "lz4-fast" = Lz4Fast, } aliases {
    "zst" = Zstd, "lz4" = Lz4Fast, }
}
///Builds a [`Limits`]: what is not set keeps its default.
#[must_use = "a builder does nothing until `build()`"]
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct LimitsBuilder(::ds_aio::private::Values);
#[allow(dead_code, non_snake_case)]
impl LimitsBuilder {
    /// Bytes at most.
    pub fn bytes(self, value: usize) -> Self {
        Self(self.0.with(0, value))
    }
    ///Sets `files`.
    pub fn files(self, value: impl ::core::convert::Into<Option<u32>>) -> Self {
        Self(self.0.with(1, ::core::convert::Into::<Option<u32>>::into(value)))
    }
    ///Sets `names`.
    pub fn names(self, value: impl ::core::convert::Into<Vec<String>>) -> Self {
        Self(self.0.with(2, ::core::convert::Into::<Vec<String>>::into(value)))
    }
    /// Checks every value and builds the struct.
    ///
    /// # Errors
    ///
    /// Every value that is not allowed, and every required field without one.
    pub fn build(self) -> ::ds_aio::config::Result<Limits> {
        ::ds_aio::private::build(self.0)
    }
}
#[automatically_derived]
impl ::core::convert::From<Limits> for LimitsBuilder {
    fn from(value: Limits) -> Self {
        Self(::ds_aio::ConfigSchema::to_values(&value))
    }
}
const _: () = {
    #[allow(dead_code)]
    impl Limits {
        const __DS_AIO_DEFAULT_0: usize = 1 << 20;
        const __DS_AIO_DEFAULT_1: Option<u32> = ::core::option::Option::None;
        const __DS_AIO_DEFAULT_2: &'static [&'static str] = &["*"];
    }
    #[automatically_derived]
    #[allow(deprecated)]
    impl ::ds_aio::ConfigSchema for Limits {
        const SECTION: &'static str = "limits";
        const ENV_PREFIX: ::core::option::Option<&'static str> = ::core::option::Option::Some(
            "LIMITS",
        );
        const FIELDS: &'static [::ds_aio::config::FieldMeta] = &[
            ::ds_aio::config::FieldMeta::new::<usize>("bytes")
                .doc("Bytes at most.")
                .aliases(&["size"])
                .env("LIMITS_BYTES")
                .default(Self::__DS_AIO_DEFAULT_0)
                .bytes()
                .meta(),
            ::ds_aio::config::FieldMeta::optional::<u32>("files")
                .env("LIMITS_FILES")
                .meta(),
            ::ds_aio::config::FieldMeta::list::<String>("names")
                .env("LIMITS_NAMES")
                .default_list(Self::__DS_AIO_DEFAULT_2)
                .meta(),
        ];
        fn from_values(
            mut values: ::ds_aio::private::Values,
        ) -> ::core::option::Option<Self> {
            ::core::option::Option::Some(Self {
                bytes: values.take(0)?,
                files: values.take(1)?,
                names: values.take(2)?,
            })
        }
        fn to_values(&self) -> ::ds_aio::private::Values {
            ::ds_aio::private::Values::of::<Self>()
                .with_copy(0, &self.bytes)
                .with_copy(1, &self.files)
                .with_copy(2, &self.names)
        }
    }
    #[automatically_derived]
    impl ::core::default::Default for Limits {
        fn default() -> Self {
            Self {
                bytes: Self::__DS_AIO_DEFAULT_0,
                files: Self::__DS_AIO_DEFAULT_1,
                names: ::ds_aio::private::owned(Self::__DS_AIO_DEFAULT_2),
            }
        }
    }
    #[allow(dead_code, deprecated)]
    impl Limits {
        /// Loads this process's environment over the defaults; `loader().env()` keeps warnings.
        ///
        /// # Errors
        ///
        /// Every variable with a bad value, and every required field without one.
        pub fn from_env() -> ::ds_aio::config::Result<Self> {
            ::ds_aio::private::from_env()
        }
        /// Loads files, the environment and explicit values over the defaults.
        pub fn loader() -> ::ds_aio::Loader<Self> {
            ::ds_aio::Loader::new()
        }
        /// Sets fields one by one, checked at the end.
        pub fn builder() -> LimitsBuilder {
            LimitsBuilder(::ds_aio::private::Values::of::<Self>())
        }
        ///The section with these values, secrets aside, as a TOML document, which loads to them again.
        ///
        /// # Errors
        ///
        /// Every value that breaks a rule, or that cannot be written so.
        pub fn to_toml(&self) -> ::ds_aio::config::Result<::ds_aio::private::String> {
            ::ds_aio::ConfigSchema::to_toml(self)
        }
        ///What `to_toml()` writes, as a JSON document.
        ///
        /// # Errors
        ///
        /// Every value that breaks a rule, or that cannot be written so.
        pub fn to_json(&self) -> ::ds_aio::config::Result<::ds_aio::private::String> {
            ::ds_aio::ConfigSchema::to_json(self)
        }
        ///The variables with these values, as `NAME=value` lines for a shell.
        ///
        /// # Errors
        ///
        /// Every value that breaks a rule, or that cannot be written so.
        pub fn to_env(&self) -> ::ds_aio::config::Result<::ds_aio::private::String> {
            ::ds_aio::ConfigSchema::to_env(self)
        }
    }
};
///Builds a [`EveryType`]: what is not set keeps its default.
#[must_use = "a builder does nothing until `build()`"]
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct EveryTypeBuilder(::ds_aio::private::Values);
#[allow(dead_code, non_snake_case, private_interfaces)]
impl EveryTypeBuilder {
    /// From 1 to 9.
    pub fn byte(self, value: u8) -> Self {
        Self(self.0.with(0, value))
    }
    ///Sets `port`.
    pub fn port(self, value: u16) -> Self {
        Self(self.0.with(1, value))
    }
    ///Sets `lanes`.
    pub fn lanes(self, value: u32) -> Self {
        Self(self.0.with(2, value))
    }
    /// Bytes to keep.
    ///
    /// More are not kept.
    pub fn keep(self, value: u64) -> Self {
        Self(self.0.with(3, value))
    }
    ///Sets `wide`.
    pub fn wide(self, value: u128) -> Self {
        Self(self.0.with(4, value))
    }
    ///Sets `count`.
    pub fn count(self, value: usize) -> Self {
        Self(self.0.with(5, value))
    }
    ///Sets `nice`.
    pub fn nice(self, value: i8) -> Self {
        Self(self.0.with(6, value))
    }
    ///Sets `offset`.
    pub fn offset(self, value: i16) -> Self {
        Self(self.0.with(7, value))
    }
    ///Sets `shift`.
    pub fn shift(self, value: i32) -> Self {
        Self(self.0.with(8, value))
    }
    ///Sets `delta`.
    pub fn delta(self, value: i64) -> Self {
        Self(self.0.with(9, value))
    }
    ///Sets `huge`.
    pub fn huge(self, value: i128) -> Self {
        Self(self.0.with(10, value))
    }
    ///Sets `step`.
    pub fn step(self, value: isize) -> Self {
        Self(self.0.with(11, value))
    }
    ///Sets `share`.
    pub fn share(self, value: f32) -> Self {
        Self(self.0.with(12, value))
    }
    ///Sets `momentum`.
    pub fn momentum(self, value: f64) -> Self {
        Self(self.0.with(13, value))
    }
    ///Sets `enabled`.
    pub fn enabled(self, value: bool) -> Self {
        Self(self.0.with(14, value))
    }
    ///Sets `mark`.
    pub fn mark(self, value: char) -> Self {
        Self(self.0.with(15, value))
    }
    ///Sets `optimizer`.
    pub fn optimizer(self, value: impl ::core::convert::Into<String>) -> Self {
        Self(self.0.with(16, ::core::convert::Into::<String>::into(value)))
    }
    ///Sets `directory`.
    pub fn directory(self, value: impl ::core::convert::Into<PathBuf>) -> Self {
        Self(self.0.with(17, ::core::convert::Into::<PathBuf>::into(value)))
    }
    ///Sets `wait`.
    pub fn wait(self, value: Duration) -> Self {
        Self(self.0.with(18, value))
    }
    ///Sets `codec`.
    pub fn codec(self, value: Codec) -> Self {
        Self(self.0.with(19, value))
    }
    ///Sets `level`.
    pub fn level(self, value: impl ::core::convert::Into<Option<u32>>) -> Self {
        Self(self.0.with(20, ::core::convert::Into::<Option<u32>>::into(value)))
    }
    ///Sets `ratio`.
    pub fn ratio(self, value: impl ::core::convert::Into<Option<f64>>) -> Self {
        Self(self.0.with(21, ::core::convert::Into::<Option<f64>>::into(value)))
    }
    ///Sets `verbose`.
    pub fn verbose(self, value: impl ::core::convert::Into<Option<bool>>) -> Self {
        Self(self.0.with(22, ::core::convert::Into::<Option<bool>>::into(value)))
    }
    ///Sets `title`.
    pub fn title(self, value: impl ::core::convert::Into<Option<String>>) -> Self {
        Self(self.0.with(23, ::core::convert::Into::<Option<String>>::into(value)))
    }
    ///Sets `log`.
    pub fn log(self, value: impl ::core::convert::Into<Option<PathBuf>>) -> Self {
        Self(self.0.with(24, ::core::convert::Into::<Option<PathBuf>>::into(value)))
    }
    ///Sets `timeout`.
    pub fn timeout(self, value: impl ::core::convert::Into<Option<Duration>>) -> Self {
        Self(self.0.with(25, ::core::convert::Into::<Option<Duration>>::into(value)))
    }
    ///Sets `letter`.
    pub fn letter(self, value: impl ::core::convert::Into<Option<char>>) -> Self {
        Self(self.0.with(26, ::core::convert::Into::<Option<char>>::into(value)))
    }
    ///Sets `fallback`.
    pub fn fallback(self, value: impl ::core::convert::Into<Option<Codec>>) -> Self {
        Self(self.0.with(27, ::core::convert::Into::<Option<Codec>>::into(value)))
    }
    ///Sets `few`.
    pub fn few(self, value: impl ::core::convert::Into<Vec<u8>>) -> Self {
        Self(self.0.with(28, ::core::convert::Into::<Vec<u8>>::into(value)))
    }
    ///Sets `sizes`.
    pub fn sizes(self, value: impl ::core::convert::Into<Vec<u64>>) -> Self {
        Self(self.0.with(29, ::core::convert::Into::<Vec<u64>>::into(value)))
    }
    ///Sets `shares`.
    pub fn shares(self, value: impl ::core::convert::Into<Vec<f64>>) -> Self {
        Self(self.0.with(30, ::core::convert::Into::<Vec<f64>>::into(value)))
    }
    ///Sets `flags`.
    pub fn flags(self, value: impl ::core::convert::Into<Vec<bool>>) -> Self {
        Self(self.0.with(31, ::core::convert::Into::<Vec<bool>>::into(value)))
    }
    ///Sets `texts`.
    pub fn texts(self, value: impl ::core::convert::Into<Vec<String>>) -> Self {
        Self(self.0.with(32, ::core::convert::Into::<Vec<String>>::into(value)))
    }
    ///Sets `paths`.
    pub fn paths(self, value: impl ::core::convert::Into<Vec<PathBuf>>) -> Self {
        Self(self.0.with(33, ::core::convert::Into::<Vec<PathBuf>>::into(value)))
    }
    ///Sets `codecs`.
    pub fn codecs(self, value: impl ::core::convert::Into<Vec<Codec>>) -> Self {
        Self(self.0.with(34, ::core::convert::Into::<Vec<Codec>>::into(value)))
    }
    ///Sets `letters`.
    pub fn letters(self, value: impl ::core::convert::Into<Vec<char>>) -> Self {
        Self(self.0.with(35, ::core::convert::Into::<Vec<char>>::into(value)))
    }
    ///Sets `waits`.
    pub fn waits(self, value: impl ::core::convert::Into<Vec<Duration>>) -> Self {
        Self(self.0.with(36, ::core::convert::Into::<Vec<Duration>>::into(value)))
    }
    /// With variables of its own.
    pub fn limits(self, value: Limits) -> Self {
        Self(self.0.with(37, value))
    }
    ///Sets `spare`.
    pub fn spare(self, value: Limits) -> Self {
        Self(self.0.with(38, value))
    }
    /// Checks every value and builds the struct.
    ///
    /// # Errors
    ///
    /// Every value that is not allowed, and every required field without one.
    /// If there is nothing of that, what the checks of the structs within say.
    pub fn build(self) -> ::ds_aio::config::Result<EveryType> {
        ::ds_aio::private::build(self.0)
    }
}
#[automatically_derived]
impl ::core::convert::From<EveryType> for EveryTypeBuilder {
    fn from(value: EveryType) -> Self {
        Self(::ds_aio::ConfigSchema::to_values(&value))
    }
}
#[allow(dead_code, private_interfaces)]
impl EveryType {
    ///The section `types` of a file.
    pub const SECTION: &'static str = "types";
    ///Key `byte`: From 1 to 9.
    pub const BYTE: &'static str = "byte";
    ///Variable of `byte`.
    pub const BYTE_ENV: &'static str = "TYPES_BYTE";
    ///Default of `byte`.
    pub const BYTE_DEFAULT: u8 = 7;
    ///Key `port`: a setting.
    pub const PORT: &'static str = "port";
    ///Variable of `port`.
    pub const PORT_ENV: &'static str = "TYPES_PORT";
    ///Default of `port`.
    pub const PORT_DEFAULT: u16 = 80;
    ///Key `lanes`: a setting.
    pub const LANES: &'static str = "lanes";
    ///Variable of `lanes`.
    pub const LANES_ENV: &'static str = "TYPES_LANES";
    ///Default of `lanes`.
    pub const LANES_DEFAULT: u32 = 64;
    ///Key `keep`: Bytes to keep.
    pub const KEEP: &'static str = "keep";
    ///Variable of `keep`.
    pub const KEEP_ENV: &'static str = "TYPES_KEEP";
    ///Default of `keep`.
    pub const KEEP_DEFAULT: u64 = 64 << 10;
    ///Key `wide`: a setting.
    pub const WIDE: &'static str = "wide";
    ///Variable of `wide`.
    pub const WIDE_ENV: &'static str = "TYPES_WIDE";
    ///Default of `wide`.
    pub const WIDE_DEFAULT: u128 = 1;
    ///Key `count`: a setting.
    pub const COUNT: &'static str = "count";
    ///Variable of `count`.
    pub const COUNT_ENV: &'static str = "TYPES_COUNT";
    ///Default of `count`.
    pub const COUNT_DEFAULT: usize = 3;
    ///Key `nice`: a setting.
    pub const NICE: &'static str = "nice";
    ///Variable of `nice`.
    pub const NICE_ENV: &'static str = "TYPES_NICE";
    ///Default of `nice`.
    pub const NICE_DEFAULT: i8 = -1;
    ///Key `offset`: a setting.
    pub const OFFSET: &'static str = "offset";
    ///Variable of `offset`.
    pub const OFFSET_ENV: &'static str = "TYPES_OFFSET";
    ///Default of `offset`.
    pub const OFFSET_DEFAULT: i16 = 0;
    ///Key `shift`: a setting.
    pub const SHIFT: &'static str = "shift";
    ///Variable of `shift`.
    pub const SHIFT_ENV: &'static str = "TYPES_SHIFT_BY";
    ///Default of `shift`.
    pub const SHIFT_DEFAULT: i32 = 0;
    ///Key `delta`: a setting.
    pub const DELTA: &'static str = "delta";
    ///Variable of `delta`.
    pub const DELTA_ENV: &'static str = "TYPES_DELTA";
    ///Default of `delta`.
    pub const DELTA_DEFAULT: i64 = -4096;
    ///Key `huge`: a setting.
    pub const HUGE: &'static str = "huge";
    ///Default of `huge`.
    pub const HUGE_DEFAULT: i128 = 0;
    ///Key `step-by`: a setting.
    pub const STEP: &'static str = "step-by";
    ///Variable of `step-by`.
    pub const STEP_ENV: &'static str = "TYPES_STEP_BY";
    ///Default of `step-by`.
    pub const STEP_DEFAULT: isize = 1;
    ///Key `share`: a setting.
    pub const SHARE: &'static str = "share";
    ///Variable of `share`.
    pub const SHARE_ENV: &'static str = "TYPES_SHARE";
    ///Default of `share`.
    pub const SHARE_DEFAULT: f32 = 0.5;
    ///Key `momentum`: a setting.
    pub const MOMENTUM: &'static str = "momentum";
    ///Variable of `momentum`.
    pub const MOMENTUM_ENV: &'static str = "TYPES_MOMENTUM";
    ///Default of `momentum`.
    pub const MOMENTUM_DEFAULT: f64 = 0.9;
    ///Key `enabled`: a setting.
    pub const ENABLED: &'static str = "enabled";
    ///Variable of `enabled`.
    pub const ENABLED_ENV: &'static str = "TYPES_ENABLED";
    ///Default of `enabled`.
    pub const ENABLED_DEFAULT: bool = true;
    ///Key `mark`: a setting.
    pub const MARK: &'static str = "mark";
    ///Variable of `mark`.
    pub const MARK_ENV: &'static str = "TYPES_MARK";
    ///Default of `mark`.
    pub const MARK_DEFAULT: char = ',';
    ///Key `optimizer`: a setting.
    pub const OPTIMIZER: &'static str = "optimizer";
    ///Variable of `optimizer`.
    pub const OPTIMIZER_ENV: &'static str = "TYPES_OPTIMIZER";
    ///Default of `optimizer`.
    pub const OPTIMIZER_DEFAULT: &'static str = "adam";
    ///Key `directory`: a setting.
    pub const DIRECTORY: &'static str = "directory";
    ///Variable of `directory`.
    pub const DIRECTORY_ENV: &'static str = "TYPES_DIRECTORY";
    ///Default of `directory`.
    pub const DIRECTORY_DEFAULT: &'static str = "/mnt/nvme";
    ///Key `wait`: a setting.
    pub const WAIT: &'static str = "wait";
    ///Variable of `wait`.
    pub const WAIT_ENV: &'static str = "TYPES_WAIT";
    ///Default of `wait`.
    pub const WAIT_DEFAULT: Duration = Duration::from_millis(250);
    ///Key `codec`: a setting.
    pub const CODEC: &'static str = "codec";
    ///Variable of `codec`.
    pub const CODEC_ENV: &'static str = "TYPES_CODEC";
    ///Default of `codec`.
    pub const CODEC_DEFAULT: Codec = Codec::Zstd;
    ///Key `level`: a setting.
    pub const LEVEL: &'static str = "level";
    ///Variable of `level`.
    pub const LEVEL_ENV: &'static str = "TYPES_LEVEL";
    ///Default of `level`.
    pub const LEVEL_DEFAULT: Option<u32> = ::core::option::Option::None;
    ///Key `ratio`: a setting.
    pub const RATIO: &'static str = "ratio";
    ///Variable of `ratio`.
    pub const RATIO_ENV: &'static str = "TYPES_RATIO";
    ///Default of `ratio`.
    pub const RATIO_DEFAULT: Option<f64> = Some(2.5);
    ///Key `verbose`: a setting.
    pub const VERBOSE: &'static str = "verbose";
    ///Variable of `verbose`.
    pub const VERBOSE_ENV: &'static str = "TYPES_VERBOSE";
    ///Default of `verbose`.
    pub const VERBOSE_DEFAULT: Option<bool> = ::core::option::Option::None;
    ///Key `title`: a setting.
    pub const TITLE: &'static str = "title";
    ///Variable of `title`.
    pub const TITLE_ENV: &'static str = "TYPES_TITLE";
    ///Default of `title`.
    pub const TITLE_DEFAULT: ::core::option::Option<&'static str> = Some("none");
    ///Key `log`: a setting.
    pub const LOG: &'static str = "log";
    ///Variable of `log`.
    pub const LOG_ENV: &'static str = "TYPES_LOG";
    ///Default of `log`.
    pub const LOG_DEFAULT: ::core::option::Option<&'static str> = ::core::option::Option::None;
    ///Key `timeout`: a setting.
    pub const TIMEOUT: &'static str = "timeout";
    ///Variable of `timeout`.
    pub const TIMEOUT_ENV: &'static str = "TYPES_TIMEOUT";
    ///Default of `timeout`.
    pub const TIMEOUT_DEFAULT: Option<Duration> = ::core::option::Option::None;
    ///Key `letter`: a setting.
    pub const LETTER: &'static str = "letter";
    ///Variable of `letter`.
    pub const LETTER_ENV: &'static str = "TYPES_LETTER";
    ///Default of `letter`.
    pub const LETTER_DEFAULT: Option<char> = ::core::option::Option::None;
    ///Key `fallback`: a setting.
    pub const FALLBACK: &'static str = "fallback";
    ///Variable of `fallback`.
    pub const FALLBACK_ENV: &'static str = "TYPES_FALLBACK";
    ///Default of `fallback`.
    pub const FALLBACK_DEFAULT: Option<Codec> = Some(Codec::Plain);
    ///Key `few`: a setting.
    pub const FEW: &'static str = "few";
    ///Variable of `few`.
    pub const FEW_ENV: &'static str = "TYPES_FEW";
    ///Default of `few`.
    pub const FEW_DEFAULT: &'static [u8] = &[1, 2];
    ///Key `sizes`: a setting.
    pub const SIZES: &'static str = "sizes";
    ///Variable of `sizes`.
    pub const SIZES_ENV: &'static str = "TYPES_SIZES";
    ///Default of `sizes`.
    pub const SIZES_DEFAULT: &'static [u64] = &[4096];
    ///Key `shares`: a setting.
    pub const SHARES: &'static str = "shares";
    ///Variable of `shares`.
    pub const SHARES_ENV: &'static str = "TYPES_SHARES";
    ///Default of `shares`.
    pub const SHARES_DEFAULT: &'static [f64] = &[0.5, -1.0];
    ///Key `flags`: a setting.
    pub const FLAGS: &'static str = "flags";
    ///Variable of `flags`.
    pub const FLAGS_ENV: &'static str = "TYPES_FLAGS";
    ///Default of `flags`.
    pub const FLAGS_DEFAULT: &'static [bool] = &[true, false];
    ///Key `texts`: a setting.
    pub const TEXTS: &'static str = "texts";
    ///Variable of `texts`.
    pub const TEXTS_ENV: &'static str = "TYPES_TEXTS";
    ///Default of `texts`.
    pub const TEXTS_DEFAULT: &'static [&'static str] = &["a", "b, c"];
    ///Key `paths`: a setting.
    pub const PATHS: &'static str = "paths";
    ///Variable of `paths`.
    pub const PATHS_ENV: &'static str = "TYPES_PATHS";
    ///Default of `paths`.
    pub const PATHS_DEFAULT: &'static [&'static str] = &["/a", "/b"];
    ///Key `codecs`: a setting.
    pub const CODECS: &'static str = "codecs";
    ///Variable of `codecs`.
    pub const CODECS_ENV: &'static str = "TYPES_CODECS";
    ///Default of `codecs`.
    pub const CODECS_DEFAULT: &'static [Codec] = &[Codec::Plain, Codec::Zstd];
    ///Key `letters`: a setting.
    pub const LETTERS: &'static str = "letters";
    ///Variable of `letters`.
    pub const LETTERS_ENV: &'static str = "TYPES_LETTERS";
    ///Default of `letters`.
    pub const LETTERS_DEFAULT: &'static [char] = &['x'];
    ///Key `waits`: a setting.
    pub const WAITS: &'static str = "waits";
    ///Variable of `waits`.
    pub const WAITS_ENV: &'static str = "TYPES_WAITS";
    ///Default of `waits`.
    pub const WAITS_DEFAULT: &'static [Duration] = &[];
    ///Key `limits`: With variables of its own.
    pub const LIMITS: &'static str = "limits";
    ///Key `spare`: a setting.
    pub const SPARE: &'static str = "spare";
    ///The section in JSON with every default.
    pub const FORMAT: &'static str = {
        type __T = ::ds_aio::private::Format<EveryType>;
        const TEXT: [u8; __T::LEN] = __T::bytes();
        __T::str(&TEXT)
    };
    ///The section as a TOML file, to copy and edit.
    pub const TOML_TEMPLATE: &'static str = {
        type __T = ::ds_aio::private::TomlTemplate<EveryType>;
        const TEXT: [u8; __T::LEN] = __T::bytes();
        __T::str(&TEXT)
    };
    ///The variables as a file, to copy and edit.
    pub const ENV_TEMPLATE: &'static str = {
        type __T = ::ds_aio::private::EnvTemplate<EveryType>;
        const TEXT: [u8; __T::LEN] = __T::bytes();
        __T::str(&TEXT)
    };
    ///The settings as Markdown tables.
    pub const DOCS_TABLE: &'static str = {
        type __T = ::ds_aio::private::DocsTable<EveryType>;
        const TEXT: [u8; __T::LEN] = __T::bytes();
        __T::str(&TEXT)
    };
    ///The JSON Schema of a file with the section.
    pub const JSON_SCHEMA: &'static str = {
        type __T = ::ds_aio::private::JsonSchema<EveryType>;
        const TEXT: [u8; __T::LEN] = __T::bytes();
        __T::str(&TEXT)
    };
}
#[automatically_derived]
#[allow(deprecated)]
impl ::ds_aio::ConfigSchema for EveryType {
    const SECTION: &'static str = Self::SECTION;
    const ENV_PREFIX: ::core::option::Option<&'static str> = ::core::option::Option::Some(
        "TYPES",
    );
    const FIELDS: &'static [::ds_aio::config::FieldMeta] = &[
        ::ds_aio::config::FieldMeta::new::<u8>(Self::BYTE)
            .doc("From 1 to 9.")
            .env(Self::BYTE_ENV)
            .default(Self::BYTE_DEFAULT)
            .at_least(1)
            .at_most(9)
            .meta(),
        ::ds_aio::config::FieldMeta::new::<u16>(Self::PORT)
            .env(Self::PORT_ENV)
            .default(Self::PORT_DEFAULT)
            .at_least(1)
            .meta(),
        ::ds_aio::config::FieldMeta::new::<u32>(Self::LANES)
            .env(Self::LANES_ENV)
            .default(Self::LANES_DEFAULT)
            .power_of_two()
            .meta(),
        ::ds_aio::config::FieldMeta::new::<u64>(Self::KEEP)
            .doc("Bytes to keep.\n\nMore are not kept.")
            .env(Self::KEEP_ENV)
            .default(Self::KEEP_DEFAULT)
            .at_least(4096)
            .at_most(1 << 40)
            .multiple_of(4096)
            .bytes()
            .meta(),
        ::ds_aio::config::FieldMeta::new::<u128>(Self::WIDE)
            .env(Self::WIDE_ENV)
            .default(Self::WIDE_DEFAULT)
            .one_of(&[1, 2, 4, 8])
            .meta(),
        ::ds_aio::config::FieldMeta::new::<usize>(Self::COUNT)
            .aliases(&["number"])
            .deprecated(
                &[
                    ::ds_aio::config::DeprecatedKey {
                        key: "num",
                        note: "say `count`",
                    },
                ],
            )
            .env(Self::COUNT_ENV)
            .default(Self::COUNT_DEFAULT)
            .meta(),
        ::ds_aio::config::FieldMeta::new::<i8>(Self::NICE)
            .env(Self::NICE_ENV)
            .default(Self::NICE_DEFAULT)
            .meta(),
        ::ds_aio::config::FieldMeta::new::<i16>(Self::OFFSET)
            .env(Self::OFFSET_ENV)
            .default(Self::OFFSET_DEFAULT)
            .at_least(-100)
            .below(100)
            .meta(),
        ::ds_aio::config::FieldMeta::new::<i32>(Self::SHIFT)
            .env(Self::SHIFT_ENV)
            .default(Self::SHIFT_DEFAULT)
            .meta(),
        ::ds_aio::config::FieldMeta::new::<i64>(Self::DELTA)
            .env(Self::DELTA_ENV)
            .default(Self::DELTA_DEFAULT)
            .bytes()
            .meta(),
        ::ds_aio::config::FieldMeta::new::<i128>(Self::HUGE)
            .default(Self::HUGE_DEFAULT)
            .meta(),
        ::ds_aio::config::FieldMeta::new::<isize>(Self::STEP)
            .env(Self::STEP_ENV)
            .default(Self::STEP_DEFAULT)
            .meta(),
        ::ds_aio::config::FieldMeta::new::<f32>(Self::SHARE)
            .env(Self::SHARE_ENV)
            .default(Self::SHARE_DEFAULT)
            .at_least(0.0)
            .at_most(1.0)
            .meta(),
        ::ds_aio::config::FieldMeta::new::<f64>(Self::MOMENTUM)
            .env(Self::MOMENTUM_ENV)
            .default(Self::MOMENTUM_DEFAULT)
            .at_least(0.0)
            .below(1.0)
            .meta(),
        ::ds_aio::config::FieldMeta::new::<bool>(Self::ENABLED)
            .env(Self::ENABLED_ENV)
            .default(Self::ENABLED_DEFAULT)
            .meta(),
        ::ds_aio::config::FieldMeta::new::<char>(Self::MARK)
            .env(Self::MARK_ENV)
            .default(Self::MARK_DEFAULT)
            .meta(),
        ::ds_aio::config::FieldMeta::new::<String>(Self::OPTIMIZER)
            .env(Self::OPTIMIZER_ENV)
            .default(Self::OPTIMIZER_DEFAULT)
            .one_of(&["adam", "lion"])
            .meta(),
        ::ds_aio::config::FieldMeta::new::<PathBuf>(Self::DIRECTORY)
            .env(Self::DIRECTORY_ENV)
            .default(Self::DIRECTORY_DEFAULT)
            .advanced()
            .meta(),
        ::ds_aio::config::FieldMeta::new::<Duration>(Self::WAIT)
            .env(Self::WAIT_ENV)
            .default(Self::WAIT_DEFAULT)
            .at_least(Duration::ZERO)
            .at_most(Duration::from_secs(60))
            .meta(),
        ::ds_aio::config::FieldMeta::new::<Codec>(Self::CODEC)
            .env(Self::CODEC_ENV)
            .default_at::<Self, 19>()
            .meta(),
        ::ds_aio::config::FieldMeta::optional::<u32>(Self::LEVEL)
            .env(Self::LEVEL_ENV)
            .at_least(1)
            .at_most(99)
            .meta(),
        ::ds_aio::config::FieldMeta::optional::<f64>(Self::RATIO)
            .env(Self::RATIO_ENV)
            .default_or_none(Self::RATIO_DEFAULT)
            .meta(),
        ::ds_aio::config::FieldMeta::optional::<bool>(Self::VERBOSE)
            .env(Self::VERBOSE_ENV)
            .meta(),
        ::ds_aio::config::FieldMeta::optional::<String>(Self::TITLE)
            .env(Self::TITLE_ENV)
            .default_or_none(Self::TITLE_DEFAULT)
            .meta(),
        ::ds_aio::config::FieldMeta::optional::<PathBuf>(Self::LOG)
            .env(Self::LOG_ENV)
            .meta(),
        ::ds_aio::config::FieldMeta::optional::<Duration>(Self::TIMEOUT)
            .env(Self::TIMEOUT_ENV)
            .meta(),
        ::ds_aio::config::FieldMeta::optional::<char>(Self::LETTER)
            .env(Self::LETTER_ENV)
            .meta(),
        ::ds_aio::config::FieldMeta::optional::<Codec>(Self::FALLBACK)
            .env(Self::FALLBACK_ENV)
            .default_at::<Self, 27>()
            .meta(),
        ::ds_aio::config::FieldMeta::list::<u8>(Self::FEW)
            .env(Self::FEW_ENV)
            .default_list(Self::FEW_DEFAULT)
            .at_least(1)
            .at_most(9)
            .meta(),
        ::ds_aio::config::FieldMeta::list::<u64>(Self::SIZES)
            .env(Self::SIZES_ENV)
            .default_list(Self::SIZES_DEFAULT)
            .bytes()
            .meta(),
        ::ds_aio::config::FieldMeta::list::<f64>(Self::SHARES)
            .env(Self::SHARES_ENV)
            .default_list(Self::SHARES_DEFAULT)
            .meta(),
        ::ds_aio::config::FieldMeta::list::<bool>(Self::FLAGS)
            .env(Self::FLAGS_ENV)
            .default_list(Self::FLAGS_DEFAULT)
            .meta(),
        ::ds_aio::config::FieldMeta::list::<String>(Self::TEXTS)
            .separator(";")
            .env(Self::TEXTS_ENV)
            .default_list(Self::TEXTS_DEFAULT)
            .meta(),
        ::ds_aio::config::FieldMeta::list::<PathBuf>(Self::PATHS)
            .separator(":")
            .env(Self::PATHS_ENV)
            .default_list(Self::PATHS_DEFAULT)
            .meta(),
        ::ds_aio::config::FieldMeta::list::<Codec>(Self::CODECS)
            .env(Self::CODECS_ENV)
            .default_names({
                const NAMES: [&str; EveryType::CODECS_DEFAULT.len()] = {
                    let mut names = [""; EveryType::CODECS_DEFAULT.len()];
                    let mut index = 0;
                    while index < names.len() {
                        names[index] = EveryType::CODECS_DEFAULT[index].name();
                        index += 1;
                    }
                    names
                };
                &NAMES
            })
            .meta(),
        ::ds_aio::config::FieldMeta::list::<char>(Self::LETTERS)
            .env(Self::LETTERS_ENV)
            .default_list(Self::LETTERS_DEFAULT)
            .one_of(&['x', 'y'])
            .meta(),
        ::ds_aio::config::FieldMeta::list::<Duration>(Self::WAITS)
            .env(Self::WAITS_ENV)
            .default_list(Self::WAITS_DEFAULT)
            .meta(),
        ::ds_aio::config::FieldMeta::nested::<
            Limits,
        >(Self::LIMITS, ::core::option::Option::None)
            .doc("With variables of its own.")
            .meta(),
        ::ds_aio::config::FieldMeta::nested::<
            Limits,
        >(Self::SPARE, ::core::option::Option::Some("TYPES_SPARE"))
            .advanced()
            .meta(),
    ];
    const FIXED: &'static [::ds_aio::private::FixedKey] = &[
        ::ds_aio::private::fixed_bool("legacy", false),
        ::ds_aio::private::fixed_integer("version", 2),
        ::ds_aio::private::fixed_text("dialect", "plain"),
    ];
    fn from_values(
        mut values: ::ds_aio::private::Values,
    ) -> ::core::option::Option<Self> {
        ::core::option::Option::Some(Self {
            byte: values.take(0)?,
            port: values.take(1)?,
            lanes: values.take(2)?,
            keep: values.take(3)?,
            wide: values.take(4)?,
            count: values.take(5)?,
            nice: values.take(6)?,
            offset: values.take(7)?,
            shift: values.take(8)?,
            delta: values.take(9)?,
            huge: values.take(10)?,
            step: values.take(11)?,
            share: values.take(12)?,
            momentum: values.take(13)?,
            enabled: values.take(14)?,
            mark: values.take(15)?,
            optimizer: values.take(16)?,
            directory: values.take(17)?,
            wait: values.take(18)?,
            codec: values.take(19)?,
            level: values.take(20)?,
            ratio: values.take(21)?,
            verbose: values.take(22)?,
            title: values.take(23)?,
            log: values.take(24)?,
            timeout: values.take(25)?,
            letter: values.take(26)?,
            fallback: values.take(27)?,
            few: values.take(28)?,
            sizes: values.take(29)?,
            shares: values.take(30)?,
            flags: values.take(31)?,
            texts: values.take(32)?,
            paths: values.take(33)?,
            codecs: values.take(34)?,
            letters: values.take(35)?,
            waits: values.take(36)?,
            limits: values.take(37)?,
            spare: values.take(38)?,
        })
    }
    fn to_values(&self) -> ::ds_aio::private::Values {
        ::ds_aio::private::Values::of::<Self>()
            .with_copy(0, &self.byte)
            .with_copy(1, &self.port)
            .with_copy(2, &self.lanes)
            .with_copy(3, &self.keep)
            .with_copy(4, &self.wide)
            .with_copy(5, &self.count)
            .with_copy(6, &self.nice)
            .with_copy(7, &self.offset)
            .with_copy(8, &self.shift)
            .with_copy(9, &self.delta)
            .with_copy(10, &self.huge)
            .with_copy(11, &self.step)
            .with_copy(12, &self.share)
            .with_copy(13, &self.momentum)
            .with_copy(14, &self.enabled)
            .with_copy(15, &self.mark)
            .with_copy(16, &self.optimizer)
            .with_copy(17, &self.directory)
            .with_copy(18, &self.wait)
            .with_copy(19, &self.codec)
            .with_copy(20, &self.level)
            .with_copy(21, &self.ratio)
            .with_copy(22, &self.verbose)
            .with_copy(23, &self.title)
            .with_copy(24, &self.log)
            .with_copy(25, &self.timeout)
            .with_copy(26, &self.letter)
            .with_copy(27, &self.fallback)
            .with_copy(28, &self.few)
            .with_copy(29, &self.sizes)
            .with_copy(30, &self.shares)
            .with_copy(31, &self.flags)
            .with_copy(32, &self.texts)
            .with_copy(33, &self.paths)
            .with_copy(34, &self.codecs)
            .with_copy(35, &self.letters)
            .with_copy(36, &self.waits)
            .with_copy(37, &self.limits)
            .with_copy(38, &self.spare)
    }
    fn check_together(&self, together: &mut ::ds_aio::private::Together) {
        together.nested(&<Self as ::ds_aio::ConfigSchema>::FIELDS[37], &self.limits);
        together.nested(&<Self as ::ds_aio::ConfigSchema>::FIELDS[38], &self.spare);
    }
}
#[automatically_derived]
#[allow(deprecated)]
impl ::ds_aio::private::DefaultAt<Codec, 19> for EveryType {
    const DEFAULT: ::core::option::Option<Codec> = ::core::option::Option::Some(
        Self::CODEC_DEFAULT,
    );
}
#[automatically_derived]
#[allow(deprecated)]
impl ::ds_aio::private::DefaultAt<Codec, 27> for EveryType {
    const DEFAULT: ::core::option::Option<Codec> = Self::FALLBACK_DEFAULT;
}
const _: () = ::ds_aio::private::assert_sound::<EveryType, 0>();
const _: () = ::ds_aio::private::assert_sound::<EveryType, 1>();
const _: () = ::ds_aio::private::assert_sound::<EveryType, 2>();
const _: () = ::ds_aio::private::assert_sound::<EveryType, 3>();
const _: () = ::ds_aio::private::assert_sound::<EveryType, 4>();
const _: () = ::ds_aio::private::assert_sound::<EveryType, 7>();
const _: () = ::ds_aio::private::assert_sound::<EveryType, 12>();
const _: () = ::ds_aio::private::assert_sound::<EveryType, 13>();
const _: () = ::ds_aio::private::assert_sound::<EveryType, 16>();
const _: () = ::ds_aio::private::assert_sound::<EveryType, 18>();
const _: () = ::ds_aio::private::assert_sound::<EveryType, 20>();
const _: () = ::ds_aio::private::assert_sound::<EveryType, 28>();
const _: () = ::ds_aio::private::assert_sound::<EveryType, 35>();
#[automatically_derived]
impl ::core::default::Default for EveryType
where
    for<'__nested> Limits: ::core::default::Default,
    for<'__nested> Limits: ::core::default::Default,
{
    fn default() -> Self {
        Self {
            byte: Self::BYTE_DEFAULT,
            port: Self::PORT_DEFAULT,
            lanes: Self::LANES_DEFAULT,
            keep: Self::KEEP_DEFAULT,
            wide: Self::WIDE_DEFAULT,
            count: Self::COUNT_DEFAULT,
            nice: Self::NICE_DEFAULT,
            offset: Self::OFFSET_DEFAULT,
            shift: Self::SHIFT_DEFAULT,
            delta: Self::DELTA_DEFAULT,
            huge: Self::HUGE_DEFAULT,
            step: Self::STEP_DEFAULT,
            share: Self::SHARE_DEFAULT,
            momentum: Self::MOMENTUM_DEFAULT,
            enabled: Self::ENABLED_DEFAULT,
            mark: Self::MARK_DEFAULT,
            optimizer: ::core::convert::From::from(Self::OPTIMIZER_DEFAULT),
            directory: ::core::convert::From::from(Self::DIRECTORY_DEFAULT),
            wait: Self::WAIT_DEFAULT,
            codec: Self::CODEC_DEFAULT,
            level: Self::LEVEL_DEFAULT,
            ratio: Self::RATIO_DEFAULT,
            verbose: Self::VERBOSE_DEFAULT,
            title: ::core::option::Option::map(
                Self::TITLE_DEFAULT,
                ::core::convert::From::from,
            ),
            log: ::core::option::Option::None,
            timeout: Self::TIMEOUT_DEFAULT,
            letter: Self::LETTER_DEFAULT,
            fallback: Self::FALLBACK_DEFAULT,
            few: ::ds_aio::private::owned(Self::FEW_DEFAULT),
            sizes: ::ds_aio::private::owned(Self::SIZES_DEFAULT),
            shares: ::ds_aio::private::owned(Self::SHARES_DEFAULT),
            flags: ::ds_aio::private::owned(Self::FLAGS_DEFAULT),
            texts: ::ds_aio::private::owned(Self::TEXTS_DEFAULT),
            paths: ::ds_aio::private::owned(Self::PATHS_DEFAULT),
            codecs: ::ds_aio::private::owned(Self::CODECS_DEFAULT),
            letters: ::ds_aio::private::owned(Self::LETTERS_DEFAULT),
            waits: ::ds_aio::private::owned(Self::WAITS_DEFAULT),
            limits: ::core::default::Default::default(),
            spare: ::core::default::Default::default(),
        }
    }
}
#[allow(dead_code, deprecated)]
impl EveryType {
    /// Loads this process's environment over the defaults; `loader().env()` keeps warnings.
    ///
    /// # Errors
    ///
    /// Every variable with a bad value, and every required field without one.
    /// If there is nothing of that, what the checks of the structs within say.
    pub fn from_env() -> ::ds_aio::config::Result<Self> {
        ::ds_aio::private::from_env()
    }
    /// Loads files, the environment and explicit values over the defaults.
    pub fn loader() -> ::ds_aio::Loader<Self> {
        ::ds_aio::Loader::new()
    }
    /// Sets fields one by one, checked at the end.
    pub fn builder() -> EveryTypeBuilder {
        EveryTypeBuilder(::ds_aio::private::Values::of::<Self>())
    }
    ///The section with these values, secrets aside, as a TOML document, which loads to them again.
    ///
    /// # Errors
    ///
    /// Every value that breaks a rule, or that cannot be written so.
    pub fn to_toml(&self) -> ::ds_aio::config::Result<::ds_aio::private::String> {
        ::ds_aio::ConfigSchema::to_toml(self)
    }
    ///What `to_toml()` writes, as a JSON document.
    ///
    /// # Errors
    ///
    /// Every value that breaks a rule, or that cannot be written so.
    pub fn to_json(&self) -> ::ds_aio::config::Result<::ds_aio::private::String> {
        ::ds_aio::ConfigSchema::to_json(self)
    }
    ///The variables with these values, as `NAME=value` lines for a shell.
    ///
    /// # Errors
    ///
    /// Every value that breaks a rule, or that cannot be written so.
    pub fn to_env(&self) -> ::ds_aio::config::Result<::ds_aio::private::String> {
        ::ds_aio::ConfigSchema::to_env(self)
    }
}
