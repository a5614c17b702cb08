//! Spans of time, written with their units; and single characters.

use core::time::Duration;

use ds_aio::config::{DiagnosticKind, RawValue, Scalar};
use ds_aio::{Config, ConfigSchema};

use super::support::{Files, only};

#[derive(Debug, PartialEq, Config)]
#[config(section = "waits", env_prefix = "WAITS")]
struct Waits {
    #[config(default = Duration::from_secs(90))]
    #[config(range = Duration::from_millis(1)..=Duration::from_secs(3600))]
    limit: Duration,
    #[config(default = Duration::ZERO)]
    free: Duration,
    #[config(default = Duration::from_millis(5))]
    #[config(one_of = [Duration::from_millis(5), Duration::from_secs(60)])]
    step: Duration,
    #[config(default = '"', one_of = ['"', ',', 'ä'])]
    quote: char,
}

fn free(text: &str) -> Duration {
    Waits::loader().env_from(&[("WAITS_FREE", text)]).load().unwrap().value.free
}

#[test]
fn every_unit_is_understood() {
    let known = [
        ("7ns", Duration::from_nanos(7)),
        ("7us", Duration::from_micros(7)),
        ("7µs", Duration::from_micros(7)),
        ("250ms", Duration::from_millis(250)),
        ("30s", Duration::from_secs(30)),
        ("5min", Duration::from_secs(300)),
        ("1h", Duration::from_secs(3600)),
        (" 1_000 s ", Duration::from_secs(1000)),
        ("1.5s", Duration::from_millis(1500)),
        ("0.25min", Duration::from_secs(15)),
        ("0s", Duration::ZERO),
        ("18446744073709551615.999999999s", Duration::MAX),
    ];
    for (text, expected) in known {
        assert_eq!(free(text), expected, "{text}");
    }
}

#[test]
fn what_is_written_reads_back() {
    let nanos = [0, 1, 999, 1_000, 1_500_000, 1_000_000_000, 90_000_000_000, 7_200_000_000_000];
    let texts = ["0s", "1ns", "999ns", "1us", "1500us", "1s", "90s", "2h"];
    for (nanos, text) in nanos.into_iter().zip(texts) {
        let duration = Duration::from_nanos(nanos);
        assert_eq!(RawValue::from(duration), RawValue::Text(text.to_owned()));
        let loaded = Waits::loader().set("free", duration).load().unwrap();
        assert_eq!(loaded.value.free, duration);
        assert!(loaded.explain().contains(&format!("  {text}  ")), "{}", loaded.explain());
    }
    let RawValue::Text(most) = RawValue::from(Duration::MAX) else { panic!("a text") };
    assert_eq!(free(&most), Duration::MAX);
}

#[test]
fn other_texts_are_refused_with_a_reason() {
    let like = "durations look like `250ms`, `1.5s`, `30s`, `5min` or `1h`; the units are ns, us, \
                ms, s, min and h";
    let unit = "which unit? Write `30s` for seconds, `30ms` for milliseconds";
    let inexact = "that is not a whole number of nanoseconds";
    let long = "that is longer than any duration";
    for (text, help) in [
        ("30", unit),
        ("30m", like),
        ("s", like),
        ("-1s", like),
        ("1e3s", like),
        ("1._5s", like),
        ("0.5ns", inexact),
        ("1.0000000001s", inexact),
        ("18446744073709551616s", long),
        ("340282366920938463463374607431768211456h", long),
    ] {
        let error = only(Waits::loader().env_from(&[("WAITS_FREE", text)]).load());
        assert_eq!((error.kind(), error.help()), (DiagnosticKind::WrongType, Some(help)), "{text}");
        assert_eq!(error.expected(), Some("a duration"));
    }
}

#[test]
fn documents_say_the_unit_too() {
    let files = Files::new();
    let toml = files.write("a.toml", "[waits]\nfree = '2min'\nquote = ','\n");
    let json = files.write("a.json", "{\"waits\": {\"limit\": \"1ms\"}}");
    let loaded = Waits::loader().file(toml).file(json).load().unwrap().value;
    assert_eq!((loaded.free, loaded.limit), (Duration::from_secs(120), Duration::from_millis(1)));
    assert_eq!(loaded.quote, ',');

    let bare = only(Waits::loader().file(files.write("b.toml", "waits.limit = 30")).load());
    let unit = "which unit? Write `30s` for seconds, `30ms` for milliseconds";
    assert_eq!(bare.help(), Some(unit));
    let allowed = "a duration, at least 1ms, at most 1h";
    assert_eq!(bare.expected(), Some(allowed));
    let negative = only(Waits::loader().file(files.write("c.toml", "waits.limit = -3")).load());
    assert_eq!(negative.help(), Some("found an integer"));
}

#[test]
fn rules_compare_durations() {
    for (key, value, allowed) in [
        ("limit", "3601s", "a duration, at least 1ms, at most 1h"),
        ("limit", "999us", "a duration, at least 1ms, at most 1h"),
        ("step", "6ms", "one of `5ms`, `1min`"),
        ("quote", "a", "one of `\"`, `,`, `ä`"),
    ] {
        let error = only(Waits::loader().set(key, value).load());
        assert_eq!((error.kind(), error.expected()), (DiagnosticKind::NotAllowed, Some(allowed)));
    }
    assert!(Waits::builder().limit(Duration::from_secs(3601)).build().is_err());
    assert_eq!(Waits::loader().set("step", "60s").load().unwrap().value.step.as_secs(), 60);
}

#[test]
fn constants_have_the_types_themselves() {
    const LIMIT: Duration = Waits::LIMIT_DEFAULT;
    const QUOTE: char = Waits::QUOTE_DEFAULT;
    assert_eq!((LIMIT.as_secs(), QUOTE), (90, '"'));
    assert_eq!(Waits::DEFAULT, Waits::default());
    assert_eq!(Waits::FIELDS[0].default, Some(Scalar::Duration(LIMIT)));
    let text = "\n\"waits\": {\n  \"limit\": \"90s\",\n  \"free\": \"0s\",\n  \"step\": \"5ms\",\n  \
                \"quote\": \"\\\"\"\n}\n";
    assert_eq!(Waits::FORMAT, text);
    let files = Files::new();
    let json = files.write("a.json", format!("{{{text}}}"));
    assert_eq!(Waits::loader().file(json).load().unwrap().value, Waits::DEFAULT);
}

#[test]
fn a_character_is_one() {
    for (text, help) in
        [("ab", "the text has 2 characters"), ("a\u{308}", "the text has 2 characters")]
    {
        let error = only(Waits::loader().set("quote", text).load());
        assert_eq!((error.kind(), error.help()), (DiagnosticKind::WrongType, Some(help)));
    }
    let files = Files::new();
    let empty = only(Waits::loader().file(files.write("a.toml", "waits.quote = ''")).load());
    assert_eq!(empty.help(), Some("the text is empty"));
    assert_eq!(Waits::loader().set("quote", 'ä').load().unwrap().value.quote, 'ä');
}
