///Builds a [`AioConfig`]: what is not set keeps its default.
#[must_use = "a builder does nothing until `build()`"]
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct AioConfigBuilder(::ds_aio::private::Values);
#[allow(dead_code, non_snake_case)]
impl AioConfigBuilder {
    /// Bytes per I/O request.
    pub fn block_size(self, value: usize) -> Self {
        AioConfigBuilder(self.0.with(0usize, value))
    }
    /// Requests in flight per worker.
    pub fn queue_depth(self, value: usize) -> Self {
        AioConfigBuilder(self.0.with(1usize, value))
    }
    /// Workers that share one request.
    pub fn thread_count(self, value: usize) -> Self {
        AioConfigBuilder(self.0.with(2usize, value))
    }
    /// Submit each block on its own instead of in batches.
    pub fn single_submit(self, value: bool) -> Self {
        AioConfigBuilder(self.0.with(3usize, value))
    }
    /// Refill the queue as blocks complete instead of waiting for the whole batch.
    pub fn overlap_events(self, value: bool) -> Self {
        AioConfigBuilder(self.0.with(4usize, value))
    }
    /// Checks every value and builds the struct.
    ///
    /// # Errors
    ///
    /// Every value that is not allowed, and every required field without one.
    pub fn build(self) -> ::core::result::Result<AioConfig, ::ds_aio::ConfigErrors> {
        ::ds_aio::private::build(self.0)
    }
}
#[automatically_derived]
impl ::core::convert::From<AioConfig> for AioConfigBuilder {
    fn from(value: AioConfig) -> AioConfigBuilder {
        AioConfigBuilder(::ds_aio::ConfigSchema::to_values(&value))
    }
}
///The section `aio` of a file.
pub const AIO: &str = "aio";
///Key `block_size`: Bytes per I/O request.
pub const AIO_BLOCK_SIZE: &str = "block_size";
///Variable that sets `block_size`.
pub const AIO_BLOCK_SIZE_ENV: &str = "DS_AIO_BLOCK_SIZE";
///Default of `block_size`.
pub const AIO_BLOCK_SIZE_DEFAULT: usize = 1 << 20;
///Key `queue_depth`: Requests in flight per worker.
pub const AIO_QUEUE_DEPTH: &str = "queue_depth";
///Variable that sets `queue_depth`.
pub const AIO_QUEUE_DEPTH_ENV: &str = "DS_AIO_QUEUE_DEPTH";
///Default of `queue_depth`.
pub const AIO_QUEUE_DEPTH_DEFAULT: usize = 8;
///Key `thread_count`: Workers that share one request.
pub const AIO_THREAD_COUNT: &str = "thread_count";
///Variable that sets `thread_count`.
pub const AIO_THREAD_COUNT_ENV: &str = "DS_AIO_THREAD_COUNT";
///Default of `thread_count`.
pub const AIO_THREAD_COUNT_DEFAULT: usize = 1;
///Key `single_submit`: Submit each block on its own instead of in batches.
pub const AIO_SINGLE_SUBMIT: &str = "single_submit";
///Variable that sets `single_submit`.
pub const AIO_SINGLE_SUBMIT_ENV: &str = "DS_AIO_SINGLE_SUBMIT";
///Default of `single_submit`.
pub const AIO_SINGLE_SUBMIT_DEFAULT: bool = false;
///Key `overlap_events`: Refill the queue as blocks complete instead of waiting for the whole batch.
pub const AIO_OVERLAP_EVENTS: &str = "overlap_events";
///Variable that sets `overlap_events`.
pub const AIO_OVERLAP_EVENTS_ENV: &str = "DS_AIO_OVERLAP_EVENTS";
///Default of `overlap_events`.
pub const AIO_OVERLAP_EVENTS_DEFAULT: bool = true;
#[allow(dead_code)]
///The section in JSON with every default.
pub const AIO_FORMAT: &str = {
    type __Text = ::ds_aio::private::Format<AioConfig>;
    const TEXT: [u8; __Text::LEN] = __Text::bytes();
    ::ds_aio::private::as_str(&TEXT)
};
#[allow(dead_code)]
///The section as a TOML file with every default, to copy and edit.
pub const AIO_TOML_TEMPLATE: &str = {
    type __Text = ::ds_aio::private::TomlTemplate<AioConfig>;
    const TEXT: [u8; __Text::LEN] = __Text::bytes();
    ::ds_aio::private::as_str(&TEXT)
};
#[allow(dead_code)]
///The variables with every default, to copy and edit.
pub const AIO_ENV_TEMPLATE: &str = {
    type __Text = ::ds_aio::private::EnvTemplate<AioConfig>;
    const TEXT: [u8; __Text::LEN] = __Text::bytes();
    ::ds_aio::private::as_str(&TEXT)
};
#[allow(dead_code)]
///The settings as Markdown tables.
pub const AIO_DOCS_TABLE: &str = {
    type __Text = ::ds_aio::private::DocsTable<AioConfig>;
    const TEXT: [u8; __Text::LEN] = __Text::bytes();
    ::ds_aio::private::as_str(&TEXT)
};
#[allow(dead_code)]
///The JSON Schema of a file with the section.
pub const AIO_JSON_SCHEMA: &str = {
    type __Text = ::ds_aio::private::JsonSchema<AioConfig>;
    const TEXT: [u8; __Text::LEN] = __Text::bytes();
    ::ds_aio::private::as_str(&TEXT)
};
#[automatically_derived]
#[allow(deprecated)]
impl ::ds_aio::ConfigSchema for AioConfig {
    const SECTION: &'static str = AIO;
    const ENV_PREFIX: ::core::option::Option<&'static str> = ::core::option::Option::Some(
        "DS_AIO",
    );
    const FIELDS: &'static [::ds_aio::config::FieldMeta] = &[
        ::ds_aio::config::FieldMeta::new::<
            usize,
        >(AIO_BLOCK_SIZE, "Bytes per I/O request.")
            .env(AIO_BLOCK_SIZE_ENV)
            .default(AIO_BLOCK_SIZE_DEFAULT)
            .at_least(512)
            .at_most(1 << 30)
            .multiple_of(512)
            .bytes()
            .meta(),
        ::ds_aio::config::FieldMeta::new::<
            usize,
        >(AIO_QUEUE_DEPTH, "Requests in flight per worker.")
            .env(AIO_QUEUE_DEPTH_ENV)
            .default(AIO_QUEUE_DEPTH_DEFAULT)
            .at_least(1)
            .at_most(65536)
            .meta(),
        ::ds_aio::config::FieldMeta::new::<
            usize,
        >(AIO_THREAD_COUNT, "Workers that share one request.")
            .aliases(&["intra_op_parallelism"])
            .env(AIO_THREAD_COUNT_ENV)
            .default(AIO_THREAD_COUNT_DEFAULT)
            .at_least(1)
            .at_most(1024)
            .meta(),
        ::ds_aio::config::FieldMeta::new::<
            bool,
        >(AIO_SINGLE_SUBMIT, "Submit each block on its own instead of in batches.")
            .env(AIO_SINGLE_SUBMIT_ENV)
            .default(AIO_SINGLE_SUBMIT_DEFAULT)
            .meta(),
        ::ds_aio::config::FieldMeta::new::<
            bool,
        >(
                AIO_OVERLAP_EVENTS,
                "Refill the queue as blocks complete instead of waiting for the whole batch.",
            )
            .env(AIO_OVERLAP_EVENTS_ENV)
            .default(AIO_OVERLAP_EVENTS_DEFAULT)
            .meta(),
    ];
    fn from_values(
        mut values: ::ds_aio::private::Values,
    ) -> ::core::option::Option<Self> {
        ::core::option::Option::Some(Self {
            block_size: values.take(0usize)?,
            queue_depth: values.take(1usize)?,
            thread_count: values.take(2usize)?,
            single_submit: values.take(3usize)?,
            overlap_events: values.take(4usize)?,
        })
    }
    fn to_values(&self) -> ::ds_aio::private::Values {
        ::ds_aio::private::Values::of::<Self>()
            .with_copy(0usize, &self.block_size)
            .with_copy(1usize, &self.queue_depth)
            .with_copy(2usize, &self.thread_count)
            .with_copy(3usize, &self.single_submit)
            .with_copy(4usize, &self.overlap_events)
    }
}
const _: () = ::ds_aio::private::assert_sound::<AioConfig, 0usize>();
const _: () = ::ds_aio::private::assert_sound::<AioConfig, 1usize>();
const _: () = ::ds_aio::private::assert_sound::<AioConfig, 2usize>();
#[automatically_derived]
impl ::core::default::Default for AioConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}
#[allow(dead_code, deprecated)]
impl AioConfig {
    /// Every field at its default.
    pub const DEFAULT: Self = Self {
        block_size: AIO_BLOCK_SIZE_DEFAULT,
        queue_depth: AIO_QUEUE_DEPTH_DEFAULT,
        thread_count: AIO_THREAD_COUNT_DEFAULT,
        single_submit: AIO_SINGLE_SUBMIT_DEFAULT,
        overlap_events: AIO_OVERLAP_EVENTS_DEFAULT,
    };
    /// Loads the defaults and the environment of this process over them. Warnings (variables
    /// that look misspelt) are dropped when it succeeds; `loader().env()` keeps them.
    ///
    /// # Errors
    ///
    /// Every variable with a bad value, and every required field without one.
    pub fn from_env() -> ::core::result::Result<Self, ::ds_aio::ConfigErrors> {
        ::ds_aio::private::from_env()
    }
    /// Loads files, the environment and explicit values over the defaults.
    pub fn loader() -> ::ds_aio::Loader<Self> {
        ::ds_aio::Loader::new()
    }
    /// Sets fields one by one, checked together at the end.
    pub fn builder() -> AioConfigBuilder {
        AioConfigBuilder(::ds_aio::private::Values::of::<Self>())
    }
    ///The section with these values as a TOML document, which loads to them again.
    ///
    /// # Errors
    ///
    /// Every value that breaks a rule of its field, or that cannot be written so.
    pub fn to_toml(
        &self,
    ) -> ::core::result::Result<::ds_aio::private::String, ::ds_aio::ConfigErrors> {
        ::ds_aio::ConfigSchema::to_toml(self)
    }
    ///The section with these values as a JSON document, which loads to them again.
    ///
    /// # Errors
    ///
    /// Every value that breaks a rule of its field, or that cannot be written so.
    pub fn to_json(
        &self,
    ) -> ::core::result::Result<::ds_aio::private::String, ::ds_aio::ConfigErrors> {
        ::ds_aio::ConfigSchema::to_json(self)
    }
    ///These values as `NAME=value` lines, quoted for a shell; those of fields without a variable are left out.
    ///
    /// # Errors
    ///
    /// Every value that breaks a rule of its field, or that cannot be written so.
    pub fn to_env(
        &self,
    ) -> ::core::result::Result<::ds_aio::private::String, ::ds_aio::ConfigErrors> {
        ::ds_aio::ConfigSchema::to_env(self)
    }
}
#[automatically_derived]
#[allow(deprecated)]
impl ::ds_aio::EngineConfig for AioConfig {
    fn engine_settings(&self) -> ::ds_aio::EngineSettings {
        let mut settings: ::ds_aio::EngineSettings = ::core::default::Default::default();
        settings.block_size = self.block_size;
        settings.queue_depth = self.queue_depth;
        settings.thread_count = self.thread_count;
        settings.single_submit = self.single_submit;
        settings.overlap_events = self.overlap_events;
        settings
    }
}
#[allow(dead_code)]
impl AioConfig {
    /// The five settings as the section `aio` of a configuration for DeepSpeed, a JSON document:
    /// under the keys that its parser reads, and nothing that it does not know.
    pub fn to_deepspeed_json(&self) -> ::ds_aio::private::String {
        ::ds_aio::EngineConfig::engine_settings(self).to_deepspeed_json()
    }
}
