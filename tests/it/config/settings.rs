//! What the engine is handed, and what it checks itself.

use ds_aio::{AioConfig, ConfigSchema, DirectMode, EngineConfig, EngineSettings};

use super::support::only;

#[test]
fn the_default_is_that_of_the_config() {
    assert_eq!(EngineSettings::default(), AioConfig::default().engine_settings());
    assert!(EngineSettings::default().check().is_ok());
    let settings = EngineSettings::default();
    assert_eq!(settings.block_size, 1 << 20);
    assert_eq!((settings.queue_depth, settings.thread_count), (8, 1));
    assert_eq!((settings.single_submit, settings.overlap_events), (false, true));
    assert_eq!(settings.direct, DirectMode::Auto);
    assert_eq!((settings.queue_capacity, settings.background_rate), (65536, 0));
}

#[test]
fn every_field_is_handed_over() {
    let config = AioConfig::builder()
        .block_size(4096)
        .queue_depth(2)
        .thread_count(3)
        .single_submit(true)
        .overlap_events(false)
        .direct(DirectMode::Never)
        .queue_capacity(4)
        .background_rate(5)
        .build()
        .unwrap();
    let settings = config.engine_settings();
    assert_eq!((settings.block_size, settings.queue_depth, settings.thread_count), (4096, 2, 3));
    assert_eq!((settings.single_submit, settings.overlap_events), (true, false));
    assert_eq!(settings.direct, DirectMode::Never);
    assert_eq!((settings.queue_capacity, settings.background_rate), (4, 5));
    assert_eq!(settings.engine_settings(), settings);
}

#[test]
fn every_violation_is_reported_at_once() {
    let mut settings = EngineSettings::default();
    settings.block_size = 0;
    settings.queue_depth = 0;
    settings.thread_count = 100_000;
    settings.queue_capacity = 0;
    let errors = settings.check().unwrap_err();
    let found: Vec<_> = errors.iter().map(|e| (e.key().unwrap(), e.value().unwrap())).collect();
    let expected = [
        ("block_size", "0"),
        ("queue_depth", "0"),
        ("thread_count", "100000"),
        ("queue_capacity", "0"),
    ];
    assert_eq!(found, expected);
    assert!(errors.to_string().contains("an integer from 1 to 1024"));
}

#[test]
fn the_product_is_checked_without_overflow() {
    let mut settings = EngineSettings::default();
    settings.block_size = usize::MAX - 511;
    settings.queue_depth = 65536;
    settings.thread_count = 1024;
    let errors = settings.check().unwrap_err();
    assert_eq!(errors.len(), 2, "{errors}");
    let product = errors.iter().nth(1).unwrap();
    assert!(product.key().unwrap().contains('×'), "{product}");
    assert!(product.to_string().contains("1024 × 65536 × "), "{product}");
    assert!(product.to_string().contains(&isize::MAX.to_string()), "{product}");

    settings.block_size = 1 << 20;
    settings.queue_depth = 0;
    assert_eq!(only(settings.check()).key(), Some("queue_depth"));
}

/// A setting that the derive does not know by name would keep its default.
#[test]
fn the_engine_gets_each_setting_that_there_is() {
    let values = [
        ("block_size", "4096"),
        ("queue_depth", "2"),
        ("thread_count", "3"),
        ("single_submit", "true"),
        ("overlap_events", "false"),
        ("backend", "threads"),
        ("direct", "never"),
        ("queue_capacity", "4"),
        ("background_rate", "5"),
    ];
    assert_eq!(
        AioConfig::FIELDS.iter().map(|field| field.key).collect::<Vec<_>>(),
        values.map(|(key, _)| key)
    );
    let default = format!("{:#?}", EngineSettings::default());
    assert_eq!(default.lines().count(), 2 + values.len(), "{default}");
    for (key, value) in values {
        let loaded = AioConfig::loader().set(key, value).load().unwrap().value;
        let settings = format!("{:#?}", loaded.engine_settings());
        let differ: Vec<_> =
            default.lines().zip(settings.lines()).filter(|(one, other)| one != other).collect();
        let [(line, _)] = differ[..] else { panic!("{key}: {differ:?}") };
        assert!(line.trim_start().starts_with(&format!("{key}: ")), "{line}");
    }
}
