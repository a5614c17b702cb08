//! Fields of types that only their own parser knows.

use core::fmt;
use core::num::NonZeroU8;
use core::str::FromStr;
use std::net::{IpAddr, SocketAddr};

use ds_aio::config::{DiagnosticKind, Kind, Origin};
use ds_aio::{Config, ConfigSchema, Loader};

use super::support::{Files, only};
use super::templates::{load_toml, sourced};

/// A share of something, written `30%`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Percent(u8);

fn percent(text: &str) -> Result<Percent, String> {
    let number = text.strip_suffix('%').ok_or_else(|| format!("{text:?} has no `%`"))?;
    let number = number.trim().parse().map_err(|error| format!("before the `%`: {error}"))?;
    if number <= 100 { Ok(Percent(number)) } else { Err(format!("{number}% is more than all")) }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

/// What serves whom.
#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "serve", env_prefix = "SERVE")]
struct Serve {
    /// Where to listen.
    #[config(default = "127.0.0.1:9000", parse = from_str)]
    address: SocketAddr,
    /// How much of the memory.
    #[config(default = "30%", parse = percent, one_of = ["30%", "60%", "90%"])]
    memory: Percent,
    /// Who else.
    #[config(parse = from_str)]
    peer: Option<SocketAddr>,
    /// Who by default.
    #[config(default = Some("::1"), parse = from_str)]
    host: Option<IpAddr>,
    /// Who may ask.
    #[config(default = ["10.0.0.1", "::1"], parse = from_str, sep = ";")]
    allowed: Vec<IpAddr>,
    /// How much each.
    #[config(default = [], parse = percent)]
    shares: Vec<Percent>,
    /// At least once.
    #[config(required, parse = from_str)]
    tries: NonZeroU8,
}

fn serve() -> Serve {
    Serve::builder().tries(NonZeroU8::MIN).build().unwrap()
}

#[test]
fn defaults_are_texts_that_are_parsed() {
    assert_eq!(Serve::ADDRESS_DEFAULT, "127.0.0.1:9000");
    assert_eq!(Serve::HOST_DEFAULT, Some("::1"));
    assert_eq!(Serve::ALLOWED_DEFAULT, ["10.0.0.1", "::1"]);
    let serve = serve();
    assert_eq!(serve.address, SocketAddr::from(([127, 0, 0, 1], 9000)));
    assert_eq!((serve.memory, serve.peer), (Percent(30), None));
    assert_eq!(serve.host, IpAddr::from_str("::1").ok());
    assert_eq!(serve.allowed, ["10.0.0.1", "::1"].map(|host| host.parse::<IpAddr>().unwrap()));
    assert_eq!(serve.shares, []);
}

#[test]
fn files_and_variables_are_parsed() {
    let files = Files::new();
    let path = files.write(
        "a.toml",
        "[serve]\naddress = '[::]:1'\nmemory = ' 60%'\npeer = '1.2.3.4:5'\ntries = '3'\n\
         allowed = []\nshares = ['1%', '2%']\n",
    );
    let variables = [("SERVE_MEMORY", "90 %"), ("SERVE_ALLOWED", "1.1.1.1 ; ::2")];
    let loader = Serve::loader().file(path).env_from(&variables);
    let loaded = loader.set("shares", "100%").load().unwrap();
    assert_eq!(loaded.value.address.port(), 1);
    assert_eq!((loaded.value.memory, loaded.value.tries.get()), (Percent(90), 3));
    assert_eq!(loaded.value.allowed.len(), 2);
    assert_eq!(loaded.value.shares, [Percent(100)]);
    assert_eq!(loaded.shadowed("memory")[0].value, "60%");
    assert!(loaded.explain().contains("memory   90%"), "{}", loaded.explain());
    assert_eq!(loaded.origin("host"), Some(&Origin::Default));
}

#[test]
fn the_parser_says_what_is_wrong_and_where() {
    let files = Files::new();
    let path = files.write(
        "a.toml",
        "[serve]\naddress = 'localhost'\nshares = ['1%', '2']\nmemory = '50%'\ntries = 0\n",
    );
    let errors = Serve::loader().file(path).env_from(&[("SERVE_PEER", "x")]).load().unwrap_err();
    let errors: Vec<_> = errors.iter().collect();
    let [address, shares, memory, tries, peer] = errors[..] else { panic!("{errors:?}") };
    assert_eq!((address.kind(), address.line()), (DiagnosticKind::WrongType, Some(2)));
    assert_eq!(
        address.message(),
        "invalid value `localhost` for `address`: invalid socket address syntax"
    );
    assert_eq!((shares.line(), shares.column()), (Some(3), Some(10)));
    assert!(shares.message().ends_with("for `shares`: item 2: \"2\" has no `%`"), "{shares}");
    assert_eq!(memory.kind(), DiagnosticKind::NotAllowed);
    assert_eq!(memory.expected(), Some("one of `30%`, `60%`, `90%`"));
    assert_eq!((tries.expected(), tries.help()), (Some("a text"), Some("found an integer")));
    assert_eq!(peer.variable(), Some("SERVE_PEER"));
}

#[test]
fn the_builder_takes_the_type_and_checks_its_text() {
    let built = Serve::builder().tries(NonZeroU8::MIN).memory(Percent(60)).peer(None);
    assert_eq!(built.clone().build().unwrap().memory, Percent(60));
    let error = only(built.memory(Percent(61)).build());
    assert_eq!((error.kind(), error.value()), (DiagnosticKind::NotAllowed, Some("61%")));
    assert_eq!(only(Serve::builder().build()).kind(), DiagnosticKind::Missing);
}

#[test]
fn texts_show_the_text() {
    let toml = Serve::TOML_TEMPLATE.replace("# tries =", "tries = '1'");
    assert_eq!(load_toml::<Serve>(&toml).value, serve());
    let variables = sourced(Serve::ENV_TEMPLATE);
    let loaded = Serve::loader().env_from(&variables).set("tries", "1").load().unwrap();
    assert_eq!(loaded.value, serve());
    assert!(Serve::DOCS_TABLE.contains(
        "| `address` | `SERVE_ADDRESS` | `127.0.0.1:9000` | a text | Where to listen. |"
    ));
    assert_eq!(Serve::FIELDS[0].kind, Kind::Text);
    assert!(Serve::JSON_SCHEMA.contains("\"default\": \"127.0.0.1:9000\", \"type\": \"string\""));
}

#[test]
fn what_is_written_loads_back() {
    let all = Serve {
        peer: "9.8.7.6:5".parse().ok(),
        shares: vec![Percent(1), Percent(2)],
        memory: Percent(90),
        ..serve()
    };
    let files = Files::new();
    for (name, content) in [("a.toml", all.to_toml()), ("a.json", all.to_json())] {
        let path = files.write(name, content.unwrap());
        assert_eq!(Serve::loader().file(path).load().unwrap().value, all);
    }
    let variables = sourced(&all.to_env().unwrap());
    assert_eq!(Serve::loader().env_from(&variables).load().unwrap().value, all);
}

/// A type whose `Display` says less than its parser wants.
#[derive(Clone, Debug, PartialEq)]
struct Terse(String);

impl FromStr for Terse {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let content = text.strip_prefix("terse:").ok_or("what is it?\nNo `terse:` here")?;
        Ok(Self(content.to_owned()))
    }
}

