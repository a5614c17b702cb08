//! Checks of the program's own: of a value, and of the whole.

use core::cell::Cell;
use core::fmt;
use std::path::{Path, PathBuf};

use ds_aio::config::{Diagnostic, DiagnosticKind, Severity};
use ds_aio::{Config, ConfigErrors};

use super::support::{Files, only};

/// An error of a program, which is no more than `Display`.
#[derive(PartialEq)]
struct Odd(u8);

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is odd", self.0)
    }
}

fn even(number: &u8) -> Result<(), Odd> {
    if number.is_multiple_of(2) { Ok(()) } else { Err(Odd(*number)) }
}

fn absolute(path: &Path) -> Result<(), &'static str> {
    if path.is_absolute() { Ok(()) } else { Err("a relative path depends on who reads it") }
}

mod elsewhere {
    pub(super) fn sorted(numbers: &[u8]) -> Result<(), String> {
        match numbers.windows(2).find(|pair| pair[0] > pair[1]) {
            Some(pair) => Err(format!("{} stands before {}", pair[0], pair[1])),
            None => Ok(()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Config)]
#[config(section = "checked", env_prefix = "CHECKED", check = Self::in_order)]
struct Checked {
    #[config(default = 2, range = 0..=100, check = even)]
    low: u8,
    #[config(default = 4, check = even, deprecated(alias = "top", note = "x"))]
    high: u8,
    #[config(check = Self::not_seven)]
    perhaps: Option<u8>,
    #[config(default = [1, 2], check = elsewhere::sorted)]
    list: Vec<u8>,
    #[config(default = "/", check = absolute)]
    path: PathBuf,
}

impl Checked {
    fn not_seven(number: &Option<u8>) -> Result<(), &'static str> {
        if *number == Some(7) { Err("seven is taken") } else { Ok(()) }
    }

    fn in_order(&self) -> Result<(), String> {
        if self.low <= self.high {
            Ok(())
        } else {
            Err(format!("`low` is {}, above `high`, which is {}", self.low, self.high))
        }
    }
}

#[test]
fn a_value_is_asked_about_wherever_it_stands() {
    let files = Files::new();
    let file = files.write("a.toml", "[checked]\nlow = 3\n");
    let error = only(Checked::loader().file(file).load());
    assert_eq!((error.kind(), error.severity()), (DiagnosticKind::NotAllowed, Severity::Error));
    assert_eq!(
        (error.key(), error.value(), error.help()),
        (Some("low"), Some("3"), Some("3 is odd"))
    );
    assert_eq!((error.line(), error.column()), (Some(2), Some(7)));
    assert_eq!(error.message(), "invalid value `3` for `low`");
    // It is what the rules expect.
    assert_eq!(error.expected(), None);
    assert!(error.to_string().contains("^"), "{error}");

    let error = only(Checked::loader().env_from(&[("CHECKED_HIGH", "5")]).load());
    assert_eq!((error.variable(), error.help()), (Some("CHECKED_HIGH"), Some("5 is odd")));
    let error = only(Checked::loader().set("perhaps", 7).load());
    assert_eq!(error.help(), Some("seven is taken"));
    let error = only(Checked::builder().perhaps(7).build());
    assert_eq!((error.value(), error.help()), (Some("7"), Some("seven is taken")));
    let error = only(Checked::builder().list([2, 1]).build());
    assert_eq!((error.value(), error.help()), (Some("[2, 1]"), Some("2 stands before 1")));
    let error = only(Checked::builder().path("x").build());
    assert_eq!(error.help(), Some("a relative path depends on who reads it"));
    assert!(Checked::loader().set("path", "/x").set("list", "1,3").load().is_ok());
}

#[test]
fn the_rules_come_first_and_all_mistakes_are_reported() {
    let loader = Checked::loader().set("low", 101).set("high", 1).set("perhaps", 7);
    let errors = loader.load().unwrap_err();
    let helps: Vec<_> = errors.iter().map(Diagnostic::help).collect();
    assert_eq!(helps, [None, Some("1 is odd"), Some("seven is taken")]);
    // One that is overridden is wrong all the same.
    let error = only(Checked::loader().set("low", 3).set("low", 2).load());
    assert_eq!(error.value(), Some("3"));
}

#[test]
fn the_whole_is_asked_about_once_its_parts_are_sound() {
    let expect = |error: &Diagnostic| {
        assert_eq!(error.kind(), DiagnosticKind::Inconsistent);
        assert_eq!(error.message(), "the settings of section `checked` do not go together");
        assert_eq!(error.help(), Some("`low` is 6, above `high`, which is 4"));
        assert_eq!((error.key(), error.value(), error.path()), (None, None, None));
    };
    expect(&only(Checked::loader().set("low", 6).load()));
    expect(&only(Checked::builder().low(6).build()));
    let unsound = Checked { low: 6, ..Checked::default() };
    expect(&only(CheckedBuilder::from(unsound).build()));
    assert!(Checked::builder().low(6).high(6).build().is_ok());

    // Not beside other mistakes, but before the warnings.
    let error = only(Checked::loader().set("low", 6).set("high", 3).load());
    assert_eq!(error.kind(), DiagnosticKind::NotAllowed);
    let errors = Checked::loader().set("low", 6).set("top", 4).load().unwrap_err();
    let kinds: Vec<_> = errors.iter().map(Diagnostic::kind).collect();
    assert_eq!(kinds, [DiagnosticKind::Inconsistent, DiagnosticKind::Deprecated]);
}

#[derive(Debug, Config)]
#[config(section = "bad", env_prefix = "BAD")]
struct BadDefault {
    #[config(default = 3, check = even, auto)]
    number: u8,
    #[config(required, check = even)]
    other: u8,
}

#[test]
fn a_default_is_asked_about_when_it_takes_effect() {
    let expect = |result: Result<BadDefault, ConfigErrors>| {
        let error = only(result);
        assert_eq!(error.kind(), DiagnosticKind::NotAllowed);
        assert_eq!(error.message(), "the default `3` of `number` is not allowed");
        assert_eq!((error.key(), error.value()), (Some("number"), Some("3")));
        assert_eq!(error.help(), Some("3 is odd"));
    };
    expect(BadDefault::builder().other(2).build());
    expect(BadDefault::loader().set("other", 2).load().map(|loaded| loaded.value));
    let auto = BadDefault::loader().set("other", 2).set("number", "auto");
    expect(auto.load().map(|loaded| loaded.value));
    let sound = BadDefault::builder().other(2).number(4).build().unwrap();
    assert_eq!((sound.number, sound.other), (4, 2));
    // A value that is bad stands in for it.
    let error = only(BadDefault::loader().set("other", 2).set("number", 5).load());
    assert_eq!(error.value(), Some("5"));
    let errors = BadDefault::builder().build().unwrap_err();
    assert_eq!(errors.len(), 2, "{errors}");
}

#[derive(Clone, Debug, Config)]
#[config(section = "outer", env_prefix = "OUTER", check = Self::not_both)]
struct Outer {
    #[config(nested)]
    first: Checked,
    #[config(nested(env_prefix = "OUTER_SECOND"), rename = "2nd")]
    second: Checked,
}

/// A struct with no check of its own.
#[derive(Clone, Debug, Config)]
#[config(section = "outermost")]
struct Outermost {
    #[config(nested)]
    within: Outer,
}

impl Outer {
    fn not_both(&self) -> Result<(), &'static str> {
        let both = self.first.perhaps.is_some() && self.second.perhaps.is_some();
        if both { Err("one `perhaps` is enough") } else { Ok(()) }
    }
}

