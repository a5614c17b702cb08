//! The texts for people, of fields of every type.

use std::time::Duration;

use ds_aio::{Choice, Config, ConfigSchema};
use serde_json::{Value, json};

use super::schema::validator;
use super::templates::{load_toml, sourced};

#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Codec {
    Plain,
    Zstd,
}

/// Of each type, with values that need quotes somewhere.
#[derive(Debug, PartialEq, Config)]
#[config(section = "types", env_prefix = "TYPES")]
struct Types {
    /// How long to wait.
    #[config(
        default = Duration::from_millis(1500),
        range = Duration::from_millis(1)..=Duration::from_secs(60),
        deprecated(alias = "wait", note = "say how long")
    )]
    timeout: Duration,
    /// What ends a line.
    #[config(default = '\'')]
    end: char,
    /// What stands out.
    #[config(default = '|')]
    mark: char,
    /// What may be left out.
    #[config(range = 1..=9)]
    level: Option<u32>,
    /// What is there unless it is left out.
    #[config(default = Some(7))]
    lucky: Option<u32>,
    /// How it is packed.
    #[config(default = Codec::Zstd)]
    codec: Codec,
    /// Where it goes.
    #[config(default = ["/mnt/a b", "/mnt/c"], sep = ":")]
    places: Vec<String>,
    /// How much goes where.
    #[config(default = [1, 2, 3], range = 1..=9)]
    shares: Vec<u8>,
    /// Nothing yet.
    #[config(default = [])]
    later: Vec<f64>,
    /// How parts are packed.
    #[config(default = [Codec::Plain, Codec::Zstd])]
    codecs: Vec<Codec>,
}

#[test]
fn templates_load_back() {
    let loaded = load_toml::<Types>(Types::TOML_TEMPLATE);
    assert_eq!(loaded.value, Types::default());
    assert!(loaded.warnings().is_empty());
    assert!(Types::TOML_TEMPLATE.contains("# Not set by default:\n# level ="));
    assert!(Types::TOML_TEMPLATE.contains("timeout = \"1500ms\""));

    let variables = sourced(Types::ENV_TEMPLATE);
    let of = |name: &str| {
        variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    };
    assert_eq!(of("TYPES_PLACES"), Some("/mnt/a b:/mnt/c"));
    assert_eq!((of("TYPES_END"), of("TYPES_LEVEL")), (Some("'"), None));
    let loaded = Types::loader().env_from(&variables).load().unwrap();
    assert_eq!(loaded.value, Types::default());
}

/// Lists that a variable would take for others.
#[derive(Debug, PartialEq, Config)]
#[config(section = "split", env_prefix = "SPLIT")]
struct Split {
    #[config(default = ["a,b", "c"])]
    parts: Vec<String>,
    #[config(default = ["a:", "b"], sep = "::")]
    straddling: Vec<String>,
    #[config(default = ["\u{a0}x"])]
    blank: Vec<String>,
    #[config(default = [0.5], sep = ".")]
    numbers: Vec<f64>,
    #[config(default = [-1, 2], sep = "-")]
    signs: Vec<i32>,
}

#[test]
fn a_list_that_no_variable_can_hold_is_commented_out() {
    for name in ["PARTS", "STRADDLING", "BLANK", "NUMBERS", "SIGNS"] {
        let line = format!("# No variable can hold the default:\n# SPLIT_{name}=");
        assert!(Split::ENV_TEMPLATE.contains(&line), "{}", Split::ENV_TEMPLATE);
    }
    assert_eq!(
        sourced(Split::ENV_TEMPLATE).iter().filter(|(name, _)| name.contains("SPLIT")).count(),
        0
    );
    assert_eq!(load_toml::<Split>(Split::TOML_TEMPLATE).value, Split::default());
}

/// Comments stay comments whatever is allowed, and a size may be below zero where its type is.
#[derive(Debug, PartialEq, Config)]
#[config(section = "odd", env_prefix = "ODD")]
struct Odd {
    #[config(default = ',', one_of = [',', '\n', '`', '\r', '|'])]
    delimiter: char,
    #[config(default = -1, bytes)]
    cap: i64,
}