impl fmt::Display for Terse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, Config)]
#[config(section = "bad")]
struct Bad {
    #[config(required, parse = from_str)]
    text: Terse,
}

#[test]
fn what_would_not_be_parsed_is_not_written() {
    let bad = Bad { text: Terse("x".to_owned()) };
    let error = only(bad.to_toml());
    assert_eq!(error.kind(), DiagnosticKind::NotWritable);
    assert!(error.to_string().contains("what is it?"), "{error}");
    let loaded = Loader::<Bad>::new().set("text", "x").load();
    assert!(only(loaded).message().ends_with("what is it?\\nNo `terse:` here"));
}

#[test]
fn a_default_that_is_none_is_an_error_and_no_panic() {
    // Within a function the test of the defaults does not run.
    #[deny(warnings)]
    #[derive(Debug, Config)]
    #[config(section = "inner", env_prefix = "INNER")]
    struct Inner {
        #[config(default = "nowhere", parse = from_str)]
        address: SocketAddr,
        #[config(default = ["1%", "2"], parse = percent)]
        shares: Vec<Percent>,
    }
    let loaded = Inner::loader().load().unwrap_err();
    let built = Inner::builder().build().unwrap_err();
    for errors in [loaded, built] {
        let messages: Vec<_> = errors.iter().map(|error| error.message()).collect();
        assert_eq!(
            messages,
            [
                "the default `nowhere` of `address` is none: invalid socket address syntax",
                "the default `[1%, 2]` of `shares` is none: item 2: \"2\" has no `%`",
            ]
        );
    }
    let variables = [("INNER_ADDRESS", "[::]:1"), ("INNER_SHARES", "1%")];
    let inner = Inner::loader().env_from(&variables).load().unwrap().value;
    assert_eq!((inner.address.port(), inner.shares), (1, vec![Percent(1)]));

    let panic = std::panic::catch_unwind(Inner::default).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.contains("Inner: error: the default `nowhere` of `address`"), "{message}");
}

/// In surroundings without a prelude, and with constants in every place.
mod surroundings {
    #![no_implicit_prelude]
    #![deny(missing_docs, warnings, clippy::pedantic)]

    #[allow(dead_code)]
    struct Option;
    #[allow(dead_code)]
    struct Result;
    #[allow(dead_code)]
    struct Some;
    #[allow(dead_code)]
    struct Ok;
    #[allow(dead_code)]
    struct String;

