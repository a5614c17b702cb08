//! Names that serde's attributes give: what one of the two derives reads, the other reads too.

use ds_aio::{Choice, Config, ConfigSchema};
use serde::Deserialize;

use super::support::Files;

#[derive(Debug, PartialEq, Config, Deserialize)]
#[config(section = "names", env_prefix = "NAMES")]
#[serde(default, deny_unknown_fields)]
struct Names {
    #[config(default = 1)]
    #[serde(rename = "queue-depth", alias = "qd", alias = "qd")]
    queue_depth: u8,
    #[config(default = 2, rename = "b", alias = "bee")]
    #[serde(rename = "b", alias = "bee", alias = "b", alias = "buzz", skip_serializing)]
    both: u8,
    #[config(default = 3)]
    #[serde(rename(serialize = "written", deserialize = "read"), alias = "plain")]
    directions: u8,
    #[config(default = 4)]
    #[serde(rename(serialize = "other"), default = "four")]
    written_otherwise: u8,
}

fn four() -> u8 {
    4
}

#[test]
fn a_field_is_named_as_serde_names_it() {
    let keys: Vec<_> = Names::FIELDS.iter().map(|field| field.key).collect();
    assert_eq!(keys, ["queue-depth", "b", "read", "written_otherwise"]);
    let aliases: Vec<_> = Names::FIELDS.iter().map(|field| field.aliases).collect();
    assert_eq!(aliases, [&["qd"][..], &["bee", "buzz"], &["plain"], &[]]);
    assert_eq!(Names::QUEUE_DEPTH_ENV, "NAMES_QUEUE_DEPTH");
    assert_eq!(Names::BOTH_ENV, "NAMES_B");
}

#[test]
fn what_serde_reads_the_loader_reads() {
    let documents = [
        r#"{"queue-depth": 5, "b": 6, "read": 7, "written_otherwise": 8}"#,
        r#"{"qd": 5, "bee": 6, "plain": 7, "written_otherwise": 8}"#,
        r#"{"buzz": 6}"#,
    ];
    let files = Files::new();
    for document in documents {
        let file = files.write("names.json", format!("{{\"names\": {document}}}"));
        let loaded = Names::loader().file(file).load().unwrap().value;
        assert_eq!(loaded, serde_json::from_str(document).unwrap());
    }
    for key in ["queue_depth", "both", "directions", "written", "other"] {
        assert!(Names::loader().set(key, 1).load().is_err(), "{key}");
        assert!(serde_json::from_str::<Names>(&format!("{{\"{key}\": 1}}")).is_err(), "{key}");
    }
}

/// A struct and an enum in one of the cases: the defaults as we write them are what serde reads.
macro_rules! in_case {
    ($module:ident, $case:literal, $key:literal, $name:literal) => {
        mod $module {
            use super::*;

            #[derive(Clone, Copy, Debug, PartialEq, Choice, Deserialize)]
            #[serde(rename_all = $case)]
            enum Mode {
                IoUring,
                #[serde(rename = "HTTP", alias = "http2", alias = "HTTP2")]
                HTTPProxy,
            }

            #[derive(Debug, PartialEq, Config, Deserialize)]
            #[config(section = "cased", env_prefix = "CASED")]
            #[serde(rename_all = $case, deny_unknown_fields)]
            struct Cased {
                #[config(default = 1)]
                queue_depth_2: u8,
                #[config(default = 2)]
                r#type: u8,
                #[config(default = 3)]
                #[serde(rename = "As_It_Is")]
                renamed: u8,
                #[config(default = Mode::IoUring)]
                mode: Mode,
                #[config(default = Mode::HTTPProxy)]
                other: Mode,
            }

            #[test]
            fn both_read_the_same() {
                let text = format!("{{{}}}", Cased::FORMAT);
                let document: serde_json::Value = serde_json::from_str(&text).unwrap();
                let section = document["cased"].clone();
                assert_eq!(section[$key], 1);
                assert_eq!(section["As_It_Is"], 3);
                let read: Cased = serde_json::from_value(section).unwrap();
                assert_eq!(read, Cased::default());
                assert_eq!((Mode::IoUring.name(), Mode::HTTPProxy.name()), ($name, "HTTP"));
                assert_eq!("http2".parse(), Ok(Mode::HTTPProxy));
                assert_eq!(Cased::QUEUE_DEPTH_2, $key);
                assert_eq!(Cased::QUEUE_DEPTH_2_ENV, "CASED_QUEUE_DEPTH_2");
            }
        }
    };
}

in_case!(lower, "lowercase", "queue_depth_2", "iouring");
in_case!(upper, "UPPERCASE", "QUEUE_DEPTH_2", "IOURING");
in_case!(pascal, "PascalCase", "QueueDepth2", "IoUring");
in_case!(camel, "camelCase", "queueDepth2", "ioUring");
in_case!(snake, "snake_case", "queue_depth_2", "io_uring");
in_case!(screaming_snake, "SCREAMING_SNAKE_CASE", "QUEUE_DEPTH_2", "IO_URING");
in_case!(kebab, "kebab-case", "queue-depth-2", "io-uring");
in_case!(screaming_kebab, "SCREAMING-KEBAB-CASE", "QUEUE-DEPTH-2", "IO-URING");

#[test]
fn settings_of_the_engine_are_known_in_any_case() {
    use ds_aio::EngineConfig;

    #[derive(Config, Deserialize)]
    #[config(section = "cased", engine)]
    #[serde(rename_all = "camelCase")]
    struct Cased {
        #[config(default = 9)]
        queue_depth: usize,
    }
    assert_eq!(Cased::default().engine_settings().queue_depth, 9);
    assert_eq!(Cased::QUEUE_DEPTH, "queueDepth");
}
