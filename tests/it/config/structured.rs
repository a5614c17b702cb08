//! Fields that the crate `serde` reads and writes.

use std::collections::{BTreeMap, HashMap};

use ds_aio::config::{DiagnosticKind, Kind};
use ds_aio::{Config, ConfigSchema};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::schema::validator;
use super::support::{Files, only};
use super::templates::{load_toml, sourced};

/// A number of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Id(u128);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shard {
    name: String,
    weight: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<Box<Shard>>,
    #[serde(default)]
    sizes: Vec<(u8, i64)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Policy {
    Never,
    Every(u32),
    Between { least: f32, most: f32 },
    Pair(bool, char),
}

/// What is spread over what.
#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "spread", env_prefix = "SPREAD", serialize)]
struct Spread {
    /// A number in a type of its own.
    #[config(default = "7", parse = serde)]
    id: Id,
    /// When.
    #[config(default = "never", parse = serde)]
    policy: Policy,
    /// How.
    #[config(default = r#"{"name": "a", "weight": 1}"#, parse = serde)]
    shard: Shard,
    /// What else.
    #[config(parse = serde)]
    more: Option<Shard>,
    /// In which order.
    #[config(default = ["1", "2"], parse = serde, sep = ";")]
    ids: Vec<Id>,
    /// Several.
    #[config(default = [], parse = serde)]
    shards: Vec<Shard>,
    /// By what.
    #[config(default = "{}", parse = serde)]
    by_number: HashMap<u16, bool>,
    /// Of any shape.
    #[config(default = "free", parse = serde)]
    free: Value,
}

fn load(name: &str, content: &str) -> Spread {
    let files = Files::new();
    let loaded = Spread::loader().file(files.write(name, content)).load();
    loaded.unwrap_or_else(|errors| panic!("{errors}\n{content}")).value
}

fn shard(name: &str) -> Shard {
    Shard { name: name.to_owned(), weight: 1.0, parent: None, sizes: Vec::new() }
}

#[test]
fn defaults_are_texts_that_become_what_is_asked_for() {
    let spread = Spread::default();
    assert_eq!((spread.id, spread.policy), (Id(7), Policy::Never));
    assert_eq!((spread.shard, spread.more), (shard("a"), None));
    assert_eq!((spread.ids, spread.free), (vec![Id(1), Id(2)], json!("free")));
    assert_eq!(Spread::SHARD_DEFAULT, r#"{"name": "a", "weight": 1}"#);
}

#[test]
fn documents_hold_values_of_every_shape() {
    let toml = "[spread]\nid = 340282366920938463463374607431768211455\nids = [3]\n\
                by_number = { 80 = true, 443 = false }\npolicy = { every = 5 }\n\
                [spread.shard]\nname = 'x'\nweight = inf\nsizes = [[1, -1]]\n\
                [spread.shard.parent]\nname = 'y'\nweight = 2\n\
                [[spread.shards]]\nname = 'z'\nweight = 0.5\n\
                [spread.free]\na = [1, 2.5, 'x', { b = true }]\n";
    let json = r#"{"spread": {"id": 340282366920938463463374607431768211455, "ids": [3],
        "by_number": {"80": true, "443": false}, "policy": {"every": 5},
        "shard": {"name": "x", "weight": "inf", "sizes": [[1, -1]],
                  "parent": {"name": "y", "weight": 2}},
        "shards": [{"name": "z", "weight": 0.5}], "more": null,
        "free": {"a": [1, 2.5, "x", {"b": true}]}}}"#;
    let spread = load("a.toml", toml);
    assert_eq!(spread, load("a.json", json));
    assert_eq!((spread.id, spread.policy), (Id(u128::MAX), Policy::Every(5)));
    assert_eq!(spread.by_number, HashMap::from([(80, true), (443, false)]));
    let parent = spread.shard.parent.as_ref().unwrap();
    assert_eq!((parent.name.as_str(), spread.shard.weight), ("y", f64::INFINITY));
    assert_eq!((spread.shard.sizes, spread.shards.len()), (vec![(1, -1)], 1));
    assert_eq!(spread.free, json!({ "a": [1, 2.5, "x", { "b": true }] }));
}

#[test]
fn a_date_is_a_text_to_whoever_knows_it() {
    let spread = load("a.toml", "[spread]\nfree = [2026-11-27, 07:32:00]\n");
    assert_eq!(spread.free, json!(["2026-11-27", "07:32:00"]));
}

