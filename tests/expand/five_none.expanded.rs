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
const _: () = {
    const __DS_AIO_DEFAULT_0: usize = 1 << 20;
    const __DS_AIO_DEFAULT_1: usize = 8;
    const __DS_AIO_DEFAULT_2: usize = 1;
    const __DS_AIO_DEFAULT_3: bool = false;
    const __DS_AIO_DEFAULT_4: bool = true;
    #[automatically_derived]
    #[allow(deprecated)]
    impl ::ds_aio::ConfigSchema for AioConfig {
        const SECTION: &'static str = "aio";
        const ENV_PREFIX: ::core::option::Option<&'static str> = ::core::option::Option::Some(
            "DS_AIO",
        );
        const FIELDS: &'static [::ds_aio::config::FieldMeta] = &[
            ::ds_aio::config::FieldMeta::new::<
                usize,
            >("block_size", "Bytes per I/O request.")
                .env("DS_AIO_BLOCK_SIZE")
                .default(__DS_AIO_DEFAULT_0)
                .at_least(512)
                .at_most(1 << 30)
                .multiple_of(512)
                .bytes()
                .meta(),
            ::ds_aio::config::FieldMeta::new::<
                usize,
            >("queue_depth", "Requests in flight per worker.")
                .env("DS_AIO_QUEUE_DEPTH")
                .default(__DS_AIO_DEFAULT_1)
                .at_least(1)
                .at_most(65536)
                .meta(),
            ::ds_aio::config::FieldMeta::new::<
                usize,
            >("thread_count", "Workers that share one request.")
                .aliases(&["intra_op_parallelism"])
                .env("DS_AIO_THREAD_COUNT")
                .default(__DS_AIO_DEFAULT_2)
                .at_least(1)
                .at_most(1024)
                .meta(),
            ::ds_aio::config::FieldMeta::new::<
                bool,
            >("single_submit", "Submit each block on its own instead of in batches.")
                .env("DS_AIO_SINGLE_SUBMIT")
                .default(__DS_AIO_DEFAULT_3)
                .meta(),
            ::ds_aio::config::FieldMeta::new::<
                bool,
            >(
                    "overlap_events",
                    "Refill the queue as blocks complete instead of waiting for the whole batch.",
                )
                .env("DS_AIO_OVERLAP_EVENTS")
                .default(__DS_AIO_DEFAULT_4)
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
            block_size: __DS_AIO_DEFAULT_0,
            queue_depth: __DS_AIO_DEFAULT_1,
            thread_count: __DS_AIO_DEFAULT_2,
            single_submit: __DS_AIO_DEFAULT_3,
            overlap_events: __DS_AIO_DEFAULT_4,
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
};
