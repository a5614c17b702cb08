//! Old keys, understood with a warning.

use ds_aio::config::{Diagnostic, DiagnosticKind, Origin, Severity};
use ds_aio::{Config, ConfigErrors, ConfigSchema, Loaded};

use super::support::{Files, only};

#[derive(Debug, PartialEq, Config)]
#[config(section = "renamed", env_prefix = "RENAMED")]
struct Renamed {
    #[config(default = 1, alias = "depth")]
    #[config(deprecated(alias = "queue", note = "use `queue_depth`"))]
    #[config(deprecated(note = "gone in version 2", alias = "q"))]
    queue_depth: u32,
    #[config(required, deprecated(alias = "is_on", note = "use `on`",))]
    on: bool,
}

/// The only warning of a load that succeeds with one.
fn only_warning(loaded: Result<Loaded<Renamed>, ConfigErrors>) -> (Renamed, Diagnostic) {
    let loaded = loaded.unwrap();
    let [warning] = loaded.warnings() else { panic!("{:?}", loaded.warnings()) };
    let warning = warning.clone();
    (loaded.value, warning)
}

#[test]
fn a_file_may_use_the_old_key_and_hears_of_it() {
    let files = Files::new();
    let toml = files.write("a.toml", "[renamed]\non = true\nqueue = 7\n");
    let (value, warning) = only_warning(Renamed::loader().file(&toml).load());
    assert_eq!(value, Renamed { queue_depth: 7, on: true });
    assert_eq!(warning.kind(), DiagnosticKind::Deprecated);
    assert_eq!(warning.severity(), Severity::Warning);
    assert_eq!((warning.key(), warning.value()), (Some("queue_depth"), Some("7")));
    assert_eq!((warning.line(), warning.column()), (Some(3), Some(1)));
    assert_eq!(warning.message(), "`queue` is deprecated, its name now is `queue_depth`");
    assert_eq!(warning.help(), Some("use `queue_depth`"));
    let shown = warning.to_string();
    assert!(shown.starts_with("warning: `queue` is deprecated"), "{shown}");
    assert!(shown.contains("^^^^^"), "{shown}");

    let json = files.write("a.json", "{\"renamed\": {\"is_on\": false}}");
    let (value, warning) = only_warning(Renamed::loader().file(json).load());
    assert_eq!((value.on, warning.help()), (false, Some("use `on`")));
    let origin = Renamed::loader().file(toml).load().unwrap();
    assert!(matches!(origin.origin("queue"), Some(Origin::File { line: 3, .. })));
}

#[test]
fn a_program_may_use_it_too() {
    let loader = Renamed::loader().set("on", true).set("q", 3);
    let (value, warning) = only_warning(loader.load());
    assert_eq!((value.queue_depth, warning.help()), (3, Some("gone in version 2")));
}

#[test]
fn other_keys_are_no_news() {
    let loaded = Renamed::loader().set("depth", 2).set("on", true).load().unwrap();
    assert!(loaded.warnings().is_empty());
    let old = Renamed::FIELDS[0].deprecated.iter().map(|old| old.key);
    assert_eq!(old.collect::<Vec<_>>(), ["queue", "q"]);
}

#[test]
fn old_and_new_key_together_are_a_conflict() {
    let files = Files::new();
    let toml = files.write("a.toml", "[renamed]\non = true\nqueue = 7\nqueue_depth = 8\n");
    let errors = Renamed::loader().file(toml).load().unwrap_err();
    let kinds: Vec<_> = errors.iter().map(Diagnostic::kind).collect();
    assert_eq!(kinds, [DiagnosticKind::Conflict, DiagnosticKind::Deprecated]);
}

#[test]
fn a_bad_value_is_reported_beside_the_warning() {
    let errors = Renamed::loader().set("on", true).set("queue", -1).load().unwrap_err();
    let kinds: Vec<_> = errors.iter().map(Diagnostic::kind).collect();
    assert_eq!(kinds, [DiagnosticKind::NotAllowed, DiagnosticKind::Deprecated]);
}

#[test]
fn nobody_is_told_to_use_an_old_key() {
    let error = only(Renamed::loader().set("on", true).set("is_onn", true).load());
    assert_eq!(error.help(), Some("remove it, or write one of the keys queue_depth, on"));
    let loaded = Renamed::loader().set("on", true).env_from(&[("RENAMED_QUEUE", "3")]).load();
    let (value, warning) = only_warning(loaded);
    assert_eq!((value.queue_depth, warning.kind()), (1, DiagnosticKind::UnknownVariable));
    assert!(warning.to_string().contains("RENAMED_QUEUE_DEPTH"), "{warning}");
}