    #[allow(clippy::unnecessary_wraps)]
    fn parse(text: &str) -> ::core::result::Result<::std::string::String, ::std::fmt::Error> {
        ::core::result::Result::Ok(::core::convert::From::from(text))
    }

    /// Documented.
    #[derive(::ds_aio::Config)]
    #[config(section = "s", consts = none)]
    pub struct S {
        /// Documented.
        #[config(default = "1", parse = from_str)]
        pub x: ::core::num::NonZeroU8,
        /// Documented.
        #[config(default = "a", parse = Self::read)]
        y: ::std::string::String,
        /// Documented.
        #[config(default = ["a"], parse = parse)]
        pub r#type: ::std::vec::Vec<::std::string::String>,
    }

    impl S {
        #[allow(clippy::unnecessary_wraps)]
        fn read(
            text: &str,
        ) -> ::core::result::Result<::std::string::String, ::core::convert::Infallible> {
            ::core::result::Result::Ok(::core::convert::From::from(text))
        }

        /// Documented.
        #[must_use]
        pub fn y(&self) -> &str {
            &self.y
        }
    }

    struct Hidden(u8);

    impl ::core::clone::Clone for Hidden {
        fn clone(&self) -> Self {
            Self(self.0)
        }
    }

    impl ::core::fmt::Display for Hidden {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::core::fmt::Display::fmt(&self.0, f)
        }
    }

    impl ::core::str::FromStr for Hidden {
        type Err = ::core::num::ParseIntError;
        fn from_str(text: &str) -> ::core::result::Result<Self, Self::Err> {
            ::core::result::Result::map(::core::str::FromStr::from_str(text), Self)
        }
    }

    /// A public struct with a field of a private type.
    #[derive(::ds_aio::Config)]
    #[config(section = "free", consts = free, const_prefix = "PARSED")]
    pub struct Free {
        /// Documented.
        #[config(default = "7", parse = from_str)]
        x: Hidden,
    }

    impl Free {
        /// Documented.
        #[must_use]
        pub fn x(&self) -> u8 {
            self.x.0
        }
    }
}

#[test]
fn hygiene_holds() {
    let s = surroundings::S::default();
    assert_eq!((s.x.get(), s.y(), s.r#type.join(",")), (1, "a", "a".to_owned()));
    assert_eq!((surroundings::Free::default().x(), surroundings::PARSED_X_DEFAULT), (7, "7"));
}

/// The type and the parser from a macro, or from its caller.
mod macro_made {
    use core::net::IpAddr;

    macro_rules! with_parser {
        ($name:ident, $type:ty, $parser:path, $default:expr) => {
            #[derive(ds_aio::Config, Debug)]
            #[config(section = "a")]
            pub(super) struct $name {
                #[config(default = $default, parse = $parser)]
                pub(super) given: $type,
                #[config(default = "::1", parse = from_str)]
                pub(super) own: IpAddr,
            }
        };
    }
    with_parser! { Made, super::Percent, super::percent, "5%" }
}

#[test]
fn macros_may_write_them() {
    let made = macro_made::Made::default();
    assert_eq!((made.given, made.own.to_string().as_str()), (Percent(5), "::1"));
}

#[test]
fn a_default_in_a_nested_struct_is_found_too() {
    #[derive(Debug, Config)]
    #[config(section = "inner")]
    struct Inner {
        #[config(default = "nowhere", parse = from_str)]
        address: SocketAddr,
    }
    #[derive(Debug, Config)]
    #[config(section = "outer")]
    struct Outer {
        #[config(nested)]
        inner: Inner,
    }
    let error = only(Outer::loader().load());
    assert!(error.message().starts_with("the default `nowhere` of `inner.address` is none"));
    let outer = Outer::loader().set("inner.address", "[::]:1").load().unwrap();
    assert_eq!(outer.value.inner.address.port(), 1);
}

fn either<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("not {text}"))
}

/// Of parameters that have what a parser takes.
#[derive(Debug, PartialEq, Config)]
#[config(section = "generic", env_prefix = "GENERIC")]
struct Generic<T: FromStr> {
    #[config(default = "1", parse = from_str)]
    one: T,
    #[config(default = [], parse = either::<T>)]
    several: Vec<T>,
}

#[test]
fn parameters_may_be_parsed() {
    let variables = [("GENERIC_ONE", "2"), ("GENERIC_SEVERAL", "3,4")];
    let loaded = Generic::<NonZeroU8>::loader().env_from(&variables).load().unwrap().value;
    assert_eq!((loaded.one.get(), loaded.several.len()), (2, 2));
    assert_eq!(loaded.to_toml().unwrap(), "[generic]\none = \"2\"\nseveral = [\"3\", \"4\"]\n");
    assert_eq!(Generic::<u64>::default().one, 1);
    let error = only(Generic::<NonZeroU8>::loader().set("several", "1,x").load());
    assert!(error.message().ends_with("item 2: not x"), "{error}");
    assert!(only(Generic::<IpAddr>::loader().load()).message().contains("`1` of `one` is none"));
}