#[test]
fn odd_values_load_back() {
    assert_eq!(load_toml::<Odd>(Odd::TOML_TEMPLATE).value, Odd::default());
    let variables = sourced(Odd::ENV_TEMPLATE);
    assert_eq!(Odd::loader().env_from(&variables).load().unwrap().value, Odd::default());
    let set = Odd::loader().set("cap", "-4096").load().unwrap();
    assert_eq!(set.value.cap, -4096);
}

/// A name of ours that is a type of theirs; and a list of what cannot be copied.
mod names {
    use ds_aio::{Choice, Config};

    #[allow(dead_code)]
    struct I;

    #[derive(Clone, Debug, PartialEq, Choice)]
    pub(super) enum S {
        A,
        B,
    }

    #[derive(Debug, PartialEq, Config)]
    #[config(section = "names")]
    pub(super) struct Names {
        #[config(default = S::B)]
        one: S,
        #[config(default = [S::A, S::B])]
        pub(super) several: Vec<S>,
    }
}

#[test]
fn choices_may_be_called_anything_and_need_not_be_copied() {
    assert_eq!(names::Names::default().several, [names::S::A, names::S::B]);
    let none = names::Names::loader().set("several", " ").load().unwrap();
    assert_eq!(none.value.several, []);
}

#[test]
fn tables_and_words_say_what_each_admits() {
    for row in [
        "| `timeout` | `TYPES_TIMEOUT` | `1500ms` | a duration, at least 1ms, at most 1min | How",
        "| `mark` | `TYPES_MARK` | `\\|` | a single character | What stands out. |",
        "| `level` | `TYPES_LEVEL` | not set | an integer from 1 to 9 |",
        "| `lucky` | `TYPES_LUCKY` | `7` | an integer from 0 to 4294967295 |",
        "| `places` | `TYPES_PLACES` | `/mnt/a b`, `/mnt/c` | a list, each item a text |",
        "| `later` | `TYPES_LATER` | the empty list | a list, each item a number |",
        "| `codecs` | `TYPES_CODECS` | `plain`, `zstd` | a list, each item one of `plain`, `zstd` |",
    ] {
        assert!(Types::DOCS_TABLE.contains(row), "{row}\n{}", Types::DOCS_TABLE);
    }
    let allowed: Vec<_> = Types::FIELDS.iter().map(|field| field.allowed()).collect();
    assert_eq!(allowed[7], "a list, each item an integer from 1 to 9");
}

#[test]
fn the_schema_admits_what_the_loader_loads_and_no_more() {
    let validator = validator(Types::JSON_SCHEMA);
    let is_loaded = |document: &Value| {
        let files = super::support::Files::new();
        let path = files.write("a.json", document.to_string());
        Types::loader().file(path).load().is_ok()
    };
    for (section, good) in [
        (json!({ "timeout": "250ms", "end": "é", "level": null, "lucky": 3 }), true),
        (json!({ "wait": "0.5s" }), true),
        (json!({ "places": [], "shares": [9], "later": [1, 2.5], "codecs": ["zstd"] }), true),
        (json!({ "timeout": 250 }), false),
        (json!({ "timeout": "250" }), false),
        (json!({ "timeout": "1s", "wait": "1s" }), false),
        (json!({ "end": "ab" }), false),
        (json!({ "end": "" }), false),
        (json!({ "level": 10 }), false),
        (json!({ "shares": [10] }), false),
        (json!({ "shares": 1 }), false),
        (json!({ "codecs": ["lzma"] }), false),
        (json!({ "codec": null }), false),
    ] {
        let document = json!({ "types": section });
        assert_eq!(validator.is_valid(&document), good, "schema: {document}");
        assert_eq!(is_loaded(&document), good, "loader: {document}");
    }
    let schema: Value = serde_json::from_str(Types::JSON_SCHEMA).unwrap();
    let properties = &schema["properties"]["types"]["properties"];
    assert_eq!(properties["wait"]["deprecated"], json!(true));
    assert_eq!(properties["places"]["default"], json!(["/mnt/a b", "/mnt/c"]));
}