#[test]
fn structs_within_are_asked_too() {
    let loader = || Outer::loader().set("first.low", 6).set("2nd.perhaps", 1);
    let error = only(loader().load());
    assert_eq!(error.message(), "the settings of table `outer.first` do not go together");
    assert_eq!((error.kind(), error.key()), (DiagnosticKind::Inconsistent, Some("first")));
    assert_eq!(error.help(), Some("`low` is 6, above `high`, which is 4"));

    let loader = loader().set("2nd.low", 8).set("first.perhaps", 1);
    let errors = loader.load().unwrap_err();
    let keys: Vec<_> = errors.iter().map(Diagnostic::key).collect();
    assert_eq!(keys, [Some("first"), Some("2nd"), None]);
    let errors = Outermost::loader().set("within.2nd.low", 8).load().unwrap_err();
    let error = errors.iter().next().unwrap();
    assert_eq!(error.message(), "the settings of table `outermost.within.2nd` do not go together");
    assert_eq!(error.key(), Some("within.2nd"));

    let unsound = Checked { low: 6, ..Checked::default() };
    let error = only(Outer::builder().first(unsound).build());
    assert_eq!(error.key(), Some("first"));
    let error = only(Outer::loader().set("2nd.perhaps", 7).load());
    assert_eq!((error.key(), error.help()), (Some("2nd.perhaps"), Some("seven is taken")));
    assert!(Outer::loader().set("2nd.perhaps", 8).load().is_ok());
}

std::thread_local! {
    static ASKED: Cell<u32> = const { Cell::new(0) };
}

fn count<T>(_: &T) -> Result<(), &'static str> {
    ASKED.set(ASKED.get() + 1);
    Ok(())
}

#[test]
fn every_given_value_is_asked_about_once() {
    #[derive(Config)]
    #[config(section = "counted", check = count)]
    struct Counted {
        #[config(default = "x", check = count::<String>)]
        text: String,
    }
    let counted = Counted::loader().set("text", "a").set("text", "b").load().unwrap().value;
    assert_eq!((&*counted.text, ASKED.take()), ("b", 3));
    CountedBuilder::from(counted).build().unwrap();
    assert_eq!(ASKED.take(), 2);
}
