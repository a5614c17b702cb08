//! The text `auto`: nothing is set where it stands.

use std::path::PathBuf;

use ds_aio::config::{DiagnosticKind, Origin, RawValue};
use ds_aio::{Choice, Config, ConfigSchema};

use super::support::{Files, only};

#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Mode {
    Fast,
    Safe,
}

#[derive(Debug, PartialEq, Config)]
#[config(section = "auto", env_prefix = "AUTO")]
struct Auto {
    #[config(default = 8, range = 1..=64, auto)]
    depth: u8,
    #[config(auto)]
    perhaps: Option<u32>,
    #[config(default = [1, 2], auto)]
    list: Vec<u8>,
    #[config(default = Mode::Fast, auto)]
    mode: Mode,
    #[config(default = "adam", one_of = ["adam", "sgd"], auto)]
    optimizer: String,
    #[config(default = true)]
    plain: bool,
}

#[derive(Debug, Config)]
#[config(section = "needed", env_prefix = "NEEDED")]
struct Needed {
    #[config(required, auto, alias = "n")]
    number: u8,
    #[config(default = "x")]
    text: String,
    #[config(default = "auto")]
    path: PathBuf,
}

#[test]
fn a_layer_that_says_auto_is_passed_over() {
    let files = Files::new();
    let first = files.write("a.json", r#"{"auto": {"depth": 2, "mode": "safe", "list": [7]}}"#);
    let second = files.write("b.toml", "[auto]\ndepth = 'auto'\nmode = 'auto'\nlist = \"auto\"\n");
    let loaded = Auto::loader().file(&first).file(&second).load().unwrap();
    assert_eq!(
        (loaded.value.depth, loaded.value.mode, &loaded.value.list[..]),
        (2, Mode::Safe, &[7][..])
    );
    assert!(matches!(loaded.origin("depth"), Some(Origin::File { path, .. }) if *path == first));
    assert!(loaded.shadowed("depth").is_empty());

    let variables = [("AUTO_DEPTH", " AUTO "), ("AUTO_LIST", "auto"), ("AUTO_MODE", "Auto")];
    let loaded = Auto::loader().file(&first).env_from(&variables).load().unwrap();
    assert_eq!((loaded.value.depth, loaded.value.mode), (2, Mode::Safe));

    let loaded = Auto::loader().file(second).env_from(&variables).load().unwrap();
    assert_eq!(loaded.value, Auto::default());
    assert_eq!(loaded.origin("depth"), Some(&Origin::Default));
}

#[test]
fn of_explicit_values_the_last_one_decides() {
    let loader = || Auto::loader().env_from(&[("AUTO_DEPTH", "3")]);
    let depth = |loader: ds_aio::Loader<Auto>| loader.load().unwrap().value.depth;
    assert_eq!(depth(loader().set("depth", 5).set("depth", "auto")), 3);
    assert_eq!(depth(loader().set("depth", "auto").set("depth", 5)), 5);
    assert_eq!(depth(loader().set("depth", RawValue::Text("auto".to_owned()))), 3);
    // What is wrong is wrong, whatever comes after it.
    let error = only(loader().set("depth", 65).set("depth", "auto").load());
    assert_eq!(error.value(), Some("65"));
}

#[test]
fn it_is_no_value_for_a_required_field() {
    let error = only(Needed::loader().set("number", "auto").load());
    assert_eq!((error.kind(), error.key()), (DiagnosticKind::Missing, Some("number")));
    let loaded = Needed::loader().set("number", 1).env_from(&[("NEEDED_NUMBER", "auto")]).load();
    assert_eq!(loaded.unwrap().value.number, 1);
    // Nor a second name beside the first.
    let files = Files::new();
    let file = files.write("a.toml", "[needed]\nnumber = 1\nn = 'auto'\n");
    assert_eq!(only(Needed::loader().file(file).load()).kind(), DiagnosticKind::Conflict);
}

#[test]
fn it_may_stand_in_a_table() {
    #[derive(Debug, PartialEq, Config)]
    #[config(section = "outer")]
    struct Outer {
        #[config(nested)]
        within: Auto,
    }
    let files = Files::new();
    let file = files.write("a.toml", "[outer.within]\ndepth = 'auto'\nmode = 'safe'\n");
    let loader = || Outer::loader().file(&file);
    let loaded = loader().set("within.depth", 3).set("within.depth", "auto").load().unwrap();
    assert_eq!((loaded.value.within.depth, loaded.value.within.mode), (8, Mode::Safe));
    let error = only(Outer::loader().set("within", "auto").load());
    assert_eq!((error.kind(), error.key()), (DiagnosticKind::WrongType, Some("within")));
}

#[test]
fn elsewhere_it_is_a_text_like_any_other() {
    let loaded = Needed::loader().set("number", 1).set("text", "auto").load().unwrap();
    assert_eq!((&*loaded.value.text, loaded.value.path), ("auto", PathBuf::from("auto")));
    let error = only(Auto::loader().set("plain", "auto").load());
    assert_eq!(error.kind(), DiagnosticKind::WrongType);
    // In a file the word is exact, and it is a text.
    let files = Files::new();
    for written in ["\"Auto\"", "\" auto\"", "[\"auto\"]"] {
        let file = files.write("a.json", format!("{{\"auto\": {{\"depth\": {written}}}}}"));
        assert_eq!(only(Auto::loader().file(file).load()).kind(), DiagnosticKind::WrongType);
    }
}

#[test]
fn texts_say_that_it_is_allowed() {
    let allowed: Vec<_> = Auto::FIELDS.iter().map(|field| (field.auto, field.allowed())).collect();
    let expected = [
        (true, "an integer from 1 to 64, or `auto`"),
        (true, "an integer from 0 to 4294967295, or `auto`"),
        (true, "a list, each item an integer from 0 to 255; or `auto`"),
        (true, "one of `fast`, `safe`, or `auto`"),
        (true, "one of `adam`, `sgd`, or `auto`"),
        (false, "true or false"),
    ];
    assert_eq!(allowed, expected.map(|(auto, words)| (auto, words.to_owned())));
    for text in [Auto::TOML_TEMPLATE, Auto::ENV_TEMPLATE, Auto::DOCS_TABLE] {
        assert!(text.contains("an integer from 1 to 64, or `auto`"), "{text}");
    }
    let error = only(Auto::loader().set("depth", "atuo").load());
    assert_eq!(error.expected(), Some("an integer from 1 to 64, or `auto`"));
}

#[test]
fn the_schema_admits_it_where_the_loader_does() {
    let schema = serde_json::from_str(Auto::JSON_SCHEMA).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let files = Files::new();
    let values = ["\"auto\"", "\"Auto\"", "3", "65", "null", "true", "\"sgd\"", "[1]"];
    for field in Auto::FIELDS {
        for value in values {
            let text = format!("{{\"auto\": {{\"{}\": {value}}}}}", field.key);
            let document: serde_json::Value = serde_json::from_str(&text).unwrap();
            let loaded = Auto::loader().file(files.write("a.json", &text)).load();
            assert_eq!(schema.is_valid(&document), loaded.is_ok(), "{text}");
        }
    }
}
