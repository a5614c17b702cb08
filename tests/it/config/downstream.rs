//! Structs of other crates: their own fields, defaults and prefixes, and an engine from them.

use ds_aio::config::Origin;
use ds_aio::{AioConfig, Config, ConfigSchema, DirectMode, EngineConfig, EngineSettings};

use super::support::load_file;

/// A trainer's configuration with two of the engine's settings.
#[derive(Debug, Clone, PartialEq, Config)]
#[config(section = "trainer", env_prefix = "TRAINER", engine)]
pub(crate) struct Trainer {
    /// Bytes per request; larger than usual.
    #[config(default = 8 << 20, bytes)]
    pub(crate) block_size: usize,
    /// How the engine's setting is called here.
    #[config(default = 4, rename = "queue_depth", env = "DEPTH", alias = "depth")]
    pub(crate) lanes: usize,
    /// Where to swap to.
    #[config(default = "/tmp", env = skip)]
    pub(crate) directory: std::path::PathBuf,
}

#[test]
fn present_fields_are_used_and_absent_ones_take_defaults() {
    let settings = Trainer::default().engine_settings();
    let defaults = EngineSettings::default();
    assert_eq!((settings.block_size, settings.queue_depth), (8 << 20, 4));
    assert_eq!(settings.thread_count, defaults.thread_count);
    assert_eq!(settings.overlap_events, defaults.overlap_events);
    assert!(settings.check().is_ok());
}

#[test]
fn advanced_settings_may_be_fields_with_other_defaults() {
    #[derive(Config)]
    #[config(section = "swap", env_prefix = "SWAP", engine)]
    struct Swap {
        /// Whether to bypass the page cache.
        #[config(default = DirectMode::Never)]
        direct: DirectMode,
        /// Requests in the queue.
        #[config(default = 7, rename = "queue_capacity", advanced)]
        waiting: usize,
        /// Bytes per second.
        #[config(default = 1 << 20, bytes, range = 1..)]
        background_rate: u64,
    }
    assert_eq!(
        Swap::FORMAT,
        "\n\"swap\": {\n  \"direct\": \"never\",\n  \"background_rate\": 1048576\n}\n"
    );
    let settings = Swap::default().engine_settings();
    assert_eq!((settings.direct, settings.queue_capacity), (DirectMode::Never, 7));
    assert_eq!(settings.background_rate, 1 << 20);
    let loaded = Swap::loader().env_from(&[("SWAP_DIRECT", "auto")]).load().unwrap();
    assert_eq!(loaded.value.engine_settings().direct, DirectMode::Auto);
}

#[test]
fn a_struct_without_ranges_is_checked_by_the_settings() {
    let trainer = Trainer::builder().block_size(3).lanes(0).build().unwrap();
    assert_eq!(trainer.engine_settings().check().unwrap_err().len(), 2);
}

#[test]
fn names_prefixes_and_skips_are_honoured() {
    assert_eq!(Trainer::SECTION, "trainer");
    assert_eq!(Trainer::LANES, "queue_depth");
    assert_eq!(Trainer::LANES_ENV, "DEPTH");
    assert_eq!(Trainer::BLOCK_SIZE_ENV, "TRAINER_BLOCK_SIZE");
    assert_eq!(Trainer::DIRECTORY_DEFAULT, "/tmp");
    let environment =
        [("DEPTH", "9"), ("TRAINER_DIRECTORY", "/elsewhere"), ("TRAINER_QUEUE_DEPTH", "1")];
    let trainer = Trainer::loader().env_from(&environment).load().unwrap().value;
    assert_eq!((trainer.lanes, trainer.directory.to_str()), (9, Some("/tmp")));
    let trainer = Trainer::builder().directory("/mnt").build().unwrap();
    assert_eq!(trainer.directory.to_str(), Some("/mnt"));
}

#[test]
fn a_struct_without_any_setting_takes_all_defaults() {
    #[derive(Config)]
    #[config(section = "other", consts = none, engine)]
    struct Other {
        #[config(default = 1)]
        #[allow(dead_code)]
        unrelated: i32,
    }
    assert_eq!(Other::default().engine_settings(), EngineSettings::default());
}

mod free_constants {
    use ds_aio::Config;

    #[derive(Config)]
    #[config(section = "swap-space", env_prefix = "SWAP", consts = free, const_prefix = "swap")]
    pub(super) struct First {
        #[config(default = 1)]
        pub(super) size: u8,
    }

    #[derive(Config)]
    #[config(section = "swap-space", env_prefix = "SWAP", consts = free)]
    pub(super) struct Second {
        #[config(default = 2)]
        pub(super) size: u8,
    }
}

#[test]
fn free_constants_take_the_prefix_or_the_section() {
    assert_eq!(free_constants::SWAP, "swap-space");
    assert_eq!(free_constants::SWAP_SIZE_DEFAULT, free_constants::First::default().size);
    assert_eq!(free_constants::SWAP_SPACE_SIZE_DEFAULT, free_constants::Second::default().size);
    assert_eq!(free_constants::SWAP_FORMAT, "\n\"swap-space\": {\n  \"size\": 1\n}\n");
}

#[test]
fn types_are_known_by_the_compiler_not_by_their_names() {
    type Bytes = u64;
    const LEAST: u64 = 1 << 9;
    #[derive(Config)]
    #[config(section = "alias")]
    struct Alias {
        #[config(default = LEAST * 2, bytes, range = LEAST.., power_of_two)]
        size: Bytes,
    }
    assert_eq!(Alias::SIZE_DEFAULT, 1024);
    assert_eq!(Alias::default().size, 1024);
    assert!(Alias::builder().size(256).build().is_err());
}

#[test]
fn deepspeed_is_told_what_its_parser_reads() {
    let mut trainer = Trainer::builder().block_size(4 << 20).lanes(16).build().unwrap();
    trainer.directory = "/elsewhere".into();
    let expected = r#"{
  "aio": {
    "block_size": 4194304,
    "queue_depth": 16,
    "intra_op_parallelism": 1,
    "single_submit": false,
    "overlap_events": true,
    "use_gds": false
  }
}
"#;
    assert_eq!(trainer.to_deepspeed_json(), expected);
}

#[test]
fn what_deepspeed_is_told_loads_back() {
    let config = AioConfig::builder().block_size(1 << 22).queue_depth(3).thread_count(4);
    let config = config.single_submit(true).overlap_events(false).build().unwrap();
    let loaded = load_file("a.json", config.to_deepspeed_json()).unwrap();
    assert_eq!(loaded.value, config);
    for field in AioConfig::FIELDS {
        let is_default = loaded.origin(field.key) == Some(&Origin::Default);
        assert_eq!(is_default, field.advanced, "{}", field.key);
    }
}
