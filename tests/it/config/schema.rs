//! The JSON Schema, by a validator that knows nothing of ds-aio.

use ds_aio::config::AIO_JSON_SCHEMA;
use ds_aio::{Config, DirectMode, Loader};
use jsonschema::Validator;
use serde_json::{Value, json};

use super::support::{Files, load_file};

/// The validator for a schema that keeps its own schema.
pub(super) fn validator(schema: &str) -> Validator {
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(jsonschema::draft202012::meta::is_valid(&schema), "{schema:#}");
    jsonschema::draft202012::new(&schema).unwrap()
}

#[test]
fn it_admits_what_the_loader_loads() {
    let validator = validator(AIO_JSON_SCHEMA);
    let documents = [
        json!({}),
        json!({ "aio": null }),
        json!({ "aio": {} }),
        json!({ "train_batch_size": 8, "zero_optimization": { "stage": 3 }, "aio": {} }),
        serde_json::from_str(&format!("{{{}}}", ds_aio::config::AIO_FORMAT)).unwrap(),
        json!({ "aio": { "block_size": 512 } }),
        json!({ "aio": { "block_size": "4MiB", "background_rate": "1_024 kib" } }),
        json!({ "aio": { "block_size": "0.5GiB", "background_rate": "+7" } }),
        json!({ "aio": { "queue_depth": 65536, "thread_count": 2.0 } }),
        json!({ "aio": { "intra_op_parallelism": 4, "use_gds": false } }),
        json!({ "aio": { "backend": "io_uring", "direct": "never", "overlap_events": false } }),
        json!({ "aio": { "background_rate": u64::MAX } }),
    ];
    for document in documents {
        assert!(validator.is_valid(&document), "{document}");
        load_file("a.json", document.to_string()).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn it_refuses_what_the_loader_refuses() {
    let validator = validator(AIO_JSON_SCHEMA);
    let documents = [
        json!(3),
        json!([]),
        json!({ "aio": 3 }),
        json!({ "aio": [] }),
        json!({ "aio": { "block_sise": 512 } }),
        json!({ "aio": { "block_size": 511 } }),
        json!({ "aio": { "block_size": 513 } }),
        json!({ "aio": { "block_size": 1 << 31 } }),
        json!({ "aio": { "block_size": "1MB" } }),
        json!({ "aio": { "block_size": "-4K" } }),
        json!({ "aio": { "block_size": "1__K_" } }),
        json!({ "aio": { "queue_depth": "8" } }),
        json!({ "aio": { "queue_depth": 0 } }),
        json!({ "aio": { "queue_depth": 65537 } }),
        json!({ "aio": { "queue_depth": 1.5 } }),
        json!({ "aio": { "queue_depth": null } }),
        json!({ "aio": { "single_submit": 1 } }),
        json!({ "aio": { "direct": "perhaps" } }),
        json!({ "aio": { "use_gds": true } }),
        json!({ "aio": { "intra_op_parallelism": 1025 } }),
        json!({ "aio": { "intra_op_parallelism": 1, "thread_count": 1 } }),
        json!({ "aio": { "background_rate": -1 } }),
    ];
    for document in documents {
        assert!(!validator.is_valid(&document), "{document}");
        assert!(load_file("a.json", document.to_string()).is_err(), "{document}");
    }
}

#[test]
fn it_says_what_is_known_about_each_field() {
    let schema: Value = serde_json::from_str(AIO_JSON_SCHEMA).unwrap();
    let properties = &schema["properties"]["aio"]["properties"];
    assert_eq!(
        properties["queue_depth"],
        json!({
            "description": "Blocks in flight per worker group.",
            "default": 8, "type": "integer", "minimum": 1, "maximum": 65536,
        })
    );
    assert_eq!(properties["thread_count"], properties["intra_op_parallelism"]);
    assert_eq!(properties["block_size"]["default"], 1_048_576);
    assert_eq!(properties["backend"]["enum"], json!(["auto", "threads", "io_uring"]));
}

/// Rules of every kind.
#[derive(Config)]
#[config(section = "every-kind", env_prefix = "EVERY", fixed(version = 2, format = "x"))]
#[allow(dead_code)]
struct Every {
    /// A "quoted"
    /// comment.
    #[config(default = 0.5, range = 0.0..1.0)]
    share: f64,
    #[config(default = f32::INFINITY, range = 0.0..)]
    limit: f32,
    #[config(default = f64::NAN)]
    any: f64,
    #[config(default = 0.5, one_of = [0.5, 1.5, f64::INFINITY])]
    step: f64,
    #[config(default = 4, power_of_two, range = ..1 << 8, multiple_of = 4)]
    lanes: u64,
    #[config(default = 4, power_of_two)]
    wide: u128,
    #[config(default = -6, range = -8..8, multiple_of = 2)]
    signed: i16,
    #[config(default = 1, one_of = [1, 3], range = ..5)]
    odd: u8,
    #[config(default = "a", one_of = ["a", "b|\"c\""])]
    text: String,
    #[config(required, alias = "trail", alias = "route")]
    path: std::path::PathBuf,
    #[config(default = DirectMode::Auto, advanced)]
    direct: DirectMode,
}

#[test]
fn rules_of_every_kind_are_those_of_the_loader() {
    let validator = validator(Every::JSON_SCHEMA);
    let files = Files::new();
    let cases = [
        ("share", json!(0), true),
        ("share", json!(1), false),
        ("share", json!(-0.1), false),
        ("share", json!("inf"), false),
        ("limit", json!("inf"), true),
        ("limit", json!("+Infinity"), true),
        ("limit", json!("-inf"), false),
        ("limit", json!("nan"), false),
        ("limit", json!("7"), false),
        ("any", json!("NaN"), true),
        ("any", json!("-inf"), true),
        ("any", json!(1e9), true),
        ("step", json!(1.5), true),
        ("step", json!(1), false),
        ("step", json!("inf"), true),
        ("lanes", json!(128), true),
        ("lanes", json!(256), false),
        ("lanes", json!(2), false),
        ("lanes", json!(12), false),
        ("wide", json!(1u64 << 40), true),
        ("signed", json!(-8), true),
        ("signed", json!(8), false),
        ("signed", json!(3), false),
        ("odd", json!(3), true),
        ("odd", json!(5), false),
        ("odd", json!(2), false),
        ("text", json!("b|\"c\""), true),
        ("text", json!("c"), false),
        ("direct", json!("auto"), true),
        ("path", json!("/x"), true),
        ("trail", json!("/x"), false),
        ("version", json!(2), true),
        ("version", json!(3), false),
        ("format", json!("x"), true),
        ("format", json!("y"), false),
    ];
    for (key, value, admitted) in cases {
        let document = json!({ Every::SECTION: { "path": "/p", key: value } });
        assert_eq!(validator.is_valid(&document), admitted, "{document}");
        let path = files.write("every.json", document.to_string());
        assert_eq!(Loader::<Every>::new().file(path).load().is_ok(), admitted, "{document}");
    }
    let both = json!({ Every::SECTION: { "trail": "/p", "route": "/p" } });
    assert!(!validator.is_valid(&both));
    assert!(validator.is_valid(&json!({ Every::SECTION: { "route": "/p" } })));
}

#[test]
fn powers_of_two_are_listed_if_they_are_not_many() {
    let schema: Value = serde_json::from_str(Every::JSON_SCHEMA).unwrap();
    let properties = &schema["properties"][Every::SECTION]["properties"];
    assert_eq!(properties["lanes"]["enum"], json!([4, 8, 16, 32, 64, 128]));
    assert_eq!(properties["wide"].get("enum"), None);
    let comment = properties["wide"]["$comment"].as_str().unwrap();
    assert!(comment.ends_with("a power of two"), "{comment}");
    assert_eq!(properties["share"]["description"], "A \"quoted\"\ncomment.");
}