#[test]
fn a_text_becomes_what_is_asked_for() {
    let variables = [
        ("SPREAD_ID", " 12 "),
        ("SPREAD_POLICY", r#"{"between": {"least": 0.5, "most": 2}}"#),
        ("SPREAD_MORE", r#"{"name": "m", "weight": 3, "sizes": [[1, 2], [3, 4]]}"#),
        ("SPREAD_IDS", "4; 5"),
        ("SPREAD_BY_NUMBER", r#"{"1": true}"#),
        ("SPREAD_FREE", "8"),
    ];
    let loaded = Spread::loader().env_from(&variables).load().unwrap();
    let spread = &loaded.value;
    assert_eq!(spread.id, Id(12));
    assert_eq!(spread.policy, Policy::Between { least: 0.5, most: 2.0 });
    assert_eq!(spread.more.as_ref().unwrap().sizes, [(1, 2), (3, 4)]);
    assert_eq!((&spread.ids[..], &spread.by_number[&1]), (&[Id(4), Id(5)][..], &true));
    assert_eq!(spread.free, json!("8"));
    assert!(loaded.explain().contains("{\"between\": {\"least\": 0.5, \"most\": 2.0}}"));

    let set = Spread::loader().set("policy", "never").set("id", 9).set("more", None::<bool>);
    assert_eq!(set.load().unwrap().value.id, Id(9));
}

#[test]
fn serde_says_what_is_wrong_and_where() {
    let files = Files::new();
    let path = files.write(
        "a.toml",
        "[spread]\nid = -1\npolicy = 'sometimes'\n\
         shard = { name = 'x', weight = 1, color = 2 }\nshards = [{ name = 'y' }]\n",
    );
    let variables = [("SPREAD_BY_NUMBER", "{\"x\": true}"), ("SPREAD_MORE", "{\"name\": ")];
    let errors = Spread::loader().file(path).env_from(&variables).load().unwrap_err();
    let found: Vec<_> = errors.iter().map(|error| (error.line(), error.message())).collect();
    let expected = [
        (Some(2), "invalid value `-1` for `id`: invalid value: integer `-1`, expected u128"),
        (
            Some(3),
            "invalid value `sometimes` for `policy`: unknown variant `sometimes`, expected one of \
             `never`, `every`, `between`, `pair`",
        ),
        (
            Some(4),
            "invalid value `{…}` for `shard`: unknown field `color`, expected one of `name`, \
             `weight`, `parent`, `sizes`",
        ),
        (Some(5), "invalid value `[{ name = 'y' }]` for `shards`: item 1: missing field `weight`"),
        (
            None,
            "invalid value `{\"name\": ` for `more` in variable SPREAD_MORE: as JSON: expected \
             value after colon in object property",
        ),
        (
            None,
            "invalid value `{\"x\": true}` for `by_number` in variable SPREAD_BY_NUMBER: invalid \
             value: string \"x\", expected u16",
        ),
    ];
    assert_eq!(found, expected);
    assert!(errors.iter().all(|error| error.kind() == DiagnosticKind::WrongType));

    let twice = files.write("a.json", r#"{"spread": {"by_number": {"1": true, "1": false}}}"#);
    let error = only(Spread::loader().file(twice).load());
    assert!(error.message().contains("an object with a key given twice"), "{error}");
}

#[test]
fn texts_show_the_default_and_any_value() {
    assert_eq!(load_toml::<Spread>(Spread::TOML_TEMPLATE).value, Spread::default());
    let variables = sourced(Spread::ENV_TEMPLATE);
    assert_eq!(Spread::loader().env_from(&variables).load().unwrap().value, Spread::default());
    assert!(Spread::DOCS_TABLE.contains("| `id` | `SPREAD_ID` | `7` | any value |"));
    assert_eq!(Spread::FIELDS[0].kind, Kind::Any);
    let validator = validator(Spread::JSON_SCHEMA);
    for value in [json!(1), json!([]), json!({ "a": 1 }), json!("x"), json!(null), json!(1.5)] {
        assert!(validator.is_valid(&json!({ "spread": { "free": value, "more": value } })));
    }
    assert!(!validator.is_valid(&json!({ "spread": { "shards": 1 } })));
}

fn number() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![-1e6..1e6, Just(f64::INFINITY), Just(-0.0), Just(1e300)]
}

fn any_shard() -> impl Strategy<Value = Shard> {
    let leaf = (".{0,6}", number(), prop::collection::vec(any::<(u8, i64)>(), 0..3));
    let leaf = leaf.prop_map(|(name, weight, sizes)| Shard { name, weight, parent: None, sizes });
    (leaf.clone(), prop::option::of(leaf))
        .prop_map(|(shard, parent)| Shard { parent: parent.map(Box::new), ..shard })
}

fn policy() -> impl Strategy<Value = Policy> {
    prop_oneof![
        Just(Policy::Never),
        any::<u32>().prop_map(Policy::Every),
        (-1e6_f32..1e6, -1e6_f32..1e6).prop_map(|(least, most)| Policy::Between { least, most }),
        any::<(bool, char)>().prop_map(|(one, other)| Policy::Pair(one, other)),
    ]
}

fn spread() -> impl Strategy<Value = Spread> {
    (
        (any::<u128>(), policy(), any_shard(), prop::option::of(any_shard())),
        prop::collection::vec(any::<u128>(), 0..3),
        prop::collection::vec(any_shard(), 0..3),
        prop::collection::hash_map(any::<u16>(), any::<bool>(), 0..4),
        prop::collection::btree_map(".{0,4}", any::<i32>(), 0..4),
    )
        .prop_map(|((id, policy, shard, more), ids, shards, by_number, free)| Spread {
            id: Id(id),
            policy,
            shard,
            more,
            ids: ids.into_iter().map(Id).collect(),
            shards,
            by_number,
            free: json!(free),
        })
}

proptest! {
    #[test]
    fn every_value_loads_back(spread in spread()) {
        let toml = spread.to_toml().unwrap();
        prop_assert_eq!(&load("a.toml", &toml), &spread, "{}", toml);
        let json = spread.to_json().unwrap();
        prop_assert_eq!(&load("a.json", &json), &spread, "{}", json);
        let serialized = serde_json::to_string(&BTreeMap::from([("spread", &spread)])).unwrap();
        prop_assert_eq!(&load("a.json", &serialized), &spread, "{}", serialized);
    }
}

#[test]
fn variables_hold_what_is_found_again() {
    let mut spread = Spread {
        policy: Policy::Pair(true, '\''),
        more: Some(Shard { sizes: vec![(1, 2)], ..shard("it's \"m\"") }),
        by_number: HashMap::from([(1, true), (2, false), (3, true)]),
        ..Spread::default()
    };
    let variables = sourced(&spread.to_env().unwrap());
    assert_eq!(Spread::loader().env_from(&variables).load().unwrap().value, spread);

    // A text is all that a type of any shape gets of a variable.
    spread.free = json!(8);
    let error = only(spread.to_env());
    assert_eq!((error.kind(), error.key()), (DiagnosticKind::NotWritable, Some("free")));
    spread.free = json!([1, null]);
    assert_eq!(only(spread.to_toml()).key(), Some("free"));
    assert_eq!(load("a.json", &spread.to_json().unwrap()), spread);
}

/// What has no form of its own.
mod odd {
    use std::collections::BTreeMap;

    #[derive(Debug, ds_aio::Config)]
    #[config(section = "odd", consts = none)]
    pub(super) struct Odd {
        #[config(required, parse = serde)]
        pub(super) by_pair: BTreeMap<(u8, u8), u8>,
    }
}

#[test]
fn what_serde_cannot_write_is_an_error() {
    let odd = odd::Odd { by_pair: BTreeMap::from([((1, 2), 3)]) };
    let error = only(odd.to_json());
    assert_eq!(error.kind(), DiagnosticKind::NotWritable);
    assert!(error.to_string().contains("a list is no key"), "{error}");
}

#[derive(Debug, PartialEq, Config)]
#[config(section = "generic", serialize)]
struct Generic<T> {
    #[config(default = "[1, 2]", parse = serde)]
    parts: Vec2<T>,
    #[config(parse = serde)]
    perhaps: Option<T>,
}

type Vec2<T> = (T, T);

#[test]
fn parameters_may_be_structured() {
    let generic = Generic::<u8>::loader().set("perhaps", 3).load().unwrap().value;
    assert_eq!(generic, Generic { parts: (1, 2), perhaps: Some(3) });
    assert_eq!(serde_json::to_value(&generic).unwrap(), json!({ "parts": [1, 2], "perhaps": 3 }));
}
