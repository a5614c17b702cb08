//! Fields that may go without a value.

use core::time::Duration;
use std::path::PathBuf;

use ds_aio::config::{DiagnosticKind, Origin, Scalar};
use ds_aio::{Choice, Config, ConfigSchema};

use super::support::{Files, load_file, only};

#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Colour {
    Red,
    Green,
}

#[derive(Debug, Clone, PartialEq, Config)]
#[config(section = "perhaps", env_prefix = "PERHAPS")]
struct Perhaps {
    limit: Option<u32>,
    #[config(default = Some(3), range = 1..=5)]
    few: Option<u8>,
    #[config(default = Some("x"), one_of = ["x", "y"])]
    text: Option<String>,
    path: Option<PathBuf>,
    #[config(range = Duration::from_secs(1)..)]
    wait: Option<Duration>,
    #[config(default = Some(Colour::Green))]
    colour: Option<Colour>,
    other: core::option::Option<Colour>,
    #[config(bytes, multiple_of = 512)]
    size: Option<u64>,
}

/// Where every value is `None`, the default is a constant.
#[derive(Debug, PartialEq, Config)]
#[config(section = "nothing")]
struct Nothing {
    text: Option<String>,
    flag: Option<bool>,
}

#[test]
fn nothing_given_is_none_or_the_default() {
    let defaults = Perhaps {
        limit: None,
        few: Some(3),
        text: Some("x".to_owned()),
        path: None,
        wait: None,
        colour: Some(Colour::Green),
        other: None,
        size: None,
    };
    assert_eq!(Perhaps::default(), defaults);
    let loaded = Perhaps::loader().load().unwrap();
    assert_eq!(loaded.value, defaults);
    assert_eq!(loaded.origin("limit"), Some(&Origin::Default));
    let limit = loaded.explain().lines().nth(1).unwrap().to_owned();
    assert_eq!(limit, "limit   (none)  default");
    assert_eq!(Perhaps::builder().build().unwrap(), defaults);
    assert_eq!(Nothing::DEFAULT, Nothing { text: None, flag: None });
}

#[test]
fn constants_have_the_type_of_the_option() {
    const LIMIT: Option<u32> = Perhaps::LIMIT_DEFAULT;
    const TEXT: Option<&str> = Perhaps::TEXT_DEFAULT;
    const COLOUR: Option<Colour> = Perhaps::COLOUR_DEFAULT;
    assert_eq!((LIMIT, TEXT, COLOUR), (None, Some("x"), Some(Colour::Green)));
    let fields = Perhaps::FIELDS;
    assert!(fields.iter().all(|field| field.optional && !field.required));
    assert_eq!((fields[0].default, fields[5].default), (None, Some(Scalar::Text("green"))));
    let lines =
        ["limit\": null", "few\": 3", "text\": \"x\"", "colour\": \"green\"", "other\": null"];
    for line in lines {
        assert!(Perhaps::FORMAT.contains(line), "{line} in {}", Perhaps::FORMAT);
    }
    let files = Files::new();
    let json = files.write("a.json", format!("{{{}}}", Perhaps::FORMAT));
    assert_eq!(Perhaps::loader().file(json).load().unwrap().value, Perhaps::default());
}

#[test]
fn every_source_gives_a_value() {
    let files = Files::new();
    let toml = files.write("a.toml", "[perhaps]\nlimit = 7\nwait = '2s'\nother = 'Red'\n");
    let json = files.write("a.json", "{\"perhaps\": {\"few\": null, \"path\": \"/a\"}}");
    let variables = [("PERHAPS_SIZE", "1K"), ("PERHAPS_LIMIT", ""), ("PERHAPS_TEXT", "y")];
    let loaded = Perhaps::loader()
        .file(toml)
        .file(json)
        .env_from(&variables)
        .set("colour", None::<Colour>)
        .load()
        .unwrap();
    let expected = Perhaps {
        limit: Some(7),
        few: None,
        text: Some("y".to_owned()),
        path: Some(PathBuf::from("/a")),
        wait: Some(Duration::from_secs(2)),
        colour: None,
        other: Some(Colour::Red),
        size: Some(1024),
    };
    assert_eq!(loaded.value, expected);
    assert!(loaded.explain().contains("few     (none)  "), "{}", loaded.explain());
    let some = Perhaps::loader().set("limit", Some(4)).load().unwrap();
    assert_eq!(some.value.limit, Some(4));
}

#[test]
fn rules_are_about_the_value_inside() {
    for (key, value, allowed) in [
        ("few", "6", "an integer from 1 to 5"),
        ("text", "z", "one of `x`, `y`"),
        ("wait", "1ms", "a duration, at least 1s"),
        ("colour", "blue", "one of `red`, `green`"),
        ("limit", "-1", "an integer from 0 to 4294967295"),
    ] {
        let error = only(Perhaps::loader().set(key, value).load());
        let found = (error.kind(), error.expected());
        assert_eq!(found, (DiagnosticKind::NotAllowed, Some(allowed)), "{key}");
    }
    let error = only(Perhaps::builder().few(6).build());
    assert_eq!((error.key(), error.value()), (Some("few"), Some("6")));
}

#[test]
fn setters_take_the_value_or_the_option() {
    let built = Perhaps::builder()
        .limit(1)
        .few(None)
        .text("y".to_owned())
        .colour(Some(Colour::Red))
        .build()
        .unwrap();
    assert_eq!((built.limit, built.few, built.colour), (Some(1), None, Some(Colour::Red)));
    assert_eq!(built.text.as_deref(), Some("y"));
    let again = PerhapsBuilder::from(built.clone()).clone().build().unwrap();
    assert_eq!(again, built);
}

#[test]
fn null_is_no_value_of_other_fields() {
    let error = only(ds_aio::AioConfig::loader().set("queue_depth", None::<usize>).load());
    let hint = "with `set_if_some`, a `None` leaves the setting as it is";
    assert_eq!((error.kind(), error.help()), (DiagnosticKind::WrongType, Some(hint)));

    let json = load_file("a.json", r#"{"aio": {"queue_depth": null}}"#);
    assert_eq!(only(json).help(), Some("found null"));
}

#[test]
fn what_is_not_given_is_left_as_it_is() {
    let file = Files::new();
    let file = file.write("a.toml", "[perhaps]\nlimit = 3\nfew = 4\n");
    let loader = Perhaps::loader().file(file);
    let loader = loader.set_if_some("limit", None::<u64>).set_if_some("few", Some("5"));
    let loaded = loader.load().unwrap();
    assert_eq!((loaded.value.limit, loaded.value.few), (Some(3), Some(5)));
    let unknown = Perhaps::loader().set_if_some("limt", Some(1));
    assert_eq!(only(unknown.load()).kind(), DiagnosticKind::UnknownKey);
}
