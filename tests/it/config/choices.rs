//! Enums of names made by others.

use core::str::FromStr;

use ds_aio::config::{DiagnosticKind, Kind, RawValue, Scalar};
use ds_aio::{Choice, Config, ConfigSchema};

use super::support::{Files, only};

#[derive(Clone, Copy, Debug, PartialEq, Choice)]
enum Codec {
    None,
    #[config(alias = "zstandard", alias = "zst")]
    Zstd,
    #[config(rename = "lz4-fast")]
    Lz4,
    HTTPProxy,
    PlainCopy2,
    r#Type,
}

/// It need be no more than `Clone`.
#[derive(Clone, Choice)]
enum Lone {
    One,
}

#[derive(Debug, PartialEq, Config)]
#[config(section = "codecs", env_prefix = "CODECS")]
struct Codecs {
    #[config(default = Codec::Zstd)]
    first: Codec,
    #[config(default = Self::FIRST_DEFAULT)]
    second: Codec,
    #[config(required)]
    third: Codec,
}

#[test]
fn names_are_in_snake_case_unless_renamed() {
    let names = ["none", "zstd", "lz4-fast", "http_proxy", "plain_copy2", "type"];
    assert_eq!(Codec::NAMES, names);
    const NAME: &str = Codec::Lz4.name();
    assert_eq!(NAME, "lz4-fast");
    assert_eq!(format!("{:>6}|{}", Codec::None, Codec::HTTPProxy), "  none|http_proxy");
    assert_eq!(RawValue::from(Codec::Zstd), RawValue::Text("zstd".to_owned()));
    assert_eq!(Lone::One.name(), "one");
}

#[test]
fn texts_are_parsed_in_any_case() {
    for (text, codec) in [("ZSTD", Codec::Zstd), ("Zst", Codec::Zstd), ("type", Codec::r#Type)] {
        assert_eq!(text.parse(), Ok(codec));
    }
    let error = Codec::from_str("lz4").unwrap_err();
    assert_eq!(error.names(), Codec::NAMES);
    let text =
        "`lz4` is not one of `none`, `zstd`, `lz4-fast`, `http_proxy`, `plain_copy2`, `type`";
    assert_eq!(error.to_string(), text);
    let _: &dyn core::error::Error = &error;
}

#[test]
fn a_field_takes_its_default_from_a_constant() {
    const DEFAULT: Codec = Codecs::SECOND_DEFAULT;
    assert_eq!(DEFAULT, Codec::Zstd);
    assert_eq!(Codecs::FIELDS[0].default, Some(Scalar::Text("zstd")));
    assert_eq!(Codecs::FIELDS[0].kind, Kind::Choice { names: Codec::NAMES });
    assert!(Codecs::FIELDS[2].required);
    let text =
        "\n\"codecs\": {\n  \"first\": \"zstd\",\n  \"second\": \"zstd\",\n  \"third\": null\n}\n";
    assert_eq!(Codecs::FORMAT, text);
}

#[test]
fn every_source_understands_names_and_aliases() {
    let files = Files::new();
    let toml = files.write("a.toml", "[codecs]\nfirst = 'LZ4-Fast'\nsecond = 'zst'\n");
    let loaded =
        Codecs::loader().file(toml).env_from(&[("CODECS_THIRD", " Http_Proxy ")]).load().unwrap();
    let expected = Codecs { first: Codec::Lz4, second: Codec::Zstd, third: Codec::HTTPProxy };
    assert_eq!(loaded.value, expected);
    assert!(loaded.explain().contains("http_proxy"), "{}", loaded.explain());
    let json = files.write("a.json", "{\"codecs\": {\"third\": \"zstandard\"}}");
    let loaded = Codecs::loader().file(json).set("first", Codec::None).load().unwrap();
    assert_eq!((loaded.value.first, loaded.value.third), (Codec::None, Codec::Zstd));
    let built = Codecs::builder().third(Codec::PlainCopy2).build().unwrap();
    assert_eq!((built.first, built.third), (Codec::Zstd, Codec::PlainCopy2));
}

#[test]
fn other_names_are_refused_with_the_list() {
    let error = only(Codecs::loader().env_from(&[("CODECS_THIRD", "ZSTANDART")]).load());
    assert_eq!(
        error.to_string(),
        "error: invalid value `ZSTANDART` for `third` in variable CODECS_THIRD: expected one of \
         `none`, `zstd`, `lz4-fast`, `http_proxy`, `plain_copy2`, `type`\n  = help: did you mean \
         `zstandard`?"
    );
    assert_eq!(error.kind(), DiagnosticKind::NotAllowed);
}

#[test]
fn a_field_may_have_some_of_the_names() {
    #[derive(Debug, PartialEq, Config)]
    #[config(section = "some", env_prefix = "SOME")]
    struct Some {
        #[config(default = Codec::Lz4, one_of = [Codec::None, Codec::Lz4, Codec::None])]
        codec: Codec,
        #[config(one_of = [Codec::Zstd])]
        perhaps: Option<Codec>,
        #[config(required, one_of = [Codec::Zstd, Codec::None])]
        list: Vec<Codec>,
    }

    let loader = || Some::loader().set("list", "zst,none");
    let loaded = loader().set("codec", "none").set("perhaps", Codec::Zstd).load().unwrap().value;
    let list = vec![Codec::Zstd, Codec::None];
    assert_eq!(loaded, Some { codec: Codec::None, perhaps: Option::Some(Codec::Zstd), list });
    for (key, value, expected) in [
        ("codec", "zstd", "one of `none`, `lz4-fast`"),
        ("perhaps", "none", "one of `zstd`"),
        ("list", "none,type", "a list, each item one of `zstd`, `none`"),
    ] {
        let error = only(loader().set(key, value).load());
        assert_eq!((error.kind(), error.key()), (DiagnosticKind::NotAllowed, Option::Some(key)));
        assert_eq!(error.expected(), Option::Some(expected));
    }
    let built = Some::builder().list([Codec::Lz4]).codec(Codec::Zstd).build().unwrap_err();
    assert_eq!(built.len(), 2);
    let table = Some::DOCS_TABLE;
    assert!(table.contains("one of `none`, `lz4-fast`") && !table.contains("plain"), "{table}");
    let schema: serde_json::Value = serde_json::from_str(Some::JSON_SCHEMA).unwrap();
    let codec = &schema["properties"]["some"]["properties"]["codec"];
    assert_eq!(codec["enum"], serde_json::json!(["none", "lz4-fast"]));
}
