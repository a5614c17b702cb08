//! Lists: from documents, from variables with a separator, as constants.

use core::time::Duration;
use std::path::PathBuf;

use ds_aio::config::{DiagnosticKind, RawValue};
use ds_aio::{AioConfig, Choice, Config, ConfigSchema};

use super::support::{Files, only};

#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Colour {
    Red,
    Green,
}

const PRIMES: &[u64] = &[2, 3, 5];

#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "lists", env_prefix = "LISTS")]
struct Lists {
    #[config(default = [1, 2], range = 1..=9)]
    few: Vec<u8>,
    #[config(default = PRIMES, bytes)]
    sizes: Vec<u64>,
    #[config(default = &[0.5, -1.0])]
    shares: Vec<f32>,
    #[config(default = [true])]
    flags: Vec<bool>,
    #[config(default = ["a", "b, c"], sep = ";")]
    texts: Vec<String>,
    #[config(default = [], sep = ":")]
    paths: Vec<PathBuf>,
    #[config(default = [Colour::Green, Colour::Red])]
    colours: Vec<Colour>,
    #[config(default = ['x'], one_of = ['x', 'y'])]
    letters: Vec<char>,
    #[config(default = [Duration::from_secs(60)])]
    waits: Vec<Duration>,
}

#[derive(Debug, Config)]
#[config(section = "needs", env_prefix = "NEEDS", consts = free)]
struct Needs {
    #[config(required)]
    given: Vec<Colour>,
    #[config(default = [Colour::Red])]
    colours: Vec<Colour>,
}

fn defaults() -> Lists {
    Lists {
        few: vec![1, 2],
        sizes: vec![2, 3, 5],
        shares: vec![0.5, -1.0],
        flags: vec![true],
        texts: vec!["a".to_owned(), "b, c".to_owned()],
        paths: Vec::new(),
        colours: vec![Colour::Green, Colour::Red],
        letters: vec!['x'],
        waits: vec![Duration::from_secs(60)],
    }
}

#[test]
fn defaults_are_constant_slices() {
    const FEW: &[u8] = Lists::FEW_DEFAULT;
    const TEXTS: &[&str] = Lists::TEXTS_DEFAULT;
    const COLOURS: &[Colour] = Lists::COLOURS_DEFAULT;
    assert_eq!((FEW, TEXTS), ([1, 2].as_slice(), ["a", "b, c"].as_slice()));
    assert_eq!(
        (COLOURS, NEEDS_COLOURS_DEFAULT.len()),
        ([Colour::Green, Colour::Red].as_slice(), 1)
    );
    assert_eq!(Lists::default(), defaults());
    assert_eq!(Lists::loader().load().unwrap().value, defaults());
    let separators = Lists::FIELDS.iter().map(|field| field.separator);
    assert_eq!(separators.skip(3).take(3).collect::<Vec<_>>(), [Some(","), Some(";"), Some(":")]);
    assert_eq!(AioConfig::FIELDS[0].separator, None);
}

#[test]
fn the_text_with_every_default_loads_back() {
    let lines = [
        "\"few\": [1, 2],",
        "\"shares\": [0.5, -1.0],",
        "\"texts\": [\"a\", \"b, c\"],",
        "\"paths\": [],",
        "\"colours\": [\"green\", \"red\"],",
        "\"waits\": [\"1min\"]",
    ];
    for line in lines {
        assert!(Lists::FORMAT.contains(line), "{line} in {}", Lists::FORMAT);
    }
    let files = Files::new();
    let json = files.write("a.json", format!("{{{}}}", Lists::FORMAT));
    assert_eq!(Lists::loader().file(json).load().unwrap().value, defaults());
}

