//! Fields that are no settings.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ds_aio::config::DiagnosticKind;
use ds_aio::{Config, ConfigSchema};

use super::support::only;

/// Of no type that a setting could have, and neither `Debug` nor `PartialEq`.
#[derive(Clone, Default)]
struct Handle(Arc<AtomicUsize>);

#[derive(Clone, Config)]
#[config(section = "skipped", env_prefix = "SKIPPED", engine)]
struct Skipped {
    #[config(skip)]
    handle: Handle,
    #[config(default = 1, range = 1..=8)]
    first: u8,
    /// Counted from.
    #[config(skip, default = vec![start(), 2])]
    list: Vec<usize>,
    #[config(default = "x")]
    second: String,
    #[config(skip, default = Self::double(4))]
    #[config()]
    queue_depth: usize,
    #[config(skip)]
    perhaps: Option<fn(u8) -> u8>,
}

impl Skipped {
    fn double(number: usize) -> usize {
        number * 2
    }
}

fn start() -> usize {
    1
}

#[test]
fn they_are_in_no_table() {
    let keys: Vec<_> = Skipped::FIELDS.iter().map(|field| field.key).collect();
    assert_eq!(keys, ["first", "second"]);
    let text = [Skipped::FORMAT, Skipped::TOML_TEMPLATE, Skipped::JSON_SCHEMA].concat();
    assert!(!text.contains("list") && !text.contains("Counted"), "{text}");
    let error = only(Skipped::loader().set("list", "1").load());
    assert_eq!(error.kind(), DiagnosticKind::UnknownKey);
    let loaded = Skipped::loader().env_from(&[("SKIPPED_QUEUE_DEPTH", "3")]).load().unwrap();
    assert_eq!((loaded.value.queue_depth, loaded.warnings().len()), (8, 0));
}

#[test]
fn nor_does_the_engine_take_them() {
    use ds_aio::{EngineConfig, EngineSettings};
    assert_eq!(Skipped::default().engine_settings(), EngineSettings::default());
}

#[test]
fn they_have_their_default_however_the_struct_comes_about() {
    let loaded = Skipped::loader().set("first", 2).load().unwrap().value;
    let built = Skipped::builder().first(2).build().unwrap();
    for skipped in [Skipped::default(), loaded, built] {
        assert_eq!((&skipped.list[..], skipped.queue_depth), (&[1, 2][..], 8));
        assert_eq!(skipped.handle.0.load(Ordering::Relaxed), 0);
        assert!(skipped.perhaps.is_none());
    }
}

#[test]
fn structs_within_keep_theirs() {
    #[derive(Clone, Config)]
    #[config(section = "outer")]
    struct Outer {
        #[config(skip, default = 5)]
        own: u8,
        #[config(nested)]
        within: Skipped,
    }
    let handle = Handle::default();
    let within = Skipped::builder().handle(handle.clone()).build().unwrap();
    let outer = Outer::builder().own(6).within(within).build().unwrap();
    let again = OuterBuilder::from(outer).build().unwrap();
    assert!(Arc::ptr_eq(&again.within.handle.0, &handle.0));
    assert_eq!((again.own, again.within.queue_depth), (6, 8));
    let loaded = Outer::loader().set("within.first", 2).load().unwrap().value;
    assert_eq!((loaded.own, loaded.within.first, loaded.within.queue_depth), (5, 2, 8));
    assert_eq!(Outer::default().within.list, [1, 2]);
}

#[test]
fn the_builder_keeps_what_it_is_given() {
    let handle = Handle::default();
    let builder = Skipped::builder().handle(handle.clone()).list(vec![7]).perhaps(Some(|x| x + 1));
    let again = SkippedBuilder::from(builder.clone().build().unwrap()).second("y").first(3);
    for skipped in [builder.build().unwrap(), again.clone().build().unwrap()] {
        assert!(Arc::ptr_eq(&skipped.handle.0, &handle.0));
        assert_eq!((&skipped.list[..], skipped.queue_depth), (&[7][..], 8));
        assert_eq!(skipped.perhaps.map(|add| add(1)), Some(2));
    }
    let settings = again.build().unwrap();
    assert_eq!((settings.first, &*settings.second), (3, "y"));
    let error = only(Skipped::builder().list(Vec::new()).first(9).build());
    assert_eq!(error.key(), Some("first"));
}