#[test]
fn every_source_gives_lists() {
    let files = Files::new();
    let toml = files
        .write("a.toml", "[lists]\nfew = [\n  3, # odd\n  4,\n]\ntexts = []\nshares = [1, 2.5]\n");
    let json =
        files.write("a.json", "{\"lists\": {\"colours\": [\"RED\"], \"waits\": [\"1s\", \"2s\"]}}");
    let variables =
        [("LISTS_SIZES", "4K, 1"), ("LISTS_PATHS", "/a:/b c"), ("LISTS_FLAGS", "no,1,ON")];
    let loaded = Lists::loader()
        .file(toml)
        .file(json)
        .env_from(&variables)
        .set("letters", "y,x")
        .load()
        .unwrap();
    let expected = Lists {
        few: vec![3, 4],
        sizes: vec![4096, 1],
        shares: vec![1.0, 2.5],
        flags: vec![false, true, true],
        texts: Vec::new(),
        paths: vec![PathBuf::from("/a"), PathBuf::from("/b c")],
        colours: vec![Colour::Red],
        letters: vec!['y', 'x'],
        waits: vec![Duration::from_secs(1), Duration::from_secs(2)],
    };
    assert_eq!(loaded.value, expected);
    let table = loaded.explain();
    assert!(table.contains("few      [3, 4]            "), "{table}");
    assert!(table.contains("waits    [1s, 2s]          "), "{table}");

    let typed = Lists::loader().set("few", vec![7, 8]).set("texts", "p;q, r").load().unwrap().value;
    assert_eq!((typed.few, typed.texts), (vec![7, 8], vec!["p".to_owned(), "q, r".to_owned()]));
    let raw = RawValue::from(vec!["a", "b"]);
    assert_eq!(raw.to_string(), "[a, b]");
}

#[test]
fn a_builder_takes_lists_and_arrays() {
    let built = Lists::builder().few([5]).colours(vec![Colour::Red]).build().unwrap();
    assert_eq!((built.few.as_slice(), built.colours.as_slice()), (&[5][..], &[Colour::Red][..]));
    let again = ListsBuilder::from(built.clone()).clone().build().unwrap();
    assert_eq!(again, built);
    let error = only(Lists::builder().few([5, 10]).build());
    assert_eq!((error.value(), error.kind()), (Some("[5, 10]"), DiagnosticKind::NotAllowed));
    assert!(Needs::builder().build().is_err());
    let needs = Needs::loader().set("given", "green,red").load().unwrap().value;
    assert_eq!((needs.given.len(), needs.colours.as_slice()), (2, &[Colour::Red][..]));
}

#[test]
fn a_bad_item_is_named() {
    let few = "a list, each item an integer from 1 to 9";
    let letters = "a list, each item one of `x`, `y`";
    let colours = "a list, each item one of `red`, `green`";
    let flags = "a list, each item true or false";
    for (document, kind, expected, help) in [
        ("few = [1, 10]", DiagnosticKind::NotAllowed, few, Some("item 2: `10`")),
        ("few = [1, 256]", DiagnosticKind::NotAllowed, few, Some("item 2: `256`")),
        ("few = [1, 'x']", DiagnosticKind::WrongType, few, Some("item 2: found a text")),
        ("few = [[1]]", DiagnosticKind::WrongType, few, Some("item 1: found a list")),
        ("few = 1", DiagnosticKind::WrongType, few, Some("found an integer")),
        ("letters = ['x', 'z']", DiagnosticKind::NotAllowed, letters, Some("item 2: `z`")),
        (
            "colours = ['grene']",
            DiagnosticKind::NotAllowed,
            colours,
            Some("item 1: did you mean `green`?"),
        ),
        ("flags = [true, 1]", DiagnosticKind::WrongType, flags, Some("item 2: found an integer")),
        (
            "flags = [1, true, 'x', 2, 3]",
            DiagnosticKind::WrongType,
            flags,
            Some("items 1, 4 and 5: found an integer; item 3: found a text"),
        ),
        (
            "few = [10, 11, 1, 12, 13, 14, 15, 16, 10, 17, 18]",
            DiagnosticKind::NotAllowed,
            few,
            Some(
                "items 1 and 9: `10`; item 2: `11`; item 4: `12`; item 5: `13`; item 6: `14`; \
                 item 7: `15`; item 8: `16`; and 2 more",
            ),
        ),
    ] {
        let files = Files::new();
        let toml = files.write("a.toml", format!("[lists]\n{document}\n"));
        let error = only(Lists::loader().file(toml).load());
        assert_eq!((error.kind(), error.expected()), (kind, Some(expected)), "{document}");
        assert_eq!((error.help(), error.line()), (help, Some(2)), "{document}");
        let (_, written) = document.split_once(" = ").unwrap();
        assert_eq!(error.value().map(|value| value.trim_matches('\'')), Some(written));
    }
    let error = only(Lists::loader().env_from(&[("LISTS_FEW", "1,,2")]).load());
    assert_eq!((error.kind(), error.help()), (DiagnosticKind::WrongType, Some("item 2: ``")));
}

#[test]
fn other_fields_take_no_list() {
    let error = only(AioConfig::loader().set("queue_depth", vec![1]).load());
    assert_eq!((error.kind(), error.help()), (DiagnosticKind::WrongType, Some("found a list")));
}
